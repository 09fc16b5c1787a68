"""Lessons: examples of a data set laid out as chat lays out its prompts, and an adapter trained from them.

A question without memories is asked in exactly the prompt that chat lays out when nothing was recalled, so that the model has
what it learnt at hand when chat asks it.
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
from memos_cli.operation.prompt.layouts import DEFAULT, LAYOUTS, Layout
from memos_cli.ports.ports import LLM, Piece, Request, Token
from memos_cli.ports.trainer import Lesson, Trained, Trainer, TrainingSettings, TrainingStep

DATA = "examples.jsonl"
"""The file of the data set beside an adapter, so that a generation can be made again, and purged."""
Told = tuple[tuple[str, str | None], ...]
MOST = 48
"""The most tokens of an answer in the evaluation; the answers of memories are shorter."""


def prompt(question: str, retrieved: Told = (), rules: Sequence[str] = ()) -> Prompt:
    """Chat's prompt for a question, with memories found for it and rules as its core."""
    return Prompt(question, tuple(Line(*one) for one in retrieved), core=tuple(Line(rule) for rule in rules))


def lessons(examples: Iterable[Example], template: str | None, layout: Layout = LAYOUTS[DEFAULT]) -> Iterator[Lesson]:
    """Examples as lessons for a trainer, laid out as chat does for this model; the gate's examples are left out.

    Examples of behaviour without an answer yet (see `answered`) are left out, too.
    """
    for one in examples:
        if one.split == GATE or not one.answer:
            continue
        watched = one.split == WATCH
        if not one.question:
            yield Lesson(_plain(template), one.answer, None, one.kind, watched)
            continue
        asked = model_request.request(prompt(one.question, one.shown), template, layout)
        teacher = None
        if one.kind in {"replay", "negative"}:
            teacher = asked  # the answer of the unchanged model is to stay as it is
        elif one.facts or one.rules:
            teacher = model_request.request(prompt(one.question, one.facts, one.rules), template, layout)
        yield Lesson(asked, lead(template) + one.answer, teacher, one.kind, watched)


def lead(template: str | None) -> str:
    """The text that answers begin with."""
    return MINI.lead if template == JINJA else ""


def _plain(template: str | None) -> Request:
    """The request before plain text: the opening mark for memos-mini, nothing for other models."""
    return Request((), (Piece(MINI.begin, marks=True),) if template == JINJA else (Piece(""),))


def answered(examples: Iterable[Example], llm: LLM, layout: Layout = LAYOUTS[DEFAULT]) -> Iterator[Example]:
    """The examples; those of behaviour get the model's own answer with the rules in its prompt."""
    for one in examples:
        if one.kind == "behaviour" and not one.answer:
            said, _ = ask(llm, prompt(one.question, one.facts, one.rules), layout, most=160)
            yield one._replace(answer=said)
        else:
            yield one


def paraphrased(examples: Iterable[Example], llm: LLM, layout: Layout = LAYOUTS[DEFAULT], each: int = 2) -> Iterator[Example]:
    """The examples and further training questions in a model's words: only those that it answers itself as the memory does.

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
            said, _ = ask(llm, prompt(asked, one.facts), layout)
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


def train(  # noqa: PLR0917 -- as `Trainer.train`, and the model
    base: Path,
    llm: LLM,
    examples: Sequence[Example],
    folder: Path,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
    tell: Callable[[TrainingStep], None] = lambda _: None,
    beneath: Sequence[Path] = (),
    layout: Layout = LAYOUTS[DEFAULT],
) -> Trained:
    """Train an adapter from examples, in a folder of its own with the data set, the checkpoints and the adapter.

    A training that was killed goes on from its last checkpoint when this is called again with the same arguments.

    Args:
        base: the file of the model that chat answers with.
        llm: the same model, for its template and for the answers of behaviour examples.
        examples: the data set.
        folder: the folder that everything is written to.
        settings: the trainer's settings.
        tell: called after every step; an error that it raises ends the training, which can be resumed.
        beneath: the adapters that belong to the model, as `llm` has them.
        layout: the layout in which chat asks the model.

    Raises:
        ModelUnavailable: the model cannot be trained here.
    """
    data = folder / DATA
    if data.is_file():
        examples = load(data)  # with the answers of behaviour from when the training was begun
    else:
        examples = list(answered(examples, llm, layout))
        save(data, examples)
    trainer: Trainer = plugins.load("trainer", "lora")()
    return trainer.train(base, list(lessons(examples, llm.template, layout)), folder, settings, tell, beneath)


def save(path: Path, examples: Iterable[Example]) -> None:
    """Write a data set as JSON Lines, whole or not at all."""
    lines = (json.dumps(one.to_json(), ensure_ascii=False, sort_keys=True) + "\n" for one in examples)
    files.write(path, "".join(lines).encode("utf-8", "surrogatepass"))


def load(path: Path) -> list[Example]:
    """Read a data set.

    Raises:
        IntegrityError: the file is damaged.
    """
    try:
        return [Example.from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IntegrityError(f"the data set {path} is damaged: {error}") from None


def tokens(
    examples: Iterable[Example], llm: LLM, layout: Layout = LAYOUTS[DEFAULT], replay: float = TrainingSettings().replay
) -> int:
    """About how many tokens an epoch of training has: the prompts are counted, the answers estimated by their length.

    Args:
        examples: the data set.
        llm: the model whose tokens are counted.
        layout: the layout in which chat asks it.
        replay: how many replays an epoch has for each other lesson; the data set has several times as many.
    """
    counts: dict[bool, list[int]] = {True: [], False: []}
    for lesson in lessons(examples, llm.template, layout):
        if not lesson.watched:
            counts[lesson.kind == "replay"].append(llm.count(lesson.request) + 2 + len(lesson.answer) // 3)
    seen = min(1.0, replay * len(counts[False]) / max(1, len(counts[True]))) if counts[False] else 1.0
    return sum(counts[False]) + round(sum(counts[True]) * seen)


def ask(llm: LLM, asked: Prompt, layout: Layout = LAYOUTS[DEFAULT], most: int = MOST) -> tuple[str, tuple[float, float] | None]:
    """A model's answer to a prompt, and how certain it is of the answer (see `model_request.certainty`)."""
    request = model_request.request(asked, llm.template, layout)
    tokens: list[Token] = list(llm.stream(request, most=most))
    return "".join(token.text for token in tokens).strip(), model_request.certainty(tokens)
