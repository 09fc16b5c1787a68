import time

import pytest

from memos_cli.backends.parsers import front_matter
from tests.trials import trials


def fields(body: str) -> dict[str, object]:
    found = front_matter.read(f"---\n{body}\n---\ntext")
    assert found.fault is None
    return found.fields


def test_a_field_is_the_text_that_a_person_sees() -> None:
    body = "Born: 12:30\ncount: 0123\nopen: no\nnothing:\nday: 2026-11-30\nwords: [a, 'b c']\nlong: |\n  one\n  two"
    assert fields(body) == {
        "born": "12:30", "count": "0123", "open": "no", "nothing": "", "day": "2026-11-30", "words": ["a", "b c"],
        "long": "one\ntwo\n",
    }  # fmt: skip


def test_it_ends_where_its_line_ends() -> None:
    text = "\ufeff--- \r\na: 1\r\n...\r\nbody"
    found = front_matter.read(text)
    assert (found.fields, text[found.start : found.stop], text[found.end :]) == ({"a": "1"}, "a: 1\r\n", "\r\nbody")


@pytest.mark.parametrize(
    "text", ["", "a: 1", "---\na: 1\n", "---\njust words\n---\nx", "---\n- a\n---\n", " ---\na: 1\n---\n", "----\na: 1\n---"]
)
def test_what_is_none_has_no_fields_and_no_fault(text: str) -> None:
    assert front_matter.read(text)[0::4] == ({}, None)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (BOMB, "anchors"),
        ("a: *missing", "anchor"),
        ("a: [", "line 3"),
        ("title: a: b", "line 2"),
        ("a: " + "[" * 40 + "]" * 40, "deep"),
        ("[" * 60_000, "nest"),
        ("- " * 30_000, "deep"),
        ("? [a]\n: b", "no text"),
        ("\n".join(["a: 1"] * 11_000), "too many"),
        ("a: " + "x" * front_matter.MOST, "KiB"),
        ("a: !!python/object/apply:os.system ['true']\nb: [", "line"),
        ("a: \x01", "YAML|allowed"),
    ],
)  # fmt: skip
def test_what_could_do_harm_or_is_broken_is_none_and_says_why_at_once(body: str, fault: str) -> None:
    import re

    begun = time.process_time()
    found = front_matter.read(f"---\n{body}\n---\ntext")
    assert time.process_time() - begun < 1
    assert found.fields == {}
    assert re.search(fault, found.fault or "")


def test_a_type_of_python_is_text_and_nothing_is_called() -> None:
    assert fields("a: !!python/name:os.system x\nb: !!set {c}") == {"a": "x", "b": {"c": ""}}


def test_a_name_that_comes_twice_has_its_last_value() -> None:
    assert fields("a: 1\nA: 2\na: 3") in ({"a": "3"}, {"a": "2"})


def test_any_bytes_end_in_fields_or_a_fault() -> None:
    from random import Random

    chance = Random(22)
    sample = "tags: [a, 'b']\nm: {x: 1}\n- z\n? k\n&a *a | > \"q\" # c\n!!int 3\n%TAG\n\t:"
    for _ in range(trials(200, 2000)):
        body = "".join(chance.choice(sample) for _ in range(chance.randrange(80)))
        found = front_matter.read(f"---\n{body}\n---\n")
        assert isinstance(found.fields, dict)


def test_words_are_those_of_a_list_or_of_a_text() -> None:
    assert front_matter.words("a b") == ["a", "b"]
    assert [one.strip() for one in front_matter.words("two words, b")] == ["two words", "b"]
    assert front_matter.words(["two words", ["no"], "b"]) == ["two words", "b"]
    assert front_matter.words({"a": "b"}) == []
