"""How people say that something changed or is over: the patterns behind `change`, read from `memos_cli/data/changes.txt`.

The file explains its form at its head. A pattern is compiled when a clause has one of the words before it, so that a single
`add` compiles the few that it needs.
"""

import re
from functools import lru_cache
from pathlib import Path

from memos_cli.records import NamedTuple

_WORD = r"[^\s.,;?!]+\.?"
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_WORDS = re.compile(
    "我们|我|现在|住在|搬到|搬去|死了|去世了|卖掉了|卖了|取消了|辞职|工作|戒烟|抽烟|吸烟|经理|老板|一[只辆个条台]|在(?=.{1,12}工作)|把|有|是|的|新|了$"
)
_MARKS = {
    "{S}": rf"(?P<s>{_WORD}(?: {_WORD}){{0,6}}?)",
    "{v}": r"(?P<v>[^;?!]+?)",
    "{w}": r"(?P<w>[^,;?!]+?)",
    "{o}": r"(?P<o>[^,;?!]+?)",
}


class Wording(NamedTuple):
    """A pattern over a clause.

    Attributes:
        sign: `s`, `m`, `a`, `e` or `q`, as the file explains.
        words: the clause has to have one of them.
        pattern: with the groups `s`, `v`, `w` and `o`, as far as it has them.
    """

    sign: str
    words: frozenset[str]
    pattern: str

    def match(self, clause: str, words: frozenset[str]) -> re.Match[str] | None:
        """The match of the whole clause, whose words in lower case are `words`."""
        return _compiled(self.pattern).fullmatch(clause) if self.words & words else None


class Block(NamedTuple):
    """The ways to state one attribute, and to say that it changed or is over."""

    name: str
    type: str
    lines: tuple[Wording, ...]


class Ending(NamedTuple):
    """A way to say that a statement is over, and how the statement reads without it."""

    words: frozenset[str]
    pattern: str
    stated: str


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re.Pattern[str]":
    for mark, group in _MARKS.items():
        pattern = pattern.replace(mark, group)
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=1)
def _text() -> tuple[list[str], dict[str, str]]:
    # Not with `importlib.resources`, which takes 10 ms to import: every `add` would wait for it.
    text = (Path(__file__).parents[3] / "data" / "changes.txt").read_text("utf-8")
    blocks, *lists = re.split(r"^## ", text, flags=re.MULTILINE)
    named = (one.partition("\n") for one in lists)
    return re.split(r"^# ", blocks, flags=re.MULTILINE)[1:], {name.strip(): body for name, _, body in named}


@lru_cache(maxsize=1)
def blocks() -> tuple[Block, ...]:
    """All blocks, in the order of the file."""
    return tuple(_block(*text.strip().splitlines()) for text in _text()[0])


def _block(head: str, *lines: str) -> Block:
    *name, kind = head.split()
    parted = (line.split(" ", 1)[1].partition(" : ") for line in lines)
    read = (
        Wording(line[0], frozenset(words.split()), pattern) for line, (words, _, pattern) in zip(lines, parted, strict=True)
    )
    return Block(" ".join(name), kind, tuple(read))


@lru_cache(maxsize=1)
def endings() -> tuple[Ending, ...]:
    """The ways to say that a statement is over."""
    found = []
    for line in _text()[1]["over"].strip().splitlines():
        words, _, rest = line.partition(" : ")
        pattern, _, stated = rest.partition(" -> ")
        found.append(Ending(frozenset(words.split()), pattern, stated))
    return tuple(found)


@lru_cache(maxsize=1)
def _telling() -> frozenset[str]:
    told = (line.words for block in blocks() for line in block.lines if line.sign != "s")
    said = (word for phrase in phrases("instead") for word in phrase.split()[:1])
    return frozenset().union(*told, *(ending.words for ending in endings()), said, words("now"))


def apart(text: str) -> str:
    """A text with the Chinese words that tell a change, or what it ends, apart; any other text as it is."""
    return " ".join(_HAN_WORDS.sub(r" \g<0> ", text).split()) if _HAN.search(text) else text


def may_tell(text: str) -> bool:
    """Whether a text has a word or phrase with which a change is told; most texts have none, and need no further look."""
    return not _telling().isdisjoint(re.findall(r"\w+", apart(text.casefold()))) or is_news(text) or ", not " in text


def is_news(text: str) -> bool:
    """Whether a text says of something that it has not always been so: "my new dentist", "I eat meat again"."""
    said = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    return any(f" {phrase} " in f" {said} " for phrase in phrases("news"))


@lru_cache(maxsize=32)
def words(name: str) -> frozenset[str]:
    """A list of single words: as `now`, `not`, `limits` or `doubts`."""
    return frozenset(_text()[1][name].split())


@lru_cache(maxsize=4)
def phrases(name: str) -> tuple[str, ...]:
    """A list of phrases: `single`, `news` or `instead`."""
    return tuple(" ".join(phrase.split()) for phrase in _text()[1][name].split(";"))
