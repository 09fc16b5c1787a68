"""Answers held to a JSON schema: whatever the model would rather say, what it says is such JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

import memos_cli
from memos_cli.backends.llms import grammar
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.errors import ModelUnavailable
from memos_cli.operation.prompt.layout import MINI, Line, Prompt, text
from memos_cli.ports.ports import Piece, Request

MINI_FILE = Path(memos_cli.__file__).parent / "data" / "memos-mini.gguf"
SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["fact", "rule"]},
        "words": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 12}},
    },
    "required": ["kind", "words"],
    "additionalProperties": False,
}
ASKED = Request((("user", "Where do I live?"),))


def fits(value: Any) -> bool:
    return (
        set(value) == {"kind", "words"}
        and value["kind"] in {"fact", "rule"}
        and len(value["words"]) <= 3
        and all(isinstance(word, str) and len(word) <= 12 for word in value["words"])
    )


def said(model: LlamaModel, request: Request = ASKED, **given: Any) -> str:
    return "".join(token.text for token in model.stream(request, most=200, **given))


@pytest.mark.parametrize("name", ["mini", "plain", "unsure", "endless"])
def test_a_model_that_knows_five_words_answers_in_json(models: Path, name: str) -> None:
    # Its bytes are tokens too, so the grammar can lead it where its weights never would.
    model = LlamaModel(models / f"{name}.gguf", context=1000)
    before = said(model)
    assert fits(json.loads(said(model, schema=SCHEMA)))
    assert said(model) == before != ""  # the grammar is gone with its answer


def test_every_token_tells_its_probability(models: Path) -> None:
    tokens = list(LlamaModel(models / "mini.gguf").stream(ASKED, most=200, schema=SCHEMA))
    assert all(token.logprob is not None and token.logprob <= 0 for token in tokens)


def test_it_may_be_cut_off(models: Path) -> None:
    cut = "".join(token.text for token in LlamaModel(models / "mini.gguf").stream(ASKED, most=4, schema=SCHEMA))
    assert 0 < len(cut) <= 4 * 12


def test_a_schema_that_nobody_can_turn_into_a_grammar_is_said(models: Path) -> None:
    model = LlamaModel(models / "mini.gguf")
    for schema in ({"type": "no such type"}, {"type": "string", "maxLength": 10**5}):
        with pytest.raises(ModelUnavailable, match="grammar"):
            said(model, schema=schema)


def test_strings_hold_no_raw_controls() -> None:
    pytest.importorskip("llama_cpp")
    assert r"\x00-\x1F" in grammar.of_schema({"type": "string"})


@pytest.mark.model
@pytest.mark.skipif(not MINI_FILE.exists(), reason="memos-mini is not built")
@pytest.mark.parametrize(
    "question", ["Where do I live?", "Répondez \u4f60\u597d \U0001f9ea", 'Say "}]" and \\ and {', "x" * 300]
)
def test_memos_mini_is_held_to_it(question: str) -> None:
    pytest.importorskip("llama_cpp")
    model = LlamaModel(MINI_FILE)
    asked = text(Prompt(question, (Line("I live in Porto."),)), MINI)
    for request in (Request((), (Piece(asked, marks=True),)), Request((("user", question),))):
        assert fits(json.loads(said(model, request, schema=SCHEMA)))
    model.close()
