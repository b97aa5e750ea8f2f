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
case $wheel in # one that was built without a compiler is for any machine, and has no kernels
*-none-any.whl) ;;
*) (cd "$folder" && venv/bin/python -c "
from holdfast.vault.codecs.kernel import get_kernel
from holdfast.vault.parity.field import TABLES, find_best_level
assert get_kernel().name == 'native' and find_best_level() != TABLES") ;;
esac
echo "the wheel works: $wheel"
