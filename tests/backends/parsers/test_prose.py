import time

import pytest

from memos_cli.backends.parsers.prose import LONGEST_PARAGRAPH, ProseParser
from tests.contracts.parser import ParserContract

LOG = """\
commit 8f2c1d9e4b7a6053c1f2e3d4a5b6c7d8e9f00112 (HEAD -> main, tag: v1)
Author: Ines Duarte <ines@example.org>
Date:   Thu Mar 5 23:30:00 2026 -0500

    Keep the oven from drifting

    The probe read 4 °C high after an hour.

commit 0123456789abcdef0123456789abcdef01234567
Merge: 1111111 2222222
Author: 山田 <y@example.org>
Date:   2026-03-04 10:00:00 +0100

    Merge branch 'probe'

 oven.py | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)
"""


class TestProse(ParserContract):
    name = "prose"
    samples = ("One.\n\nTwo\nlines.", LOG, "abc1234 first\nabc1235 (HEAD -> x) second\n", LOG.replace("\n", "\r\n"))


def contents(text: str) -> list[str]:
    return [draft.content for draft in ProseParser().parse(text)]


def test_a_paragraph_is_a_note_and_its_span_is_in_bytes() -> None:
    text = "Olá, café!\n\n  Sürpriz  \n"
    drafts = list(ProseParser().parse(text))
    assert [draft.content for draft in drafts] == ["Olá, café!", "Sürpriz"]
    assert [text.encode()[d.source.start : d.source.end].decode() for d in drafts] == ["Olá, café!", "Sürpriz"]


def test_long_paragraphs_are_cut_at_sentences() -> None:
    sentence = "The kiln needs a new thermocouple before the glaze firing. "
    found = contents(sentence * 60)
    assert len(found) > 3
    assert all(piece.endswith(".") and len(piece) <= 1000 for piece in found)
    assert " ".join(found) == (sentence * 60).strip()


def test_sentences_without_spaces_are_cut_too() -> None:
    found = contents("犬が好きです。" * 300)
    assert all(piece.endswith("。") for piece in found)


def test_text_without_sentences_is_cut_at_words_then_anywhere() -> None:
    assert all(len(piece) <= LONGEST_PARAGRAPH for piece in contents("word " * 1000))
    assert "".join(contents("x" * 5000)) == "x" * 5000
    assert not any(piece.startswith("\u0301") for piece in contents("e\u0301" * 2000))


def test_git_log_gives_a_draft_a_commit() -> None:
    first, second = ProseParser().parse(LOG)
    assert first.content == "Keep the oven from drifting\n\nThe probe read 4 °C high after an hour."
    assert first.title == "Keep the oven from drifting"
    assert first.occurred_at == "2026-03-06T04:30:00.000Z"
    assert first.source.speaker == "Ines Duarte"
    assert first.metadata == {"commit": "8f2c1d9e4b7a6053c1f2e3d4a5b6c7d8e9f00112"}
    assert second.occurred_at == "2026-03-04T09:00:00.000Z"
    assert second.source.speaker == "山田"
    assert second.content.startswith("Merge branch 'probe'\n\n")
    assert "1 file changed" in second.content


def test_git_log_with_windows_line_ends_reads_the_same() -> None:
    assert contents(LOG.replace("\n", "\r\n")) == contents(LOG)


def test_a_long_diff_stays_in_the_span_only() -> None:
    (draft,) = ProseParser().parse(LOG[: LOG.index("commit 0123")] + "diff --git a/x b/x\n" + "+line\n" * 500)
    assert "+line" not in draft.content
    assert draft.source.end is not None
    assert draft.source.end > 2000


def test_one_line_log_gives_a_draft_a_line() -> None:
    first, second = ProseParser().parse("8f2c1d9 (tag: v1) Keep the oven\n0123456 Add a probe\n")
    assert (first.content, first.metadata["commit"]) == ("Keep the oven", "8f2c1d9")
    assert (second.content, second.metadata["commit"]) == ("Add a probe", "0123456")


def test_words_that_could_be_hashes_are_no_log() -> None:
    assert len(contents("defaced wall\nacceded to it")) == 1


def test_relative_dates_of_git_are_left_out() -> None:
    log = LOG.replace("Thu Mar 5 23:30:00 2026 -0500", "3 days ago")
    assert next(iter(ProseParser().parse(log))).occurred_at is None


@pytest.mark.parametrize(
    "text",
    [
        "commit abcdef1\nFiles: " + "".join(f"{letter}: " for letter in "abcdefghijklmnopqrstuvwxyzabcd") + "\n\nhello\n",
        "commit abcdef1\n" + "Note: \n \n" * 28,
        "commit abcdef1\n" + "Note: \n \n" * 20_000,
        "commit abcdef1\nAuthor: A" + " " * 200_000 + "\n\n    b\n",
        "commit abcdef1\nAuthor: A\nDate: " + "1 " * 100_000 + "\n\n    b\n",
        "." * 200_000,
        "--- 1 " + "-" * 90 + "x\n" + ("-" * 99 + "1\n") * 500,
    ],
)
def test_what_looks_like_something_and_is_nothing_is_read_in_no_time(text: str) -> None:
    started = time.process_time()
    assert list(ProseParser().parse(text))
    assert time.process_time() - started < 2


def test_a_log_may_have_headers_before_the_author() -> None:
    (draft,) = ProseParser().parse("commit abcdef1\nMerge: 1 2\nReflog: a: b\n\nAuthor: A <a@b>\n\n    hello\n")
    assert draft.content == "Author: A <a@b>\n\n    hello"
    assert draft.metadata == {"commit": "abcdef1"}
