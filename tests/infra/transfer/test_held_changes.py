"""Held changes: kept apart from the log, whole, private, and gone when a purge says so."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.transfer import held_changes, merge
from memos_cli.infra.vault.purge import Purged
from memos_cli.infra.vault.vault import Vault
from tests.infra.transfer.merging import assert_sound, machine, take, whole

HOLD = merge.Terms(hold=True)


def keep(here: MOS, there: MOS) -> held_changes.HeldChanges:
    """Merge what does not ask, and keep what does."""
    ours, theirs = here.writable(), there.writable()
    touched = take(ours, theirs, HOLD).touched
    return held_changes.keep(ours, theirs, touched, name="a.memcube", at=here.now, millis=here.millis, txn=None, origin={})


@pytest.fixture
def question(here: MOS, there: MOS) -> held_changes.HeldChanges:
    (identity,) = here.add("the heron nests behind the willow").ids
    take(there.writable(), here.writable())
    there.edit(identity, {"content": "the heron nests behind the alder"})
    there.add("the rake is at Yuki's")
    return keep(here, there)


def test_it_holds_what_it_is_about_and_nothing_else(here: MOS, question: held_changes.HeldChanges) -> None:
    assert held_changes.held(here.writable()) == [question]
    with Vault(question.path, "small") as small:
        assert_sound(small)
        assert [one.content for one in small.find(merge_filter())] == ["the heron nests behind the alder"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in question.path.parent.rglob("*"))
    assert_sound(here.writable())


def merge_filter() -> "object":
    from memos_cli.model import Filter

    return Filter(at="", everything=True)


def test_keeping_it_again_keeps_one(here: MOS, there: MOS, question: held_changes.HeldChanges) -> None:
    assert keep(here, there).id == question.id
    assert held_changes.count(here.writable()) == 1


def test_one_that_a_later_one_includes_is_dropped_and_another_stays(
    here: MOS, there: MOS, question: held_changes.HeldChanges, tmp_path: Path
) -> None:
    with machine(tmp_path / "third", ahead=9) as third:
        take(third.writable(), here.writable())
        third.switch(question.memories, "pin", {"pinned": True})
        other = keep(here, third)
    there.delete(question.memories)
    later = keep(here, there)
    assert {one.id for one in held_changes.held(here.writable())} == {other.id, later.id}


def test_what_came_in_otherwise_is_no_question_any_more(here: MOS, there: MOS, question: held_changes.HeldChanges) -> None:
    held_changes.tidy(here.writable())
    assert question.path.exists()
    take(here.writable(), there.writable(), merge.Terms(trusted=True))
    held_changes.tidy(here.writable())
    assert not question.path.exists()
    assert whole(here.writable()) == whole(there.writable())


def test_what_was_left_is_remembered(here: MOS, question: held_changes.HeldChanges) -> None:
    vault = here.writable()
    assert not held_changes.was_left(vault, question.id)
    held_changes.leave(vault, question.id, question.path)
    held_changes.leave(vault, question.id, question.path)
    assert held_changes.was_left(vault, question.id)
    assert (question.path.parent / "left").read_text() == f"{question.id}\n"
    assert held_changes.count(vault) == 0


@pytest.mark.parametrize(
    ("ids", "texts", "found"),
    [((), ("behind  the ALDER",), 1), ((), ("the oak",), 0), ((), ("the",), 0), ("question", (), 1)],
)
def test_a_purge_drops_what_names_or_says_it(
    here: MOS, question: held_changes.HeldChanges, ids: object, texts: tuple[str, ...], found: int
) -> None:
    holder = held_changes.HeldTexts(here.writable())
    purged = Purged(question.memories if ids else (), texts, {})
    assert holder.wipe(purged, dry_run=True) == found
    assert question.path.exists()
    assert holder.wipe(purged, dry_run=False) == found
    assert question.path.exists() == (not found)


def test_a_damaged_one_is_no_question_and_goes_with_any_purge(here: MOS, question: held_changes.HeldChanges) -> None:
    (question.path / "cube.db").write_bytes(b"no cube")
    assert held_changes.held(here.writable()) == []
    assert held_changes.HeldTexts(here.writable()).wipe(Purged(("x",), (), {}), dry_run=False) == 1
    assert not question.path.exists()
