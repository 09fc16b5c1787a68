"""The blocks of Markdown: what is read by rules of our own is what markdown-it reads."""

import random
import time

import pytest
from markdown_it import MarkdownIt

from memos_cli.backends.parsers import blocks
from memos_cli.backends.parsers.blocks import Block

PARTS = [
    *("- a", "- b c", "* a", "+ x", "# h", "## h #", "###", "#", "# ", "#\u00a0x", "# \u00a0", "####### x", "word", "word two"),
    *("", "", "", "  indented", "    code", "\tcode", "```", "~~~", "- ```", "  ```", "> q", "> ```", "> - a", "1. a", "2) b"),
    *("- 1", "- 1.", "- 1. x", "10) x", "1.", "12", "3.5 km", "1 a", "(x", "\\# a", "!x", '- "q"', ".5", "/x", "%", "&amp;"),
    *("---", "===", "* * *", "|a|b|", "|-|-|", "a|b", "-|-", "<div>", "- <div>", "<!-- c", "-->", "<script>", "</script>"),
    *("<?php", "?>", "<![CDATA[", "[a]: b", "[a]:", "- [ ] t", "-", "- - n", "  - n", "-    five", "-     code", "é ü", "日本"),
    *(
        "😀 x",
        "\u0661. x",
        "\ufeffx",
        "\x0c",
        "a\x0bb",
        "\u2028x",
        "-  \u2028",
        "x\u00a0",
        "\u00a0",
        "- \u00a0x",
        "foo: b",
        "_ x",
    ),
]


def told(lines: list[str], found: list[Block]) -> list[Block]:
    """The blocks, without the blank lines behind them, and with items where they count."""

    def last(first: int, end: int) -> int:
        while end > first and not lines[end - 1].strip(" \t"):
            end -= 1
        return end

    short = [block._replace(last=last(block.first, block.last)) for block in found]
    return [
        block._replace(items=tuple((a, last(a, b)) for a, b in block.items) if block.type == "bullet_list" else ())
        for block in short
        if block.first < block.last
    ]


@pytest.mark.parametrize("least", [1, 3])
def test_any_lines_are_read_as_markdown_it_reads_them(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    monkeypatch.setattr(blocks, "_LEAST", least)
    library = MarkdownIt("commonmark").enable("table").disable("inline")
    for seed in range(1500):
        dice = random.Random(seed)
        some = dice.sample(PARTS, dice.randint(1, 12)) + ["", "word", "- a"][: dice.randint(0, 3)]
        lines = dice.choices(some, k=dice.randint(1, 25))
        whole = list(blocks._top_level(library.parse("\n".join(lines)), 0))
        assert told(lines, list(blocks.blocks(lines))) == told(lines, whole), lines


@pytest.mark.parametrize("text", ["- a\n", "# a\n", "# a\n\nb\n\n## c\n\nd\n\n", "1. a\n\nb\n\n", "- 1\n", "a\nb\n---\n\n"])
def test_twice_the_text_takes_about_twice_the_time(text: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        assert list(blocks.blocks((text * times).split("\n")))
        return time.process_time() - started

    assert min(seconds(4000) for _ in range(2)) < 3.4 * min(seconds(2000) for _ in range(3)) + 0.02


@pytest.mark.parametrize("tail", ["-", "  - x", "lazy"])
@pytest.mark.parametrize("text", ["- a\n\n      b\n", "- a\n", "> a\n", "1. a\n   b\n"])
def test_a_doubt_at_the_end_does_not_have_the_whole_looked_at_again_and_again(text: str, tail: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        assert list(blocks.blocks((text * times + tail).split("\n")))
        return time.process_time() - started

    assert min(seconds(16000) for _ in range(2)) < 3.4 * min(seconds(8000) for _ in range(2)) + 0.05
