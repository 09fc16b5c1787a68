"""Names that begin so, in a cube of 100,000 memories: few steps of SQLite's machine for each look, whoever asks."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli.infra import beginnings
from memos_cli.infra.beginnings import Look, connected, looking
from memos_cli.infra.vault.vault import Vault

MANY = 100_000
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def identity(number: int) -> str:
    """An id that differs from all others in its first letters already."""
    letters = ""
    rest = number * 2_654_435_761 % 2**32
    for _ in range(7):
        rest, letter = divmod(rest, 32)
        letters += _ALPHABET[letter]
    return letters.ljust(20, "a")


@pytest.fixture(scope="module")
def cube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cube of Sam's with 100,000 memories, put into its tables without a log; one in 10,000 may be seen by all."""
    folder = tmp_path_factory.mktemp("large") / "cube"
    Vault.create(folder, owner="sam", millis=1)
    conn = sqlite3.connect(folder / "cube.db")
    conn.execute("PRAGMA synchronous = OFF")
    conn.executemany(
        """INSERT INTO memories (n, id, content, kind, form, state, origin, conversation, speaker, source, metadata, created,
               updated, owner, visibility, task, key, priority, pinned, frozen, confidence, trust, version, digest)
           VALUES (?1, ?2, ?3, 'fact', 'plaintext', ?4, 'user', ?5, ?6, '{}', '{}', ?1, ?1, 'sam', ?7, ?8, ?9, 0, 0, 0, 1, 1, 1,
               x'00')""",
        (
            (n, identity(n), f"The bead {n} lies in a box", "expired" if n % 4 == 0 else "generated", f"talk {n // 20}",
             f"speaker {n % 70}", "public" if n % 10_000 == 1 else "private", f"task {n % 1000}", f"key {n % 5000}")
            for n in range(1, MANY + 1)
        ),
    )  # fmt: skip
    conn.execute("INSERT INTO tags SELECT n, 'tag ' || (n % 3000) FROM memories")
    conn.execute("INSERT INTO names SELECT n, 'tag', tag FROM tags")
    for sort in ("task", "key"):
        conn.execute(f"INSERT INTO names SELECT n, '{sort}', {sort} FROM memories")  # noqa: S608 -- two words
    conn.execute("INSERT INTO labels SELECT n, 'secret' FROM memories WHERE n % 3 = 0")
    conn.commit()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    return folder


LOOKS: dict[str, Callable[[Look], object]] = {
    "ids": lambda look: look.ids(""),
    "ids that begin so": lambda look: look.ids(identity(777)[:2]),
    "cold ids": lambda look: look.ids("", cold=True),
    "tags": lambda look: look.names("tag", ""),
    "tags that begin so": lambda look: look.names("tag", "tag 29"),
    "keys": lambda look: look.names("key", "key 4"),
    "tasks": lambda look: look.names("task", ""),
    "conversations": lambda look: look.conversations("talk 1"),
    "speakers": lambda look: look.recent("speaker", "sp"),
    "commands": lambda look: look.commands(""),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_at_a_large_cube_takes_few_steps(name: str, cube: Path) -> None:
    conn = connected(cube / "cube.db")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    look = Look(conn, "sam")
    conn.set_progress_handler(count, 1000)
    found = LOOKS[name](look)
    conn.close()
    assert found or name == "commands"
    assert steps <= 150, "150,000 steps are some 10 ms"


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_ends_when_its_time_is_over(name: str, cube: Path) -> None:
    with looking(cube, "ana", seconds=0) as look:
        LOOKS[name](look)  # brings what it found by then, and raises nothing


def test_others_are_told_what_they_may_see(cube: Path) -> None:
    with looking(cube, "ana", seconds=60) as look:
        assert len(look.ids("")) == MANY // 10_000
        assert {one.name for one in look.names("task", "")} == {"task 1"}
        assert not look.is_owner
    with looking(cube, "sam", seconds=60) as look:
        assert len(look.ids("")) == beginnings.MOST
        assert look.is_owner


def test_words_of_a_secret_are_not_even_read(cube: Path) -> None:
    with looking(cube, "sam", seconds=60) as look:
        told = {one.name: one for one in look.ids("")}
    assert {one.secret for one in told.values()} == {True, False}
    assert all(one.secret != bool(one.said) for one in told.values())


def test_commands_are_told_once_each_the_newest_first(tmp_path: Path) -> None:
    folder = tmp_path / "cube"
    Vault.create(folder, owner="sam", millis=1)
    with sqlite3.connect(folder / "cube.db") as conn:
        told = [("load", "sam")] * 3000 + [("mixed", "ana"), ("single", "sam"), ("mixed", "ana")] + [("last", "sam")] * 4000
        conn.executemany(
            """INSERT INTO ops (n, id, replica, seq, clock, previous, parents, principal, command, txn, noun, subject, digest)
               VALUES (?1, ?1, 'r', ?1, 0, x'', '[]', ?2, 'add', ?3, 'memory', 'm', x'')""",
            [(n, who, txn) for n, (txn, who) in enumerate(told, start=1)],
        )
        conn.execute(
            """INSERT INTO memories (n, id, content, kind, form, state, origin, source, metadata, created, updated, visibility,
                                     priority, pinned, frozen, confidence, trust, version, digest)
               VALUES (1, 'm', '', 'note', 'plaintext', 'generated', 'user', '{}', '{}', 1, 1, 'public', 0, 0, 0, 1, 1, 1,
                       x'')"""
        )
    with looking(folder, "sam", seconds=60) as look:
        assert [one.name for one in look.commands("")] == ["last", "mixed", "single", "load"]
        assert [one.name for one in look.commands("l")] == ["last", "load"]
    with looking(folder, "ana", seconds=60) as look:
        assert [one.name for one in look.commands("")] == ["mixed"]


def test_two_ids_with_the_same_first_letters_are_told_in_full(tmp_path: Path) -> None:
    folder = tmp_path / "cube"
    Vault.create(folder, owner="sam", millis=1)
    with sqlite3.connect(folder / "cube.db") as conn:
        conn.executemany(
            """INSERT INTO memories (id, content, kind, form, state, origin, source, metadata, created, updated, owner,
                   visibility, priority, pinned, frozen, confidence, trust, version, digest)
               VALUES (?, 'x', 'fact', 'plaintext', 'generated', 'user', '{}', '{}', 1, 1, 'sam', 'private', 0, 0, 0, 1, 1, 1,
                   x'00')""",
            [("abcdefgh" + "a" * 12,), ("abcdefgh" + "b" * 12,), ("k" * 20,)],
        )
    with looking(folder, "sam") as look:
        assert {one.name for one in look.ids("")} == {"abcdefgh" + "a" * 12, "abcdefgh" + "b" * 12, "k" * 8}
        assert look.ids("ABCDEFGHA")[0].name == "abcdefgh" + "a" * 12
        assert look.ids("0") == look.ids("a" * 21) == []
