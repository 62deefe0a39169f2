package audio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"debrief"
	"debrief/internal/testenv"
)

// second is a length in samples.
const second = debrief.SampleRate

// make encodes a WAV file with ffmpeg into a file whose name says nothing.
func encode(t testing.TB, source string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "recording.dat")
	testenv.FFmpeg(t, append(append([]string{"-i", source}, args...), out)...)
	return out
}

func TestOpenFormats(t *testing.T) {
	pcm := sound(5*second + 123)
	wav := writeWAV(t, pcm, nil)
	for _, test := range []struct {
		name, format string
		args         []string
		like         float64 // likeness to the source at least; 1 is bit exact
	}{
		{"WAV", "wav", []string{"-f", "wav"}, 1},
		{"WAVExtensible", "wav", []string{"-f", "wav", "-c:a", "pcm_s16le", "-channel_layout", "mono", "-rf64", "auto"}, 1},
		{"RF64", "wav", []string{"-f", "wav", "-rf64", "always"}, 1},
		{"FLAC", "flac", []string{"-f", "flac"}, 1},
		{"FLACStereo48k", "flac", []string{"-f", "flac", "-ar", "48000", "-ac", "2"}, 0.999},
		{"WAV24Bit44kStereo", "wav", []string{"-f", "wav", "-c:a", "pcm_s24le", "-ar", "44100", "-ac", "2"}, 0.999},
		{"WAVFloat", "wav", []string{"-f", "wav", "-c:a", "pcm_f32le"}, 0.9999},
		{"WAVALaw8k", "wav", []string{"-f", "wav", "-c:a", "pcm_alaw", "-ar", "8000"}, 0.98},
		{"WAV8Bit", "wav", []string{"-f", "wav", "-c:a", "pcm_u8"}, 0.98},
		{"WAVADPCM", "wav", []string{"-f", "wav", "-c:a", "adpcm_ms"}, 0.97},
		{"MP3", "mp3", []string{"-f", "mp3", "-b:a", "64k"}, 0.98},
		{"MP3VBRStereo", "mp3", []string{"-f", "mp3", "-q:a", "4", "-ac", "2", "-ar", "44100"}, 0.98},
		{"MP3WithoutTags", "mp3", []string{"-f", "mp3", "-id3v2_version", "0", "-write_xing", "0"}, 0.98},
		{"M4A", "mp4", []string{"-f", "ipod", "-c:a", "aac", "-b:a", "96k"}, 0.98},
		{"M4AFastStart", "mp4", []string{"-f", "ipod", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"}, 0.98},
		{"AAC", "aac", []string{"-f", "adts", "-c:a", "aac", "-b:a", "96k"}, 0.98},
		{"OggOpus", "ogg", []string{"-f", "ogg", "-c:a", "libopus", "-b:a", "48k"}, 0.9},
		{"OggVorbis", "ogg", []string{"-f", "ogg", "-c:a", "libvorbis"}, 0.98},
		{"OggFLAC", "ogg", []string{"-f", "ogg", "-c:a", "flac"}, 1},
		{"WebM", "webm", []string{"-f", "webm", "-c:a", "libopus", "-b:a", "48k"}, 0.9},
		{"Matroska", "webm", []string{"-f", "matroska", "-c:a", "pcm_s16le"}, 1},
		{"AIFF", "aiff", []string{"-f", "aiff"}, 1},
		{"CAF", "caf", []string{"-f", "caf"}, 1},
		{"AU", "au", []string{"-f", "au"}, 1},
		{"WMA", "wma", []string{"-f", "asf", "-c:a", "wmav2"}, 0.95},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := encode(t, wav, test.args...)
			got, f, err := decode(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if f.Format() != test.format {
				t.Errorf("format %s, want %s", f.Format(), test.format)
			}
			if test.like == 1 && !slices.Equal(got, pcm) {
				t.Errorf("%d samples differ from the %d of the source (likeness %.4f)", len(got), len(pcm), likeness(pcm, got))
			}
			if l := likeness(pcm, got); l < test.like {
				t.Errorf("likeness to the source %.4f, want %.4f", l, test.like)
			}
			// Codecs that work in frames add up to one of them, and an encoder's delay.
			if d := len(got) - len(pcm); d < -second/50 || d > second/5 {
				t.Errorf("%d samples, source has %d", len(got), len(pcm))
			}
			if d := f.Total() - debrief.Samples(len(got)); f.Total() != 0 && (d < -second/5 || d > second/5) {
				t.Errorf("claims %d samples, holds %d", f.Total(), len(got))
			}
			if w := f.Warnings(); len(w) != 0 {
				t.Errorf("warnings %q of a whole file", w)
			}
			again, _, err := decode(t.Context(), path, Options{Salvage: true})
			if err != nil || !slices.Equal(got, again) {
				t.Errorf("%d samples the second time (%v), %d the first", len(again), err, len(got))
			}
		})
	}
}

// cutTo shortens a file to a part of its length.
func cutTo(t testing.TB, path string, part float64) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "cut.dat", data[:int(float64(len(data))*part)])
}

func TestOpenTruncated(t *testing.T) {
	pcm := sound(6 * second)
	wav := writeWAV(t, pcm, nil)
	for _, test := range []struct {
		name string
		path string
		keep float64 // part of the samples that salvage brings at least; 0 says that nothing can be
	}{
		{"WAV", cutTo(t, wav, 0.5), 0.49},
		{"WAVOneByteShort", writeWAV(t, pcm, setSize(uint32(2*len(pcm)+1))), 1},
		{"WAVLengthNeverWritten", writeWAV(t, pcm, setSize(0)), 1},
		{"WAVLengthUnknown", writeWAV(t, pcm, setSize(0xffffffff)), 1},
		{"WAVOfCrashedGoAudio", writeWAV(t, pcm, func(h []byte) { setSize(42)(h); h[4], h[5], h[6], h[7] = 42, 0, 0, 0 }), 1},
		{"WAVHeader", cutTo(t, wav, 30.0/float64(44+2*len(pcm))), 0},
		{"WAV24BitStereo", cutTo(t, encode(t, wav, "-f", "wav", "-c:a", "pcm_s24le", "-ac", "2"), 0.5), 0.48},
		{"FLAC", cutTo(t, encode(t, wav, "-f", "flac"), 0.5), 0.4},
		{"FLAC48k", cutTo(t, encode(t, wav, "-f", "flac", "-ar", "48000"), 0.5), 0.4},
		{"MP3", cutTo(t, encode(t, wav, "-f", "mp3"), 0.5), 0.4},
		{"MP3NearTheEnd", cutTo(t, encode(t, wav, "-f", "mp3"), 0.9), 0.85},
		{"M4A", cutTo(t, encode(t, wav, "-f", "ipod", "-c:a", "aac"), 0.5), 0},
		{"M4AFastStart", cutTo(t, encode(t, wav, "-f", "ipod", "-c:a", "aac", "-movflags", "+faststart"), 0.7), 0.5},
		{"OggOpus", cutTo(t, encode(t, wav, "-f", "ogg", "-c:a", "libopus"), 0.5), 0.3},
		{"WebM", cutTo(t, encode(t, wav, "-f", "webm", "-c:a", "libopus"), 0.5), 0.4},
		{"AIFF", cutTo(t, encode(t, wav, "-f", "aiff"), 0.9), 0.88},
		{"CAF", cutTo(t, encode(t, wav, "-f", "caf"), 0.9), 0.88},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := decode(t.Context(), test.path, Options{})
			if !errors.Is(err, debrief.ErrTruncated) && !(strings.HasPrefix(test.name, "CAF") && errors.Is(err, debrief.ErrBadAudio)) {
				t.Fatalf("error %v, want ErrTruncated", err)
			}
			if !strings.Contains(err.Error(), test.path) || debrief.Hint(err) == "" {
				t.Errorf("error %v, hint %q: want file and hint", err, debrief.Hint(err))
			}
			got, f, err := decode(t.Context(), test.path, Options{Salvage: true})
			if test.keep == 0 {
				if !errors.Is(err, debrief.ErrTruncated) {
					t.Errorf("salvage: %v, want ErrTruncated", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("salvage: %v", err)
			}
			if len(got) < int(test.keep*float64(len(pcm))) || likeness(pcm[:len(got)], got) < 0.9 {
				t.Errorf("salvaged %d of %d samples, likeness %.3f", len(got), len(pcm), likeness(pcm[:min(len(pcm), len(got))], got))
			}
			if len(f.Warnings()) == 0 {
				t.Error("salvage does not say that something is missing")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	pcm := sound(2 * second)
	wav := writeWAV(t, pcm, nil)
	flipped := func(path string, at float64) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[int(at*float64(len(data)))] ^= 0x55
		return writeFile(t, "flipped.dat", data)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	film := filepath.Join(t.TempDir(), "film.mp4")
	testenv.FFmpeg(t, "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5", "-pix_fmt", "yuv420p", film)
	secret := writeWAV(t, pcm, nil)
	noFormat := pcmHeader(0)
	copy(noFormat[12:], "xxxx")
	for _, test := range []struct {
		name string
		path string
		kind error
		says string
	}{
		{"Missing", filepath.Join(t.TempDir(), "none.wav"), debrief.ErrNotFound, "no such file"},
		{"Empty", writeFile(t, "a.wav", nil), debrief.ErrBadAudio, "empty"},
		{"Directory", t.TempDir(), debrief.ErrBadAudio, "directory"},
		{"Pipe", pipe, debrief.ErrBadAudio, "not a regular file"},
		{"TextNamedWAV", writeFile(t, "a.wav", []byte("Dear diary, today I ...\n")), debrief.ErrBadAudio, "no audio format"},
		{"UTF16Text", writeFile(t, "a.mp3", []byte("\xff\xfeD\x00e\x00a\x00r\x00")), debrief.ErrBadAudio, "no audio format"},
		{"OneByte", writeFile(t, "a.mp3", []byte("\xff")), debrief.ErrBadAudio, "no audio format"},
		{"PDF", writeFile(t, "a.m4a", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3")), debrief.ErrBadAudio, "no audio format"},
		{"PlaylistOfOtherFiles", writeFile(t, "a.m3u8", []byte("#EXTM3U\n#EXTINF:1,\n"+secret+"\n")), debrief.ErrBadAudio, "no audio format"},
		{"ScriptOfOtherFiles", writeFile(t, "a.txt", []byte("ffconcat version 1.0\nfile "+secret+"\n")), debrief.ErrBadAudio, "no audio format"},
		{"WAVWithoutSamples", writeWAV(t, nil, nil), debrief.ErrNoAudio, "no sample"},
		{"WAVWithoutFormat", writeFile(t, "a.wav", noFormat[:]), debrief.ErrBadAudio, "how the samples are coded"},
		{"WAVWithNonsense", writeFile(t, "a.wav", append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"), bytes.Repeat([]byte{0}, 100)...)), debrief.ErrBadAudio, "no channel"},
		{"FLACDamaged", flipped(encode(t, wav, "-f", "flac"), 0.6), debrief.ErrBadAudio, "damaged"},
		{"MP3WithoutSound", writeFile(t, "a.mp3", append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte("no sound "), 5000)...)), debrief.ErrBadAudio, "ffmpeg"},
		{"FilmWithoutSound", film, debrief.ErrNoAudio, "no sound track"},
		{"OggDamaged", flipped(encode(t, wav, "-f", "ogg", "-c:a", "libopus"), 0.5), debrief.ErrBadAudio, "damage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := decode(t.Context(), test.path, Options{})
			if !errors.Is(err, test.kind) {
				t.Fatalf("%d samples, error %v, want %v", len(got), err, test.kind)
			}
			if !strings.Contains(err.Error(), test.path) || !strings.Contains(err.Error(), test.says) || debrief.Hint(err) == "" {
				t.Errorf("error %q, hint %q: want the file, %q and a hint", err, debrief.Hint(err), test.says)
			}
			if strings.Count(err.Error(), test.path) > 1 {
				t.Errorf("error %q names the file twice", err)
			}
		})
	}
}

func TestFileErrors(t *testing.T) {
	for err, kind := range map[error]error{
		syscall.ENOENT: debrief.ErrNotFound, syscall.EACCES: debrief.ErrDenied, syscall.EPERM: debrief.ErrDenied, syscall.EIO: debrief.ErrBadAudio,
	} {
		got := fileError(&os.PathError{Op: "open", Path: "/a/file", Err: err})
		if !errors.Is(got, kind) || debrief.Hint(got) == "" || strings.Contains(got.Error(), "/a/file") {
			t.Errorf("%v becomes %v with hint %q, want %v, a hint and no path", err, got, debrief.Hint(got), kind)
		}
	}
}

// script makes a program to be run in place of ffmpeg: fakes are for its faults only.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFFmpegFaults(t *testing.T) {
	aiff := encode(t, writeWAV(t, sound(second), nil), "-f", "aiff")
	for _, test := range []struct {
		name, program string
		kind          error
		says          string
	}{
		{"MissingIsErrUnavailable", filepath.Join(t.TempDir(), "none"), debrief.ErrUnavailable, "not installed"},
		{"CrashAtOnceIsErrBadAudio", script(t, "kill -SEGV $$"), debrief.ErrBadAudio, "segmentation fault"},
		{"CrashMidwayIsErrBadAudio", script(t, "head -c 20001 /dev/zero; kill -KILL $$"), debrief.ErrBadAudio, "killed"},
		{"ErrorWithStatus0IsErrBadAudio", script(t, "head -c 20000 /dev/zero; echo '[aac @ 0x1] [error] channel element 1.0 is not allocated' >&2"), debrief.ErrBadAudio, "aac: channel element"},
		{"ShortOfItsHeaderIsErrTruncated", script(t, "echo '[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 64 kb/s' >&2; head -c 20000 /dev/zero"), debrief.ErrTruncated, "1:02:03"},
		{"NothingAtAllIsErrNoAudio", script(t, "exit 0"), debrief.ErrNoAudio, "no sample"},
		{"EndlessLogIsBounded", script(t, "for i in $(seq 20000); do echo \"[mp3 @ 0x1] [error] Header missing $i ................\"; done >&2; exit 1"), debrief.ErrBadAudio, "Header missing 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := decode(t.Context(), aiff, Options{FFmpeg: test.program})
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) || debrief.Hint(err) == "" {
				t.Errorf("error %v, hint %q; want %v, %q and a hint", err, debrief.Hint(err), test.kind, test.says)
			}
			if len(err.Error()) > 600 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
		})
	}
}

// TestFFmpegEnds sees that no child outlives its reader.
func TestFFmpegEnds(t *testing.T) {
	aiff := encode(t, writeWAV(t, sound(second), nil), "-f", "aiff")
	start := func(ctx context.Context) (*File, int) {
		t.Helper()
		pidFile := filepath.Join(t.TempDir(), "pid")
		f, err := Open(ctx, aiff, Options{FFmpeg: script(t, "echo $$ >"+pidFile+"; head -c 100000 /dev/zero; exec tail -f /dev/null")})
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(pidFile)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		return f, pid
	}
	gone := func(pid int) {
		t.Helper()
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("process %d is still there (%v)", pid, err)
		}
	}
	t.Run("ByClose", func(t *testing.T) {
		f, pid := start(t.Context())
		for range 2 {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		gone(pid)
	})
	t.Run("ByContext", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f, pid := start(ctx)
		context.AfterFunc(ctx, func() {})
		cancel()
		_, err := readAll(f)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v, want context.Canceled", err)
		}
		f.Close()
		gone(pid)
	})
}

// TestStrangeNames opens files whose names mean something to a shell, a protocol or ffmpeg.
func TestStrangeNames(t *testing.T) {
	data, err := os.ReadFile(encode(t, writeWAV(t, sound(second), nil), "-f", "aiff"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"-i", "http:x", "a b'c\"d", "%d.aiff", "$(touch x)", "ünï\ncode", "concat:a|b"} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if pcm, _, err := decode(t.Context(), name, Options{}); err != nil || len(pcm) != second {
			t.Errorf("%q: %d samples, %v", name, len(pcm), err)
		}
	}
}

// TestLongFileInLittleMemory reads an hour of each native format.
func TestLongFileInLittleMemory(t *testing.T) {
	const length = 3600 * second
	header := pcmHeader(2 * length)
	path := writeFile(t, "long.wav", header[:])
	if err := os.Truncate(path, wavHeaderSize+2*length); err != nil { // a hole, takes no space
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf, total := make([]int16, 4096), 0
	for {
		n, err := f.Read(buf)
		if err != nil {
			break
		}
		total += n
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; total != length || used > 1<<20 {
		t.Errorf("%d of %d samples with %d bytes allocated, want at most 1 MiB", total, length, used)
	}
}

func ExampleOpen() {
	f, err := Open(context.Background(), "no-such-file.wav", Options{})
	if err != nil {
		fmt.Println("error:", err)
		fmt.Println("hint:", debrief.Hint(err))
		return
	}
	defer f.Close()
	// Output:
	// error: read no-such-file.wav: no such file: not found
	// hint: check the path
}
