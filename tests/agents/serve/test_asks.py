"""Bodies of requests: what is taken, what is refused and how, and that nothing else is ever raised."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette")

from memos_cli.agents.serve import asks
from memos_cli.agents.serve.asks import BadRequest, completion, embedding

HELLO = [{"role": "user", "content": "Hello"}]


def body(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": HELLO, **fields}


def test_what_is_left_out_has_a_meaning() -> None:
    made = completion(body(seed=None, stream=None, stop=None, tools=None, unheard_of=[1]))
    assert (made.model, made.stream, made.usage) == ("m", False, False)
    assert made.ask.messages == (("user", "Hello"),)
    assert (made.ask.most, made.ask.stop, made.ask.schema) == (None, (), None)
    assert (made.ask.sampling.temperature, made.ask.sampling.top_p) == (0.0, 1.0)


def test_everything_is_read() -> None:
    made = completion(
        body(
            messages=[
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": "c", "refusal": None, "tool_calls": []},
                {"role": "user", "content": "d", "name": "sam"},
            ],
            max_tokens=7, temperature=1, top_p=0.5, seed=-1, frequency_penalty=1, presence_penalty=-2, stop="x", stream=True,
            stream_options={"include_usage": True}, response_format={"type": "json_object"},
        )
    )  # fmt: skip
    assert made.ask.messages == (("system", "Be brief."), ("user", "a\nb"), ("assistant", "c"), ("user", "d"))
    assert made.ask.sampling == (1.0, 0.5, 1.0, -2.0, (1 << 32) - 1)
    assert (made.ask.most, made.ask.stop, made.ask.schema) == (7, ("x",), {"type": "object"})
    assert made.stream
    assert made.usage


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 7}, "model"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [*HELLO, {"role": ["user"], "content": "x"}]}, "messages[1].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "half \ud800"}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "assistant", "content": None, "tool_calls": [{}]}]}, "messages[0]"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{}]}, "functions"),
        ({"n": 2}, "n"),
        ({"n": "1"}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"seed": 0.5}, "seed"),
        ({"seed": 1 << 70}, "seed"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"stop": 1}, "stop"),
        ({"stop": ["a"] * 17}, "stop"),
        ({"stop": ["a" * 1_001]}, "stop"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": 1}}}, "response_format"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as told:
        completion(body(**fields))
    assert told.value.param == param
    assert told.value.status == 400
    assert told.value.kind == "invalid_request_error"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": ["a"] * 2_049}, "input"),
        ({"input": "half \ud800"}, "input"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"encoding_format": ["float"]}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": ""}, "model"),
    ],
)
def test_a_wrong_field_of_embeddings_is_named(fields: dict[str, Any], param: str) -> None:
    assert embedding({"model": "e", "input": "a"}) == ("e", ("a",), False, None)
    with pytest.raises(BadRequest) as told:
        embedding({"model": "e", "input": "a", **fields})
    assert told.value.param == param


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "model", "messages", "tools", "n", "logprobs", "logit_bias", "stream", "stream_options", "max_tokens", "temperature",
    "top_p", "seed", "stop", "response_format", "audio", "input", "encoding_format", "dimensions",
)  # fmt: skip


@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON | st.just(HELLO) | st.just("m"), max_size=6))
def test_whatever_is_sent_is_taken_or_refused(given: Any) -> None:
    for read in (completion, embedding):
        made: Any = None
        with suppress(BadRequest):
            made = read(given)
        assert made is None or isinstance(made, asks.Completion | asks.Embedding)
