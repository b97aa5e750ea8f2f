"""What holdfast.toml excludes is left out of the inventory."""

import datetime
from pathlib import Path

from holdfast.workflows.configuration import read_settings
from holdfast.workflows.scanning import run_scan

CALL = 'from openai import OpenAI\nOpenAI().responses.create(model="gpt-4o", input="")\n'


def test_excluded_paths_are_left_out_and_others_are_not(tmp_path: Path) -> None:
    for name in ("app.py", "third_party/inner/a.py", "third_party.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CALL)
    (tmp_path / "holdfast.toml").write_text('[check]\nexclude = ["third_party/"]\n')
    settings = read_settings(tmp_path, {}, {}, datetime.date(2026, 11, 23))
    inventory = run_scan(tmp_path, settings, lambda _done, _total: None, cached=False)
    assert [use.place.path for use in inventory.uses] == ["app.py", "third_party.py"]
