#!/usr/bin/env bash
# Sets up the clients that tests/conformance runs as a user would: three versions of the hub's Python client, each in an
# environment of its own, the JavaScript one, and with --all transformers, datasets and torch (CPU) besides.
# They lie in ~/.cache/holdfast-clients under the digest of what they were made from; what is there is not made again.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
recipes="$here/tests/conformance/clients"
target="${HOLDFAST_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-clients}"
python="${PYTHON:-python3}"
mkdir -p "$target"
exec 9>"$target/.lock"
flock 9

place_of() { echo "$target/$(basename "$1" ".${1##*.}")-$(sha256sum "$1" | cut -c1-12)"; }

make_environment() { # recipe, how pip is told to read it
  local place
  place=$(place_of "$1")
  [ -e "$place/.ready" ] && return
  echo "setting up a client: $(basename "$place")"
  rm -rf "$place"
  "$python" -m venv "$place"
  if [ "${1##*.}" = lock ]; then
    "$place/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$1"
  else
    "$place/bin/pip" install --quiet --disable-pip-version-check -r "$1"
  fi
  touch "$place/.ready"
}

make_javascript() {
  local recipe="$recipes/javascript.txt" place name version digest archive
  place=$(place_of "$recipe")
  [ -e "$place/.ready" ] && return
  echo "setting up a client: $(basename "$place")"
  rm -rf "$place" && mkdir -p "$place/archives"
  while read -r name version digest; do
    archive=$(cd "$place/archives" && npm pack --silent "$name@$version")
    [ "sha512-$(openssl dgst -sha512 -binary "$place/archives/$archive" | base64 -w0)" = "$digest" ] ||
      { echo "$name@$version is not what javascript.txt says" >&2; exit 1; }
    mkdir -p "$place/node_modules/$name"
    tar -xzf "$place/archives/$archive" -C "$place/node_modules/$name" --strip-components 1
  done <"$recipe"
  touch "$place/.ready"
}

for recipe in "$recipes"/*.lock; do make_environment "$recipe"; done
make_javascript
[ "${1:-}" = --all ] && make_environment "$recipes/transformers.txt"
exit 0
