"""What is extracted from 100 hand-written dialogues: `python -m tests.answers.extraction [NAME=VALUE …]`.

Each is extracted as `memos add --extract` extracts a talk: by rules, and with `llm.model=…` by that model, too, whatever its
size. Whether a memory holds a fact that the author wrote down is decided by content words and numbers:

    right     a memory has six in ten of the fact's content words (their stems), all of its numbers and days of the week, and a
              negation if it does
    missed    no memory does
    invented  a memory that holds none of the dialogue's facts and is part of none: less than six in ten of its content words
              are in it, or a number or a day of the week is not
    foreign   of the invented, those with a content word or a number that the person did not say
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from memos_cli.config import Settings, paths
from memos_cli.infra.words.words import terms
from memos_cli.interface.reader.extraction import Extractor
from memos_cli.model import Draft, Kind, Source
from memos_cli.operation import models
from memos_cli.ports.ports import LLM

HERE = Path(__file__).parent
AT = "2026-03-02T12:00:00.000Z"
ENOUGH = 0.6
_NUMBERS = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split(),  # noqa: SIM905
        map(str, range(17)),
        strict=True,
    )
)
_NOT = re.compile(r"\b(?:not|never|no|none|nothing|without)\b|n['\u2019]t\b", re.IGNORECASE)
_LITTLE = frozenset({"not", "never", "no", "ve", "re", "ll", "don", "isn", "didn", "doesn", "haven"})
_DAYS = frozenset(f"{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
_CLOCK = re.compile(r"\b(half|quarter) past (\w+)\b", re.IGNORECASE)


class Dialogue(NamedTuple):
    """A dialogue: turns as (speaker, words), and the facts that the person states in it."""

    turns: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]


class Count(NamedTuple):
    """How many facts were extracted or missed, and how many memories are invented (see the module)."""

    right: int
    missed: int
    invented: int
    foreign: int


def dialogues() -> list[Dialogue]:
    """The dialogues, in the order of the file."""
    lines = (HERE / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    told = map(json.loads, lines)
    return [Dialogue(tuple((one["speaker"], one["text"]) for one in each["turns"]), tuple(each["facts"])) for each in told]


def content(text: str) -> frozenset[str]:
    """The stems of a text's content words (`not` and `ve` of `I've` are none); its numbers are among them, in figures."""

    def clock(match: re.Match[str]) -> str:
        hour = _NUMBERS.get(match[2].lower(), match[2])
        return f"{hour}:{30 if match[1].lower() == 'half' else 15}"

    text = _CLOCK.sub(clock, text)
    text = re.sub(r"\b[A-Za-z]+\b", lambda match: _NUMBERS.get(match[0].lower(), match[0]), text)
    return frozenset(_stem(one) for one in terms(text) if one.isdigit() or (len(one) > 1 and one not in _LITTLE))


def _stem(word: str) -> str:
    """A word without its commonest endings, so that `moved`, `moves` and `moving` are one."""
    bare = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return bare if len(bare) > 2 else word


def numbers(found: Iterable[str]) -> frozenset[str]:
    """Those of some stems that have a figure or are a day of the week: another one makes another fact."""
    return frozenset(one for one in found if one in _DAYS or any(character.isdigit() for character in one))


def holds(memory: str, fact: str) -> bool:
    """Whether a memory holds a fact."""
    said, wanted = content(memory), content(fact)
    if _NOT.search(fact) and not _NOT.search(memory):
        return False
    return numbers(wanted) <= said and len(wanted & said) >= ENOUGH * len(wanted)


def count(dialogue: Dialogue, memories: Sequence[str]) -> Count:
    """Compare the memories extracted from a dialogue with its facts."""
    right = sum(any(holds(memory, fact) for memory in memories) for fact in dialogue.facts)
    said = content(" ".join(words for speaker, words in dialogue.turns if speaker == "user"))
    invented = [memory for memory in memories if not _partly(memory, dialogue.facts)]
    foreign = sum(not content(memory) <= said for memory in invented)
    return Count(right, len(dialogue.facts) - right, len(invented), foreign)


def _partly(memory: str, facts: Iterable[str]) -> bool:
    told = content(memory)

    def part(fact: str) -> bool:
        wanted = content(fact)
        return numbers(told) <= wanted and len(told & wanted) >= ENOUGH * max(1, len(told))

    return any(holds(memory, fact) or part(fact) for fact in facts)


def extracted(dialogue: Dialogue, extractor: Extractor) -> list[str]:
    """The memories that are extracted from a dialogue."""
    drafts = [
        Draft(words, Kind.EPISODE, occurred_at=AT, source=Source(speaker=speaker)) for speaker, words in dialogue.turns if words
    ]
    return [found.content for _, found in extractor.derive(drafts, AT).derived]


def measured(llm: LLM | None, asked: Sequence[Dialogue]) -> tuple[Count, list[tuple[Dialogue, list[str]]], float]:
    """The counts over some dialogues, what was extracted from each, and how many seconds it took."""
    begun, rows, counts = time.monotonic(), [], []
    for dialogue in asked:
        extractor = Extractor(llm)  # a failure in one dialogue does not leave the others to the rules
        memories = extracted(dialogue, extractor)
        if llm is not None and extractor.notices:
            memories = []  # what the rules found instead is not the model's
        rows.append((dialogue, memories))
        counts.append(count(dialogue, memories))
    return Count(*map(sum, zip(*counts, strict=True))), rows, time.monotonic() - begun


def main(arguments: Sequence[str]) -> int:
    """Measure, and print a line for the rules and one for the model."""
    settings = dict(one.split("=", 1) for one in arguments if "=" in one)
    asked = dialogues()[: int(settings.pop("dialogues", 100))]
    out = settings.pop("out", None)
    sys.stdout.write(f"{'':<28}{'facts':>7}{'right':>7}{'missed':>8}{'invented':>10}{'foreign':>9}{'seconds':>9}\n")

    def show(name: str, llm: LLM | None) -> None:
        total, rows, seconds = measured(llm, asked)
        told = "".join(f"{each:>{width}}" for each, width in zip(total, (7, 8, 10, 9), strict=True))
        sys.stdout.write(f"{name:<28}{total.right + total.missed:>7}{told}{seconds:>9.1f}\n")
        if out:
            lines = [json.dumps({"by": name, "facts": one.facts, "memories": found}) for one, found in rows]
            with Path(out).open("a", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")

    show("rules", None)
    if "llm.model" in settings:
        with TemporaryDirectory() as home:
            folders = paths({"MEMOS_HOME": home})
            llm = models.chosen(Settings({**os.environ, "MEMOS_HOME": home}, folders).given(settings), folders)
            assert llm is not None
            with closing(llm):
                show(llm.name, llm)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
