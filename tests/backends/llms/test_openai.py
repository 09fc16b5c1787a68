"""An endpoint of OpenAI's protocol on loopback: what is sent to it, and what is made of what it answers."""

import math
import threading
import time
from collections.abc import Iterator

import pytest

from memos_cli.backends.endpoint.bounds import Limits
from memos_cli.backends.llms.openai import RemoteModel
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.operation.prompt.model_request import certainty
from memos_cli.ports.ports import Token
from tests.contracts.llm import ASKED, SAID, LLMContract
from tests.endpoint import LIES, STREAM, Endpoint, said, serving


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as made:
        yield made


@pytest.fixture
def llm(endpoint: Endpoint) -> RemoteModel:
    return RemoteModel(endpoint.url, "some-model")


class TestRemoteModel(LLMContract):
    pass


def test_what_is_sent(endpoint: Endpoint) -> None:
    list(RemoteModel(endpoint.url + "/", "m", key="s3cret").stream(ASKED, most=9, stop=["x"]))
    (asked,) = endpoint.asked
    assert asked["path"] == "/v1/chat/completions"
    assert asked["messages"] == [{"role": role, "content": text} for role, text in ASKED.messages]
    assert (asked["model"], asked["max_tokens"], asked["temperature"], asked["stop"]) == ("m", 9, 0, ["x"])
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"


def test_nothing_is_sent_before_it_is_asked_and_no_key_without_one(endpoint: Endpoint) -> None:
    model = RemoteModel(endpoint.url, "m")
    assert model.count(ASKED) > 0
    assert not model.local
    assert endpoint.asked == []
    list(model.stream(ASKED, most=9))
    assert "Authorization" not in endpoint.headers[0]


@pytest.mark.parametrize("how", ["whole", "old"])
def test_other_ways_to_answer(endpoint: Endpoint, how: str) -> None:
    endpoint.how = how
    assert "".join(token.text for token in RemoteModel(endpoint.url, "m").stream(ASKED, most=9)) == SAID


@pytest.mark.parametrize(
    ("how", "words"),
    [("refuse", "404: no such model"), ("redirect", "302"), ("odd", "protocol"), ("broken", "out of memory")],
)
def test_what_goes_wrong_is_one_line(endpoint: Endpoint, how: str, words: str) -> None:
    endpoint.how = how
    with pytest.raises(ModelUnavailable, match=words) as caught:
        list(RemoteModel(endpoint.url, "m", key="s3cret").stream(ASKED, most=9))
    assert "\n" not in caught.value.message
    assert len(endpoint.asked) == 1  # a redirect is not followed: the key would go with it


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def formats(endpoint: Endpoint) -> list[str]:
    return [asked["response_format"]["type"] for asked in endpoint.asked]


def test_json_is_asked_for_by_its_schema(endpoint: Endpoint) -> None:
    assert "".join(token.text for token in RemoteModel(endpoint.url, "m").stream(ASKED, most=9, schema=SCHEMA)) == SAID
    (asked,) = endpoint.asked
    assert asked["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}
    assert "logprobs" not in asked


def test_a_server_without_schemas_is_asked_for_any_json_and_that_is_remembered(endpoint: Endpoint) -> None:
    endpoint.how = "no schemas"
    model = RemoteModel(endpoint.url, "m")
    for _ in range(2):
        assert "".join(token.text for token in model.stream(ASKED, most=9, schema=SCHEMA)) == SAID
    assert formats(endpoint) == ["json_schema", "json_object", "json_object"]


def test_a_server_without_json_is_refused_in_one_line(endpoint: Endpoint) -> None:
    endpoint.how = "no json"
    with pytest.raises(ModelUnavailable, match="400 when asked for JSON: no such model") as caught:
        list(RemoteModel(endpoint.url, "m").stream(ASKED, most=9, schema=SCHEMA))
    assert "\n" not in caught.value.message
    assert formats(endpoint) == ["json_schema", "json_object"]


def test_nobody_there(endpoint: Endpoint) -> None:
    endpoint.server.server_close()
    with pytest.raises(ModelUnavailable, match="cannot talk"):
        list(RemoteModel(endpoint.url, "m").stream(ASKED, most=9))


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x/v1", "file:///etc/passwd", "http://", "http://me:pw@x/v1"])
def test_an_endpoint_that_is_none(url: str) -> None:
    with pytest.raises(UsageError):
        RemoteModel(url, "m")


IMPATIENT = Limits(silence=0.5, seconds=-8)
"""One second for a reply of nine tokens."""


@pytest.mark.parametrize("how", LIES)
def test_a_server_that_lies_ends_soon_with_one_line(endpoint: Endpoint, how: str) -> None:
    endpoint.how = how
    before = threading.active_count()
    started = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        list(RemoteModel(endpoint.url, "m", limits=IMPATIENT).stream(ASKED, most=9))
    assert time.monotonic() - started < 20
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300
    endpoint.stopping.set()
    while threading.active_count() > before and time.monotonic() - started < 20:  # those of the server, which end by themselves
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.parametrize("how", ["a ping a while", "an empty text a while", "a body in letters", "a head in letters"])
def test_a_server_without_a_word_is_given_up(endpoint: Endpoint, how: str) -> None:
    endpoint.how = how
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match="has not said a word for 1 seconds") as caught:
        list(RemoteModel(endpoint.url, "m", wait=1).stream(ASKED, most=9))
    assert time.monotonic() - started < 20
    assert caught.value.hint == "if the model needs longer to begin, let it: memos config set llm.wait 300"


def test_words_that_come_slowly_are_waited_for(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIES, "slow", (STREAM, [said(f'" word{number}"') for number in range(5)] + [b"data: [DONE]\n\n"], 0.6))
    endpoint.how = "slow"
    assert len(list(RemoteModel(endpoint.url, "m", wait=2).stream(ASKED, most=9))) == 5


def test_the_time_of_a_reply_is_that_of_all_attempts(endpoint: Endpoint) -> None:
    endpoint.how = "a refusal in letters"
    with pytest.raises(ModelUnavailable, match="has not finished its reply within 1 seconds"):
        list(RemoteModel(endpoint.url, "m", limits=IMPATIENT).stream(ASKED, most=9, schema=SCHEMA))
    assert len(endpoint.asked) == 1


def answered(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, *events: bytes) -> list[Token]:
    monkeypatch.setitem(LIES, "this", (STREAM, [*events, b"data: [DONE]\n\n"], 0))
    endpoint.how = "this"
    return list(RemoteModel(endpoint.url, "m").stream(ASKED, most=9))


@pytest.mark.parametrize(
    "number",
    ["99999", "0.001", "-1e999", "1e999", "NaN", "Infinity", "-Infinity", "9" * 4000, "-" + "9" * 4000, '"-0.1"', "true", "[]"],
)
def test_a_certainty_that_is_none(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    tokens = answered(endpoint, monkeypatch, said('"I"'), said('" am"', number), said('" sure"'))
    assert [token.text for token in tokens] == ["I", " am", " sure"]
    assert tokens[1].logprob is None
    assert certainty(tokens) is None


def test_a_number_beyond_what_python_reads_is_no_reply(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelUnavailable, match="protocol"):
        answered(endpoint, monkeypatch, said('"I"', "9" * 5000))


def test_a_certainty_that_is_one(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = answered(endpoint, monkeypatch, said('""', "null"), said('"I"', "-0.5"), said('" am"', "0"))
    assert certainty(tokens) == (math.exp(-0.25), math.exp(-0.5))


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (r"a\ud800b", "a\ufffdb"),
        (r"a\udc00\ud800b", "a\ufffd\ufffdb"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"a\u0000b", "a\ufffdb"),
        (r"\u001b[2Ja\u0007\u007f\u009b", "\ufffd[2Ja\ufffd\ufffd\ufffd"),
        (r"a\tb\nc\r\nd\re", "a\tb\nc\nd\ufffde"),
    ],
)
def test_characters_that_no_text_has_are_replaced(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, sent: str, shown: str
) -> None:
    (token,) = answered(endpoint, monkeypatch, said(f'"{sent}"'))
    assert token.text == shown
    assert token.text.encode()
