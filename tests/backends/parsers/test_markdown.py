import re

import pytest

from memos_cli.backends.parsers.markdown import LONGEST_SECTION, MarkdownParser
from memos_cli.model import Draft, Kind, Origin
from tests.contracts.parser import ParserContract

NOTES = """\
---
title: House book
tags: [home, "repairs"]
date: 2026-03-04
mood: calm
---

# Boiler

- Pressure should read 1.4 bar
- Serial number is on the *left* side
  under the flap:

      VX-22

  - ask Marek first
* Bleed the radiators in October

## Descaling

Once a year.

1. Turn it off
2. Pour in vinegar

```sh
# not a heading
sleep 3600
```

Attic
-----

[ref]: https://example.org
"""
LONG = "# Log\n\n" + "\n\n".join(f"Paragraph {i}. " + "It rained on the shed roof again. " * 8 for i in range(6))


def parsed(text: str) -> list[Draft]:
    return list(MarkdownParser().parse(text))


def shown(text: str) -> list[tuple[str | None, str]]:
    return [(draft.title, draft.content) for draft in parsed(text)]


class TestMarkdown(ParserContract):
    name = "markdown"
    samples = (NOTES, LONG, NOTES.replace("\n", "\r\n"), NOTES.replace("\n", "\r"), "- a\n- b\n\n* * *\n\n- c\n")

    def is_structure(self, line: str, drafts: list[Draft]) -> bool:
        kept = ["tags", "title", "date"]
        for draft in drafts:
            front: dict[str, str] = draft.metadata.get("front_matter", {})
            kept += [draft.title or "", *draft.tags, (draft.occurred_at or "")[:10], *front, *front.values()]
        known = set(re.findall(r"[^\W_]+", " ".join(kept)))
        return known.issuperset(re.findall(r"[^\W_]+", line))


@pytest.mark.parametrize(
    ("heading", "title"),
    [("**Boiler** and _tank_", "Boiler and tank"), ("hello***commit", "hello***commit"), ("`size` 2*3", "size 2*3")],
)
def test_a_title_is_without_emphasis_and_keeps_stars_within_words(heading: str, title: str) -> None:
    assert [draft.title for draft in parsed(f"# {heading}\n\nSomething is said here.\n")] == [title]


def test_front_matter_titles_items_and_sections() -> None:
    drafts = parsed(NOTES)
    assert [(draft.title, draft.kind) for draft in drafts] == [
        ("House book > Boiler", Kind.NOTE),
        ("House book > Boiler", Kind.NOTE),
        ("House book > Boiler", Kind.NOTE),
        ("House book > Boiler > Descaling", Kind.DOCUMENT),
        ("House book > Boiler > Attic", Kind.NOTE),
    ]
    assert {draft.tags for draft in drafts} == {("home", "repairs")}
    assert {draft.occurred_at for draft in drafts} == {"2026-03-04T00:00:00.000Z"}
    assert {draft.origin for draft in drafts} == {Origin.FILE}
    assert drafts[0].metadata == {"front_matter": {"mood": "calm"}}
    assert drafts[1].content == ("Serial number is on the *left* side\nunder the flap:\n\n    VX-22\n\n- ask Marek first")
    assert drafts[3].content.startswith("Once a year.")
    assert drafts[3].content.endswith("```sh\n# not a heading\nsleep 3600\n```")
    assert drafts[4].content == "[ref]: https://example.org"


def test_the_span_is_verbatim_where_the_content_is_cleaned() -> None:
    text = "- café\n- über\n"
    second = parsed(text)[1]
    assert second.content == "über"
    assert text.encode()[second.source.start : second.source.end].decode() == "- über"


def test_a_long_section_is_parted_into_its_blocks() -> None:
    drafts = parsed(LONG)
    assert len(LONG) > LONGEST_SECTION
    assert len(drafts) == 6
    assert {draft.title for draft in drafts} == {"Log"}


def test_in_a_long_section_what_introduces_a_block_stays_with_it_and_fences_stay_whole() -> None:
    fence = "```\n" + "line\n\n" * 400 + "```"
    drafts = parsed(f"# T\n\nAlone.\n\nRun this:\n\n{fence}\n\nAfter.")
    assert [draft.content for draft in drafts] == ["Alone.", f"Run this:\n\n{fence}", "After."]
    assert drafts[1].kind is Kind.DOCUMENT


def test_without_headings_each_paragraph_stands_alone() -> None:
    assert shown("One\ntwo.\n\nThree.") == [(None, "One\ntwo."), (None, "Three.")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Only a title", [("Only a title", "# Only a title")]),
        ("# A\n\n## B\n\ntext", [("A > B", "text")]),
        ("# A\n\n### B\n\ntext\n\n## C\n\nmore", [("A > B", "text"), ("A > C", "more")]),
        ("# `snake_case` and **bold** #\n\nx", [("snake_case and bold", "x")]),
        ("- [ ] to do\n- [x] done", [(None, "[ ] to do"), (None, "[x] done")]),
        ("---\nnot front matter\n---\n\nx", [("not front matter", "x")]),
        ("---\ntitle: T\n---\n", [("title: T", "title: T\n---")]),
        ("1. one\n2. two", [(None, "1. one\n2. two")]),
    ],
)
def test_shapes(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert shown(text) == expected


def test_tags_as_a_yaml_list() -> None:
    (draft,) = parsed("---\ntags:\n  - a\n  - 'b c'\ndate: someday\n---\nx")
    assert draft.tags == ("a", "b c")
    assert draft.occurred_at is None
    assert draft.metadata == {"front_matter": {"date": "someday"}}


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("plain", "notes.MD", True),
        ("plain", "notes.txt", False),
        ("# T\n\n- a\n- b", None, True),
        ("- a\n- b\n- c", None, True),
        ("# only a comment\nimport os", None, False),
        ("One - two.\n\nThree.", None, False),
        ("costs:\n- rent", None, False),
        ("---\ntitle: T\n---\nx", None, True),
    ],
)
def test_what_looks_like_markdown(text: str, name: str | None, *, expected: bool) -> None:
    assert MarkdownParser().matches(text, name) is expected
