#!/bin/sh
# The long tests of the recorder: half an hour on the virtual sound device. They take microphones,
# servers, processes and disks away from it and print what that cost. Without PortAudio's headers
# everything must build all the same.
set -eu
cd "$(dirname "$0")/.."
go vet -tags noportaudio ./capture/...
go test -tags noportaudio ./capture/sound
exec go test -tags soak -run Soak -timeout 60m -v ./capture
