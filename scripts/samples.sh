#!/usr/bin/env bash
# Voices the sample debriefs: samples/NAME.txt -> samples/NAME.ogg, with the true start and end
# (samples at 16 kHz) of every line in NAME.tsv. The coach and the client are two voices of
# flite, the client nearer to the microphone, over a quiet room. Only needed to change the samples:
#   apt-get install flite sox opus-tools
set -euo pipefail
cd "$(dirname "$0")/../samples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pause() { # seconds: appends silence to the recording
  sox -n -r 16000 -b 16 -c 1 "$work/p$n.wav" trim 0 "$1"
  parts+=("$work/p$n.wav")
  at=$((at + $(soxi -s "$work/p$n.wav")))
  n=$((n + 1))
}

for text in *.txt; do
  name=${text%.txt}
  : >"$name.tsv"
  n=0 at=0 parts=()
  pause 2
  while IFS='|' read -r speaker prompts words; do
    case $speaker in '#'* | '') continue ;; esac
    speaker=${speaker// /} prompts=${prompts# } prompts=${prompts% } words=${words# }
    # A lapel microphone hears its wearer louder than the coach across the room.
    if [ "$speaker" = coach ]; then voice=slt gain=-11; else voice=rms gain=-4; fi
    flite -voice $voice --setf duration_stretch=1.08 -t "$words" -o "$work/raw.wav"
    sox "$work/raw.wav" -r 16000 -b 16 -c 1 "$work/u$n.wav" norm $gain
    parts+=("$work/u$n.wav")
    len=$(soxi -s "$work/u$n.wav")
    printf '%s\t%s\t%s\t%s\t%s\n' "$at" "$((at + len))" "$speaker" "$prompts" "$words" >>"$name.tsv"
    at=$((at + len)) n=$((n + 1))
    # The pauses of a person coming back, in a fixed order.
    waits=(0.9 1.6 2.4 1.2 3.5)
    pause "${waits[n % 5]}"
  done <"$text"
  sox "${parts[@]}" "$work/speech.wav"
  sox -R -n -r 16000 -b 16 -c 1 "$work/room.wav" synth "$(soxi -D "$work/speech.wav")" brownnoise vol 0.01
  sox -R -m -v 1 "$work/speech.wav" -v 1 "$work/room.wav" "$work/mix.wav"
  opusenc --quiet --serial 1 --bitrate 24 --comp 10 "$work/mix.wav" "$name.ogg"
done
