#!/bin/sh
# The long tests of the recorder: half an hour on the virtual sound device. They take microphones,
# servers, processes and disks away from it and print what that cost.
set -eu
cd "$(dirname "$0")/.."
missed=
go run ./internal/bench/record || missed=1 # first, while nothing else runs
go test -tags soak -run Soak -timeout 60m -v ./capture
[ -z "$missed" ]
