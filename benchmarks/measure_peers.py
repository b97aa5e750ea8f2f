"""Other load generators, run from environments of their own against the same kind of server, and what they report."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers

from holdfast.measure.load.prompts import read_words

MODEL, PROMPT_TOKENS, LIMIT_S = "holdfast-mock", 32, 300


@dataclass(frozen=True, slots=True)
class Offered:
    """A load: streams of 64 tokens that are always under way, or requests a second for 16 tokens each."""

    streams: int = 0
    rate_per_s: float = 0.0
    seconds: float = 12.0

    @property
    def tokens(self) -> int:
        """Of each answer."""
        return 64 if self.streams else 16

    def shorten(self, seconds: float) -> "Offered":
        """For no longer than this."""
        return replace(self, seconds=min(seconds, self.seconds))


@dataclass(frozen=True, slots=True)
class Reported:
    """What a tool says: milliseconds to the first token, and tokens a second."""

    ttft_p50_ms: float
    ttft_p99_ms: float
    tokens_per_s: float

    def __str__(self) -> str:
        return f"{self.ttft_p50_ms:.2f} / {self.ttft_p99_ms:.2f}"


def run_guidellm(environment: Path, url: str, offered: Offered) -> Reported:
    """guidellm 0.8, by its command line."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer, said = make_tokenizer(Path(folder)), Path(folder) / "said.json"
        profile = f"concurrent,streams={offered.streams}" if offered.streams else f"poisson,rate={offered.rate_per_s:g}"
        run(
            environment / "bin" / "guidellm", "run",
            "--backend", f"kind=openai_http,target={url.removesuffix('/v1')},model={MODEL},validate_backend=false",
            "--profile", f"kind={profile}",
            "--constraint", f"kind=max_duration,seconds={offered.seconds:g}",
            "--tokenizer", f"kind=huggingface_auto,model={tokenizer}",
            "--data", f"kind=synthetic_text,prompt_tokens={PROMPT_TOKENS},output_tokens={offered.tokens}",
            "--output", f"kind=json,path={said}", "--disable-console",
        )  # fmt: skip
        metrics: Any = json.loads(said.read_text())["benchmarks"][0]["metrics"]
    ttft = metrics["time_to_first_token_ms"]["successful"]["percentiles"]
    return Reported(ttft["p50"], ttft["p99"], metrics["output_tokens_per_second"]["successful"]["mean"])


def run_aiperf(environment: Path, url: str, offered: Offered) -> Reported:
    """AIPerf 0.13, by its command line; tokens as the server counts them."""
    with tempfile.TemporaryDirectory() as folder:
        how = ["--concurrency", str(offered.streams)]
        if not offered.streams:
            how = ["--request-rate", f"{offered.rate_per_s:g}", "--arrival-pattern", "poisson"]
        run(
            environment / "bin" / "aiperf", "profile", "--model", MODEL, "--url", url.removesuffix("/v1"),
            "--endpoint-type", "chat", "--streaming", "--use-server-token-count", "--ui", "none",
            "--tokenizer", str(make_tokenizer(Path(folder))), "--output-artifact-dir", folder,
            "--isl", str(PROMPT_TOKENS), "--osl", str(offered.tokens),
            "--benchmark-duration", f"{offered.seconds:g}", *how,
        )  # fmt: skip
        said: Any = json.loads((Path(folder) / "profile_export_aiperf.json").read_text())
    ttft = said["time_to_first_token"]
    return Reported(ttft["p50"], ttft["p99"], said["output_token_throughput"]["avg"])


PEERS: dict[str, Callable[[Path, str, Offered], Reported]] = {"guidellm": run_guidellm, "aiperf": run_aiperf}


def run(command: Path, *words: str) -> None:
    """Run a peer; what it says is shown when it fails."""
    environ = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run([command, *words], env=environ, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise SystemExit(f"{command.name} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def make_tokenizer(folder: Path) -> Path:
    """A tokenizer with a token for each of the words that prompts are made of."""
    words = {word: number for number, word in enumerate(["[unknown]", *read_words()])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[unknown]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    place = folder / "tokenizer"
    place.mkdir()
    tokenizer.save(str(place / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[unknown]", "eos_token": "[unknown]"}
    (place / "tokenizer_config.json").write_text(json.dumps(settings))
    return place
