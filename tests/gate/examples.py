"""What the trees learn from: the scenes of `tests/smollm2/scenes`, asked as chat asks, and answered right and wrong.

A wrong answer is what another question of the scene has for an answer, or a name, a number or a phrase of its memories. Mostly
few memories stand in a prompt, as recall leaves few; some prompts have all of a scene, and some lack those that answer.
"""

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from memos_cli.interface.chat.answers import answer_words
from memos_cli.interface.chat.answers.answer_signs import Signs
from memos_cli.interface.chat.answers.closed_answers import says
from memos_cli.interface.chat.answers.closed_signs import closed_signs
from memos_cli.interface.chat.answers.readings import Reading
from memos_cli.interface.chat.answers.scored_answers import Scored
from memos_cli.interface.chat.answers.value_answers import Value
from memos_cli.interface.chat.guards import Ground
from memos_cli.operation.prompt.layout import Line
from tests.smollm2 import written
from tests.smollm2.samples import UNKNOWN

NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")
NUMBER = re.compile(r"\d[\d.,:/-]*\d|\d")
PHRASE = re.compile(
    r"(?i)\b(?:in|on|at|with|by|for|to|from|until|since|a|an|the|his|her|their|my|our)\s+[^\W_]+(?:[ '-][^\W_]+){0,2}"
)
MOST_WRONG = 5
"""Wrong answers of each sort to one question."""


class Example(NamedTuple):
    """One row.

    Attributes:
        right: of a value 1 where the answer is right, else 0; of a memory 1 where it says yes, 2 where no, 0 where neither.
        weight: what it counts for: a wrong answer from a memory that has the words of the question is more dangerous.
    """

    signs: dict[str, float]
    right: int
    weight: float = 1.0


def scenes(*, held: bool) -> list[written.Scene]:
    """The scenes to train on, or those to measure with, in the order of their files."""
    found = []
    for path in sorted(written.FOLDER.glob("*.jsonl")):
        if path.stem.endswith(written.HELD) == held:
            found += [written.parsed(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return found


def reading(question: str, lines: Sequence[Line]) -> Reading:
    """A question with memories that all fit."""
    return Reading(question, lines, [Ground()] * len(lines), (), None)


def stems(text: str) -> set[str]:
    """The words and numbers of an answer, cut to their stems."""
    found = answer_words.words(text)
    return {word.stem for word in answer_words.content(found)} | {
        word.stem for word in found if any(map(str.isdigit, word.low))
    }


def values(found: Sequence[written.Scene], seed: int = 0) -> Iterator[Example]:
    """Right and wrong values."""
    for number, scene in enumerate(found):
        rng = random.Random(seed * 1000 + number)
        known = [answer for _, answer, _ in scene.asks if not is_unknown(answer) and says(answer) is None]
        for question, answer, rests in scene.asks:
            if says(answer) is None and not _is_closed(question, scene.lines):
                yield from _values(rng, scene, (question, answer, rests or ()), known)


def is_unknown(answer: str) -> bool:
    """Whether an answer says that it is not known."""
    return UNKNOWN.rstrip(".")[-14:] in answer


def _is_closed(question: str, lines: Sequence[Line]) -> bool:
    asked = reading(question, lines[:1]).question
    return asked.closed and not asked.choice


def _values(
    rng: random.Random, scene: written.Scene, ask: tuple[str, str, Sequence[int]], known: Sequence[str]
) -> Iterator[Example]:
    question, answer, rests = ask
    whole = Signs(reading(question, scene.lines))
    share = [whole.share(one) for one in whole.told]
    unknown = is_unknown(answer)
    prompts = [(_few(rng, share, rests), True, True)]
    if rests and not unknown:
        prompts.append((_few(rng, share, rests), True, False))  # the right answer once more, beside other memories
    if rng.random() < 0.35:
        prompts.append((list(range(len(scene.lines))), True, True))
    if rests and not unknown and rng.random() < 0.5 and len(scene.lines) > len(rests):
        prompts.append((_few(rng, share, (), avoid=rests), False, True))
    best = max((share[at] for at in rests), default=0.0)
    last = max((scene.lines[at].date or "" for at in rests), default="")
    for places, answered, with_wrong in prompts:
        lines = [scene.lines[at] for at in places]
        if not lines:
            continue
        gold = answer if answered and not unknown else ""
        tried = [(gold, 1)] if gold else []
        if with_wrong:
            others = [other for other in known if other != answer]
            tried += [(wrong, 0) for wrong in wrongs(rng, lines, question, gold, others)]
        read = reading(question, lines)
        for text, right in tried:
            ruled, grounded = Value(read, text, closed=False).ruled
            got = Scored(read, text).signs(ruled, grounded)
            if got is None:
                continue
            found, told = got
            at = places[told.source.place]
            if not answered and share[at] >= 0.7 * best:
                continue  # what was so before is an answer where the later memory is not there
            old = (
                bool(gold)
                and not right
                and at not in rests
                and (told.source.line.date or "") < last
                and share[at] >= 0.5 * best
            )
            yield Example(found, right, 1.0 if right else 0.5 + 1.5 * share[at] + 2 * old)


def _few(rng: random.Random, share: Sequence[float], rests: Sequence[int], avoid: Sequence[int] = ()) -> list[int]:
    """The memories of a prompt: those that answer, and those that share most with the question."""
    order = sorted(range(len(share)), key=lambda at: -(share[at] + 0.15 * rng.random()))
    most = max(rng.choice((1, 2, 2, 2, 3, 3, 4)), len(rests))
    kept = [*rests, *(at for at in order if at not in rests and at not in avoid)][:most]
    return sorted(kept)


def wrongs(rng: random.Random, lines: Sequence[Line], question: str, gold: str, others: Sequence[str]) -> list[str]:
    """Wrong answers to a question: of other questions, and of the memories' own names, numbers and phrases."""
    right, asked = stems(gold), stems(question)
    answers = []
    for other in others:
        its = stems(other)
        shared = len(its & right)
        if its and (not shared or (not its <= right <= its and 2 * shared < min(len(its), len(right)))):
            answers.append(other)
    spans = []
    for line in lines:
        for pattern in (NAME, NUMBER, PHRASE):
            for match in pattern.finditer(line.text):
                its = stems(match[0])
                if its and not its & right and not its <= asked:
                    spans.append(match[0][:1].upper() + match[0][1:] + ".")
    rng.shuffle(answers)
    rng.shuffle(spans)
    return answers[:MOST_WRONG] + spans[:MOST_WRONG]


def closed(found: Sequence[written.Scene], seed: int = 0) -> Iterator[Example]:
    """Memories that say yes, no, or neither to questions that want it."""
    for number, scene in enumerate(found):
        rng = random.Random(seed * 1000 + number)
        for question, answer, rests in scene.asks:
            yes, unknown = says(answer), is_unknown(answer)
            if not _is_closed(question, scene.lines) or (yes is None and not unknown):
                continue
            whole = Signs(reading(question, scene.lines))
            share = [whole.share(one) for one in whole.told]
            prompts = [_few(rng, share, rests or ())]
            if rng.random() < 0.4:
                prompts.append(list(range(len(scene.lines))))
            for places in prompts:
                signs = Signs(reading(question, [scene.lines[at] for at in places]))
                for told in signs.told:
                    at = places[told.source.place]
                    rested = not unknown and at in (rests or ())
                    later = any((scene.lines[other].date or "") > (scene.lines[at].date or "") for other in rests or ())
                    if not rested and not unknown and share[at] > 0.3 and later:
                        continue  # it said so then
                    yield Example(closed_signs(signs, told)[0], (1 if yes else 2) if rested else 0)
