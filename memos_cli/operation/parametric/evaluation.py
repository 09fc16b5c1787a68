"""Evaluation of an adapter: held-out questions are put to the model with and without it, through llama.cpp as in chat.

`operation.parametric.gate.failures` says whether the scores are enough.
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from memos_cli.operation.parametric import gate
from memos_cli.operation.parametric.examples import GATE, OPEN_QUESTIONS, REFUSAL, Example
from memos_cli.operation.parametric.gate import Scores
from memos_cli.operation.parametric.lessons import Told, ask, prompt
from memos_cli.operation.prompt.layouts import DEFAULT, LAYOUTS, Layout
from memos_cli.ports.ports import LLM, Piece, Request, Stateful

MOST_TEXT = 160
"""The most tokens of unrelated text that the drift is measured on."""


class Pair(NamedTuple):
    """The model as chat loads it, without and with the adapter, and the layout in which chat asks it."""

    base: LLM
    adapted: LLM
    layout: Layout = LAYOUTS[DEFAULT]


def evaluate(
    model: Pair,
    examples: Sequence[Example],
    *,
    most: int = 400,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Scores:
    """Ask the model held-out questions, with and without the adapter, with and without the memories in the prompt.

    Args:
        model: the model without and with the adapter.
        examples: the data set; only its `gate` split is asked, which no training saw.
        most: the most questions of a kind; of more a sample is drawn.
        seed: the seed of the sample.
        tell: called with the number of answers so far, and of all.
    """
    rng = random.Random(f"gate {seed}")  # noqa: S311 -- no secret

    def some(found: Iterable[Example]) -> list[Example]:
        listed = list(found)
        return listed if len(listed) <= most else [listed[place] for place in sorted(rng.sample(range(len(listed)), most))]

    facts = some(one for one in examples if one.split == GATE and one.kind == "fact")
    unknown = some(one for one in examples if one.split == GATE and one.kind == "negative")
    kept = some(one for one in examples if one.split == GATE and one.kind == "replay")
    total = 4 * len(facts) + 2 * len(unknown) + 2 * len(kept)
    done = 0

    def said(llm: LLM, one: Example, shown: Told) -> str:
        nonlocal done
        done += 1
        tell(done, total)
        return ask(llm, prompt(one.question, shown), model.layout)[0]

    def right(llm: LLM, one: Example, shown: Told) -> bool:
        return gate.same(said(llm, one, shown), one.answer)

    def share(llm: LLM, found: Sequence[Example], told: Callable[[Example], Told]) -> float | None:
        return sum(right(llm, one, told(one)) for one in found) / len(found) if found else None

    others = [[said(llm, one, one.shown) for one in kept] for llm in (model.base, model.adapted)]
    before, after = ([gate.same(answer, one.answer) for answer, one in zip(answers, kept, strict=True)] for answers in others)
    lost = gate.lost(before, after)
    return Scores(
        facts=len({one.memories for one in facts}),
        questions=len(facts),
        closed_book=share(model.adapted, facts, lambda _: ()),
        base=share(model.base, facts, lambda _: ()),
        rag=share(model.base, facts, lambda one: one.facts),
        both=share(model.adapted, facts, lambda one: one.facts),
        negatives=len(unknown),
        negatives_refused=share(model.adapted, unknown, lambda _: ()),
        negatives_refused_base=share(model.base, unknown, lambda _: ()),
        in_context=sum(after) / len(after) if after else None,
        in_context_base=sum(before) / len(before) if before else None,
        drift=None if lost is None else max(0.0, lost.share),
        text_drift=_text_drift(model),
        in_context_asked=len(kept),
        drift_error=None if lost is None else lost.error,
        unchanged=sum(gate.same(one, other) for one, other in zip(*others, strict=True)) / len(kept) if kept else None,
    )


def _text_drift(model: Pair) -> float | None:
    """How much less likely unrelated text is with the adapter, in nats a token.

    `None` where the logits cannot be read, and for a model to which such text is no likelier than any other tokens, since it
    cannot lose what it never learned. memos-mini, taught only to answer, needs 14.5 nats a token; a blind guess needs 7.6.
    """
    if not (isinstance(model.base, Stateful) and isinstance(model.adapted, Stateful)):
        return None
    ids = model.base.tokens(Request((), (Piece(" ".join(OPEN_QUESTIONS)),)))[: min(MOST_TEXT, model.base.context)]
    before = _logprob(model.base, ids)
    return before - _logprob(model.adapted, ids) if before > -math.log(len(model.base.logits())) else None


def _logprob(llm: Stateful, ids: Sequence[int]) -> float:
    """The mean log probability of the tokens, each given those before it."""
    import numpy as np

    found = 0.0
    for place in range(1, len(ids)):
        llm.advance(ids[:place])
        logits = llm.logits().astype(np.float64)
        found += float(logits[ids[place]] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
    return found / max(1, len(ids) - 1)


def gone(model: Pair, probes: Sequence[Example]) -> Mapping[str, bool]:
    """For each question to a forgotten memory, whether the adapter no longer helps: it refuses, or answers as the base."""
    found = {}
    for one in probes:
        said, _ = ask(model.adapted, prompt(one.question), model.layout)
        without, _ = ask(model.base, prompt(one.question), model.layout)
        found[one.question] = said in {REFUSAL, without} or not gate.same(said, one.answer)
    return found
