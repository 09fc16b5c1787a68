"""Notes as Obsidian and its like write them."""

import json
import re

from memos_cli.backends.parsers.wiki import WikiParser
from memos_cli.model import Draft, Kind
from tests.contracts.parser import ParserContract

NOTE = """\
---
tags: [people, "friends/close"]
aliases: [Anna]
created: 2025-01-02
cssclasses: wide
born: 12:30
---

# Ana

Lives in York with [[Bob|her brother]]. #city

## Work at [[Acme]]

%%
never tell this
%%

- engineer ^job
- [ ] ask for a rise
"""


def parsed(text: str, name: str | None = "people/Ana.md") -> list[Draft]:
    parser = WikiParser()
    parser.name = name
    return list(parser.parse(text))


class TestWiki(ParserContract):
    name = "wiki"
    samples = (NOTE, NOTE.replace("\n", "\r\n"), "[[a]]\n\n%%x%%\n\n%% y\n\nz %%\n")

    def is_structure(self, line: str, drafts: list[Draft]) -> bool:
        if "%%" in line or line.strip() in {"never tell this", "y", "z %%"}:
            return True
        kept = ["tags tag title date created cssclasses wide"]
        for draft in drafts:
            kept += [
                draft.title or "",
                *draft.tags,
                (draft.occurred_at or "")[:10],
                json.dumps(draft.metadata, ensure_ascii=False),
            ]
        known = set(re.findall(r"[^\W_]+", " ".join(kept)))
        return known.issuperset(re.findall(r"[^\W_]+", line))


def test_a_note_is_what_its_reader_sees() -> None:
    lives, engineer, rise = parsed(NOTE)
    assert (lives.content, lives.title) == ("Lives in York with her brother. #city", "Ana")
    assert lives.tags == ("people", "friends/close", "city")
    assert lives.occurred_at == "2025-01-02T00:00:00.000Z"
    assert lives.metadata["front_matter"] == {"aliases": ["Anna"], "born": "12:30"}
    assert lives.metadata["wiki"] == {"links": ["Bob"]}
    assert (engineer.content, engineer.title) == ("engineer", "Ana > Work at Acme")
    assert engineer.metadata["wiki"] == {"links": ["Acme"], "blocks": ["job"]}
    assert engineer.tags == ("people", "friends/close")
    assert rise.content == "To do: ask for a rise"


def test_a_passage_is_found_word_for_word_in_the_file() -> None:
    text = "---\ntitle: Ä\n---\n%%ü%% See [[Ö|it]] there. ^x\n"
    (draft,) = parsed(text)
    assert text.encode()[draft.source.start : draft.source.end].decode() == "See [[Ö|it]] there. ^x"
    assert draft.content == "See it there."


def test_a_note_is_called_like_its_file_unless_it_says_otherwise() -> None:
    assert [one.title for one in parsed("words", "a/Garden plan.md")] == ["Garden plan"]
    assert [one.title for one in parsed("---\ntitle: Beds\n---\nwords", "a/Garden plan.md")] == ["Beds"]
    assert [one.title for one in parsed("## Beds\n\nwords", "a/Garden.md")] == ["Garden > Beds"]
    for name in ("2026-11-30.md", "20261130.md", "Untitled 2.md", None):
        assert [one.title for one in parsed("words", name)] == [None]


def test_a_daily_note_is_of_its_day_and_not_of_when_its_file_was_made() -> None:
    assert parsed("---\ncreated: 2026-11-29T23:00\n---\nwords", "2026-11-30.md")[0].occurred_at is None
    assert parsed("---\ndate: 2026-11-28\n---\nwords", "2026-11-30.md")[0].occurred_at == "2026-11-28T00:00:00.000Z"


def test_tags_are_written_in_several_ways() -> None:
    for written in ("[a, b/c]", "a, b/c", "'#a #b/c'", "\n  - a\n  - '#b/c'"):
        assert parsed(f"---\ntags: {written}\n---\nwords")[0].tags == ("a", "b/c")
    assert parsed("---\ntag: a\n---\nwords")[0].tags == ("a",)


def test_front_matter_that_is_none_is_text_and_that_is_said() -> None:
    front, body = parsed("---\ntags: [a\nwho: Ana\n---\n\nThe words.\n")
    assert front.content == "tags: [a\nwho: Ana"
    assert body.content == "The words."
    assert body.tags == ()
    assert "read as text" in str(body.metadata["front_matter_fault"])


def test_a_note_of_front_matter_alone_says_what_stands_there() -> None:
    (draft,) = parsed("---\nphone: 01904 1234\n---\n")
    assert (draft.content, draft.kind) == ("phone: 01904 1234", Kind.NOTE)


def test_a_passage_notes_no_more_of_the_front_matter_than_it_can() -> None:
    (draft,) = parsed(f"---\na: {'x' * 5000}\nb: 1\n---\nwords")
    assert draft.metadata["front_matter"] == {"b": "1"}
    assert "1 of its fields" in str(draft.metadata["front_matter_fault"])


def test_what_is_only_a_comment_or_a_block_is_no_passage() -> None:
    assert parsed("%% all of it %%") == []
    assert [one.content for one in parsed("words\n\n^id\n")] == ["words"]
