"""A vault that several machines use, so far as they can tell: it lies in a bucket, its catalogue in PostgreSQL."""

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from tests.front.cli.runs import run_here
from tests.front.hub.processes import Running, running
from tests.vault.catalogue.postgres_server import serving as serving_postgres
from tests.vault.storage.s3_server import BUCKET
from tests.vault.storage.s3_server import serving as serving_bucket

MODEL = "org/large"
SIZE = 12 << 20


@dataclass(frozen=True)
class Team:
    """Each machine has a home of its own. `digest` is that of the one file of MODEL."""

    folder: Path
    environ: Mapping[str, str]
    digest: str

    def get_environ(self, host: str) -> dict[str, str]:
        """What a machine's processes find."""
        home = self.folder / host
        home.mkdir(exist_ok=True)
        places = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
        return {**self.environ, **places, "HOME": str(home)}

    def run(self, *arguments: str | Path) -> str:
        """What the command line prints on a machine of its own, after it ended well."""
        environ = self.get_environ("keeper")
        done = run_here(*arguments, home=Path(environ["HOME"]), cwd=self.folder, **environ)
        assert done.code == 0, done.err + done.out
        return done.out


@contextmanager
def gathering(folder: Path) -> Generator[Team]:
    """A team that has kept a model."""
    with serving_bucket() as bucket, serving_postgres() as postgres:
        environ = {
            "AWS_ACCESS_KEY_ID": bucket.key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.secret,
            "HOLDFAST_VAULT": f"s3://{BUCKET}/{uuid4().hex}?endpoint={bucket.endpoint}&region=us-east-1",
            "HOLDFAST_CATALOGUE": postgres.url(postgres.make_database()),
        }
        weights = np.random.default_rng(1).bytes(SIZE)
        (folder / "model").mkdir()
        (folder / "model/weights.bin").write_bytes(weights)
        made = Team(folder, environ, hashlib.sha256(weights).hexdigest())
        made.run("keep", folder / "model", "--as", MODEL)
        yield made


@contextmanager
def two_servers(team: Team, folder: Path, hosts: tuple[str, str]) -> Generator[tuple[Running, Running]]:
    """Servers on two machines of the team; their logs lie in the folder."""
    options = ("--host", "0.0.0.0", "--anonymous")
    first, second = hosts
    with (
        running(team.get_environ(first), *options, log=folder / first) as one,
        running(team.get_environ(second), *options, log=folder / second) as two,
    ):
        yield one, two
