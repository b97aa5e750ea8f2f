"""Makes the golden vault of the present format, once: `python -m tests.vault.golden.make` writes golden/v<n>.

What is there is never written again: old vaults stay readable for ever, and these are the old vaults.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from holdfast.vault.opening import FORMAT, open_local_vault
from tests.vault.models import Watch, hash_folder, keep_folder, make_bf16, tell, tune, write_safetensors

HERE = Path(__file__).parent
FRAME_ELEMENTS = 1 << 19


def main() -> None:
    """Two revisions of a model: every codec, an inline segment, an empty file, a decision to freeze."""
    target = HERE / f"v{FORMAT}"
    if target.exists():
        sys.exit(f"{target} is there, and stays as it is")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_sources(root)
        watch = Watch()
        vault = open_local_vault(root / "vault", watch)
        for name in ("base", "tuned"):
            keep_folder(vault, root / name, f"golden/{name}")
            watch.advance(60)
        tell(vault, "freeze", "golden/tuned")
        tell(vault, "thaw", "golden/tuned")
        tell(vault, "freeze", "golden/base")
        vault.close()
        target.mkdir()
        for path in sorted((root / "vault").rglob("*")):
            if path.is_file() and not path.name.startswith("catalogue"):
                (target / "vault" / path.relative_to(root / "vault")).parent.mkdir(parents=True, exist_ok=True)
                (target / "vault" / path.relative_to(root / "vault")).write_bytes(path.read_bytes())
        sums = {f"golden/{name}": hash_folder(root / name) for name in ("base", "tuned")}
        (target / "sha256.json").write_text(json.dumps(sums, indent=1) + "\n")


def write_sources(root: Path) -> None:
    """A tensor of two frames, the first as it was and the second tuned; files for the other codecs."""
    flat = np.full(FRAME_ELEMENTS, 0x3C00, np.uint16)
    weights = make_bf16(4096, 1)
    for name, tail in (("base", weights), ("tuned", tune(weights, 2, 0.1))):
        write_safetensors(
            root / name / "model.safetensors",
            {"w": ("BF16", np.concatenate([flat, tail])), "scalar": ("F32", np.ones((), np.float32))},
        )
    (root / "base/README.md").write_bytes(b"many words, many words; " * 20)
    (root / "base/noise.bin").write_bytes(np.random.default_rng(3).bytes(500))
    (root / "base/empty").write_bytes(b"")


if __name__ == "__main__":
    main()
