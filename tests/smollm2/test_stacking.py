"""A person's adapter over the one that ships: llama.cpp on four bits says what the sum of both says in full precision."""

from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("llama_cpp")
torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from memos_cli.backends.llama import gguf_header  # noqa: E402 -- after the skips
from memos_cli.backends.llms.llamacpp import LlamaModel  # noqa: E402
from memos_cli.backends.trainers.base import load  # noqa: E402
from memos_cli.ports.ports import Piece, Request  # noqa: E402
from tests import tiny  # noqa: E402
from tests.smollm2.test_artefact import FILE  # noqa: E402
from tests.trials import trials  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
NAMES = ("Ana", "Bo", "Cyril", "Dina", "Edo", "Fay", "Gus", "Hana", "Ivo", "Jo")
PLACES = ("Porto", "Leeds", "Oslo", "Graz")
ASKED = ("Where does {0} live?", "Who lives in {1}?", "Does {0} live in Rome?", "What is {0}'s town?", "Say hello to {0}.")
SAME = 0.95
"""The least share of prompts with the same first token: llama.cpp rounds what it multiplies four bits with, so where two tokens
are almost equally likely another one may be first."""


def first_tokens(model: Path, adapters: list[Path], asked: list[list[int]]) -> list[int]:
    """What transformers says first after each prompt, those of one length together."""
    network, found = load(model, "cpu", beneath=adapters), {}
    for length in {len(ids) for ids in asked}:
        alike = [ids for ids in asked if len(ids) == length]
        with torch.inference_mode():
            logits = network(torch.tensor(alike), logits_to_keep=1).logits[:, -1]
        found |= {tuple(ids): int(token) for ids, token in zip(alike, logits.argmax(-1), strict=True)}
    return [found[tuple(ids)] for ids in asked]


def said(model: LlamaModel, ids: list[int]) -> int:
    """What llama.cpp says first after a prompt."""
    model.advance(ids)
    return int(model.logits().argmax())


@pytest.mark.model
@pytest.mark.slow
def test_two_adapters_in_four_bits_say_the_same_first_token_as_their_sum(smollm2: Path, tmp_path: Path) -> None:
    prompts = [
        f"{name} lives in {place}. {question.format(name, place)}\nAnswer:"
        for name in NAMES[: trials(1, len(NAMES))]
        for place in PLACES
        for question in ASKED
    ]
    linear = {
        name: (shape[0], shape[1])
        for name, shape in gguf_header.read(smollm2).shapes.items()
        if name.startswith("blk.") and len(shape) == 2
    }
    persons = tiny.write_adapter(tmp_path / "person.gguf", linear, spread=0.06)
    with (
        closing(LlamaModel(smollm2, context=256, threads=1, adapters=[FILE])) as ours,
        closing(LlamaModel(smollm2, context=256, threads=1, adapters=[FILE])) as both,
    ):
        both.adapt([(persons, 1.0)])
        asked = [both.tokens(Request((), (Piece(prompt),))) for prompt in prompts]
        wanted = first_tokens(smollm2, [FILE, persons], asked)
        same = sum(said(both, ids) == token for ids, token in zip(asked, wanted, strict=True))
        # Every fifth prompt asks where somebody lives: that shows whether the person's adapter does anything.
        moved = sum(said(ours, ids) != token for ids, token in zip(asked[::5], wanted[::5], strict=True))
    print(f"the same first token: {same} of {len(asked)}; by the one that ships alone another: {moved} of {len(asked[::5])}")  # noqa: T201 -- told
    assert moved >= len(asked[::5]) / 10
    assert same >= SAME * len(asked)
