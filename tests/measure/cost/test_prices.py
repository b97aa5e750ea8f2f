"""Prices: the library's data asked in its own way as the second opinion, and the team's file before it."""

import datetime
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import genai_prices
import numpy as np
import pytest

from holdfast.measure.cost.charging import compute_charges, compute_usage_usd
from holdfast.measure.cost.library_prices import RELEASED
from holdfast.measure.cost.price_asked import PriceAsked, PriceFound
from holdfast.measure.cost.price_file import read_price_file
from holdfast.measure.cost.prices import PriceBook
from holdfast.records.errors import ConfigurationError, HoldfastError, MalformedFile, MissingPath
from holdfast.records.measurement import Api, TokenPrice, Usage

DAY = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
BOOK = PriceBook()
EXAMPLE = Path(__file__).parents[3] / "examples" / "prices" / "contract.toml"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("prices asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def ask(model: str, provider: str = "", when: datetime.datetime = DAY, service: str = "") -> PriceFound:
    return BOOK.find_price(PriceAsked(model, when, provider, service=service))


def get_price(found: PriceFound) -> TokenPrice:
    assert found.price is not None, found.reason
    return found.price


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5"),
        ("openai", "gpt-4o-mini"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-pro"),
        ("mistral", "mistral-large-latest"),
        ("groq", "llama-3.3-70b-versatile"),
    ],
)
@pytest.mark.parametrize("tokens", [(1_000, 0, 500), (150_000, 100_000, 4_000), (300_000, 10, 1)])
def test_a_request_costs_what_the_library_itself_works_out(
    provider: str, model: str, tokens: tuple[int, int, int]
) -> None:
    prompt, cached, completion = tokens
    usage = genai_prices.Usage(input_tokens=prompt, cache_read_tokens=cached, output_tokens=completion)
    expected = genai_prices.calc_price(usage, model, provider_id=provider, genai_request_timestamp=DAY).total_price
    ours = compute_usage_usd(get_price(ask(model, provider)), Usage(prompt, cached, completion))
    assert ours == pytest.approx(float(expected), rel=1e-9)


def test_the_price_is_that_of_the_day() -> None:
    """The same use of o3 cost $0.014 in May 2025 and $0.0028 in August."""
    usage = Usage(1000, 0, 100)
    may, august = (datetime.datetime(2025, month, 15, tzinfo=datetime.UTC) for month in (5, 8))
    assert compute_usage_usd(get_price(ask("o3", "openai", may)), usage) == pytest.approx(0.014)
    assert compute_usage_usd(get_price(ask("o3", "openai", august)), usage) == pytest.approx(0.0028)


def test_the_snapshots_day_is_known_and_told_with_each_price() -> None:
    """A newer genai-prices needs its day of release in RELEASED."""
    day = RELEASED[version("genai-prices")]
    found = ask("gpt-5", "openai")
    price = get_price(found)
    assert (found.snapshot, price.as_of) == (day, day)
    assert price.source == f"genai-prices {version('genai-prices')}, openai/gpt-5"


def test_batch_has_its_own_price_and_a_service_without_one_is_unknown() -> None:
    assert get_price(ask("gpt-5", "openai", service="batch")).input == 0.5 * get_price(ask("gpt-5", "openai")).input
    found = ask("gpt-5", "openai", service="lunar")
    assert found.price is None
    assert "lunar" in found.reason


def test_a_model_that_is_not_found_is_unknown_with_the_nearest_names_and_never_free() -> None:
    found = ask("claude-sonet-4-5-x", "mistral")
    assert found.price is None
    assert found.reason == "no price of claude-sonet-4-5-x at mistral is known"
    near = ask("mistral-larg", "mistral")
    assert near.price is not None or any("mistral-large" in name for name in near.nearest)


def test_a_provider_that_is_not_found_is_unknown_with_the_nearest_names() -> None:
    found = ask("gpt-5", "opnai")
    assert (found.price, found.reason, found.nearest) == (None, "no provider opnai is known", ("openai",))


def test_an_address_that_is_no_providers_is_not_priced_by_the_models_name() -> None:
    found = BOOK.find_price(PriceAsked("gpt-5", DAY, url="http://127.0.0.1:8000/v1"))
    assert found.price is None
    assert "127.0.0.1" in found.reason


def test_a_providers_address_is_enough() -> None:
    found = BOOK.find_price(PriceAsked("gpt-5", DAY, url="https://api.openai.com/v1"))
    assert (found.provider, get_price(found).input) == ("openai", 1.25)


def test_a_provider_that_was_guessed_is_told() -> None:
    assert ask("gpt-5").notes == ("no provider was named: the price is openai's",)


def test_a_model_taken_as_another_is_told() -> None:
    found = ask("gpt-5-2025-08-07", "openai")
    assert "gpt-5-2025-08-07 is taken as gpt-5" in found.notes


def test_a_price_that_depends_on_the_hour_is_told() -> None:
    assert any("depends on the hour" in note for note in ask("deepseek-chat", "deepseek").notes)


def test_embeddings_have_no_price_of_output_and_chat_models_must_have_one() -> None:
    asked = PriceAsked("text-embedding-3-small", DAY, "openai", api=Api.EMBEDDINGS)
    assert get_price(BOOK.find_price(asked)).output == 0.0
    assert ask("text-embedding-3-small", "openai").price is None


def test_tiers_rise_and_hold_for_all_tokens_of_a_request() -> None:
    price = get_price(ask("gemini-2.5-pro", "google"))
    (tier,) = price.tiers
    one = np.array([1.0])
    below, above = (compute_charges(price, (length * one, 0 * one, one)) for length in (tier.above, tier.above + 1))
    assert float(below.input[0]) == pytest.approx(tier.above * price.input / 1e6)
    assert float(above.input[0]) == pytest.approx((tier.above + 1) * tier.input / 1e6)
    assert float(above.output[0]) == pytest.approx(tier.output / 1e6)


def test_more_cached_tokens_than_input_are_not_believed() -> None:
    price = TokenPrice(1.0, 1.0, cached=0.1)
    assert compute_usage_usd(price, Usage(100, 500, 0)) == compute_usage_usd(price, Usage(100, 100, 0))


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(ConfigurationError, match="genai-prices, which is not installed") as caught:
        ask("gpt-5", "openai")
    assert "holdfast[measure]" in caught.value.next_step


def test_a_request_that_was_not_counted_costs_an_unknown_sum() -> None:
    assert compute_usage_usd(TokenPrice(1, 1), Usage(prompt=5)) is None


CONTRACT = """
as_of = 2026-10-01
source = "contract 4711"

[[price]]
provider = "openai"
model = "gpt-5"
input = 0.9
output = 7.0
cached = 0.05
per_request = 0.001

[[price]]
provider = "openai"
model = "GPT-5"
input = 0.8
output = 6.0
valid_from = "2026-12-01"
source = "amendment 2"
[[price.tier]]
above = 200000
input = 1.6
output = 9.0

[[price]]
model = "house-model"
service = "batch"
input = 0
output = 0.1
"""


def write(folder: Path, text: str, name: str = "prices.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_teams_contract_goes_before_public_prices_on_its_days(tmp_path: Path) -> None:
    book = PriceBook(read_price_file(write(tmp_path, CONTRACT)))
    now = get_price(book.find_price(PriceAsked("gpt-5", DAY, "openai")))
    assert (now.input, now.output, now.cached, now.per_request) == (0.9, 7.0, 0.05, 0.001)
    assert (now.as_of, now.source) == ("2026-10-01", "contract 4711")
    later = get_price(book.find_price(PriceAsked("gpt-5", DAY + datetime.timedelta(days=30), "openai")))
    assert (later.input, later.source, later.tiers[0].above) == (0.8, "amendment 2", 200_000)
    assert get_price(book.find_price(PriceAsked("gpt-4o-mini", DAY, "openai"))).source.startswith("genai-prices")


def test_a_price_without_a_provider_is_any_providers_and_a_service_is_its_own(tmp_path: Path) -> None:
    book = PriceBook(read_price_file(write(tmp_path, CONTRACT)), is_public_asked=False)
    assert get_price(book.find_price(PriceAsked("house-model", DAY, "inside", service="batch"))).output == 0.1
    found = book.find_price(PriceAsked("house-model", DAY, "inside"))
    assert (found.price, found.reason) == (None, "the team's price file has no house-model")


def test_a_price_file_may_be_json(tmp_path: Path) -> None:
    text = '{"as_of": "2026-10-01", "source": "c", "price": [{"model": "m", "input": 1, "output": 2}]}'
    (price,) = read_price_file(write(tmp_path, text, "prices.json"))
    assert price.price == TokenPrice(1.0, 2.0, as_of="2026-10-01", source="c")


def test_the_example_of_a_contract_is_read() -> None:
    first, second = read_price_file(EXAMPLE)
    assert (first.model, first.price.input, second.price.tiers[0].above) == ("gpt-5", 1.0, 200_000)


HEAD = 'as_of = "2026-10-01"\nsource = "c"\n[[price]]\nmodel = "m"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[price]]\nmodel = 'm'\ninput = 1\noutput = 1\n", "`as_of` or `source` is missing"),
        (HEAD + "input = 1\n", "`output` is missing"),
        (HEAD + "inptu = 1\noutput = 1\n", "there is no entry `inptu`"),
        (HEAD + "input = -1\noutput = 1\n", "`input` is not a finite number"),
        (HEAD + "input = inf\noutput = 1\n", "`input` is not a finite number"),
        (HEAD + "input = true\noutput = 1\n", "`input` is not a number"),
        (HEAD + "input = '1'\noutput = 1\n", "`input` is not a number"),
        (HEAD + "input = 1\noutput = 1\nvalid_from = 'soon'\n", "`valid_from` is not a day"),
        ("price = 3\n", "`price` is not an array of tables"),
        ("[[price]\n", "prices.toml"),
    ],
)
def test_a_wrong_price_file_is_refused_with_the_entry(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(MalformedFile) as caught:
        read_price_file(write(tmp_path, text))
    assert says in str(caught.value)


def test_a_misspelt_entry_is_met_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match="Did you mean `cached`"):
        read_price_file(write(tmp_path, HEAD + "input = 1\noutput = 1\ncahced = 1\n"))


def test_a_missing_price_file_and_one_that_is_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_price_file(tmp_path / "none.toml")
    with pytest.raises(HoldfastError, match="larger than"):
        read_price_file(write(tmp_path, "#" * (1 << 20) + "\n"))
    with pytest.raises(HoldfastError):
        read_price_file(write(tmp_path, "[" * 100_000, "deep.json"))
