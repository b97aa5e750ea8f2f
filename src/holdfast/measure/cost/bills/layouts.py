"""How each provider lays out its exports, and what it counts into what.

From the providers' documentation and exports seen in 2025 and 2026; docs/how-to/measure-cost.md says how sure each is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from holdfast.measure.cost.bills.bill import BillFormat, BillRow
from holdfast.measure.cost.bills.cells import Cells
from holdfast.records.errors import MalformedFile

Read = Callable[[Cells], BillRow | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """An export's format: the columns that tell it, those that holdfast knows of besides, and how a row is read (None:
    a row that says nothing). `identity` names the column that tells one request from another."""

    format: BillFormat
    telling: frozenset[str]
    known: frozenset[str]
    read: Read
    identity: str = ""


def _name(text: str) -> frozenset[str]:
    return frozenset(text.split())


def read_openai_usage(row: Cells) -> BillRow | None:
    """`input_tokens` includes what was read from a cache and written to one, `output_tokens` the reasoning. A day
    without use is a row of its times alone."""
    if row.find_count("input_tokens") is None and row.find_count("output_tokens") is None:
        return None
    moment = row.need_moment("start_time_iso", "start_time")
    tier = row.find_text("service_tier").lower()
    is_batch = row.find_text("batch").lower() == "true"
    return BillRow(
        day=moment.date(),
        hour=None,
        provider="openai",
        model=row.find_text("model"),
        service="batch" if is_batch else "" if tier in ("default", "auto", "standard") else tier,
        requests=row.need_count("num_model_requests"),
        input=row.need_count("input_tokens"),
        cached=row.find_count("input_cached_tokens"),
        cache_write=row.find_count("input_cache_write_tokens"),
        output=row.need_count("output_tokens"),
    )


def read_openai_costs(row: Cells) -> BillRow | None:
    """Money by line item (`gpt-4o, input`; empty: all together), by the day."""
    usd = row.find_usd("amount_value")
    if usd is None:
        return None
    _check_currency(row, row.find_text("amount_currency"))
    moment = row.need_moment("start_time_iso", "start_time")
    item = row.find_text("line_item")
    return BillRow(moment.date(), None, "openai", item.rpartition(",")[0].strip(), usd=usd, item=_name_other(item))


def _name_other(item: str) -> str:
    """What a line item that is not of tokens is for."""
    return "" if not item or item.rpartition(",")[2].strip() in ("input", "output", "cached input") else item


def read_anthropic_usage(row: Cells) -> BillRow | None:
    """The input is told in parts: not cached, read from a cache, written to one; it is their sum. No requests."""
    read = row.find_count("usage_input_tokens_cache_read", "cache_read_input_tokens") or 0
    short = row.find_count("usage_input_tokens_cache_write_5m", "ephemeral_5m_input_tokens") or 0
    long = row.find_count("usage_input_tokens_cache_write_1h", "ephemeral_1h_input_tokens") or 0
    plain = row.need_count("usage_input_tokens_no_cache", "uncached_input_tokens")
    return BillRow(
        day=row.need_moment("usage_date_utc", "starting_at").date(),
        hour=None,
        provider="anthropic",
        model=row.find_text("model_version", "model"),
        service="batch" if "batch" in (row.find_text("usage_type"), row.find_text("service_tier")) else "",
        input=plain + read + short + long,
        cached=read,
        cache_write=short + long,
        output=row.need_count("usage_output_tokens", "output_tokens"),
    )


def read_anthropic_costs(row: Cells) -> BillRow | None:
    """Money by kind of token: in dollars in the CSV, in cents as a text in the JSON."""
    usd = row.find_usd("cost_usd")
    if usd is None:
        cents = row.find_usd("amount")
        if cents is None:
            return None
        _check_currency(row, row.find_text("currency"))
        usd = cents / 100
    kind = row.find_text("cost_type").lower()
    item = "" if kind in ("", "token", "tokens") else row.find_text("description") or kind
    day = row.need_moment("usage_date_utc", "starting_at").date()
    return BillRow(day, None, "anthropic", row.find_text("model"), usd=usd, item=item)


def read_openrouter_activity(row: Cells) -> BillRow | None:
    """Use of a day; what was paid to a provider of one's own is paid too. Cached tokens are not told."""
    return BillRow(
        day=row.need_moment("date").date(),
        hour=None,
        provider="openrouter",
        model=row.find_text("model", "slug"),
        requests=row.need_count("requests"),
        input=row.need_count("prompt_tokens"),
        output=row.need_count("completion_tokens"),
        reasoning=row.find_count("reasoning_tokens"),
        usd=(row.find_usd("usage") or 0.0) + (row.find_usd("byok_usage", "byok_usage_inference") or 0.0),
    )


def read_openrouter_requests(row: Cells) -> BillRow | None:
    """One request a row; a cancelled one counts with what it used."""
    moment = row.need_moment("created_at")
    return BillRow(
        day=moment.date(),
        hour=moment.hour,
        provider="openrouter",
        model=row.find_text("model_permaslug", "model"),
        requests=1,
        input=row.need_count("tokens_prompt"),
        cached=row.find_count("tokens_cached"),
        output=row.need_count("tokens_completion"),
        reasoning=row.find_count("tokens_reasoning"),
        usd=(row.find_usd("cost_total") or 0.0) + (row.find_usd("byok_usage_inference") or 0.0),
    )


def read_litellm_request(row: Cells) -> BillRow | None:
    """One request a row. What failed, or came from LiteLLM's own cache, used no model: it is passed over."""
    if row.find_text("status").lower() == "failure" or row.find_text("cache_hit").lower() == "true":
        return None
    moment = row.need_moment("starttime")
    counts = _read_litellm_usage(row)
    return BillRow(
        day=moment.date(),
        hour=moment.hour,
        provider=row.find_text("custom_llm_provider"),
        model=row.find_text("model"),
        requests=1,
        input=_add_missing(row.need_count("prompt_tokens"), counts),
        cached=counts.find_count("cache_read_input_tokens", "cached_tokens"),
        cache_write=counts.find_count("cache_creation_input_tokens"),
        output=row.need_count("completion_tokens"),
        reasoning=counts.find_count("reasoning_tokens"),
        usd=row.find_usd("spend"),
    )


def read_litellm_daily(row: Cells) -> BillRow | None:
    """LiteLLM's own sums of a day."""
    return BillRow(
        day=row.need_moment("date").date(),
        hour=None,
        provider=row.find_text("custom_llm_provider"),
        model=row.find_text("model"),
        requests=row.find_count("successful_requests", "api_requests"),
        input=_add_missing(row.need_count("prompt_tokens"), row),
        cached=row.find_count("cache_read_input_tokens"),
        cache_write=row.find_count("cache_creation_input_tokens"),
        output=row.need_count("completion_tokens"),
        usd=row.find_usd("spend"),
    )


def _read_litellm_usage(row: Cells) -> Cells:
    """The provider's own counts, which LiteLLM keeps inside `metadata`."""
    metadata = Cells(row.where, row.find_inner("metadata"))
    usage = Cells(row.where, metadata.find_inner("usage_object"))
    inner = [usage.find_inner(name) for name in ("prompt_tokens_details", "completion_tokens_details")]
    extra = metadata.find_inner("additional_usage_values")
    merged: dict[str, object] = {}
    for part in (*inner, extra, usage.values):
        merged |= {name: value for name, value in part.items() if value is not None and not isinstance(value, dict)}
    return Cells(f"{row.where}, metadata", merged)


def _add_missing(prompt: int, counts: Cells) -> int:
    """LiteLLM's prompt tokens mostly include cached ones, and sometimes do not: where those are more than the prompt
    they cannot be among it, and are added."""
    read = counts.find_count("cache_read_input_tokens", "cached_tokens") or 0
    written = counts.find_count("cache_creation_input_tokens") or 0
    return prompt if read + written <= prompt else prompt + read + written


def _check_currency(row: Cells, currency: str) -> None:
    if currency.lower() != "usd":
        what = f"`currency` is {currency or 'missing'}, and only US dollars are understood"
        raise MalformedFile(what, where=row.where, next_step="Export the costs in US dollars.")


LAYOUTS: Final = (
    Layout(
        BillFormat.OPENAI_USAGE,
        _name("num_model_requests input_tokens output_tokens"),
        _name(
            "object start_time end_time start_time_iso end_time_iso project_id user_id api_key_id model batch "
            "service_tier input_cached_tokens input_cache_write_tokens input_uncached_tokens input_text_tokens "
            "output_text_tokens input_cached_text_tokens input_audio_tokens input_cached_audio_tokens "
            "output_audio_tokens input_image_tokens input_cached_image_tokens output_image_tokens project_name "
            "api_key_name user_email organization_id organization_name"
        ),
        read_openai_usage,
    ),
    Layout(
        BillFormat.OPENAI_COSTS,
        _name("amount_value amount_currency"),
        _name(
            "object start_time end_time start_time_iso end_time_iso line_item project_id project_name api_key_id "
            "organization_id organization_name quantity"
        ),
        read_openai_costs,
    ),
    Layout(
        BillFormat.ANTHROPIC_USAGE,
        _name("usage_date_utc usage_input_tokens_no_cache usage_output_tokens"),
        _name(
            "model_version api_key workspace usage_type context_window usage_input_tokens_cache_write_5m "
            "usage_input_tokens_cache_write_1h usage_input_tokens_cache_read web_search_count inference_geo speed"
        ),
        read_anthropic_usage,
    ),
    Layout(
        BillFormat.ANTHROPIC_USAGE,
        _name("starting_at uncached_input_tokens output_tokens"),
        _name(
            "ending_at model api_key_id workspace_id service_tier context_window cache_read_input_tokens "
            "ephemeral_5m_input_tokens ephemeral_1h_input_tokens web_search_requests inference_geo speed account_id "
            "service_account_id"
        ),
        read_anthropic_usage,
    ),
    Layout(
        BillFormat.ANTHROPIC_COSTS,
        _name("usage_date_utc cost_usd"),
        _name(
            "model workspace api_key usage_type context_window token_type list_price_usd cost_type inference_geo speed "
            "api_key_id api_key_status"
        ),
        read_anthropic_costs,
    ),
    Layout(
        BillFormat.ANTHROPIC_COSTS,
        _name("starting_at amount currency"),
        _name(
            "ending_at model workspace_id service_tier context_window token_type cost_type description inference_geo "
            "speed"
        ),
        read_anthropic_costs,
    ),
    Layout(
        BillFormat.OPENROUTER_ACTIVITY,
        _name("date usage requests prompt_tokens completion_tokens"),
        _name(
            "model slug model_permaslug endpoint_id provider_name byok_usage byok_usage_inference reasoning_tokens "
            "byok_requests variant"
        ),
        read_openrouter_activity,
    ),
    Layout(
        BillFormat.OPENROUTER_REQUESTS,
        _name("created_at tokens_prompt tokens_completion cost_total"),
        _name(
            "generation_id cost_web_search cost_cache cost_file_processing byok_usage_inference tokens_reasoning "
            "tokens_cached model_permaslug model provider_name variant cancelled streamed user finish_reason_raw "
            "finish_reason_normalized generation_time_ms time_to_first_token_ms api_key_disabled api_key_name app_name "
            "num_search_results"
        ),
        read_openrouter_requests,
        identity="generation_id",
    ),
    Layout(
        BillFormat.LITELLM_REQUESTS,
        _name("starttime spend prompt_tokens completion_tokens"),
        _name(
            "request_id call_type api_key total_tokens endtime completionstarttime model model_id model_group "
            "custom_llm_provider api_base user metadata cache_hit cache_key request_tags team_id organization_id "
            "end_user requester_ip_address messages response session_id status mcp_namespaced_tool_name agent_id "
            "proxy_server_request request_duration_ms"
        ),
        read_litellm_request,
        identity="request_id",
    ),
    Layout(
        BillFormat.LITELLM_DAILY,
        _name("date spend prompt_tokens completion_tokens"),
        _name(
            "id user_id end_user_id team_id organization_id tag request_id api_key model model_group "
            "custom_llm_provider mcp_namespaced_tool_name endpoint cache_read_input_tokens cache_creation_input_tokens "
            "api_requests successful_requests failed_requests created_at updated_at"
        ),
        read_litellm_daily,
    ),
)
