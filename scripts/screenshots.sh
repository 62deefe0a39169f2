#!/usr/bin/env bash
# Pictures of every state of the coach's page, wide and on a phone, light and dark:
# screenshots/STATE-SIZE-LIGHT.png, from the invented clients of debrief serve --demo. Needs Chromium.
#   scripts/screenshots.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
to=${1:-screenshots}
mkdir -p "$to"
to=$(cd "$to" && pwd)
go test -C tools -count=1 -run '^TestPages$' ./e2e -args -screenshots "$to"
echo "$(find "$to" -name '*.png' | wc -l) pictures in $to"
