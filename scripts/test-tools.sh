#!/bin/sh
# Builds the servers that only the tests need into bin/tools/: a few minutes the first time,
# nothing when they are there already. Versions are pinned by tools/go.sum.
set -eu
cd "$(dirname "$0")/.."
out=bin/tools
want=$(cat tools/go.mod tools/go.sum | cksum)
if [ -x "$out/versitygw" ] && [ "$(cat "$out/versitygw.built" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
echo "building $out/versitygw, the S3 server the storage tests run against (2-4 minutes, once)"
mkdir -p "$out"
# A name of its own until it is whole: two packages' tests may come here at the same time.
CGO_ENABLED=0 nice go build -C tools -trimpath -ldflags '-s -w' -o "../$out/versitygw.$$" github.com/versity/versitygw/cmd/versitygw
mv "$out/versitygw.$$" "$out/versitygw"
echo "$want" >"$out/versitygw.built"
