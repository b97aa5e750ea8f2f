"""The error tree is what its drawing says, and every error can be told to a person and to a machine."""

import pickle
import re

from holdfast.records import errors
from holdfast.records.errors import HoldfastError


def subclasses(kind: type[HoldfastError]) -> list[type[HoldfastError]]:
    return [
        one
        for child in kind.__subclasses__()
        if child.__module__ == errors.__name__
        for one in (child, *subclasses(child))
    ]


def draw(kind: type[HoldfastError], prefix: str = "") -> list[str]:
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    lines: list[str] = []
    for number, child in enumerate(children, 1):
        last = number == len(children)
        lines.append(f"{prefix}{'└' if last else '├'}── {child.__name__}")
        lines.extend(draw(child, prefix + ("    " if last else "│   ")))
    return lines


def test_the_drawing_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if re.match(r"^[│├└ ]*── ", line)]
    assert drawn == draw(HoldfastError)


def test_every_error_has_a_sentence_of_its_own_and_an_exit_code() -> None:
    for kind in subclasses(HoldfastError):
        assert "sentence" in vars(kind), f"{kind.__name__} has no sentence of its own"
        assert kind.sentence.endswith(".")
        assert 2 <= kind.exit_code <= 70
        assert 400 <= kind.http_status < 600


def test_an_error_survives_the_way_back_from_a_worker_process() -> None:
    error = errors.MalformedFile("what", where="file:3", next_step="next")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (errors.MalformedFile, "file:3: what\nnext")


def test_exit_codes_are_documented() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    for kind in subclasses(HoldfastError):
        assert re.search(rf"^\| {kind.exit_code} \|.*`{kind.__name__}`", page, re.MULTILINE), kind.__name__
