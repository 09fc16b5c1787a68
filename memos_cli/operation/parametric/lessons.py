"""From examples to an adapter and to what it is worth: the layout of chat around each, training, and the gate's evaluation.

`train` makes an adapter of examples, `evaluate` puts what was held out to the model with and without it, through llama.cpp as
chat runs it, and `operation.gate.failures` says whether that is enough.

A question without memories is asked in exactly the prompt that chat lays out when nothing was recalled, so that what was
learnt is there when chat needs it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from memos_cli import plugins
from memos_cli.errors import IntegrityError, ModelUnavailable
from memos_cli.infra import files
from memos_cli.operation.parametric import gate
from memos_cli.operation.parametric.examples import GATE, WATCH, Example
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import JINJA, MINI, Line, Prompt
from memos_cli.ports import LLM, Lesson, Piece, Request, Token, Trained, Trainer, TrainingSettings, TrainingStep

DATA = "examples.jsonl"
"""The data set beside an adapter, so that a generation can be made again, and purged."""
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
        asked = model_request.request(prompt(one.question, one.shown), template)
        teacher = None
        if one.kind in {"replay", "negative"}:
            teacher = asked  # the unchanged model's own answer is what is to stay
        elif one.facts or one.rules:
            teacher = model_request.request(prompt(one.question, one.facts, one.rules), template)
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


def ask(llm: LLM, asked: Prompt, most: int = MOST) -> tuple[str, tuple[float, float] | None]:
    """What a model answers to a prompt, and how certain it is of it (as `answering.certainty`)."""
    request = model_request.request(asked, llm.template)
    tokens: list[Token] = list(llm.stream(request, most=most))
    return "".join(token.text for token in tokens).strip(), model_request.certainty(tokens)
