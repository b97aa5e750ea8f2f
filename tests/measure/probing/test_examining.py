"""What is found out about an endpoint before it is watched."""

import os
from unittest import mock

import pytest

from holdfast.measure.probing.examining import Obedience, check_temperature, examine_endpoint
from holdfast.measure.probing.reading import read_first
from holdfast.measure.probing.speaking import Speaking, Tongue, make_ask, make_speaker
from holdfast.measure.probing.spending import Meter
from holdfast.records.errors import ConfigurationError, NetworkError, UnreachableEndpoint
from holdfast.records.measurement import Api
from holdfast.records.watching import Channel, Dialect, Prompt
from tests.measure.probing.served import Behaviour, Served
from tests.measure.probing.watched import BORDERS


def examine(served: Served, api: Api = Api.CHAT, **more: object):  # type: ignore[no-untyped-def]
    endpoint = served.make_endpoint(api, **more)
    return examine_endpoint(endpoint, make_speaker(endpoint, Speaking(tries=1, timeout_s=5)), Meter())


@pytest.mark.parametrize("api", [Api.CHAT, Api.RESPONSES, Api.COMPLETIONS])
def test_a_plain_endpoint_speaks_the_plain_dialect(api: Api) -> None:
    with Served() as served:
        found = examine(served, api)
    assert found.dialect == Dialect(logprobs=20, takes_tools=api is not Api.COMPLETIONS)
    assert (found.is_reasoning_only, found.remarks) == (False, ())


@pytest.mark.parametrize(
    ("behaviour", "dialect"),
    [
        ({"wants_completion_tokens": True}, Dialect(limit="max_completion_tokens", logprobs=20)),
        ({"refuses_logprobs": True}, Dialect(logprobs=0)),
        ({"logprobs_max": 0}, Dialect(logprobs=0)),
        ({"logprobs_max": 5}, Dialect(logprobs=5)),
        ({"refuses_temperature": True}, Dialect(logprobs=20, takes_temperature=False)),
        ({"tokens_min": 16}, Dialect(logprobs=20, tokens_min=16)),
        ({"refuses_tools": True}, Dialect(logprobs=20, takes_tools=False)),
        (
            {"wants_completion_tokens": True, "refuses_logprobs": True, "refuses_temperature": True},
            Dialect(limit="max_completion_tokens", takes_temperature=False),
        ),
    ],
)
def test_what_an_endpoint_refuses_is_not_asked_for_again(behaviour: dict[str, object], dialect: Dialect) -> None:
    with Served(Behaviour(**behaviour)) as served:  # type: ignore[arg-type]
        assert examine(served).dialect == dialect


def test_examining_takes_few_requests_and_counts_them() -> None:
    with Served(Behaviour(wants_completion_tokens=True, refuses_logprobs=True)) as served:
        endpoint, meter = served.make_endpoint(), Meter()
        examine_endpoint(endpoint, make_speaker(endpoint), meter)
        assert meter.requests == len(served.bodies) <= 16
        assert meter.tokens > 0


def test_an_endpoint_that_only_reasons_is_known_by_it() -> None:
    with Served(Behaviour(reasons=True)) as served:
        found = examine(served)
    assert found.is_reasoning_only
    assert "8 of 8 answers are reasoning alone: their first token is not seen" in found.remarks


def test_an_endpoint_that_reasons_past_every_limit_is_known_by_it() -> None:
    body = '{"error": {"message": "Could not finish the message because the output limit was reached."}}'
    with Served(Behaviour(fault=400, fault_body=body)) as served:
        assert examine(served).is_reasoning_only
        assert len(served.bodies) == 1


@pytest.mark.parametrize(
    ("behaviour", "remark"),
    [
        ({"is_empty": True}, "8 of 8 answers are empty"),
        ({"counts": False}, "the endpoint does not count tokens"),
        ({"billed": 99}, "the endpoint does not keep to its limit of tokens"),
        ({"headers": {"x-cache": "HIT"}}, "8 of 8 answers came from a cache, headers say so: they count as missing"),
    ],
)
def test_what_is_odd_is_said(behaviour: dict[str, object], remark: str) -> None:
    with Served(Behaviour(**behaviour)) as served:  # type: ignore[arg-type]
        assert remark in examine(served).remarks


def test_a_key_that_is_refused_is_an_error_that_does_not_show_it() -> None:
    with (
        Served(Behaviour(key="right")) as served,
        mock.patch.dict(os.environ, {"WATCH_KEY": "sk-wrong-secret"}),
        pytest.raises(ConfigurationError, match="refused, status 401") as caught,
    ):
        examine(served, key_variable="WATCH_KEY")
    assert "sk-wrong-secret" not in str(caught.value)


def test_a_model_that_is_not_there_is_an_error() -> None:
    body = '{"error": {"message": "The model does not exist", "code": "model_not_found"}}'
    with Served(Behaviour(fault=404, fault_body=body)) as served, pytest.raises(ConfigurationError, match="withdrawn"):
        examine(served)


def test_an_endpoint_that_is_broken_is_an_error_to_try_again_after() -> None:
    with Served(Behaviour(fault=500)) as served, pytest.raises(NetworkError, match="500"):
        examine(served)


def test_an_endpoint_that_is_not_there_is_unreachable() -> None:
    with Served() as served:
        pass
    with pytest.raises(UnreachableEndpoint):
        examine(served)


def test_an_endpoint_that_refuses_every_form_is_given_up_on() -> None:
    with Served(Behaviour(fault=400)) as served:
        with pytest.raises(NetworkError, match="HTTP status 400: no"):
            examine(served)
        assert len(served.bodies) <= 8


def check(behaviour: Behaviour) -> Obedience:
    with Served(behaviour) as served:
        speaker = make_speaker(served.make_endpoint(), Speaking(concurrency=8))
        return check_temperature(BORDERS, speaker, Tongue(dialect=Dialect()), Meter())


def test_a_temperature_that_is_obeyed_is_seen() -> None:
    assert check(Behaviour()) is Obedience.OBEYED


@pytest.mark.parametrize("fixed", [0.0, 0.7])
def test_a_temperature_that_is_ignored_is_seen(fixed: float) -> None:
    assert check(Behaviour(fixed_temperature=fixed)) in (Obedience.IGNORED, Obedience.UNKNOWN)


def test_answers_from_a_cache_obey_no_temperature() -> None:
    assert check(Behaviour(is_cached=True)) is Obedience.IGNORED


def test_an_endpoint_that_is_down_does_not_say_whether_it_obeys() -> None:
    assert check(Behaviour(fault=400)) is Obedience.UNKNOWN


def test_an_endpoint_that_takes_no_temperature_is_not_asked() -> None:
    with Served() as served:
        tongue = Tongue(dialect=Dialect(takes_temperature=False))
        assert check_temperature(BORDERS, make_speaker(served.make_endpoint()), tongue, Meter()) is Obedience.IGNORED
        assert not served.bodies


def test_where_answers_are_longer_their_first_token_is_told_by_its_log_probability() -> None:
    with Served(Behaviour(tokens_min=16)) as served:
        for api in (Api.CHAT, Api.RESPONSES):
            speaker = make_speaker(served.make_endpoint(api))
            tongue = Tongue(api, Dialect(tokens_min=16, logprobs=20))
            (reply,) = speaker.ask([make_ask(0, BORDERS[0], tongue)])
            assert reply.first is not None
            assert reply.text != reply.first.text == read_first(reply, is_longer=True)


def test_log_probabilities_are_asked_at_a_temperature_of_one() -> None:
    ask = make_ask(1, Prompt(Channel.LOGPROBS, "x"), Tongue(dialect=Dialect(logprobs=20)))
    assert ask.temperature == 1.0
    assert ask.extra == '{"logprobs": true, "top_logprobs": 20}'
