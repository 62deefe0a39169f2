"""Speaks sentences with espeak-ng and tells when each word starts.

usage: speak.py VOICE WORDS-A-MINUTE OUT.wav < sentences (one a line)

Prints one line a word: start in seconds, tab, the word. The times are the synthesiser's own:
the event of the first sounding phoneme after the event of the word (a word's own event comes
before the pause ahead of it). 1.2 s of silence lie between sentences.
"""
import ctypes
import struct
import sys
import wave

PAUSE = 1.2  # s
WORD, PHONEME, END = 1, 7, 0


class Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("position", ctypes.c_int), ("length", ctypes.c_int),
                ("audio", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", Id)]


def library():
    for name in ["libespeak-ng.so.1", "libespeak-ng.dylib", "libespeak-ng.1.dylib"]:
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    sys.exit("error: espeak-ng's library is missing: make setup installs it")


lib = library()
SYNCHRONOUS, PHONEME_EVENTS, UTF8, RATE = 2, 1, 1, 1
rate = lib.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS)
if rate <= 0 or lib.espeak_SetVoiceByName(sys.argv[1].encode()) != 0 or lib.espeak_SetParameter(RATE, int(sys.argv[2]), 0) != 0:
    sys.exit("error: espeak-ng does not start with voice " + sys.argv[1])
sound, words = [], []
line, base, pending = "", 0, None


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
def heard(pcm, count, events):
    global pending
    if pcm:
        sound.extend(pcm[:count])
    i = 0
    while events[i].type != END:
        e = events[i]
        if e.type == WORD:
            pending = line[e.position - 1:e.position - 1 + e.length]
        elif e.type == PHONEME and pending and e.id.string.strip(b"_:;|") != b"":
            words.append((base + e.sample, pending))
            pending = None
        i += 1
    return 0


lib.espeak_SetSynthCallback(heard)
for line in sys.stdin.read().splitlines():
    base, pending = len(sound), None
    text = line.encode()
    lib.espeak_Synth(text, len(text) + 1, 0, 1, 0, UTF8, None, None)
    lib.espeak_Synchronize()
    sound.extend([0] * int(PAUSE * rate))
with wave.open(sys.argv[3], "wb") as w:
    w.setnchannels(1)
    w.setsampwidth(2)
    w.setframerate(rate)
    w.writeframes(struct.pack("<%dh" % len(sound), *sound))
for at, word in words:
    print("%.4f\t%s" % (at / rate, word))
