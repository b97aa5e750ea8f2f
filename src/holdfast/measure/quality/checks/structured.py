"""Checks of structure: JSON by a schema, and calls of tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.measure.quality.extraction import extract_json, read_json
from holdfast.measure.quality.findings import RIGHT, Finding, Means, Output, find_wrong
from holdfast.measure.quality.schema.declaring import check_schema
from holdfast.measure.quality.schema.validating import find_fault
from holdfast.measure.quality.schema.values import is_object
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.evidence import Strict
from holdfast.records.measurement import ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema(Strict):
    """The answer is JSON that meets a schema (docs/how-to/measure-quality.md lists the keywords). `look_at` `text`: the
    whole text must be JSON; `answer`: it is looked for in fences and among words."""

    schema: Mapping[str, object]
    look_at: Literal["answer", "text"] = "answer"
    type: Literal["json_schema"] = "json_schema"

    def __post_init__(self) -> None:
        check_schema(dict(self.schema))

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when it does."""
        found = extract_json(output.text) if self.look_at == "answer" else read_json(output.text)
        if found is None:
            return find_wrong("the answer holds no JSON")
        return _judge_value(found.value, dict(self.schema))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Strict):
    """The tool of this name is called with arguments that meet a schema, and nothing else is called unless `others`
    are `allowed`. With `in_text`, a model that calls nothing may write the call as JSON with `name` and `arguments`."""

    name: str
    arguments: Mapping[str, object]
    others: Literal["refused", "allowed"] = "refused"
    in_text: bool = False
    type: Literal["tool_call"] = "tool_call"

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name is empty: say which tool must be called")
        check_schema(dict(self.arguments), "arguments")

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when one call of this name meets the schema."""
        calls = output.tool_calls or (_find_written(output.text) if self.in_text else ())
        found = [self._judge_call(call) for call in calls if call.name == self.name]
        if not found:
            return find_wrong(f"{self.name} was not called" + (f"; {calls[0].name[:60]} was" if calls else ""))
        if self.others == "refused" and len(calls) > 1:
            return find_wrong(f"{len(calls)} tools were called, not {self.name} alone", 0.5)
        return next((one for one in found if one is RIGHT), found[0])

    def _judge_call(self, call: ToolCall) -> Finding:
        value = read_json(call.arguments)
        if value is None or not is_object(value.value):
            return find_wrong("the call's arguments are not a JSON object")
        return _judge_value(value.value, dict(self.arguments))


def _judge_value(value: object, schema: Mapping[str, object]) -> Finding:
    try:
        fault = find_fault(value, schema)
    except RecursionError:
        return find_wrong("the answer is nested too deeply")
    return find_wrong(fault) if fault else RIGHT


def _find_written(text: str) -> tuple[ToolCall, ...]:
    found = extract_json(text)
    if found is None or not is_object(found.value):
        return ()
    name, arguments = found.value.get("name"), found.value.get("arguments")
    if not isinstance(name, str) or not is_object(arguments):
        return ()
    return (ToolCall(name, encode_canonical(arguments)),)
