"""Lines and pulls for tests: a patience that does not wait but notes for how long it would have, and no environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.upstream.address import Endpoint
from holdfast.upstream.credentials import Token
from holdfast.upstream.line import Line, LineAsked
from holdfast.upstream.patience import Patience
from holdfast.workflows.pull import PullAsked, PulledCopy, run_pull
from holdfast.workflows.pulling import HubAsked
from holdfast.workflows.pulling_choice import Choice
from holdfast.workflows.restore import RestoreAsked, run_restore
from holdfast.workflows.vaults import VaultAsked
from tests.upstream.hub import Hub


@dataclass
class Waits:
    """The waits that would have been."""

    seconds: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def make(self, tries: int = 4) -> Patience:
        """A patience without chance in it."""
        return Patience(tries=tries, sleep=self.sleep, draw=lambda: 0.0)


@contextmanager
def asking(hub: Hub, token: str = "", waits: Waits | None = None, connections: int = 4) -> Iterator[Line]:
    """A line to a hub."""
    asked = LineAsked(Endpoint(hub.url), Token(token), {}, (waits or Waits()).make(), connections)
    with Line(asked) as line:
        yield line


@dataclass
class Team:
    """Somebody with a vault of their own who pulls from a hub."""

    hub: Hub
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)

    @property
    def vault(self) -> VaultAsked:
        """Their vault, and nothing of the user's around it."""
        places = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HF_HOME")
        home: Mapping[str, str] = {name: str(self.folder / "home" / name) for name in places}
        return VaultAsked(str(self.folder / "vault"), {**home, "HOLDFAST_BY": "A. Keeper", **self.environ})

    @property
    def spools(self) -> Path:
        """Where their files on the way lie."""
        return self.folder / "vault" / "staging" / "pulls"

    def ask(self, **flags: object) -> HubAsked:
        """The hub."""
        return HubAsked({"endpoint": self.hub.url, **flags}, None, 4, self.waits.make())

    def pull(self, model: str, choice: Choice | None = None, name: str = "", **flags: object) -> PulledCopy:
        """Pull a model."""
        asked = PullAsked(self.vault, model, self.ask(**flags), choice or Choice(), name)
        return run_pull(asked, lambda _phase, _done, _total: None)

    def read(self, model: str) -> dict[str, bytes]:
        """Every file of a kept model, restored."""
        target = self.folder / "restored" / model.replace("/", "--")
        run_restore(RestoreAsked(self.vault, model, target), lambda _done, _total: None)
        paths = (path for path in target.rglob("*") if path.is_file())
        return {path.relative_to(target).as_posix(): path.read_bytes() for path in paths}
