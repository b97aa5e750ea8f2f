"""What an engine's process is told of its surroundings: what it needs to run, that it is offline, and nothing else.

Tokens, proxies and addresses are left out because only named variables are passed on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_KEPT: Final = frozenset({"PATH", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONUSERBASE", "SYSTEMROOT"})
_KEPT_BEGINNINGS: Final = ("LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OMP_", "OPENBLAS_", "MKL_", "GGML_")
_OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def make_environment(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The variables of an engine whose home is `scratch`."""
    kept = {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)}
    user_base = environ.get("PYTHONUSERBASE") or str(Path(environ.get("HOME") or Path.home()) / ".local")
    homes = {"HOME": scratch, "XDG_CACHE_HOME": scratch / "cache", "HF_HOME": scratch / "hf"}
    return {**kept, "PYTHONUSERBASE": user_base, **{name: str(home) for name, home in homes.items()}, **_OFFLINE}
