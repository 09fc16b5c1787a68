"""Samples as tokens: what is learnt from, and who sees whom."""

import random

import pytest

from memos_cli.operation.prompt.layout import Line, Prompt, Turn, messages
from tests.smollm2 import batches, rivals
from tests.smollm2.samples import Sample

torch = pytest.importorskip("torch")
SAMPLE = Sample(
    Prompt(
        "",
        (Line("Anna lives in Porto.", "2026-03-01"),),
        (Turn("user", "hi"), Turn("assistant", "Hello.")),
        core=(Line("I am Sam."),),
    ),
    (("Where does Anna live?", "In Porto."), ("Who am I?", "Sam.")),
)


class Letters:
    """A tokenizer of single characters."""

    def __call__(self, text: str) -> list[int]:
        return [ord(c) for c in text]


def test_the_prompt_is_that_of_the_layout_in_the_models_own_template() -> None:
    from dataclasses import replace

    asked = messages(replace(SAMPLE.prompt, question="Who am I?"), batches.BRIEF)
    whole = "".join(f"<|im_start|>{m.role}\n{m.text}<|im_end|>\n" for m in asked) + "<|im_start|>assistant\n"
    assert batches.opening(SAMPLE.prompt) + "Who am I?" + batches.OPENING == whole


def test_only_answers_and_their_end_are_learnt() -> None:
    row = batches.row(SAMPLE, Letters())
    said = "".join(map(chr, row.wanted))
    assert said == "In Porto.<|im_end|>Sam.<|im_end|>"
    assert [row.tokens[place + 1] for place in row.places] == row.wanted
    assert row.owners == [1] * len("In Porto.<|im_end|>") + [2] * len("Sam.<|im_end|>")
    assert [w for w, o in zip(row.weights, row.owners, strict=True) if w == batches.FIRST] == [batches.FIRST] * 2


def test_a_question_sees_the_prompt_and_itself() -> None:
    row = batches.row(SAMPLE, Letters())
    mask, start = row.mask(), row.parts.index(1)
    second = row.parts.index(2)
    assert mask[-1, :start].all()
    assert not mask[-1, start:second].any()
    assert mask[-1, second:].all()
    assert not mask[0, 1:].any()
    assert row.positions[start] == row.positions[second] == start


def test_rows_side_by_side() -> None:
    rng = random.Random(1)
    rows = [batches.row(rivals.sample(rng), Letters()) for _ in range(5)]
    groups = batches.grouped(rows, 2500)
    assert sorted(len(r.tokens) for group in groups for r in group) == sorted(len(r.tokens) for r in rows)
    assert all(len(group) == 1 or sum(len(r.tokens) for r in group) <= 2500 for group in groups)
    lap = batches.batch(rows)
    assert lap.tokens[lap.places + 1].tolist() == lap.wanted.tolist()
    assert [len(mask) for mask in lap.masks] == [len(r.tokens) for r in rows]


@pytest.mark.model
def test_a_question_has_the_same_tokens_alone_as_behind_its_prompt(smollm2: "batches.Path") -> None:
    tokenizer = batches.Tokenizer(smollm2)
    rng = random.Random(2)
    for _ in range(5):
        sample = rivals.sample(rng)
        for question, answer in sample.asks:
            opening = batches.opening(sample.prompt)
            apart = tokenizer(opening) + tokenizer(question + batches.OPENING) + tokenizer(answer + batches.END)
            assert tokenizer(opening + question + batches.OPENING + answer + batches.END) == apart
