#!/usr/bin/env bash
# Fetches what the bench compares this recogniser with into bench/peer: sherpa-onnx-node, which
# runs the same model, and the model as it is published. Only make bench needs it; nothing of it
# is in any binary. Does nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."
peer=bench/peer
[ ! -e $peer/tokens.txt ] || exit 0

# The other packages, their versions and integrities stand in scripts/models.lock.
version=1.13.8
integrity=sha512-MsDMBdhLFTZ1GwvcGSSQhnS7g/EA8OMH6IYysCVUOM7j8Icty9KRc0E6YT1A5fWBsZwRfKOeh88QC95aRvS8ag==
platform=sherpa-onnx-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')

die() { # what is wrong, what to do
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() { # name version integrity
  local tarball
  echo "  $1 $2"
  (cd "$work" && rm -f ./*.tgz && npm pack --silent --prefer-offline --cache "${XDG_CACHE_HOME:-$HOME/.cache}/debrief/npm" "$1@$2" >/dev/null) ||
    die "$1 $2 could not be fetched" 'check the network and run it again'
  tarball=$(echo "$work"/*.tgz)
  [ "$(node -e 'console.log("sha512-" + require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64"))' "$tarball")" = "$3" ] ||
    die "$1 $2 is not what is pinned: its sha512 differs" 'the download is damaged or the package was tampered with'
  mkdir -p "$work/node_modules/$1"
  tar -xzf "$tarball" -C "$work/node_modules/$1" --strip-components 1
}

pinned() { awk -v want="$1" '$1 == "package" && $2 == want { print $2, $3, $6 }' scripts/models.lock; }

echo 'What the bench compares with, by npm pack:'
unpack sherpa-onnx-node $version "$integrity"
# shellcheck disable=SC2046 # words on purpose: name, version, integrity
for name in "$platform" @moonshine-ai/moonshine-js; do
  [ -n "$(pinned "$name")" ] || die "no $name is pinned" 'the comparison runs on Linux and macOS only'
  unpack $(pinned "$name")
done
mkdir -p $peer/node_modules
mv "$work"/node_modules/sherpa-* $peer/node_modules/
cp "$work"/node_modules/@moonshine-ai/moonshine-js/dist/model/tiny/quantized/*.onnx $peer/
# sherpa-onnx wants each piece of text in base64, with its number.
node -e '
  const pieces = require("fs").readFileSync("models/moonshine-tiny/tokens.txt", "utf8").trimEnd().split("\n");
  pieces.forEach((p, i) => {
    const byte = /^<0x([0-9A-F]{2})>$/.exec(p);
    const text = byte ? Buffer.from(byte[1], "hex") : Buffer.from(p.replaceAll("\u2581", " "));
    console.log(text.toString("base64"), i);
  });' >"$work/tokens.txt"
mv "$work/tokens.txt" $peer/
