#!/usr/bin/env bash
# Measures everything the README claims. A part that misses a bound or breaks does not stop the
# others; what missed is said once more at the end, and the exit code is 1.
set -uo pipefail
cd "$(dirname "$0")/.."
trap 'exit 130' INT
log=$(mktemp)
trap 'rm -f "$log"' EXIT
missed=''

part() { # name, command
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  if ! "$@" 2>&1 | tee "$log"; then
    missed+="$name"$'\n'$(grep -E 'MISSED|^error:|, at most ' "$log" | sed 's/^ */  /')$'\n'
  fi
}

part 'what the recogniser is compared with' scripts/bench-peer.sh
part 'the recogniser' go run ./internal/bench -soak
part 'the tagger and the summary' go run ./internal/bench/tags -check
part 'the recorder' go run ./internal/bench/record
part 'the page under load' go run ./internal/bench/page
part 'a 3-hour recording in a browser' \
  go test -C tools -count=1 -v -run '^TestLong$' ./e2e -args -figures "$PWD/bench/page-long.json"
if [ -n "$missed" ]; then
  printf '\nerror: missed or broken:\n%s' "$missed" >&2
  exit 1
fi
