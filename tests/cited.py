"""What chat shows of a few memories where no model answers: the order in which search finds them, and those that are cited."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.interface.chat import citations
from memos_cli.operation.exam.questions import ExamQuestion
from memos_cli.operation.operator.recall import Recall

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""When the memories are told and searched: what they say of days is read from then."""


def cited(folder: Path, question: ExamQuestion) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of a question's memories, best first, and of those that are cited; search has no embedder.

    Args:
        folder: an empty one, for a home.
        question: the question.
    """
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_USE_RECORD": "false", "TZ": "UTC"}
    home = paths({"MEMOS_HOME": str(folder)})
    with MOS(folder, settings=Settings(environ, home), clock=lambda: NOW) as mos:
        for line in question.memories:
            mos.add(line.text, valid_from=f"{line.date}T09:00:00.000Z")
        hits = Recall(mos, mos.memories, "sam", reveal=False, local=True).search(question.question, len(question.memories)).hits
        numbers = {line.text: number for number, line in enumerate(question.memories, 1)}
        found = [numbers[hit.memory.content] for hit in hits]
        return _all(found, len(numbers)), tuple(numbers[memory.content] for memory in citations.extracts(hits))


def _all(found: Iterable[int], count: int) -> tuple[int, ...]:
    """The numbers that were found, then the others, the newest first."""
    first = tuple(found)
    return (*first, *(number for number in range(count, 0, -1) if number not in first))
