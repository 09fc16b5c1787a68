"""Secrets around a content: where they are found, what a mask hides of them, and that ordinary headers are left alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra.governance.header_secrets import holds_secret, masked, masked_registers
from memos_cli.infra.governance.secrets import MASK, find
from memos_cli.model import Draft, Memory, Source
from tests.conftest import ROOT

DATA = (ROOT / "tests" / "data" / "secrets_found.jsonl").read_text("utf-8").splitlines()
SAID = "the wifi password is hunter2-sunflower"
WITH: list[dict[str, Any]] = [
    {"title": SAID}, {"key": "PIN: 4921"}, {"task": SAID}, {"tags": ("home", "api_key: 'q8s7d6f5g4h3'")},
    {"source": Source(speaker=SAID)}, {"source": Source(file="postgres://ana:s3cr3tpw@db.example.org/x")},
    {"source": Source(conversation=SAID)}, {"metadata": {"wifi password": "hunter2-sunflower"}},
    {"metadata": {"note": SAID}}, {"metadata": {"login": {"password": "hunter2-sunflower", "user": "ana"}}},
    {"metadata": {"logins": [{"user": "ana"}, {"PIN": 4921}]}},
]  # fmt: skip
WITHOUT: list[dict[str, Any]] = [
    {}, {"title": "Passwords, and how to choose one"}, {"key": "diet"}, {"tags": ("password", "pin", "2026-03-04")},
    {"source": Source("chat-2026-03-02-1a2b3c4d", "1", 3, "Ana", "memos-mini", "notes/passwords.md", "0" * 64, 1, 9)},
    {"metadata": {"times": [{"text": "on Monday", "at": "2026-03-02", "unit": "day"}], "span": [0, 9], "told_validity": True}},
    {"metadata": {"rests_on": {"k3f9abcdefghijkmnpqr": 1}, "pin": True, "id": "123e4567-e89b-12d3-a456-426614174000"}},
]  # fmt: skip


@pytest.mark.parametrize("fields", WITH, ids=str)
def test_a_secret_in_a_header_is_found_and_nothing_of_it_shown(fields: dict[str, Any]) -> None:
    assert holds_secret(Draft("x", **fields))
    shown = masked(Memory("a" * 20, "x", **fields))
    assert not holds_secret(shown)
    text = json.dumps(shown._asdict(), default=str, ensure_ascii=False)
    assert MASK in text
    assert not any(secret in text for secret in ("hunter2", "sunflower", "4921", "q8s7d6f5g4h3", "s3cr3tpw"))
    assert "ana" in text or "ana" not in str(fields)


@pytest.mark.parametrize("fields", WITHOUT, ids=str)
def test_an_ordinary_header_is_left_alone(fields: dict[str, Any]) -> None:
    memory = Memory("a" * 20, "x", **fields)
    assert not holds_secret(memory)
    assert masked(memory) == memory


@pytest.mark.parametrize("text", [row["text"] for row in map(json.loads, DATA) if find(row["text"])])
def test_one_look_at_all_of_a_header_misses_nothing_in_it(text: str) -> None:
    for title, tag in ((text, "home"), ("A title", text), (text, text)):
        assert holds_secret(Draft("x", title=title, tags=(tag,), source=Source(speaker="Ana")))


NAMES = (
    "note",
    "title",
    "comment",
    "subject",
    "url",
    "ref",
    "pin",
    "code",
    "key",
    "token",
    "path",
    "language",
    "boss",
    "colour",
)


def test_ordinary_lines_are_let_through_as_titles_and_as_metadata_of_any_name() -> None:
    rows = [json.loads(line)["text"] for line in (ROOT / "tests" / "data" / "ordinary.jsonl").read_text("utf-8").splitlines()]
    alarms = [(name, text) for text in rows for name in NAMES if holds_secret(Draft("x", metadata={name: text}))]
    assert len(alarms) <= 0.001 * len(rows) * len(NAMES), alarms
    assert not [text for text in rows if holds_secret(Draft("x", title=text[:1000]))]


def test_the_headings_of_the_documents_are_let_through() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "memos_cli" / "data").glob("*.md")]
    headings = [line.strip("# ") for page in pages for line in page.read_text("utf-8").splitlines() if line.startswith("#")]
    assert len(headings) > 20
    assert not [one for one in headings if holds_secret(Draft("x", title=one, tags=(one,)))]


def test_metadata_may_be_as_deep_as_json_can_be() -> None:
    deep: Any = {"password": "hunter2-sunflower"}
    for _ in range(20_000):
        deep = {"a": [deep]}
    memory = Memory("a" * 20, "x", metadata={"deep": deep, "colour": "blue"})
    assert holds_secret(memory)
    shown = masked(memory)
    assert shown.metadata["colour"] == "blue"
    assert not holds_secret(shown)


def test_registers_are_masked_by_their_names() -> None:
    change = {
        "title": SAID,
        "tag:PIN: 4921": True,
        "metadata": {"password": "hunter2-x"},
        "source": {"speaker": SAID, "turn": 1},
    }
    told = masked_registers({**change, "priority": 1}, ("tag:",))
    assert told["priority"] == 1
    assert told["source"]["turn"] == 1
    assert list(told)[1] == f"tag:PIN: {MASK}"
    assert not any(secret in json.dumps(told) for secret in ("hunter2", "4921"))
    plain = {"title": "a title", "tag:work": True, "link:relates:x": True, "pinned": None, "metadata": None}
    assert masked_registers(plain, ("tag:",)) == plain


@given(
    st.recursive(
        st.text(max_size=30) | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
        max_leaves=6,
    )
)
def test_any_metadata_keeps_its_form(value: Any) -> None:
    memory = Memory("a" * 20, "x", metadata={"note": value})
    shown = masked(memory)
    assert holds_secret(memory) == (shown.metadata != memory.metadata)
    assert not holds_secret(shown)
    assert json.loads(json.dumps(dict(shown.metadata))) is not None
