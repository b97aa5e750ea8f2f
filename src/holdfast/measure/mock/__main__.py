"""Serves a mock in this process: `python -m holdfast.measure.mock SPEC.json LOG_FOLDER`, until standard input ends."""

import signal
import sys
from pathlib import Path

from holdfast.measure.mock.serving import serve_mock
from holdfast.measure.mock.spec_json import read_spec
from holdfast.records.errors import HoldfastError


def main(arguments: list[str]) -> int:
    """The exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        serve_mock(read_spec(Path(arguments[0])), Path(arguments[1]), prefer_plain="--plain" in arguments[2:])
    except HoldfastError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
