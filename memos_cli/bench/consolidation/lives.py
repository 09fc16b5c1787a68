"""Lives to learn: the facts of one person, made up or from a file, and questions to them in words that no training has.

A file is JSON: `memories`, each with a `text`, and `questions`, each with its words `q`, its `kind`, the `answers` of which one
has to be in a right answer, those that make it wrong (`never`), and `from`, the places of the memories that answer it.
"""

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.bench.qa import scores
from memos_cli.errors import UsageError
from memos_cli.operation.parametric.grammar import clauses, strangers
from memos_cli.operation.parametric.grammar.clauses import Family

TOLD, TWO, ABSENT = KINDS = ("told", "two", "absent")
"""Questions to one fact, to two facts together, and to what no memory says."""
RIGHT, REFUSED, WRONG = VERDICTS = ("right", "refused", "wrong")
_TRIES = 200
"""Draws for each fact: a family and somebody who has no fact of it yet."""


class Asked(NamedTuple):
    """A question, with the wordings of which one has to be in a right answer, and those that make it wrong.

    Attributes:
        sources: the places of the memories that answer it.
    """

    question: str
    kind: str
    answers: tuple[str, ...]
    never: tuple[str, ...]
    sources: tuple[int, ...]


class Biography(NamedTuple):
    """The memories of one person, and questions; none where the life is made up."""

    memories: tuple[str, ...]
    asked: tuple[Asked, ...] = ()


def read(path: Path, count: int) -> Biography:
    """The first memories of a file, and those of its questions that they answer; what no memory says is asked in any case.

    Raises:
        UsageError: the file cannot be read, is none of this form, or has fewer memories.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        memories = tuple(str(one["text"]) for one in told["memories"])
        asked = tuple(_asked(one) for one in told["questions"])
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is no file of memories and questions ({type(error).__name__}: {error})",
            hint="how it looks: memos bench consolidation --help",
        ) from None
    if len(memories) < count:
        raise UsageError(f"{path} has {len(memories)} memories, and {count} are to be learnt", hint="choose fewer: --facts N")
    return Biography(memories[:count], tuple(one for one in asked if all(0 <= place < count for place in one.sources)))


def _asked(told: dict[str, Any]) -> Asked:
    kind = told["kind"] if told["kind"] in {TWO, ABSENT} else TOLD
    answers, never = (tuple(str(one) for one in told.get(name, ())) for name in ("answers", "never"))
    if not answers and kind != ABSENT:
        raise ValueError(f"no answers to {told['q']!r}")
    return Asked(str(told["q"]), kind, answers, never, tuple(int(one) for one in told["from"]))


def made_up(count: int, seed: int) -> Biography:
    """A life of so many facts, drawn from the families of wordings; its questions are those of the gate alone.

    Raises:
        UsageError: the families do not have so many facts.
    """
    rng = random.Random(f"life {seed}")  # noqa: S311 -- no secret
    families = [one for one in clauses.families().values() if not one.open and one.plain and not one.many]
    found: dict[tuple[str, str], str] = {}
    values: set[str] = set()
    people = ["I", *(strangers.who(rng) for _ in range(max(1, count // 12)))]
    for _ in range(_TRIES * count):
        if len(found) == count:
            return Biography(tuple(found.values()))
        family = rng.choice(families)
        who = "I" if rng.random() < 0.6 else rng.choice(people)
        value = strangers.value(family.kind, rng)
        text = _stated(family, who, value)
        if (family.name, who) not in found and value not in values and text:
            found[family.name, who] = text
            values.add(value)
    raise UsageError(f"no {count} facts of one person can be made up", hint="choose fewer: --facts N")


def _stated(family: Family, who: str, value: str) -> str | None:
    """A sentence that states a fact, and that is read as this fact and no other."""
    for said in clauses.fact(family, who, value).statements:
        text = f"{said[:1].upper()}{said[1:]}."
        read_as = [(one.family, one.who, one.value) for one in clauses.facts(text)]
        if read_as == [(family.name, who, value)]:
            return text
    return None


def rival(text: str, seed: int) -> str | None:
    """Another value for the fact that a sentence states; `None` where its kind is not known."""
    stated = clauses.facts(text)
    family = clauses.families().get(stated[0].family) if stated else None
    if family is None or family.open:
        return None
    rng = random.Random(f"rival {seed} {text}")  # noqa: S311 -- no secret
    drawn = (strangers.value(family.kind, rng) for _ in range(_TRIES))
    return next((value for value in drawn if value != stated[0].value), None)


def verdict(asked: Asked, answer: str) -> str:
    """One of `VERDICTS`: a right answer has one of the accepted wordings as whole words, and none of somebody else's."""
    if not answer or scores.abstains(answer, generated=True):
        return REFUSED
    if asked.kind == ABSENT:
        return WRONG
    return RIGHT if _holds(answer, asked.answers) and not _holds(answer, asked.never) else WRONG


def _holds(text: str, wordings: Iterable[str]) -> bool:
    text = text.casefold().replace("\u2019", "'")
    return any(re.search(rf"(?<!\w){re.escape(one.casefold())}(?:e?s|'s)?(?!\w)", text) for one in wordings if one)
