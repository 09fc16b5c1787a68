"""Texts that were made to be slow: every parser takes time in proportion to their length, and no more than a little of it."""

import random
import time
from collections.abc import Callable

import pytest

from memos_cli.interface.reader.reader import Reader
from tests.trials import trials

NOW = "2026-01-01T00:00:00.000Z"
Made = Callable[[int], str]


def filled(piece: str) -> Made:
    """The piece again and again, in so many characters."""
    return lambda size: (piece * (size // len(piece) + 1))[:size]


def counted(piece: str) -> Made:
    """The piece again and again, each time with the next number in the place of `%d`."""
    return lambda size: "".join(piece.replace("%d", str(number)) for number in range(size // len(piece)))


def opened(head: str, piece: str, tail: str = "") -> Made:
    """The piece again and again, between a head and a tail."""
    return lambda size: head + filled(piece)(size) + tail


def drawn(parts: list[str]) -> Made:
    """Parts in any order."""
    return lambda size: "".join(random.Random(5).choices(parts, k=size // 2))


def dates(size: int) -> str:
    """Dates of which no two are the same."""
    return "".join(
        f"We met on {1 + number % 28} March {1900 + number % 200}, {number % 1000} days ago, back in {number % 999} weeks.\n\n"
        for number in range(size // 70)
    )


def stamps(size: int) -> str:
    """Turns of a chat, on a day of its own each."""
    return "".join(
        f"{1970 + number % 130}-{1 + number % 12:02}-{1 + number % 28:02} 09:{number % 60:02} P{number}: two weeks ago\n"
        for number in range(size // 40)
    )


FILLED = (
    *("- a\n", "# a b\n\n", "# a\n\nb\n\n", "# a\n## b\n### c\n", "a\n=\n", "a\n-\n", "a b\r\n\r\n", "- a\r\n"),
    *("a\r", "a\n\nb\r\n\r\nc\r\rd\n\r\n", "> a\n\n", "> a\n", ">" * 300 + " a\n", "- a\n  - b\n", "1. a\n"),
    *("1. a\n\n", "- a\n* b\n+ c\n", "| a |\n|---|\n| b |\n\n", "|a" * 50 + "|\n" + "|-" * 50 + "|\n", "| a | b |\n"),
    *("```\na\n```\n\n", "```\n\n~~~\n", "[2024-03-05 09:12] Ann: hi\n", "05/03/2024, 09:12 - Ann: hi\n"),
    *("Ann  9:12 AM\nhello\n", "<nick> x\n", "User: a\nBot: b\n", "--- Monday 3 March 2025 ---\n", "2025-03-03\n"),
    *("in two weeks ", "may ", "last ", "1 ", "1-", "2024-01-01 ", "day ", "3 may ", ".", ". ", "!?", "。", '."', " "),
    *("\t", "\t\n", "\n", "x", "word ", "a\n", "a\n\n", "x" * 4999 + "\n", ":", "a: b: ", "[", "[a](", "*a **b "),
    *("*", "_", "* ", "-", "`", "<a@b.c> ", "[r]: u\n", "[r]:\n", "[a\n", "[r]: u\n\n", '[r]: u "t\n', "<div>\n\n"),
    *("<div>\n", "<!--\n", "<script>\n\n", "<?\n\n", "<", "<a\n", "<a b>\n\n", "&amp;", "\\", "́", "\u200d"),
    *("\u202e\u200e", "a\u2028", "\x0c\n", "\xa0\n", "***\n", "* * *\n\n", "    a\n\nb\n\n", "> a\nb\n", "> - a\n"),
    *("- > a\n", "- ```\n", "- a\n\n  b\n\n", "- a\n\n      b\n", "# a #", "a:\n\n", "a b:\n", "1. a\n  2) b\n"),
    *("   \n1", "abc1234 m\n", "abc1234 (a\n", "commit abcdef1\nAuthor: A\nDate: x y z\n\n"),
    *("commit abcdef1\nNote: \n \n", "Note: x\n", "eyJ.", "AKIA", "http://a:b@", "password = hunter2hunter2\n\n"),
    *('api_key: "', "key=", "-----BEGIN PRIVATE KEY-----\n", "4111 1111 ", "whenever i ", "i really ", "first "),
    *("to a ", "how to a ", "I am ", "= ", "a' ", "whatever I say, ", "---\n", "--- x\n", "a.", "a_", "A b is c "),
    *(
        "on in at ",
        "every monday and ",
        "on mondays, ",
        "from 3 to ",
        "until the end of the month ",
        "my birthday on ",
        "at 9:40 ",
    ),
    *(
        "um 9 Uhr morgen ",
        "le 3 mars à 18h30 ",
        "depuis hier ",
        "2026-12-03 09:40 ",
        "christmas eve ",
        "jeden ",
        "il y a un an ",
    ),
)
TEXTS: dict[str, Made] = {
    **{repr(piece[:24]): filled(piece) for piece in FILLED},
    "paragraphs, each another": counted("a %d\n\n"),
    "items, each another": counted("- item %d\n"),
    "speakers, each another": counted("N%d: a\n"),
    "definitions, each another": counted("[r%d]: http://x.y/%d\n"),
    "lazy lines": opened("> a\n", "b\n"),
    "lazy lines of a list": opened("- a\n", "b\n"),
    "a long table": opened("| a | b |\n|---|---|\n", "| a | b |\n"),
    "a fence without an end": opened("```\n", "a\n"),
    "many marks in a title": opened("# ", "*a"),
    "a title of blanks": opened("# a", " ", "b"),
    "a tag of attributes": opened("<a ", 'b="c" '),
    "a list in a list in a list": lambda size: "\n".join("  " * number + "- a" for number in range(int(size**0.5))),
    "fences, each longer": lambda size: "".join("`" * number + "\n" for number in range(3, int((2 * size) ** 0.5))),
    "front matter": lambda size: "---\n" + counted("k%d: v\n")(size) + "---\n\nbody\n",
    "front matter of tags": lambda size: "---\ntags: [" + counted("t%d,")(size) + "]\n---\n\nbody\n",
    "front matter without an end": opened("---\n", "k: v\n"),
    "front matter for many": lambda size: "---\ntags: [a, b]\ntitle: x\n---\n\n" + filled("- a\n")(size),
    "dates": dates,
    "stamps": stamps,
    "a message of a commit": opened("commit abcdef1\nAuthor: A\n\n", "    x\n"),
    "a commit's headers": opened("commit abcdef1\n", "Note: x\n", "Author: A\n"),
    "an author": opened("commit abcdef1\nAuthor: ", "<"),
    "marks": drawn(list("-*+>#|`~[]()<>:1. \n\n\t=_!&\\a")),
    "blocks": drawn(
        ["- ", "* ", "> ", "# ", "| ", "```", "\n", "\n", "\n\n", "    ", "a", "1. ", "<div>", "[a]: b", "---", "|-|", "\t"]
    ),
    "letters": drawn([chr(number) for number in range(32, 127)] + ["\n"] * 5),
}
SIZE = 12_000
CHOSEN = [name for number, name in enumerate(TEXTS) if number % trials(5, 1) == 0]
"""Every fifth, or all with MEMOS_TRIALS=many."""
SECONDS = 3.0
"""For 1 MB, on the machine that this was written on; a machine five times slower passes, too."""


def seconds(text: str, name: str) -> float:
    """The processor time of reading a text, the best of two."""
    taken = []
    for _ in range(2):
        started = time.process_time()
        Reader().read_text(text, name=name, now=NOW)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("file", ["a.txt", "a.md"])
def test_four_times_the_text_takes_about_four_times_the_time(name: str, file: str) -> None:
    made = TEXTS[name]
    Reader().read_text(made(400), name=file, now=NOW)  # imports, and patterns that are compiled once
    for _ in range(3):
        one, four = seconds(made(SIZE), file), seconds(made(4 * SIZE), file)
        if four < 7 * one + 0.02:
            break
    assert four < 7 * one + 0.02
    assert four < 5 * SECONDS * 4 * SIZE / 1_000_000 + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TEXTS)[: trials(0, len(TEXTS))])
@pytest.mark.parametrize("file", ["a.txt", "a.md"])
def test_a_megabyte_takes_seconds(name: str, file: str) -> None:
    text = TEXTS[name](1_000_000)
    started = time.process_time()
    Reader().read_text(text, name=file, now=NOW)
    taken = time.process_time() - started
    print(f"{taken:.2f} s: {name} as {file}")  # noqa: T201 -- the figures of a full run, with -rP
    assert taken < 5 * SECONDS
