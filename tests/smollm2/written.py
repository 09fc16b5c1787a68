"""Scenes written by hand (`scenes/*.jsonl`), varied in what changes no answer, or changes it in a way that is known.

A line of a file is a scene: `memories` with text, and date and speaker where known; `questions` with the answer, and with the
numbers of the memories that it rests on (`from`). The files in `HELD` are never trained on.
"""

import json
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memos_cli.operation.prompt.layout import Line, Turn
from tests.mini import words
from tests.smollm2.samples import UNKNOWN, Sample, dated, day, laid_out, names, typed

RNG = random.Random
FOLDER = Path(__file__).parent / "scenes"
HELD = ("04", "14", "24", "34")
"""The files that end so are kept for measuring."""
_STOP = set(
    words._w("""a about after all am an and any are as at be been before but by can come did do does for from get go going got
    had has have he her hers him his how i if in is it its just many me mine more much my no not now of off on one or our out
    she so some still than that the their them then there they this to told too up us was we were what when where which who
    whose why will with would yes you your""")
)
_OPEN = re.compile(r"^(he|she|they|it|his|her|their|that|this|then|also|now|so|and|but)\b", re.IGNORECASE)
_PERSONAL = re.compile(r"\b(I|I'm|I've|I'd|I'll|me|my|mine|we|we're|our|ours|us|you|your)\b", re.IGNORECASE)
_CHANGE = re.compile(
    r"\b(now|no longer|any ?more|instead|moved|changed|cancel\w*|new|actually|switched|back|used to)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w:-])(?<!\d[.,])(\d{2,3})(?![\w:-]|[.,]\d)")
_DATES = re.compile(
    r"\b(when|date|since|how long|how old|what year|which year|what day|which day|what month|ago|last|yesterday)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scene:
    """A scene as it was written."""

    lines: tuple[Line, ...]
    asks: tuple[tuple[str, str, tuple[int, ...] | None], ...]
    """Question, answer, and the numbers of the lines that the answer rests on, where they are told."""

    @property
    def names(self) -> set[str]:
        """Whatever may be a name in it."""
        told = set().union(*(names(line.text) for line in self.lines), *(names(q) for q, _, _ in self.asks))
        return told | {line.speaker for line in self.lines if line.speaker}


def parsed(line: str) -> Scene:
    """One line of a file."""
    found: dict[str, Any] = json.loads(line)
    lines = tuple(Line(m["text"], m.get("date"), m.get("speaker")) for m in found["memories"])
    asks = tuple((q["q"], q["a"], tuple(q["from"]) if "from" in q else None) for q in found["questions"])
    return Scene(lines, asks)


def scenes(folder: Path = FOLDER, *, held: bool = False) -> list[Scene]:
    """The scenes to train on, or those to measure with, file by file."""
    files = [path for path in sorted(folder.glob("*.jsonl")) if path.stem.endswith(HELD) == held]
    return [parsed(line) for path in files for line in path.read_text("utf-8").splitlines() if line.strip()]


def stems(text: str) -> set[str]:
    """The beginnings of its words, without the common ones."""
    return {word[:5].lower() for word in re.findall(r"[^\W_]+", text) if word.lower() not in _STOP}


class Written:
    """All scenes, and samples drawn from them: each scene once before any comes again."""

    def __init__(self, found: list[Scene]) -> None:
        self.scenes: list[Scene] = []
        self.left: list[Scene] = []
        self.add(found)

    def add(self, found: list[Scene]) -> int:
        """Take in what is new; it comes next. Returns how many scenes that are."""
        new = [scene for scene in found if scene not in self.scenes]
        self.scenes = found
        self.left += new
        self.bystanders = [(line.text, names(line.text)) for scene in found for line in scene.lines if _bystander(line)]
        self.questions = [(q, names(q)) for scene in found for q, _, _ in scene.asks if names(q)]
        return len(new)

    def sample(self, rng: RNG, *, most: int = 10) -> Sample:
        """The next scene, varied."""
        if not self.left:
            self.left = rng.sample(self.scenes, len(self.scenes))
        scene = self.left.pop()
        if rng.random() < 0.35:
            scene = without(scene, rng)
        if rng.random() < 0.5:
            scene = renamed(scene, rng)
        if rng.random() < 0.4:
            scene = renumbered(scene, rng)
        asks = [(typed(q, rng), a) for q, a, _ in scene.asks]
        lines = arranged(list(scene.lines), rng)
        whens = any(_DATES.search(q) and a == UNKNOWN for q, a in asks)
        lines = lines if whens else dated(lines, rng)
        lines = self._beside(lines, scene, rng)
        asks += self._foreign(scene, rng)
        rng.shuffle(asks)
        turns: tuple[Turn, ...] = ()
        if len(asks) > 4 and rng.random() < 0.12:
            q, a = asks.pop()
            turns = (Turn("user", q), Turn("assistant", a))
        return Sample(laid_out(lines, rng, turns), tuple(asks[:most]), "written")

    def _beside(self, lines: list[Line], scene: Scene, rng: RNG) -> list[Line]:
        """The lines, some of the time with lines about other people between them, ten in all at most."""
        count = min(rng.choice((0, 0, 0, 1, 1, 2, 3, 4, 6)), max(0, 10 - len(lines)))
        asked = set().union(*(stems(q) for q, _, _ in scene.asks))
        here, words_here = scene.names, set().union(*(stems(line.text) for line in scene.lines))
        whole = [line for line in lines if line.date]
        for text, others in rng.sample(self.bystanders, min(len(self.bystanders), 4 * count)):
            if count == 0:
                break
            known = stems(" ".join(others))
            if others & here or (stems(text) - known) & asked or len((stems(text) - known) & words_here) > 1:
                continue
            date = None
            if whole:
                date = rng.choice(whole).date if rng.random() < 0.5 else day(rng)
            lines.insert(rng.randint(0, len(lines)), Line(text, date))
            count -= 1
        return sorted(lines, key=lambda line: line.date or "") if lines and all(line.date for line in lines) else lines

    def _foreign(self, scene: Scene, rng: RNG) -> list[tuple[str, str]]:
        """Sometimes a question about people who are not there."""
        if rng.random() < 0.6:
            return []
        here = {name.lower() for name in scene.names} | {w.lower() for line in scene.lines for w in line.text.split()}
        for question, others in rng.sample(self.questions, min(20, len(self.questions))):
            if not {name.lower() for name in others} & here:
                return [(question, UNKNOWN)]
        return []


def _bystander(line: Line) -> bool:
    """Whether a line tells something of somebody with a name, whatever stands around it."""
    return bool(names(line.text) and not line.speaker and not _PERSONAL.search(line.text) and not _OPEN.search(line.text))


def without(scene: Scene, rng: RNG) -> Scene:
    """The scene without one memory: what rested on it alone is unknown, if nothing else speaks of it.

    A memory goes only where no other shares a word that is no name with it or with the questions that rest on it: an
    older value would be the answer otherwise.
    """
    places = list(range(len(scene.lines)))
    rng.shuffle(places)
    for place in places if len(places) > 1 else ():
        resting = [q for q, a, told in scene.asks if told == (place,)]
        if not resting or any(told is None for _, _, told in scene.asks):
            continue
        others = [line for number, line in enumerate(scene.lines) if number != place]
        known = stems(" ".join(scene.names))
        about = (stems(scene.lines[place].text) | set().union(*map(stems, resting))) - known
        if about & set().union(*(stems(line.text) for line in others)) or any(_OPEN.search(line.text) for line in others):
            continue
        asks = []
        for q, a, told in scene.asks:
            if told == (place,):
                asks.append((q, UNKNOWN, ()))
            elif place not in (told or ()):
                asks.append((q, a, tuple(n - (n > place) for n in told or ())))
        return Scene(tuple(others), tuple(asks))
    return scene


def _mapped(scene: Scene, swap: "re.Pattern[str]", new: dict[str, str]) -> Scene:
    def put(text: str) -> str:
        return swap.sub(lambda match: new[match[0]], text)

    lines = tuple(replace(line, text=put(line.text), speaker=line.speaker and put(line.speaker)) for line in scene.lines)
    return Scene(lines, tuple((put(q), put(a), told) for q, a, told in scene.asks))


def renamed(scene: Scene, rng: RNG) -> Scene:
    """The scene with other first names, those of women for those of women."""
    told = " ".join([line.text + " " + (line.speaker or "") for line in scene.lines] + [q + " " + a for q, a, _ in scene.asks])
    here = set(re.findall(r"\b[A-Z]\w+\b", told))
    new: dict[str, str] = {}
    for pool in (words.FEMALE, words.MALE):
        old = [name for name in pool if name in here and name not in {"May", "Will", "Mark", "Grace", "Rosa", "Max"}]
        fresh = [name for name in pool if name not in here and name[0] not in {n[0] for n in here}] or old
        if len(fresh) >= len(old):
            new |= dict(zip(old, rng.sample(fresh, len(old)), strict=True))
    if not new:
        return scene
    lower = {name.lower(): to.lower() for name, to in new.items()}
    return _mapped(scene, re.compile(r"\b(" + "|".join([*new, *lower]) + r")\b"), new | lower)


def renumbered(scene: Scene, rng: RNG) -> Scene:
    """The scene with other numbers of two or three digits, where every number of an answer stands in a memory.

    Numbers up to 31, which may be days, stay days of every month.
    """
    told = " ".join(line.text for line in scene.lines)
    here = set(_NUMBER.findall(told))
    asked = {n for q, a, _ in scene.asks for n in _NUMBER.findall(q + " " + a)}
    if not here or not asked <= here | {n for q, _, _ in scene.asks for n in _NUMBER.findall(q)}:
        return scene
    if not {n for _, a, _ in scene.asks for n in _NUMBER.findall(a)} <= here:
        return scene
    new: dict[str, str] = {}
    for number in sorted(here | asked):
        low, high = (10, 28) if 10 <= int(number) <= 31 else (32, 98) if len(number) == 2 else (101, 989)
        choice = [str(n) for n in range(low, high + 1) if str(n) not in new.values()]
        new[number] = rng.choice(choice)
    return _mapped(scene, _NUMBER, new)


def arranged(lines: list[Line], rng: RNG) -> list[Line]:
    """Dated lines oldest first; lines without dates in another order, where nothing hints that their order matters."""
    if all(line.date for line in lines):
        return sorted(lines, key=lambda line: line.date or "")
    if any(line.date for line in lines) or any(_OPEN.search(line.text) or _CHANGE.search(line.text) for line in lines):
        return lines
    return rng.sample(lines, len(lines)) if rng.random() < 0.5 else lines
