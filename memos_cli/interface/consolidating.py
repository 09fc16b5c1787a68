"""From examples to what is trained and asked: the layout of chat around each, and the gate's evaluation through llama.cpp.

A question without memories is asked in exactly the prompt that chat lays out when nothing was recalled, so that what was learnt is
there when chat needs it.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memos_cli.errors import ModelUnavailable
from memos_cli.interface import answering
from memos_cli.interface.prompt import JINJA, MINI, Line, Prompt
from memos_cli.operation import gate
from memos_cli.operation.consolidation import GATE, REFUSAL, WATCH, Example
from memos_cli.operation.gate import Scores
from memos_cli.ports import LLM, Lesson, Piece, Request, Token

Told = tuple[tuple[str, str | None], ...]
MOST = 48
"""Tokens of an answer in the evaluation; what a memory answers is shorter."""


def prompt(question: str, retrieved: Told = (), rules: Sequence[str] = ()) -> Prompt:
    """The prompt of chat for a question, with memories found for it and rules before it."""
    return Prompt(question, tuple(Line(*one) for one in retrieved), core=tuple(Line(rule) for rule in rules))


def lessons(examples: Iterable[Example], template: str | None) -> Iterator[Lesson]:
    """Examples as a trainer takes them, laid out for a model with this chat template; what the gate examines is left out.

    Behaviour whose answer no model has said yet (`answered`) is left out, too.
    """
    for one in examples:
        if one.split == GATE or not one.answer:
            continue
        watched = one.split == WATCH
        if not one.question:
            yield Lesson(_plain(template), one.answer, None, one.kind, watched)
            continue
        asked = answering.request(prompt(one.question, one.shown), template)
        teacher = None
        if one.kind == "replay":
            teacher = asked
        elif one.facts or one.rules:
            teacher = answering.request(prompt(one.question, one.facts, one.rules), template)
        yield Lesson(asked, lead(template) + one.answer, teacher, one.kind, watched)


def lead(template: str | None) -> str:
    """What answers begin with."""
    return MINI.lead if template == JINJA else ""


def _plain(template: str | None) -> Request:
    """What stands before plain text: the opening mark of memos-mini, nothing for others."""
    return Request((), (Piece(MINI.begin, marks=True),) if template == JINJA else (Piece(""),))


def answered(examples: Iterable[Example], llm: LLM) -> Iterator[Example]:
    """The examples, those of behaviour with what the model says with the rules before it."""
    for one in examples:
        if one.kind == "behaviour" and not one.answer:
            said, _ = ask(llm, prompt(one.question, one.facts, one.rules), most=160)
            yield one._replace(answer=said)
        else:
            yield one


def paraphrased(examples: Iterable[Example], llm: LLM, each: int = 2) -> Iterator[Example]:
    """More training questions, in the words of a model: only those that it answers itself as the memory does.

    A model that cannot be held to JSON, or writes none, adds nothing.
    """
    seen: set[tuple[str, ...]] = set()
    for one in examples:
        yield one
        subject = (*one.memories, one.answer)
        if one.kind != "fact" or one.split != "train" or subject in seen:
            continue
        seen.add(subject)
        for number, asked in enumerate(_rewordings(llm, one.question, each)):
            said, _ = ask(llm, prompt(asked, one.facts))
            if gate.same(said, one.answer):
                yield one._replace(question=asked, form=f"paraphrase {number}")


def _rewordings(llm: LLM, question: str, each: int) -> list[str]:
    import json

    schema = {"type": "array", "items": {"type": "string", "maxLength": 120}, "minItems": each, "maxItems": each}
    wish = f"Write {each} other ways to ask this question, as a JSON array of strings, with the same meaning: {question}"
    request = Request((("system", "You rephrase questions."), ("user", wish)))
    try:
        written = json.loads("".join(token.text for token in llm.stream(request, most=64 * each, schema=schema)))
    except (ValueError, ModelUnavailable):
        return []
    texts = written if isinstance(written, list) else []
    return [text for text in dict.fromkeys(texts) if isinstance(text, str) and text.strip() and text != question][:each]


# -- the gate


class Model(NamedTuple):
    """The model as chat loads it: without and with the adapter."""

    base: LLM
    adapted: LLM


def ask(llm: LLM, asked: Prompt, most: int = MOST) -> tuple[str, tuple[float, float] | None]:
    """What a model answers to a prompt, and how certain it is of it (as `answering.certainty`)."""
    request = answering.request(asked, llm.template)
    tokens: list[Token] = list(llm.stream(request, most=most))
    return "".join(token.text for token in tokens).strip(), answering.certainty(tokens)


def evaluate(
    model: Model,
    examples: Sequence[Example],
    *,
    most: int = 400,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Scores:
    """Put what was held out to the model, with and without the adapter, with and without the memories in the prompt.

    Args:
        model: the base and the same with the adapter.
        examples: the data set; what is asked of it was never trained on, drift apart, whose prompts are of its `watch` split.
        most: questions of a kind; of more a sample is drawn.
        seed: of the sample.
        tell: called with how many answers there are, of how many.
    """
    rng = random.Random(f"gate {seed}")  # noqa: S311 -- no secret

    def some(found: Iterable[Example]) -> list[Example]:
        listed = list(found)
        return listed if len(listed) <= most else [listed[place] for place in sorted(rng.sample(range(len(listed)), most))]

    facts = some(one for one in examples if one.split == GATE and one.kind == "fact")
    unknown = some(one for one in examples if one.split == GATE and one.kind == "negative")
    kept = some(one for one in examples if one.split == WATCH and one.kind == "replay")
    total = 4 * len(facts) + 2 * len(unknown) + 2 * len(kept)
    done = 0

    def right(llm: LLM, one: Example, shown: Told) -> bool:
        nonlocal done
        done += 1
        tell(done, total)
        return gate.same(ask(llm, prompt(one.question, shown))[0], one.answer)

    def share(llm: LLM, found: Sequence[Example], told: Callable[[Example], Told]) -> float | None:
        return sum(right(llm, one, told(one)) for one in found) / len(found) if found else None

    before = share(model.base, kept, lambda one: one.shown)
    after = share(model.adapted, kept, lambda one: one.shown)
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
        in_context=after,
        in_context_base=before,
        drift=None if before is None or after is None else max(0.0, before - after),
    )


def gone(model: Model, probes: Sequence[Example]) -> Mapping[str, bool]:
    """Of each question to what was forgotten whether the adapter no longer helps: refused, or answered as the base does."""
    found = {}
    for one in probes:
        said, _ = ask(model.adapted, prompt(one.question))
        without, _ = ask(model.base, prompt(one.question))
        found[one.question] = said == REFUSAL or said == without or not gate.same(said, one.answer)
    return found
