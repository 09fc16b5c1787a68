"""Conversations with questions about them, as files: the material of a benchmark.

A folder holds, for each conversation, `NAME.memories.jsonl`, which is what `memos add --jsonl` reads, and
`NAME.queries.jsonl`, a question a line; a folder of one conversation may leave out NAME and the dot. A line of questions:

    query       the question; also called `question`
    answer      what is expected: a text, a number, or a list of these, any of which is right. Missing, null or empty: the
                conversation does not say it, and an answer is right that says so. The same holds, whatever `answer` is, with
                "answerable": false, "unanswerable": true or "adversarial": true
    relevant    the external ids of the memories that hold the answer, a list or one; also called `evidence`
    category    the sort of question, a text or a number

Other fields are ignored. LoCoMo names its fields so already; of LongMemEval each question is a conversation. The memories may
lie in another folder than the questions, under the same names.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.errors import UsageError

MEMORIES, QUERIES = "memories.jsonl", "queries.jsonl"
_LAYOUT = f"for each conversation NAME there have to be NAME.{MEMORIES} and NAME.{QUERIES}"


class Question(NamedTuple):
    """A question about a conversation.

    Attributes:
        answers: each of them is right; none where the conversation does not say it.
        relevant: external ids of the memories that hold the answer; none where they are unknown.
    """

    text: str
    answers: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    category: str | None = None


class Conversation(NamedTuple):
    """A conversation's file and the questions about it."""

    name: str
    memories: Path
    questions: tuple[Question, ...]


def read(folder: Path, memories: Path | None = None) -> list[Conversation]:
    """The conversations of a folder, in the order of their names.

    Args:
        folder: where the questions lie.
        memories: where what was said lies; where the questions lie if it is `None`. A conversation there without questions is
            passed over.

    Raises:
        UsageError: there are none, a file of a pair is missing, or a line is no question; file and line are named.
    """
    for one in (folder, memories or folder):
        if not one.is_dir():
            raise UsageError(f"{one} is no folder", hint=_LAYOUT)
    if memories is not None:
        asked = _files(folder, QUERIES)
        if not asked:
            raise UsageError(f"no questions in {folder}", hint=_LAYOUT)
        return [_conversation(memories / (path.name.removesuffix(QUERIES) + MEMORIES), path) for path in asked]
    files = _files(folder, MEMORIES)
    if not files:
        raise UsageError(f"no conversations in {folder}", hint=_LAYOUT)
    return [_conversation(path, path.with_name(path.name.removesuffix(MEMORIES) + QUERIES)) for path in files]


def holds_questions_alone(folder: Path) -> bool:
    """Whether a folder has questions, and no conversation that they are about."""
    return bool(_files(folder, QUERIES)) and not _files(folder, MEMORIES)


def _files(folder: Path, kind: str) -> list[Path]:
    return [path for path in sorted(folder.glob(f"*{kind}")) if path.name == kind or path.name.endswith(f".{kind}")]


def draw(conversations: Sequence[Conversation], limit: int | None, seed: int) -> list[Conversation]:
    """The conversations with `limit` of all their questions, drawn at random and in their order; with all if it is `None`."""
    import random

    places = [(index, number) for index, one in enumerate(conversations) for number in range(len(one.questions))]
    if limit is not None and limit < len(places):
        places = sorted(random.Random(seed).sample(places, limit))  # noqa: S311 -- a draw that can be repeated
    drawn: dict[int, list[Question]] = {}
    for index, number in places:
        drawn.setdefault(index, []).append(conversations[index].questions[number])
    return [conversations[index]._replace(questions=tuple(questions)) for index, questions in drawn.items()]


def _conversation(memories: Path, queries: Path) -> Conversation:
    name = memories.name.removesuffix(MEMORIES).removesuffix(".")
    if not memories.is_file():
        raise UsageError(f"{queries} has no conversation: there is no {memories}", hint=_LAYOUT)
    try:
        lines = queries.read_bytes().split(b"\n")
    except FileNotFoundError:
        raise UsageError(f"{memories} has no questions beside it: there is no {queries.name}", hint=_LAYOUT) from None
    questions = [_located(queries, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not questions:
        raise UsageError(f"{queries} holds no question")
    return Conversation(name or memories.absolute().parent.name, memories, tuple(questions))


def _located(path: Path, number: int, line: bytes) -> Question:
    try:
        return _question(line)
    except UsageError as error:
        raise UsageError(f"{path}, line {number}: {error.message}") from None


def _question(line: bytes) -> Question:
    try:
        row = json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise UsageError("not JSON") from None
    if not isinstance(row, dict):
        raise UsageError("not a JSON object")
    text = _either(row, "query", "question")
    if not isinstance(text, str) or not text.strip() or "\x00" in text:
        raise UsageError("query has to be a text that is not empty")
    answers = () if _is_unanswerable(row) else tuple(filter(str.strip, _texts(row.get("answer"), "answer")))
    categories = _texts(row.get("category"), "category", several=False)
    return Question(text, answers, _texts(_either(row, "relevant", "evidence"), "relevant"), *categories[:1])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _either(row: Mapping[str, Any], name: str, other: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
    return row.get(other) if row.get(name) is None else row[name]


def _is_unanswerable(row: Mapping[str, Any]) -> bool:
    marks = {name: row.get(name) for name in ("answerable", "unanswerable", "adversarial")}
    for name, value in marks.items():
        if value is not None and not isinstance(value, bool):
            raise UsageError(f"{name} has to be true or false")
    return marks["answerable"] is False or bool(marks["unanswerable"] or marks["adversarial"])


def _texts(value: object, name: str, *, several: bool = True) -> tuple[str, ...]:
    """A text, a number or a list of these, as texts; empty for nothing."""
    if value is None:
        return ()
    values: Iterable[object] = value if several and isinstance(value, list) else (value,)
    return tuple(_text(one, name, several=several) for one in values)


def _text(value: object, name: str, *, several: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{name} has to be a text or a number{', or a list of these' if several else ''}")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{name} holds half a surrogate pair, which is no character") from None
    return text
