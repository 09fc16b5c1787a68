import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.ports.ports import Request
from tests.conftest import ANSWER

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests.agents.serving import Server, serving

SAID = " ".join(ANSWER)
CHAT = "/v1/chat/completions"


@pytest.fixture
def server(models: Path, home: Path, token: str) -> Iterator[Server]:  # noqa: ARG001 -- the cube is made first
    with serving(home, models / "mini.gguf") as made:
        yield made


def text(answer: Any) -> str:
    content: str = answer["choices"][0]["message"]["content"]
    return content.strip()


# -- the door


def test_only_the_bearer_of_a_token_is_answered(server: Server, token: str, mos: MOS) -> None:
    for wrong in ("", "memos_wrong"):
        status, answer = server.ask("GET", "/v1/models", token=wrong)
        assert status == 401
        assert answer["error"]["code"] == "invalid_api_key"
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ):
        assert server.ask("GET", "/v1/models", token=token, headers=headers)[0] == status
    assert server.ask("GET", "/v1/models", token=token, headers={"Origin": f"http://localhost:{server.port}"})[0] == 200
    mos.governance.token("webui")
    assert server.ask("GET", "/v1/models", token=token)[0] == 401


def test_a_header_given_twice_opens_no_door(server: Server, token: str) -> None:
    from http.client import HTTPConnection

    for name, first, second in (
        ("Host", f"127.0.0.1:{server.port}", "evil.example"),
        ("Authorization", f"Bearer {token}", "Bearer memos_wrong"),
        ("Origin", f"http://127.0.0.1:{server.port}", "http://evil.example"),
    ):
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.putrequest("GET", "/v1/models", skip_host=name == "Host")
        connection.putheader(name, first)
        connection.putheader(name, second)
        if name != "Authorization":
            connection.putheader("Authorization", f"Bearer {token}")
        connection.endheaders()
        assert connection.getresponse().status in {400, 401, 403, 421}
        connection.close()


# -- answers


def test_a_memory_is_recalled_and_cited(server: Server, token: str) -> None:
    answer = server.complete("What is my dog called?", token)
    assert [one["text"] for one in answer["memos"]["memories"]] == ["My dog is called Biscuit."]
    assert answer["memos"]["borne_out"] is False  # the tiny model talks of Porto, whatever it is asked
    assert answer["memos"]["doubt"]
    assert text(answer) == SAID  # and is not replaced: the client asked the model
    off = server.complete("What is my dog called?", token, off=True)
    assert off["memos"]["memories"] == []
    assert off["memos"]["borne_out"] is None
    assert off["usage"]["prompt_tokens"] < answer["usage"]["prompt_tokens"]


def test_what_a_client_says_becomes_no_memory(server: Server, token: str, mos: MOS) -> None:
    server.complete("Remember that I live in Lisbon. My cat is called Tom.", token)
    assert [one.content for one in mos.list()] == ["My dog is called Biscuit."]


def test_the_token_decides_what_is_seen(server: Server, mos: MOS) -> None:
    blind = mos.governance.add("eve", kind="agent").token
    assert blind is not None
    assert server.complete("What is my dog called?", blind)["memos"]["memories"] == []


def test_a_request_narrows_the_cubes_and_never_widens_them(models: Path, home: Path, token: str, mos: MOS) -> None:
    mos.create_cube("work")
    mos.create_cube("secret")
    with MOS(home, ["work"], settings=mos.settings, clock=mos._clock) as work:
        work.add("My dog is called Rex at work.")
    with serving(home, models / "mini.gguf", cubes=tuple(mos.cube_names)) as server:
        body = {"model": "mini", "messages": [{"role": "user", "content": "What is my dog called?"}]}
        status, answer = server.ask("POST", CHAT, body, token, {"X-Memos-Cube": mos.cube_names[0]})
        assert (status, len(answer["memos"]["memories"])) == (200, 1)
        for name in ("work", "nosuch", "../work"):
            status, answer = server.ask("POST", CHAT, body, token, {"X-Memos-Cube": name})
            assert status == 400
            assert f"there are: {mos.cube_names[0]}" in answer["error"]["message"]


def test_a_stream_says_the_same_and_ends_with_counts(server: Server, token: str) -> None:
    whole = server.complete("What is my dog called?", token)
    *events, end, counts, done = server.streamed("What is my dog called?", token, stream_options={"include_usage": True})
    assert done == "data: [DONE]"
    assert "".join(one["choices"][0]["delta"]["content"] for one in events).strip() == text(whole)
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert len(events) > 2
    assert len({one["id"] for one in (*events, end, counts)}) == 1
    assert end["choices"][0]["finish_reason"] == "stop"
    assert end["memos"]["memories"] == whole["memos"]["memories"]
    assert counts["choices"] == []
    assert counts["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]
    assert "usage" not in server.streamed("Hello", token)[-2]


def test_an_answer_ends_where_the_client_says(server: Server, token: str) -> None:
    for more, said, ended in (
        ({"max_tokens": 2}, " ".join(ANSWER[:2]), "length"),
        ({"max_completion_tokens": 2, "max_tokens": 4}, " ".join(ANSWER[:2]), "length"),
        ({"stop": "the"}, " ".join(ANSWER[:2]), "stop"),
        ({"stop": ["nowhere", " river"]}, " ".join(ANSWER[:3]), "stop"),
        ({"some_field_of_tomorrow": {"a": 1}, "user": "x", "n": None, "tools": []}, SAID, "stop"),
    ):
        answer = server.complete("Where?", token, **more)
        assert (text(answer), answer["choices"][0]["finish_reason"]) == (said, ended), more
    assert server.complete("Where?", token, max_tokens=2)["usage"]["completion_tokens"] == 2


def test_a_seed_makes_an_answer_the_same(models: Path, home: Path, token: str) -> None:
    with serving(home, models / "unsure.gguf") as server:
        drawn = [text(server.complete("Where?", token, temperature=1, seed=seed, max_tokens=20)) for seed in (1, 1, 2, 3)]
        assert drawn[0] == drawn[1]
        assert len(set(drawn)) > 1


def test_json_is_held_to_a_schema(models: Path, home: Path, token: str) -> None:
    with serving(home, models / "unsure.gguf") as server:
        schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": False}
        given = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        assert set(json.loads(text(server.complete("Where?", token, response_format=given)))) == {"a"}
        broken = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}}
        body = {"model": "unsure", "messages": [{"role": "user", "content": "x"}], "response_format": broken}
        status, answer = server.ask("POST", CHAT, body, token)
        assert (status, answer["error"]["param"]) == (400, "response_format")


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        (CHAT, b"{", 400, None),
        (CHAT, b"[" * 100_000, 400, None),
        (CHAT, [], 400, None),
        (CHAT, {"messages": [{"role": "user", "content": "x"}]}, 400, "model"),
        (CHAT, {"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}, 404, "model"),
        ("/v1/embeddings", {"model": "mini", "input": "x"}, 404, "model"),
        ("/v1/completions", {}, 404, None),
        (CHAT, b"x" * (5 << 20), 413, None),
        (CHAT, {"model": "mini", "messages": [{"role": "user", "content": "word " * 9_000}]}, 400, "messages"),
    ],
)
def test_what_cannot_be_answered_is_said_in_the_protocols_form(
    server: Server, token: str, path: str, body: Any, status: int, param: str | None
) -> None:
    found, answer = server.ask("POST", path, body, token)
    assert found == status
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert answer["error"]["param"] == param
    assert text(server.complete("Where?", token)) == SAID


def test_a_text_that_is_far_too_long_is_not_counted_as_a_whole(
    server: Server, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    count = LlamaModel.count

    def recorded(self: LlamaModel, request: Request) -> int:
        counted.append(sum(len(text) for _, text in request.messages))
        return count(self, request)

    monkeypatch.setattr(LlamaModel, "count", recorded)
    for said in ("\n" * 2_000_000, "\u6f22" * 300_000, "hello world " * 100_000):
        messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": said}]
        status, answer = server.ask("POST", CHAT, {"model": server.model, "messages": messages}, token)
        assert (status, answer["error"]["code"]) == (400, "context_length_exceeded")
    assert max(counted) < 20_000
    assert sum(counted) < 200_000, "it is known to be too long long before its end"
    assert server.complete("What is my dog called?", token, max_tokens=2)["choices"]


def test_models_are_listed_and_no_other_way_is_there(server: Server, token: str) -> None:
    assert [one["id"] for one in server.ask("GET", "/v1/models", token=token)[1]["data"]] == ["mini"]
    assert server.ask("GET", "/v1/models/mini", token=token)[1]["object"] == "model"
    assert server.ask("GET", "/v1/models/gpt-9", token=token)[0] == 404
    assert server.ask("DELETE", "/v1/models", token=token)[0] == 405
    assert server.ask("GET", CHAT, token=token)[0] == 405


# -- many clients, and those that leave


def test_beyond_the_limit_clients_are_told_when_to_come_again(models: Path, home: Path, token: str) -> None:
    settings = {"MEMOS_LLM_CONTEXT": "60000"}
    with serving(home, models / "endless.gguf", waiting=0, settings=settings) as server:
        body = {"model": "endless", "messages": [{"role": "user", "content": "x"}], "stream": True}
        connection, response = server.send("POST", CHAT, body, token, {"X-Memos-Memory": "off"})
        assert response.readline().startswith(b"data: ")
        refused, answer = server.send("POST", CHAT, {**body, "stream": False}, token)
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert json.loads(answer.read())["error"]["code"] == "overloaded"
        refused.close()
        assert server.ask("GET", "/v1/models", token=token)[0] == 200  # what needs no model waits for none
        response.close()
        connection.close()  # and with that its answer ends, which has no end by itself
        until = time.monotonic() + 60
        while (status := server.ask("POST", CHAT, {**body, "stream": False, "max_tokens": 1}, token)[0]) == 503:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert status == 200


def test_a_client_that_leaves_while_it_waits_is_not_answered(models: Path, home: Path, token: str) -> None:
    with serving(home, models / "endless.gguf", waiting=1, settings={"MEMOS_LLM_CONTEXT": "60000"}) as server:
        body = {"model": "endless", "messages": [{"role": "user", "content": "x"}], "stream": True}
        first, response = server.send("POST", CHAT, body, token)
        response.readline()
        from http.client import HTTPConnection

        second = HTTPConnection("127.0.0.1", server.port)
        second.request("POST", CHAT, json.dumps(body), {"Authorization": f"Bearer {token}"})
        assert _refused_within(server, body, token)
        second.close()
        assert not _refused_within(server, {**body, "max_tokens": 1}, token, leave=(response, first))
        response.close()
        first.close()


def _refused_within(server: Server, body: Any, token: str, leave: tuple[Any, ...] = ()) -> bool:
    """Whether a further request is refused at once; where it is taken, the others leave, and it is answered."""
    from http.client import HTTPConnection

    until = time.monotonic() + 30
    while time.monotonic() < until:
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", CHAT, json.dumps(body), {"Authorization": f"Bearer {token}"})
        connection.sock.settimeout(1)
        try:
            refused = connection.getresponse().status == 503
        except TimeoutError:
            for one in leave:
                one.close()
            connection.close()
            refused = False
        connection.close()
        if refused is not bool(leave):
            return refused
    return bool(leave)


def test_many_at_once_get_each_their_own_answer(server: Server, token: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def asked(number: int) -> tuple[str, int]:
        answer = server.complete("Where?", token, max_tokens=1 + number % 4)
        return text(answer), answer["usage"]["completion_tokens"]

    with ThreadPoolExecutor(8) as pool:
        for number, (said, tokens) in enumerate(pool.map(asked, range(8))):
            assert said == " ".join(ANSWER[: 1 + number % 4])
            assert tokens == 1 + number % 4


# -- slots


TALK = [{"role": "system", "content": "You are brief. " * 20}, {"role": "user", "content": "Where do I live? " * 10}]


def cached(answer: Any) -> int:
    found: int = answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    return found


def test_a_conversation_goes_on_after_a_restart(models: Path, home: Path, token: str) -> None:
    with serving(home, models / "mini.gguf") as server:
        first = server.complete(TALK, token)
        assert cached(first) == 0
    longer = [*TALK, {"role": "assistant", "content": text(first)}, {"role": "user", "content": "And where is that?"}]
    with serving(home, models / "mini.gguf") as server:
        second = server.complete(longer, token)
        assert cached(second) > first["usage"]["prompt_tokens"] - 40
        again = server.complete(longer, token)
        assert cached(again) >= cached(second)
        assert text(second) == text(again) == SAID


def test_one_principals_state_serves_no_other(models: Path, home: Path, token: str, mos: MOS) -> None:
    other = mos.governance.add("eve", kind="agent").token
    assert other is not None
    with serving(home, models / "mini.gguf") as server:
        server.complete(TALK, token, off=True)
        assert cached(server.complete(TALK, other, off=True)) == 0
        assert cached(server.complete(TALK, token, off=True)) > 100


def test_no_slot_outlives_a_memory_that_its_answers_rest_on(models: Path, home: Path, token: str, mos: MOS) -> None:
    said = [TALK[0], {"role": "user", "content": "What is my dog called?"}]
    with serving(home, models / "mini.gguf") as server:
        assert server.complete(said, token)["memos"]["memories"]
    (slot,) = mos.activation._store.all()
    assert slot.principal == "webui"
    assert {part.memory for part in slot.parts} == {mos.list()[0].id}
    mos.delete(mos.list()[0].id)
    assert mos.activation._store.all() == []


def test_words_with_a_secret_go_into_no_slot(models: Path, home: Path, token: str, mos: MOS) -> None:
    with serving(home, models / "mini.gguf") as server:
        server.complete([*TALK[:1], {"role": "user", "content": "The wifi password is hunter2-Kx9!"}], token)
    assert mos.activation._store.all() == []


def test_with_no_room_for_slots_none_is_written(models: Path, home: Path, token: str, mos: MOS) -> None:
    with serving(home, models / "mini.gguf", settings={"MEMOS_SLOTS_BYTES": "0"}) as server:
        server.complete(TALK, token)
    assert mos.activation._store.all() == []


def test_a_slot_knows_what_earlier_answers_rest_on_after_a_restart(models: Path, home: Path, token: str, mos: MOS) -> None:
    said = [TALK[0], {"role": "user", "content": "What is my dog called?"}]
    with serving(home, models / "mini.gguf") as server:
        answer = server.complete(said, token)["choices"][0]["message"]["content"]
    (before,) = mos.activation._store.all()
    said += [{"role": "assistant", "content": answer}, {"role": "user", "content": "And where is that, please? " * 12}]
    with serving(home, models / "mini.gguf") as server:
        assert cached(server.complete(said, token, off=True)) > 100
    (after,) = mos.activation._store.all()  # in place of the one that it goes on from
    assert (after.name, len(after.ids) > len(before.ids)) == (before.name, True)
    (memory,) = mos.list()
    assert [part.memory for part in after.parts] == [memory.id]
    mos.update(memory.id, "My dog is called Rex.")
    assert mos.activation._store.all() == []
