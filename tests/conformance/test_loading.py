"""transformers loads a kept model by its hub name, with no network but the loopback, and computes what it computes from
the folder. Needs the environment of `tools/install-clients.sh --all`; `make conformance` makes it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.clients import SCRIPTS, client_environ, keep, run_script, serving
from tests.conformance.conftest import get_client

MODEL = "example/searcher"
FOLDER = Path(__file__).parents[2] / "examples" / "helpdesk" / "models"


@pytest.fixture(scope="module")
def folder() -> Path:
    return next(path.parent for path in sorted(FOLDER.glob("*/config.json")))


@pytest.fixture
def kept(folder: Path, tmp_path: Path) -> Path:
    keep(tmp_path / "vault", folder, MODEL)
    return tmp_path / "vault"


@pytest.fixture(scope="module")
def truth(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What transformers computes from the folder."""
    client = get_client("transformers")
    environ = client_environ(tmp_path_factory.mktemp("truth") / "home", "")
    return run_script(client, "load.py", {**environ, "HF_HUB_OFFLINE": "1"}, folder)


def test_transformers_loads_by_name_what_it_loads_from_the_folder_with_no_route_to_anywhere(
    kept: Path, truth: Any, tmp_path: Path
) -> None:
    if subprocess.run(["unshare", "-rn", "ip", "link"], check=False, capture_output=True).returncode:
        pytest.skip("this machine permits no namespaces, or has no iproute2")
    inside = f"""
        ip link set lo up
        test -z "$(ip route show)" || exit 9
        "{sys.executable}" -m holdfast serve --vault "{kept}" --port 8420 &
        for _ in $(seq 200); do
          (exec 3<>/dev/tcp/127.0.0.1/8420) 2>/dev/null && break
          sleep 0.2
        done
        "{get_client("transformers")}/bin/python" "{SCRIPTS}/load.py" {MODEL}
        status=$?
        kill %1
        exit $status
    """
    environ = client_environ(tmp_path / "home", "http://127.0.0.1:8420")
    done = subprocess.run(
        ["unshare", "-rn", "bash", "-c", inside], check=False, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.strip().splitlines()[-1]) == truth


def test_it_does_so_where_no_namespace_is_permitted(kept: Path, truth: Any, tmp_path: Path) -> None:
    if not subprocess.run(["unshare", "-rn", "ip", "link"], check=False, capture_output=True).returncode:
        pytest.skip("the test above says more")
    with serving(kept) as served:
        environ = client_environ(tmp_path / "home", served.address)
        assert run_script(get_client("transformers"), "load.py", environ, MODEL) == truth


def test_datasets_reads_a_kept_data_set_by_its_name(tmp_path: Path) -> None:
    client = get_client("transformers")
    rows = [{"text": f"line {number}", "label": number % 3} for number in range(50)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "data" / "README.md").write_text("---\nlicense: mit\n---\n# Lines\n")
    keep(tmp_path / "vault", tmp_path / "data", "datasets/acme/lines")
    with serving(tmp_path / "vault") as served:
        told = run_script(client, "load_data.py", client_environ(tmp_path / "home", served.address), "acme/lines")
    assert told == {"whole": rows, "streamed": rows}
