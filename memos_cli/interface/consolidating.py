"""From examples to an adapter and to what it is worth: the layout of chat around each, training, and the gate's evaluation.

`train` makes an adapter of examples, `evaluate` puts what was held out to the model with and without it, through llama.cpp as
chat runs it, and `operation.gate.failures` says whether that is enough.

A question without memories is asked in exactly the prompt that chat lays out when nothing was recalled, so that what was
learnt is there when chat needs it.
"""

import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from memos_cli import plugins
from memos_cli.errors import IntegrityError, ModelUnavailable
from memos_cli.infra import files
from memos_cli.interface import answering
from memos_cli.interface.prompt import JINJA, MINI, Line, Prompt
from memos_cli.operation import gate
from memos_cli.operation.dataset import GATE, OPEN_QUESTIONS, REFUSAL, WATCH, Example
from memos_cli.operation.gate import Scores
from memos_cli.ports import LLM, Lesson, Piece, Request, Stateful, Token, Trained, Trainer, TrainingSettings, TrainingStep

DATA = "examples.jsonl"
"""The data set beside an adapter, so that a generation can be made again, and purged."""
Told = tuple[tuple[str, str | None], ...]
MOST_TEXT = 160
"""Tokens of unrelated text that are looked at."""
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
        if one.kind in {"replay", "negative"}:
            teacher = asked  # the unchanged model's own answer is what is to stay
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
    schema = {"type": "array", "items": {"type": "string", "maxLength": 120}, "minItems": each, "maxItems": each}
    wish = f"Write {each} other ways to ask this question, as a JSON array of strings, with the same meaning: {question}"
    request = Request((("system", "You rephrase questions."), ("user", wish)))
    try:
        written = json.loads("".join(token.text for token in llm.stream(request, most=64 * each, schema=schema)))
    except (ValueError, ModelUnavailable):
        return []
    texts = written if isinstance(written, list) else []
    return [text for text in dict.fromkeys(texts) if isinstance(text, str) and text.strip() and text != question][:each]


# -- training


def train(
    base: Path,
    llm: LLM,
    examples: Sequence[Example],
    folder: Path,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
    tell: Callable[[TrainingStep], None] = lambda _: None,
) -> Trained:
    """Make an adapter of examples, in a folder of its own that has the data set, the checkpoints and the adapter.

    One that was killed goes on from its last checkpoint when it is called with the same again.

    Args:
        base: the file of the model that chat answers with.
        llm: the same, for its template, and to say what behaviour examples leave open.
        examples: the data set.
        folder: where everything is written.
        settings: how it is trained.
        tell: called after every step; what it raises ends the training, which can be resumed.

    Raises:
        ModelUnavailable: the model cannot be trained here.
    """
    data = folder / DATA
    if data.is_file():
        examples = load(data)  # with what the model said of behaviour when it was begun
    else:
        examples = list(answered(examples, llm))
        save(data, examples)
    trainer: Trainer = plugins.load("trainer", "lora")()
    return trainer.train(base, list(lessons(examples, llm.template)), folder, settings, tell)


def save(path: Path, examples: Iterable[Example]) -> None:
    """Write a data set as JSON Lines, whole or not at all."""
    lines = (json.dumps(one.to_json(), ensure_ascii=False, sort_keys=True) + "\n" for one in examples)
    files.write(path, "".join(lines).encode("utf-8", "surrogatepass"))


def load(path: Path) -> list[Example]:
    """Read a data set.

    Raises:
        IntegrityError: it is damaged.
    """
    try:
        return [Example.from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IntegrityError(f"the data set {path} is damaged: {error}") from None


def tokens(examples: Iterable[Example], llm: LLM, replay: float = TrainingSettings().replay) -> int:
    """How many tokens an epoch of training takes, about: the prompts exactly, the answers by their length.

    Args:
        examples: the data set.
        llm: whose tokens are counted.
        replay: how many replays an epoch has for each other lesson; the data set has several times as many.
    """
    counts: dict[bool, list[int]] = {True: [], False: []}
    for lesson in lessons(examples, llm.template):
        if not lesson.watched:
            counts[lesson.kind == "replay"].append(llm.count(lesson.request) + 2 + len(lesson.answer) // 3)
    seen = min(1.0, replay * len(counts[False]) / max(1, len(counts[True]))) if counts[False] else 1.0
    return sum(counts[False]) + round(sum(counts[True]) * seen)


# -- the gate


class Pair(NamedTuple):
    """The model as chat loads it: without and with the adapter."""

    base: LLM
    adapted: LLM


def ask(llm: LLM, asked: Prompt, most: int = MOST) -> tuple[str, tuple[float, float] | None]:
    """What a model answers to a prompt, and how certain it is of it (as `answering.certainty`)."""
    request = answering.request(asked, llm.template)
    tokens: list[Token] = list(llm.stream(request, most=most))
    return "".join(token.text for token in tokens).strip(), answering.certainty(tokens)


def evaluate(
    model: Pair,
    examples: Sequence[Example],
    *,
    most: int = 400,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Scores:
    """Put what was held out to the model, with and without the adapter, with and without the memories in the prompt.

    Args:
        model: the base and the same with the adapter.
        examples: the data set; only its `gate` split is asked, on which nothing was trained.
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
    kept = some(one for one in examples if one.split == GATE and one.kind == "replay")
    total = 4 * len(facts) + 2 * len(unknown) + 2 * len(kept)
    done = 0

    def right(llm: LLM, one: Example, shown: Told) -> bool:
        nonlocal done
        done += 1
        tell(done, total)
        return gate.same(ask(llm, prompt(one.question, shown))[0], one.answer)

    def share(llm: LLM, found: Sequence[Example], told: Callable[[Example], Told]) -> float | None:
        return sum(right(llm, one, told(one)) for one in found) / len(found) if found else None

    before, after = ([right(llm, one, one.shown) for one in kept] for llm in model)
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
    )


def _text_drift(model: Pair) -> float | None:
    """How much less likely unrelated text is with the adapter, in nats a token.

    `None` where logits are out of reach, and for a model to which such text is no likelier than any other tokens: it can lose
    nothing of what it never learned. Of memos-mini, taught nothing but answers, a token costs 14.5 nats; a blind guess 7.6.
    """
    if not (isinstance(model.base, Stateful) and isinstance(model.adapted, Stateful)):
        return None
    ids = model.base.tokens(Request((), (Piece(" ".join(OPEN_QUESTIONS)),)))[: min(MOST_TEXT, model.base.context)]
    before = _logprob(model.base, ids)
    return before - _logprob(model.adapted, ids) if before > -math.log(len(model.base.logits())) else None


def _logprob(llm: Stateful, ids: Sequence[int]) -> float:
    """The mean log probability of tokens, each after those before it."""
    import numpy as np

    found = 0.0
    for place in range(1, len(ids)):
        llm.advance(ids[:place])
        logits = llm.logits().astype(np.float64)
        found += float(logits[ids[place]] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
    return found / max(1, len(ids) - 1)


def gone(model: Pair, probes: Sequence[Example]) -> Mapping[str, bool]:
    """Of each question to what was forgotten whether the adapter no longer helps: refused, or answered as the base does."""
    found = {}
    for one in probes:
        said, _ = ask(model.adapted, prompt(one.question))
        without, _ = ask(model.base, prompt(one.question))
        found[one.question] = said in {REFUSAL, without} or not gate.same(said, one.answer)
    return found
