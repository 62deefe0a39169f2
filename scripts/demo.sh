#!/usr/bin/env bash
# The main job on the sample recordings, then the coach's page on what it made.
# SERVE=0 stops after the job. The store is made anew in store/demo.
set -euo pipefail
cd "$(dirname "$0")/.."
store=store/demo

rm -rf "$store"
for sample in samples/*_immediate.ogg samples/*_followup.ogg; do
  # c01_s2_immediate.ogg: client, session, phase
  IFS=_ read -r client session phase <<<"$(basename "$sample" .ogg)"
  (set -x && bin/debrief batch --store "$store" --client "$client" --session "${session#s}" --phase "$phase" "$sample")
done

echo
echo "Made in $store:"
find "$store/clients" -type f -exec du -h {} + | sort -k2

echo
for phase in immediate followup; do
  # The summary only: the transcript is on the page.
  bin/debrief export --store "$store" --client c01 --phase "$phase" --format md --output - | sed '/^## Transcript/,$d'
done

if [ "${SERVE:-1}" != 0 ]; then
  echo
  exec bin/debrief serve --store "$store" --addr 127.0.0.1:8080
fi
