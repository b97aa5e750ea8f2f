#!/usr/bin/env bash
# Installs the built wheel into an environment of its own and runs the main job with it: what is shipped is what is tested.
set -euo pipefail
wheel=$(ls dist/*.whl)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$wheel"
XDG_CACHE_HOME="$folder/cache" XDG_STATE_HOME="$folder/state" \
    "$folder/venv/bin/holdfast" check examples/helpdesk --html "$folder/report.html" >"$folder/out.txt"
grep -q "Qwen/Qwen3-8B" "$folder/out.txt"
test -s "$folder/report.html"
"$folder/venv/bin/holdfast" backtest >/dev/null
echo "the wheel works: $wheel"
