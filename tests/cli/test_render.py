"""Lines cut to the columns that a terminal gives them, whatever they are written in."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.cli import render
from memos_cli.cli.render import one_line
from memos_cli.model import Memory, Source
from memos_cli.operation.results import Hit, page
from tests.conftest import Run

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (f"{FAMILY} family", 9),
        ("a\u200bb", 2),  # a zero-width space
        ("caf\u00e9 \u2019til \u2026", 11),
        ("e\u0301t\u0301", 2),
        ("\ud55c\uad6d\uc5b4", 6),
        (FLAG, 2),
        ("\U0001f44d\U0001f3fd ok", 5),
        ("\u2764\ufe0f", 2),
    ],
)
def test_what_fits_is_left_whole_and_what_does_not_is_cut(text: str, columns: int) -> None:
    assert one_line(text, columns) == text
    assert one_line(text, columns - 1).endswith("\u2026")


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        (f"{FAMILY * 3}", 5, FAMILY * 2 + "\u2026"),
        (f"{FAMILY * 3}", 4, FAMILY + "\u2026"),
        (f"ab{FAMILY}cd", 4, "ab\u2026"),
        (FLAG * 3, 4, FLAG + "\u2026"),
        ("e\u0301" * 5, 3, "e\u0301e\u0301\u2026"),
        ("\ud55c\uad6d\uc5b4", 4, "\ud55c\u2026"),
        ("plain text", 6, "plain\u2026"),
        ("x\ty\nz and more", 6, "x y z\u2026"),
    ],
)
def test_a_cut_is_between_what_is_seen_as_one_character(text: str, width: int, cut: str) -> None:
    assert one_line(text, width) == cut


@given(st.text(max_size=60), st.integers(3, 40))
def test_a_line_has_no_more_columns_than_it_is_given(text: str, width: int) -> None:
    from wcwidth import iter_graphemes, wcswidth

    shown = one_line(text, width)
    assert sum(wcswidth(one) for one in iter_graphemes(shown)) <= width
    assert "\n" not in shown
    whole = one_line(text)
    assert shown == whole or (shown.endswith("\u2026") and whole.startswith(shown[:-1]))


def test_a_long_line_takes_no_longer_than_its_beginning() -> None:
    text = (FAMILY + "\u200b" * 3) * 200_000
    started = time.process_time()
    assert len(one_line(text, 40)) < 200
    assert time.process_time() - started < 3


@pytest.mark.parametrize("width", [90, 120])
def test_a_line_of_a_memory_fits_with_what_stands_before_and_behind_it(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "width", lambda: width)
    memory = Memory("vjueziqh" * 4, "word " * 50, pinned=True, created_at="2026-03-01T12:00:00.000Z")
    line = render.memory_line(memory, before="superseded ", behind="  (home, garden)")
    assert line.startswith("superseded ")
    assert line.endswith("\u2026" + render.style(" [pinned]", dim=True) + "  (home, garden)")
    assert len(render.unstyle(line)) == width


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ("2026-11-30T23:59:59.999Z", "[until the end of 2026-11-30]"),
        ("2026-11-30T09:00:00.000Z", "[until 2026-11-30 09:00]"),
        ("2026-11-30T23:59:59.998Z", "[until 2026-11-30 23:59:59.998]"),
    ],
)
def test_a_validity_that_lasts_a_whole_day_ends_with_it(end: str, shown: str) -> None:
    assert shown in render.memory_line(Memory("k92wt6fw", "On leave", created_at="2026-11-29T12:00:00.000Z", valid_to=end))


PREFACE = "The annual report of the garden club begins with a long preface about the weather. " * 12
ANSWER = "The treasurer, Mrs Okafor, counted 412 euros in the tin box."
WIFI = "The wifi password of the club house is hunter2Falcon."


def lines_of(content: str, query: str, alike: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> list[str]:
    memory = Memory("k92wt6fw", content, created_at="2026-11-29T12:00:00.000Z", labels=labels)
    return [render.unstyle(line) for line in render.hit_lines(Hit(memory, 0.8, alike=alike), query, reveal=False, parts=False)]


def test_a_terminal_gets_the_passage_of_a_long_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "width", lambda: 80)
    _, *text = lines_of(f"{PREFACE}{ANSWER} {PREFACE}", "how many euros did the treasurer count")
    assert text[0].startswith("  \u2026 The treasurer, Mrs Okafor, counted 412 euros")
    assert text[-1].endswith("\u2026")
    assert len(text) <= 4
    assert all(len(line) <= 80 for line in text)
    _, *text = lines_of(f"{ANSWER} {PREFACE}", "how many euros did the treasurer count")
    assert text[0].startswith("  The treasurer")
    assert len(text) == 2
    _, *text = lines_of(f"{PREFACE}{ANSWER}", "submarine")
    assert text[0].startswith("  The annual report")
    monkeypatch.setattr(render, "width", lambda: None)
    (line,) = lines_of(f"{PREFACE}{ANSWER}", "how many euros did the treasurer count")
    assert line.endswith(ANSWER), "a pipe gets it whole"


def test_a_hit_tells_how_many_say_the_same() -> None:
    assert lines_of("I am vegan", "vegan", alike=("a", "b", "c"))[1:] == ["  and 3 like it"]


def test_a_secret_is_hidden_in_a_passage_too(memos: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memos("add", f"{PREFACE}{WIFI} {PREFACE}", "--kind", "note")
    (hit,) = memos("search", "wifi password of the club house", "--json").data["hits"]
    passage = hit["passage"]
    assert passage["text"].startswith("The wifi password of the club house is \u2022\u2022\u2022\u2022\u2022.")
    assert hit["content"][passage["start"] : passage["end"]] == passage["text"]
    assert "Falcon" not in str(hit)
    (hit,) = memos("search", "wifi password of the club house", "--json", "--reveal").data["hits"]
    assert hit["passage"]["text"].startswith(WIFI)
    monkeypatch.setattr(render, "width", lambda: 80)
    assert "Falcon" not in "".join(lines_of(f"{PREFACE}{WIFI}", "wifi password of the club house", labels=("secret",)))


def test_json_names_what_says_the_same_and_has_no_passage_of_a_short_text(memos: Run) -> None:
    for content in ("I'm allergic to peanuts", "I am allergic to peanuts.", "I am not allergic to peanuts"):
        memos("add", content)
    hits = memos("search", "allergic to peanuts", "--json").data["hits"]
    assert sorted(len(hit["alike"]) for hit in hits) == [0, 1]
    assert {hit["passage"] for hit in hits} == {None}
    (one,) = memos("search", "allergic to peanuts", "-k", "1", "--json").data["hits"]
    assert len({one["id"], *one["alike"]}) == len(one["alike"]) + 1
    assert memos("search", "allergic to peanuts").out.count("and 1 like it") == 1


def test_a_hit_of_a_document_tells_file_and_page(memos: Run, tmp_path: Path) -> None:
    place = {"file": "papers/ho\x9b2Juse.pdf"}
    line = {"content": "The boiler was serviced in March.", "source": place, "metadata": {"page": 3}}
    (tmp_path / "m.jsonl").write_text(json.dumps(line))
    memos("add", "--jsonl", str(tmp_path / "m.jsonl"))
    said = memos("search", "boiler")
    assert said.out.rstrip().endswith("use.pdf, page 3]")
    assert "\x9b" not in said.out
    assert "papers" not in said.out
    (hit,) = memos("search", "boiler", "--json").data["hits"]
    assert (hit["file"], hit["page"]) == (place["file"], 3)
    assert "page 3" in memos("show", hit["id"]).out


def test_a_page_needs_a_file_and_a_number() -> None:
    there = Memory("a", "x", source=Source(file="house.pdf"))
    others: tuple[dict[str, Any], ...] = ({}, {"page": None}, {"page": "3"}, {"page": True}, {"page": [3]})
    assert {page(there._replace(metadata=metadata)) for metadata in others} == {None}
    assert page(there._replace(source=Source(), metadata={"page": 3})) is None
