"""Extraction as it is run: `add --extract` and `chat`, with rules, with an endpoint, and with models in llama.cpp."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import memos_cli
from tests.conftest import Run
from tests.endpoint import Endpoint, serving
from tests.examined import trust_endpoint

MINI = Path(memos_cli.__file__).parent / "data" / "memos-mini.gguf"
TALK = "Ana: Guess what, the old mill in Leeds is where we live.\nBen: Do you like it?\nAna: It has 2 rooms and I love it.\n"
FACTS = "Ana: I live in Leeds. I have a dog.\nBen: Do you like it?\nAna: Oh yes!\n"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as made:
        made.says = extract
        yield made


def extract(body: dict[str, Any]) -> str:
    """A model that finds two things, one of them in the text; and that talks where it is not asked for JSON."""
    if "response_format" not in body:
        return "How nice."
    spans = {"the old mill in Leeds": "fact", "the mill burned down in 1999": "event"}
    rows = [{"span": span, "content": f"{span} is", "kind": kind, "key": "none", "when": ""} for span, kind in spans.items()]
    return json.dumps({"memories": rows})


def remote(endpoint: Endpoint) -> dict[str, str]:
    return {"MEMOS_LLM_ENDPOINT": endpoint.url, "MEMOS_LLM_MODEL": "m"}


def kept(memos: Run) -> dict[str, dict[str, Any]]:
    found = memos("--json", "list").data["memories"]
    return {memory["content"]: memory for memory in found if memory["kind"] != "episode"}


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text(TALK, encoding="utf-8")
    return path


def test_add_from_a_file_with_rules(memos: Run, talk: Path) -> None:
    talk.write_text(FACTS, encoding="utf-8")
    done = memos("--json", "add", "--file", str(talk), "--extract", "--tag", "x", "--no-embed")
    assert (done.status, done.data["added"], len(done.data["extracted"]), done.err) == (0, 3, 2, "")
    memory = kept(memos)["I live in Leeds."]
    assert memory["id"] in done.data["extracted"]
    assert (memory["origin"], memory["confidence"], memory["tags"]) == ("inference", 0.7, ["x"])
    why = memos("--json", "why", memory["id"]).data
    assert {"type": "derived_from", "source": memory["id"], "target": done.data["ids"][0]} in why["links"]
    assert len(memos("--json", "add", "--file", str(talk), "--extract", "--no-embed").data["extracted"]) == 0
    memos("undo")
    assert memos("--json", "list").data["memories"] == []


def test_add_from_standard_input_with_an_endpoint(memos: Run, endpoint: Endpoint) -> None:
    done = memos("add", "-", "--extract", stdin=TALK, env=remote(endpoint))
    assert (done.status, done.out) == (0, "3 added\n1 extracted\n")
    assert set(kept(memos)) == {"the old mill in Leeds is"}
    assert len(endpoint.asked) == 2  # a question is not asked about
    assert "1999" not in json.dumps(memos("--json", "list", "--all").data)


def test_chat_with_an_endpoint(memos: Run, endpoint: Endpoint, home: Path) -> None:
    trust_endpoint(home, endpoint.url, "m")
    said = "Guess what, the old mill in Leeds is where we live."
    done = memos("--json", "chat", "-m", said, env=remote(endpoint))
    assert (done.status, done.data["answer"], done.data["notices"]) == (0, "How nice.", [])
    memory = kept(memos)["the old mill in Leeds is"]
    assert done.data["kept"] == [memory["id"]]
    assert memory["source"]["model"].startswith("m at 127.0.0.1")
    assert done.data["seconds"]["extract"] > 0
    assert "; it extracts: " in memos("model", "list", env=remote(endpoint)).err
    rules = {**remote(endpoint), "MEMOS_LLM_EXTRACT": "rules"}
    memos("chat", "-m", "My cat is called Ada.", env=rules)
    assert len([asked for asked in endpoint.asked if "response_format" in asked]) == 1


@pytest.mark.parametrize(("how", "words"), [("no json", "asked for JSON"), ("broken", "out of memory"), ("odd", "protocol")])
def test_an_endpoint_that_fails_loses_nothing(memos: Run, endpoint: Endpoint, how: str, words: str) -> None:
    endpoint.how = how
    done = memos("add", "-", "--extract", stdin=FACTS, env=remote(endpoint))
    assert (done.status, done.out) == (0, "3 added\n2 extracted\n")
    (line,) = done.err.splitlines()
    assert line.startswith("extracted by rules: ")
    assert words in line


def test_a_server_without_schemas_is_read_all_the_same(memos: Run, endpoint: Endpoint) -> None:
    endpoint.how = "no schemas"
    assert "1 extracted" in memos("add", "-", "--extract", stdin=TALK, env=remote(endpoint)).out


def test_where_it_belongs(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"content": "x"}\n', encoding="utf-8")
    for arguments in (("add", "I am vegan", "--extract"), ("add", "--jsonl", "x.jsonl", "--extract")):
        assert memos(*arguments).status == 2
    done = memos("--json", "add", "-", "--extract", stdin=TALK, env={"MEMOS_LLM_EXTRACT": "model"})
    assert (done.status, done.error["hint"]) == (14, "memos model use NAME|PATH")
    assert memos("add", "-", "--extract", stdin=TALK, env={"MEMOS_LLM_EXTRACT": "perhaps"}).status == 2
    assert memos("--json", "list").data["memories"] == []


def test_a_model_of_five_words_is_not_fit_and_can_be_made_to(memos: Run, models: Path) -> None:
    env = {"MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    facts = memos("--json", "model", "info", str(models / "mini.gguf")).data["facts"]
    assert facts["extracts"] is False
    assert facts["parameters"] < 100_000
    assert "no: 0 million parameters" in memos("model", "info", str(models / "mini.gguf")).out
    forced = {**env, "MEMOS_LLM_EXTRACT": "model"}
    assert "yes: llm.extract is model" in memos("model", "info", str(models / "mini.gguf"), env=forced).out
    assert memos("add", "-", "--extract", stdin=FACTS, env=env).err == ""
    # Held to the grammar its answer is JSON, or cut off; that nothing in it rests on the words is certain.
    memos("undo")
    done = memos("add", "-", "--extract", stdin=FACTS, env=forced)
    assert done.status == 0, done.err
    assert set(kept(memos)) <= {"I live in Leeds.", "I have a dog."}


@pytest.mark.model
@pytest.mark.skipif(not MINI.exists(), reason="memos-mini is not built")
def test_memos_mini_answers_and_rules_extract(memos: Run) -> None:
    pytest.importorskip("llama_cpp")
    env = {"MEMOS_LLM_MODEL": "memos-mini"}
    assert "no: memos-mini" in memos("model", "info", "memos-mini").out
    for how in ("auto", "model"):
        done = memos("--json", "chat", "-m", "My cat is called Ada.", env={**env, "MEMOS_LLM_EXTRACT": how})
        assert done.status == 0, done.err
        memory = kept(memos)["My cat is called Ada."]
        assert (memory["origin"], memory["confidence"]) == ("conversation", 1.0)
        memos("undo")
