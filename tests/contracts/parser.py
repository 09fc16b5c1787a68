"""What every parser owes: one suite, run over each of them by a subclass of a few lines."""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memos_cli.model import Draft
from memos_cli.plugins import load
from memos_cli.ports.ports import Parser
from tests.trials import trials

WORDS = st.sampled_from(
    [
        "Alice: ", "Bob: ", "User: ", "Assistant: ", "hello", "Hé llo.", "# ", "## Title\n", "- item", "1. one",
        "\n", "\n\n", "\r\n", "\r", " ", "\t", "```\n", "~~~", "> quote", "| a | b |\n| - | - |\n", "---\n",
        "--- Monday 3 March 2025 ---\n", "2025-03-03\n", "[2024-03-05 09:12] Ann: hi", "2024-03-05 09:12 Bob: yo",
        "05/03/2024, 09:12 - Cy: so", "<nick> x", "commit 0123456789abcdef0123456789abcdef01234567\n",
        "Author: A <a@b>\nDate:   Tue Mar 5 10:00:00 2024 +0100\n\n    msg\n", "title: x\ntags: [a, b]\n",
        "[ref]: http://example.org\n", "<div>\n", "\x00", "\x0c", "\u2028", "\u200e", "שלום", "e\u0301",
        "👩‍👩‍👧", "日本語。", "\ufeff", "\x85", "***", "* * *\n", "    code", "\\", "=====\n",
        "Sentence one. Sentence two! ", "x" * 700,
    ]
)  # fmt: skip
MIXED = st.lists(WORDS, max_size=25).map("".join)
ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)

# The properties are inherited by one class a parser, which is what this check warns about, and what is wanted.
INHERITED = (HealthCheck.differing_executors,)


class ParserContract:
    """Subclass it as `TestX`, and set `name`, `samples` and, where lines are structure and not text, `is_structure`."""

    name: ClassVar[str]
    samples: ClassVar[tuple[str, ...]] = ()

    def is_structure(self, line: str, drafts: list[Draft]) -> bool:  # noqa: ARG002 -- for subclasses
        """Whether a line outside all spans may be there: it was understood, as a header or a title."""
        return False

    def parser(self) -> Parser:
        made: Parser = load("parser", self.name)()
        return made

    def check(self, text: str) -> None:
        drafts = list(self.parser().parse(text))
        data = text.encode()
        reached = 0
        gaps = []
        for draft in drafts:
            start, end = draft.source.start, draft.source.end
            assert start is not None
            assert end is not None
            assert reached <= start < end <= len(data)
            assert data[start:end].decode().strip(), "a span that holds nothing"
            assert draft.content.strip()
            gaps.append(data[reached:start].decode())
            reached = end
        gaps.append(data[reached:].decode())
        for gap in gaps:
            for line in gap.replace("\r", "\n").split("\n"):
                assert not line.strip() or self.is_structure(line, drafts), f"lost: {line!r}"

    def test_is_a_parser(self) -> None:
        assert isinstance(self.parser(), Parser)

    @pytest.mark.parametrize("text", ["", " ", "\n\n\r\n\t", "\r"])
    def test_nothing_gives_nothing(self, text: str) -> None:
        assert list(self.parser().parse(text)) == []

    def test_the_samples_are_its_own_and_whole(self) -> None:
        for sample in self.samples:
            assert self.parser().matches(sample, None), sample
            self.check(sample)
            assert list(self.parser().parse(sample)) == list(self.parser().parse(sample))

    @settings(max_examples=trials(40, 150), deadline=None, suppress_health_check=INHERITED)
    @given(ANY)
    def test_spans_hold_for_any_text(self, text: str) -> None:
        self.parser().matches(text, None)
        self.check(text)

    @settings(max_examples=trials(60, 300), deadline=None, suppress_health_check=INHERITED)
    @given(MIXED)
    def test_spans_hold_for_text_that_looks_like_something(self, text: str) -> None:
        self.parser().matches(text, "file.txt")
        self.check(text)

    def test_long_lines_and_deep_nesting_end(self) -> None:
        nested = ["> " * 2_000 + "deep", "- " * 2_000 + "deep", "[" * 5_000]
        for text in (*nested, "x" * 50_000, "word " * 20_000, "a: b\n" * 3_000):
            self.check(text)
