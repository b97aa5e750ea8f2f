"""Serves a mock in this process: `python -m holdfast.measure.mock SPEC.json LOG_FOLDER`, until standard input ends.

`--plain` asks for the version in Python. `--temporary` takes the log away at the end, unless somebody waits for it.
"""

import shutil
import signal
import sys
from pathlib import Path

from holdfast.measure.mock.serving import serve_mock
from holdfast.measure.mock.spec_json import read_spec
from holdfast.measure.mock.tables import WAITED_FOR
from holdfast.records.errors import HoldfastError


def main(arguments: list[str]) -> int:
    """The exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    folder = Path(arguments[1])
    try:
        serve_mock(read_spec(Path(arguments[0])), folder, prefer_plain="--plain" in arguments[2:])
    except HoldfastError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if "--temporary" in arguments[2:] and not (folder / WAITED_FOR).exists():
        shutil.rmtree(folder, ignore_errors=True)  # who started it has died
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
