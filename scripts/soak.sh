#!/bin/sh
# The long tests of the recorder: half an hour on the virtual sound device. They take microphones,
# servers, processes and disks away from it and print what that cost; what is
# read from disks and pipes is fuzzed.
set -eu
cd "$(dirname "$0")/.."
missed=
go run ./internal/bench/record || missed=1 # first, while nothing else runs
go test -tags soak -run Soak -timeout 60m -v ./capture
go test -run XXX -fuzz FuzzReadJournal -fuzztime 2m ./capture/spool
go test -run XXX -fuzz FuzzReadMessage -fuzztime 2m ./capture/sound
[ -z "$missed" ]
