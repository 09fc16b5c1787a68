"""Purge: nothing of the text stays under the home, and the receipt says what was removed and what else says it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import MemoryNotFound, Refused
from memos_cli.infra.marks import unwiped
from memos_cli.infra.vault import log, purge
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, LinkType, State
from memos_cli.operation.lifecycle.erasure import TypedLines
from memos_cli.operation.lifecycle.tick import Limits, Ticked
from tests.cli.helpers import cube_file, jsonl, on_terminal
from tests.conftest import Clock, Run
from tests.infra.vault.helpers import Embedder, move
from tests.infra.vault.test_vault import EVER, sound

TEXT = "My zanzibarine quokkafish Wilhelmina eats xylophagous peregrinators"
EDITED = "My zanzibarine quokkafish was last seen near Oberammergauville"
WORDS = ("zanzibarine", "quokkafish", "wilhelmina", "xylophag", "peregrinator", "oberammergau")


def traces(home: Path, words: tuple[str, ...] = WORDS) -> list[str]:
    """Each file under a folder that holds one of the words, whatever the case, with the word."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [
        f"{path.relative_to(home)}: {word}" for path in files for word in words if word.encode() in path.read_bytes().lower()
    ]


def faults(vault: Vault) -> list[str]:
    return [fault for one in check(vault) for fault in one.faults]


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """A process that has begun to read a cube and does not end."""
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute("BEGIN")
        conn.execute("SELECT count(*) FROM ops").fetchone()
        yield
    finally:
        conn.close()


class TestNoByteIsLeft:
    """Through the program, on the files as they lie."""

    def test_after_a_history_of_edits_an_undo_files_a_conversation_and_many_deletes(
        self, memos: Run, home: Path, tmp_path: Path
    ) -> None:
        memos("add", "--jsonl", "-", stdin=jsonl(*({"content": f"note {n}: {'grass ' * (n % 90)}"} for n in range(300))))
        (one,) = memos("add", TEXT, "--tag", "wilhelmina", "--key", "xylophagous", "--json").data["ids"]
        memos("edit", one, EDITED)
        memos("undo")
        memos("edit", one, TEXT + " daily" * 2000, "--title", "quokkafish")  # on overflow pages
        notes = tmp_path / "notes.md"
        notes.write_text(f"# Garden\n\nThe roses are red.\n\n# Animals\n\n{TEXT}\n\n# House\n\nThe door is blue.\n")
        memos("add", "--file", str(notes))
        for n in range(12):  # the text in many places of the index and of pages that are free again
            memos("add", "--external-id", f"said-{n}", f"{TEXT} {n}")
            memos("edit", f"said-{n}", "nothing of it")
        memos("forget", "--tag", "wilhelmina", "--yes")
        history = home / "cache/chat-history"
        history.parent.mkdir(parents=True, exist_ok=True)
        history.write_text(
            f"\n# 2026-01-01\n+hello there\n\n# 2026-01-02\n+remember that {TEXT.lower()}\n+yes\n\n# 2026\n+bye\n"
        )
        notes.unlink()
        assert len({trace.split(":")[0] for trace in traces(home)}) >= 3
        others = [m["id"] for m in memos("list", "--all", "--json").data["memories"] if m["content"] == TEXT]
        ran = memos("forget", one, *others, *(f"said-{n}" for n in range(12)), "--purge", "--yes", "--json")
        assert ran.status == 0, ran
        receipt = ran.data
        assert len(receipt["purged"]) == 14
        assert receipt["removed"]["operations"] > 25
        assert (receipt["removed"]["files"], receipt["removed"]["chat history"]) == (1, 1)
        assert receipt["holders"] == receipt["unfinished"] == []
        assert traces(home) == []
        assert "hello there" in history.read_text()
        assert "bye" in history.read_text()
        assert memos("doctor").status == 0
        there = memos("list", "--json").data["memories"]
        (roses,) = [memory["id"] for memory in there if "roses" in memory["content"]]
        assert memos("why", roses, "--json").data["verbatim"].strip() == "The roses are red."
        assert memos("doctor", "--rebuild").status == 0
        assert memos("doctor").status == 0
        assert traces(home) == []

    def test_while_another_process_reads_it_is_partial_and_doctor_finishes_it(self, memos: Run, home: Path) -> None:
        (one,) = memos("add", TEXT, "--json").data["ids"]
        memos("add", "the roses are red")
        with reading(cube_file(home)):
            ran = memos("forget", one, "--purge", "--yes", "--json")
            assert (ran.status, ran.error["hint"]) == (3, "what is left to wipe is wiped by: memos doctor")
            (line,) = ran.data["unfinished"]
            assert "reading" in line
            assert memos("show", one).status == 10
            told = memos("doctor")
            assert told.status == 0
            assert "not finished" in told.err
            assert traces(home)
        assert memos("doctor").status == 0
        assert traces(home) == []

    def test_what_was_cold(self, memos: Run, home: Path, mos: MOS) -> None:
        (one,) = mos.add(TEXT + " daily" * 20).ids
        move(mos, one, State.ARCHIVED)
        mos.add("the roses are red")
        mos.close()
        assert memos("forget", one, "--purge", "--yes").status == 0
        assert traces(home) == []

    def test_the_vectors_and_the_files_that_keep_them_ready(
        self, mos: MOS, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        embedder = Embedder()
        monkeypatch.setattr(mos.embeddings, "embedder", lambda texts=1: embedder)  # noqa: ARG005 -- as it is called
        monkeypatch.setattr("memos_cli.infra.local.vector_index.CACHED_FROM", 2)
        one, other, _ = (mos.add(text).ids[0] for text in (TEXT, f"{EDITED} again", "the roses are red"))
        mos.embed()
        mos.add("the door is blue")
        move(mos, other, State.ARCHIVED)
        mos.search("roses", wanted=Filter(at=mos.now, archived=True))
        vault = mos.vault("default")
        half = mos.embeddings.cached(vault)[0]
        half = half.with_name(f".{half.name}.k1ll3d")  # of a process that was killed while it wrote
        half.write_bytes(half.with_name(half.name[1:-7]).read_bytes())
        stored = [bytes(row[0]) for table in ("vectors", "cold_vectors") for row in vault.conn.execute(
            f"SELECT vector FROM {table} WHERE n IN (1, 2)"  # noqa: S608 -- one of two names
        )]  # fmt: skip
        assert len(stored) == 2
        assert [path.exists() for path in mos.embeddings.cached(vault)] == [True, False]
        receipt = mos.purge([one, other])
        assert (receipt.removed["vectors"], receipt.removed["cached vectors"]) == (2, 2)
        assert list(half.parent.iterdir()) == []
        mos.close()
        files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
        assert not any(vector in content for vector in stored for content in files)
        assert traces(home) == []


class TestReceipt:
    """What still says it, and what is told about that."""

    def test_other_memories_and_views_that_say_it_are_named(self, mos: MOS) -> None:
        (one,) = mos.add("my door code is 4711").ids
        (episode,) = mos.add(messages=[{"role": "user", "content": "Remember that My Door\ncode is 4711!"}]).ids
        (before,) = mos.add("it said: my door code is 4711").ids
        mos.edit(before, {"content": "it said nothing"})
        (longer,) = mos.add("my door code is 47112").ids
        (fused,) = mos.add("there is a door with a code").ids
        mos.link(one, LinkType.MERGED_INTO, fused)
        mos.pipeline.save_record("view", "doors", {"key": "my door code is 4711"})
        receipt = mos.purge(one)
        assert {(holder.noun, holder.id, holder.how) for holder in receipt.holders} == {
            ("memory", episode, "says it"),
            ("memory", before, "said it in an earlier version"),
            ("memory", fused, "linked by merged_into"),
            ("view", "doors", "says it"),
        }
        assert longer not in str(receipt)
        sound(mos.vault("default"))

    def test_what_the_one_who_asks_may_not_see_is_neither_counted_nor_named(self, mos: MOS) -> None:
        mos.add("my door code is 4711", user_id="eve")
        (mine,) = mos.add("my door code is 4711", user_id="bob").ids
        receipt = mos.purge(mine, user_id="bob")
        assert (receipt.holders, receipt.hidden) == ((), 0)
        with pytest.raises(MemoryNotFound):
            mos.purge(mos.list(EVER)[0].id, user_id="bob")

    def test_derived_takes_the_kin_along_and_not_the_kin_s_other_kin(self, mos: MOS) -> None:
        episode, fact, twin, fused, beyond, stranger = (
            mos.add(f"number {n}").ids[0] for n in ("one", "two", "three", "four", "five", "six")
        )
        mos.link(fact, LinkType.DERIVED_FROM, episode)
        for source in (fact, twin):
            mos.link(source, LinkType.MERGED_INTO, fused)
        mos.link(beyond, LinkType.DERIVED_FROM, fused)
        mos.link(stranger, LinkType.RELATES, fact)
        assert {memory.id for memory in mos.erasure.kin(fact)} == {episode, fact, fused, beyond}
        assert set(mos.purge(fact, derived=True).ids) == {episode, fact, fused, beyond}
        assert {memory.id for memory in mos.list()} == {twin, stranger}
        sound(mos.vault("default"))

    def test_a_dry_run_says_the_same_and_does_nothing(self, mos: MOS, home: Path) -> None:
        drafts = mos.pipeline.read(f"# One\n\n{TEXT}\n\n# Two\n\nThe roses are red.\n".encode(), name="notes.md")
        ids = mos.add(drafts=drafts).ids
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "-shm" not in path.name}
        planned = mos.purge(ids[0], dry_run=True)
        assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "-shm" not in path.name} == before
        done = mos.purge(ids[0])
        assert planned._replace(dry_run=False, txn=done.txn) == done


class TestNoWayBack:
    """What was purged is refused by every command that would bring it back, and the past does not know it."""

    def test_undo_rollback_restore_edit_and_link_are_refused_in_one_line(self, memos: Run) -> None:
        (one,) = memos("add", "a secret", "--json").data["ids"]
        (other,) = memos("add", "no secret", "--json").data["ids"]
        edited = memos("edit", one, "another secret", "--json").data["command_id"]
        purged = memos("forget", one, "--purge", "--yes", "--json").data["command_id"]
        for arguments, status in (
            (["undo", edited], 3), (["undo", purged], 3), (["undo"], 3), (["restore", one], 10),
            (["rollback", one, "--to", "1"], 10), (["edit", one, "x"], 10), (["link", other, "relates", one], 10),
            (["show", one[:6]], 10), (["why", one], 10),
        ):  # fmt: skip
            ran = memos(*arguments)
            assert (ran.status, len(ran.err.splitlines())) == (status, 2), ran
            assert "purged" in ran.err.splitlines()[0]
        assert memos("forget", one, "--purge", "--yes").status == 10
        assert memos("doctor").status == 0

    def test_the_past_shows_nothing_of_it(self, mos: MOS, clock: Clock) -> None:
        (one,) = mos.add("a secret").ids
        mos.add("no secret")
        then = mos.now
        clock.forward(days=1)
        mos.purge(one)
        for wanted in (Filter(at=then, past=True), Filter(at=then, past=True, everything=True)):
            assert [memory.content for memory in mos.list(wanted)] == ["no secret"]
        assert [hit.memory.content for hit in mos.search("secret", wanted=Filter(at=then, past=True)).hits] == ["no secret"]

    def test_frozen_ones_and_other_people_s_stay(self, mos: MOS) -> None:
        (one,) = mos.add("a secret").ids
        mos.switch([one], "freeze", {"frozen": True})
        with pytest.raises(Refused, match="frozen"):
            mos.purge(one)
        mos.edit(mos.add("public", user_id="eve").ids[0], {"visibility": "public"})
        with pytest.raises(Refused, match="belongs to eve"):
            mos.purge([memory.id for memory in mos.list() if memory.content == "public"], user_id="bob")
        assert {memory.content for memory in mos.list()} == {"a secret", "public"}
        assert mos.purge(one, thaw=True).ids == (one,)

    def test_it_asks_and_names_yes_where_nobody_can_answer(self, memos: Run) -> None:
        (one,) = memos("add", "a secret", "--json").data["ids"]
        ran = memos("forget", one, "--purge")
        assert (ran.status, "--yes" in ran.err) == (3, True)
        assert memos("forget", one, "--derived").status == 2
        memos("freeze", one)
        status, shown = on_terminal(["forget", one, "--purge"], say="y\nn\n")
        assert (status, shown.count("?")) == (3, 2)
        assert memos("show", one).status == 0
        status, shown = on_terminal(["forget", one, "--purge"], say="y\ny\n")
        assert status == 0, shown
        assert memos("show", one).status == 10

    def test_what_comes_later_for_a_tombstone_s_subject_is_erased_too(self, mos: MOS) -> None:
        """A merge can bring an edit that another machine made before it knew of the purge."""
        (one,) = mos.add("a secret").ids
        mos.purge(one)
        vault = mos.vault("default")
        with mos.author("edit").write(vault) as unit:
            unit.change("memory", one, {"content": "another secret"})
        assert vault.get(one).content == ""
        assert unwiped(vault.conn) is not None
        assert faults(vault) == []
        assert mos.erasure.finish(vault) == ()
        assert unwiped(vault.conn) is None


class TestFiles:
    """Files that memories were read from."""

    def notes(self, mos: MOS, *paragraphs: str) -> dict[str, str]:
        text = "\n\n".join(f"# Part {n}\n\n{paragraph}" for n, paragraph in enumerate(paragraphs))
        ids = mos.add(drafts=mos.pipeline.read(text.encode(), name="notes.md")).ids
        return {mos.get(identity).content: identity for identity in ids}

    def test_a_file_that_others_need_is_blanked_and_they_keep_their_places(self, mos: MOS) -> None:
        ids = self.notes(mos, "The roses are röd.", TEXT, "The door is blue.")
        vault = mos.vault("default")
        (path,) = (vault.folder / "blobs").glob("*/*")
        size = path.stat().st_size
        mos.purge(ids[TEXT])
        (blank,) = [found for found in (vault.folder / "blobs").glob("*/*") if found.is_file()]
        assert (blank.stat().st_size, blank.name != path.name) == (size, True)
        for text in ("The roses are röd.", "The door is blue."):
            assert (mos.provenance(ids[text]).verbatim or "").strip() == text
        assert faults(vault) == []
        sound(vault)

    def test_rolling_back_to_before_the_purge_keeps_the_file_that_is_there(self, mos: MOS) -> None:
        ids = self.notes(mos, "The roses are red.", TEXT)
        roses = ids["The roses are red."]
        edited = mos.edit(roses, {"content": "The roses are white."})
        mos.purge(ids[TEXT])
        mos.undo(edited.txn)
        mos.edit(roses, {"content": "The roses are blue."})
        mos.rollback(roses, 1)
        assert mos.get(roses).content == "The roses are red."
        assert (mos.provenance(roses).verbatim or "").strip() == "The roses are red."
        assert faults(mos.vault("default")) == []

    def test_a_text_that_stands_twice_in_a_file_goes_twice(self, mos: MOS, home: Path) -> None:
        ids = self.notes(mos, TEXT, "The roses are red.", TEXT)
        mos.purge(ids[TEXT])
        mos.close()
        assert traces(home) == []

    def test_a_file_that_nobody_needs_goes_when_it_is_old_enough_and_one_that_is_needed_stays(self, mos: MOS) -> None:
        self.notes(mos, "The roses are red.")
        vault = mos.vault("default")
        mos.pipeline._blobs().put(b"left by a command that was killed")
        for path in (vault.folder / "blobs").glob("*/*"):
            os.utime(path, (1e9, 1e9))
        mos.pipeline._blobs().put(b"being added just now")
        assert purge.sweep_blobs(vault, 1.5e9) == 1
        assert len(list((vault.folder / "blobs").glob("*/*"))) == 2
        assert faults(vault) == []

    def test_a_file_that_holds_the_text_and_that_nobody_names_goes_with_it(self, mos: MOS, home: Path) -> None:
        """An `add` that was killed between keeping the file and storing what was read from it left it."""
        (one,) = mos.add(TEXT).ids
        mos.pipeline.read(f"# Notes\n\n{TEXT}\n".encode())
        mos.pipeline.read(b"# Notes\n\nThe roses are red.\n")
        mos.purge(one)
        assert len([path for path in (home / "cubes/default/blobs").glob("*/*") if path.is_file()]) == 1
        mos.close()
        assert traces(home) == []


class TestTheMark:
    """Who is killed between the commit and the wiping leaves a mark, and whoever comes by later finishes."""

    def test_a_batch_in_one_transaction_and_the_wiping_afterwards(self, mos: MOS, home: Path) -> None:
        """As a tick does it."""
        ids = [mos.add(f"{TEXT} {n}").ids[0] for n in range(5)]
        vault = mos.vault("default")
        with mos.author("tick").write(vault) as unit:
            purged = purge.purge(vault, unit, [*ids, ids[0]], mos.erasure.places(vault))
        assert purged.ids == tuple(ids)
        assert purged.removed["operations"] == 5
        assert (unwiped(vault.conn) or {})["blobs"] == []
        assert purge.wipe(vault, mos.erasure.places(vault), purged.texts) == []
        assert unwiped(vault.conn) is None
        with mos.author("tick").write(vault) as unit:
            assert purge.purge(vault, unit, ids).ids == ()
        mos.close()
        assert traces(home) == []

    def test_another_process_finishes_without_knowing_the_texts(self, mos: MOS, memos: Run, home: Path) -> None:
        ids = TestFiles().notes(mos, TEXT, "The roses are red.")
        vault = mos.vault("default")
        with mos.author("forget").write(vault) as unit:
            purge.purge(vault, unit, [ids[TEXT]])
        mos.close()
        assert traces(home)
        assert memos("doctor").status == 0
        assert traces(home) == []

    def test_a_purge_that_is_rolled_back_leaves_all_as_it_was(self, mos: MOS) -> None:
        ids = TestFiles().notes(mos, TEXT, "The roses are red.")
        vault = mos.vault("default")
        with pytest.raises(ZeroDivisionError), mos.author("forget").write(vault) as unit:  # noqa: PT012 -- the write is the point
            purge.purge(vault, unit, [ids[TEXT]])
            raise ZeroDivisionError
        assert mos.get(ids[TEXT]).content == TEXT
        assert (mos.provenance(ids[TEXT]).verbatim or "").strip() == TEXT
        assert unwiped(vault.conn) is None
        assert faults(vault) == []


class TestATick:
    """A tick purges what its grace is over for, and brings back what was used."""

    def test_it_purges_wipes_and_can_be_taken_back_for_the_rest(self, mos: MOS, clock: Clock, home: Path) -> None:
        gone, idle = (mos.add(text).ids[0] for text in (TEXT, "the roses are red"))
        mos.delete(gone)
        clock.forward(days=4000)
        ticked = sum_of(mos.lifecycle.tick(limits=Limits(mass=True)))
        assert ticked == {"expired": 0, "purged": 1, "archived": 1, "activated": 0, "merged": 0}
        vault = mos.vault("default")
        assert vault.get(gone).state is State.PURGED
        assert unwiped(vault.conn) is None
        mos.undo()
        assert (mos.get(idle).state, vault.get(gone).state) == (State.GENERATED, State.PURGED)
        assert faults(vault) == []
        mos.close()
        assert traces(home) == []

    def test_what_was_found_although_it_is_archived_comes_back_with_the_next_tick(self, mos: MOS, clock: Clock) -> None:
        one, other = (mos.add(text).ids[0] for text in ("the roses are red", "the door is blue"))
        clock.forward(days=400)
        assert sum_of(mos.lifecycle.tick(limits=Limits(mass=True)))["archived"] == 2
        clock.forward(days=1)
        mos.search("roses", wanted=Filter(at=mos.now, archived=True))
        assert sum_of(mos.lifecycle.tick())["activated"] == 1
        assert [memory.id for memory in mos.list()] == [one]
        assert mos.get(other).state is State.ARCHIVED
        assert faults(mos.vault("default")) == []


def sum_of(done: list[Ticked]) -> dict[str, int]:
    (one,) = done
    return one.transitions


def test_the_log_keeps_its_chain_and_doctor_still_sees_a_flipped_bit_in_it(mos: MOS) -> None:
    (one,) = mos.add(drafts=[Draft("a secret", tags=("t",))]).ids
    mos.edit(one, {"content": "another secret"})
    mos.purge(one)
    vault = mos.vault("default")
    assert [operation.change for operation in vault.operations("memory", one)] == [None, None, {"purged": True}]
    assert list(log.faults(vault.conn)) == []
    vault.conn.execute("UPDATE ops SET change = '{\"purged\":1}' WHERE seq = 3")
    assert any("not the one that was hashed" in line for line in log.faults(vault.conn))
    assert any("missing" in line for line in log.faults(vault.conn))


@pytest.mark.parametrize("typed", ["", "\n# 2026\n+one\n", "+no comment\n", "rubbish", "\n# a\n+b\n\n# c\n+d"])
def test_a_chat_history_without_the_text_is_left_as_it_is(tmp_path: Path, typed: str) -> None:
    path = tmp_path / "history"
    path.write_text(typed)
    before = path.stat()
    assert TypedLines(path).wipe(purge.Purged(("x",), (TEXT,), {}), dry_run=False) == 0
    assert (path.read_text(), path.stat().st_ino) == (typed, before.st_ino)
