"""A cube whose file was damaged: a right answer or a clear error, and no wrong answer that `doctor` would not notice."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import cube_file, jsonl
from tests.conftest import Run
from tests.patience import PATIENCE
from tests.reliability.flipper import READS, WRITES
from tests.trials import trials

FLIPPER = Path(__file__).parent / "flipper.py"
FLIPS = trials(40, 1000)
ROWS = jsonl(
    {"content": "My daughter is allergic to peanuts", "external_id": "anchor", "tags": ["family", "health"], "key": "allergy"},
    *({"content": f"note {n} about the garden, and what grows in it in week {n}", "tags": [f"t{n % 7}"]} for n in range(40)),
)


@pytest.fixture
def filled(memos: Run, home: Path) -> Path:
    """A home with a cube of some forty memories with a history, all of it in one file."""
    memos("add", "--jsonl", "-", stdin=ROWS)
    memos("edit", "anchor", "My daughter is allergic to peanuts and hazelnuts")
    memos("view", "save", "family", "--tag", "family")
    memos("forget", "--tag", "t3", "--yes")
    return home


def answered(memos: Run) -> dict[str, Any]:
    return {" ".join(command): memos(*command).out for command in READS}


def _told(err: str) -> list[str]:
    """The messages in what a command wrote to stderr."""
    return [json.loads(line)["error"]["message"] if line.startswith("{") else line for line in err.splitlines()]


def _unfair(ran: dict[str, Any], where: str) -> list[str]:
    """What is wrong with how a command ended, if it neither worked nor said clearly that something is wrong."""
    refusals = {3} if ran["command"] in WRITES else set()
    fair = ran["status"] in {0, 1, 10, 13, *refusals} and "Traceback" not in ran["err"] and "fault of memos" not in ran["err"]
    fair = fair and (ran["status"] == 0 or 1 <= len(_told(ran["err"])) <= 2)
    return [] if fair else [f"{where}: {ran['command']} {ran['status']} {ran['err'][:300]}"]


@pytest.mark.slow
def test_a_flipped_bit_is_harmless_or_told_and_doctor_finds_every_wrong_answer(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMOS_USE_RECORD", "false")
    good = tmp_path / "good"
    shutil.copytree(filled / "cubes", good / "cubes")
    done = subprocess.run(
        [sys.executable, str(FLIPPER), str(good), str(filled), "20261121", str(FLIPS)],
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == FLIPS
    right = _usual(reports)
    found = wrong = 0
    unfair = []
    for report in reports:
        where = f"bit {report['bit']} of byte {report['place']}"
        assert report["untouched"], where
        for ran in (*report["reads"], report["doctor"], *report["writes"]):
            unfair += _unfair(ran, where)
        found += report["doctor"]["status"] == 13
        for ran in report["reads"]:
            if ran["status"] == 0 and _told_of(ran["out"]) != _told_of(right[" ".join(ran["command"])]):
                wrong += 1
                if report["doctor"]["status"] != 13:
                    unfair.append(f"{where}: wrong and unnoticed: {ran['command']}")
    assert unfair == [], "\n".join(unfair)
    assert found > FLIPS // 10, "hardly a flip hit anything: the file is mostly air"
    print(f"{FLIPS} flips: doctor found {found}, {wrong} answers were wrong and known to be")  # noqa: T201


def _told_of(out: str) -> Any:
    """What a command answered."""
    return json.loads(out)["data"]


def _usual(reports: list[dict[str, Any]]) -> dict[str, str]:
    """The answer to each command that most of the copies agree on, which is that of the sound cube."""
    usual = {}
    for number, command in enumerate(READS):
        outs = [report["reads"][number]["out"] for report in reports if report["reads"][number]["status"] == 0]
        usual[" ".join(command)] = max(set(outs), key=outs.count)
        assert outs.count(usual[" ".join(command)]) > len(outs) // 2
    return usual


def tampered(path: Path, *statements: str) -> None:
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            assert conn.execute(statement).rowcount == 1, statement
    finally:
        conn.close()


LOG_FAULTS = (
    ("its change is not the one that was hashed", "change = replace(change, 'peanuts', 'walnuts')"),
    ("its change is not the one that was hashed", "salt = zeroblob(16)"),
    ("its header is not the one that was hashed", "principal = 'eve'"),
    ("its header is not the one that was hashed", "command = 'edit'"),
    ("its header is not the one that was hashed", "clock = clock - 1"),
    ("its header is not the one that was hashed", "txn = 'another'"),
    ("its header is not the one that was hashed", "reverts = 'another'"),
    ("its header is not the one that was hashed", "noun = 'view'"),
    ("its header is not the one that was hashed", "digest = zeroblob(32)"),
    ("its header is not the one that was hashed", "parents = '[\"0\"]'"),
    ("does not follow from the one before it", "id = zeroblob(32)"),
    ("does not follow from the one before it", "previous = zeroblob(32)"),
    ("before it missing", "seq = 1000"),
    ("cannot be read", "parents = 'no json'"),
    ("cannot be read", "change = '{'"),
)


@pytest.mark.parametrize(("fault", "assignment"), LOG_FAULTS)
def test_doctor_finds_what_was_changed_in_the_log(memos: Run, filled: Path, fault: str, assignment: str) -> None:
    tampered(cube_file(filled), f"UPDATE ops SET {assignment} WHERE seq = 1")  # noqa: S608 -- from the list above
    faults = _faults(memos)
    assert any(fault in line for line in faults["log"]), faults
    ran = memos("doctor", "--rebuild")
    assert ran.status == 13, "nothing may be derived from a log that is damaged"


STATE_FAULTS = [
    ("state", "UPDATE cold SET body = 'something else' WHERE n = (SELECT min(n) FROM cold)"),
    ("state", "UPDATE cold_fts_docsize SET sz = zeroblob(3) WHERE id = (SELECT min(id) FROM cold_fts_docsize)"),
    ("index", "INSERT INTO cold_vectors VALUES (1, 1, zeroblob(16), zeroblob(16))"),
    ("index", "DELETE FROM cold_fts_docsize WHERE id = (SELECT min(id) FROM cold_fts_docsize)"),
    ("state", "UPDATE memories SET content = 'My daughter is allergic to nothing' WHERE external_id = 'anchor'"),
    ("state", "UPDATE memories SET state = 'expired' WHERE external_id = 'anchor'"),
    ("state", "UPDATE memories SET owner = 'eve' WHERE external_id = 'anchor'"),
    ("state", "UPDATE memories SET priority = 9 WHERE external_id = 'anchor'"),
    ("state", "DELETE FROM tags WHERE tag = 'health'"),
    ("state", "INSERT INTO links VALUES ('a', 'relates', 'b')"),
    ("state", "UPDATE records SET fields = '{}' WHERE noun = 'view'"),
    ("state", "UPDATE fts_docsize SET sz = zeroblob(3) WHERE id = 1"),
    ("index", "INSERT INTO vectors VALUES (9999, 1, zeroblob(16), zeroblob(16))"),
    ("index", "DELETE FROM pending WHERE n = 1"),
    ("index", "INSERT INTO fts (rowid, body, names, grams) VALUES (9999, 'nobody', '', '')"),
]


@pytest.mark.parametrize(("where", "statement"), STATE_FAULTS)
def test_doctor_finds_what_was_changed_in_the_state_and_rebuilds_it(
    memos: Run, filled: Path, where: str, statement: str
) -> None:
    before = memos("list", "--all", "--json").data
    tampered(cube_file(filled), statement)
    assert _faults(memos)[where]
    assert memos("doctor", "--rebuild").status == 0
    assert memos("doctor").status == 0
    assert sorted(map(str, memos("list", "--all", "--json").data["memories"])) == sorted(map(str, before["memories"]))


@pytest.mark.parametrize("name", ["id", "replica", "owner", "created", "digest"])
def test_doctor_finds_what_was_changed_in_what_the_cube_is(memos: Run, filled: Path, name: str) -> None:
    other = "CASE substr(value, 1, 1) WHEN '1' THEN '2' ELSE '1' END || substr(value, 2)"  # the values are random
    tampered(cube_file(filled), f"UPDATE cube SET value = {other} WHERE key = '{name}'")  # noqa: S608
    assert "are not what they were made as" in _faults(memos)["cube"][0]


def test_doctor_removes_what_a_killed_creation_left_once_it_is_old(memos: Run, filled: Path) -> None:
    halves = [filled / "cubes" / f".{name}.0123456789ab" for name in ("old", "young")]
    for half in halves:
        (half / "blobs").mkdir(parents=True)
    other = filled / "cubes/.git"
    other.mkdir()
    for path in (halves[0], other):
        os.utime(path, (1e9, 1e9))
    assert memos("doctor").status == 0
    assert [path.exists() for path in (*halves, other)] == [False, True, True]
    os.utime(halves[1], (1e9, 1e9))
    assert memos("cube", "create", "another").status == 0
    assert not halves[1].exists()


def test_doctor_finds_a_schema_that_still_parses_and_means_something_else(memos: Run, filled: Path) -> None:
    change = "UPDATE sqlite_schema SET sql = replace(sql, 'remove_diacritics 2', 'remove_diacritics 0') WHERE name = 'fts'"
    conn = sqlite3.connect(cube_file(filled), isolation_level=None)
    conn.execute("PRAGMA writable_schema = ON")
    assert conn.execute(change).rowcount == 1
    conn.close()
    assert _faults(memos)["file"] == ["table fts is not what it was made as"]


def test_doctor_finds_a_flipped_byte_in_a_blob_and_why_says_so(memos: Run, home: Path) -> None:
    ids = memos("add", "-", "--json", stdin="# Notes\n\nMy daughter is allergic to peanuts.\n").data["ids"]
    (blob,) = (path for path in (home / "cubes/default/blobs").glob("*/*") if path.is_file())
    assert memos("why", ids[-1], "--json").data["verbatim"]
    content = bytearray(blob.read_bytes())
    content[20] ^= 1
    blob.write_bytes(content)
    assert blob.name[:12] in _faults(memos)["blobs"][0]
    told = memos("why", ids[-1], "--json").data
    assert told["verbatim"] is None
    assert "changed on disk" in told["note"]
    blob.unlink()
    assert "gone" in memos("why", ids[-1], "--json").data["note"]


def test_doctor_finds_a_blob_that_is_gone(memos: Run, home: Path) -> None:
    memos("add", "-", stdin="# Notes\n\nMy daughter is allergic to peanuts.\n")
    (blob,) = (path for path in (home / "cubes/default/blobs").glob("*/*") if path.is_file())
    blob.unlink()
    assert blob.name[:12] in _faults(memos)["blobs"][0]


def _faults(memos: Run) -> dict[str, list[str]]:
    ran = memos("doctor", "--json")
    assert ran.status == 13
    assert ran.err
    document = json.loads(ran.out)["data"]
    checks = {check["check"]: check["faults"] for check in document["cubes"]["default"]}
    assert document["faults"] == sum(map(len, checks.values())) > 0
    return {"log": [], "state": [], "index": [], "blobs": [], **checks}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.with_name("cube.db-wal").write_bytes(os.urandom(5000)),
        lambda path: path.with_name("cube.db-wal").write_bytes(b""),
        lambda path: path.with_name("cube.db-shm").write_bytes(os.urandom(32768)),
        lambda path: path.with_name("cube.db-journal").write_bytes(os.urandom(5000)),
    ],
)
def test_rubbish_beside_the_file_harms_nothing(memos: Run, filled: Path, damage: Callable[[Path], int]) -> None:
    before = memos("list", "--all", "--json").data
    damage(cube_file(filled))
    assert memos("list", "--all", "--json").data == before
    assert memos("doctor").status == 0
    assert memos("add", "one more").status == 0


def test_a_damaged_cube_does_not_hide_the_others(memos: Run, filled: Path) -> None:
    memos("cube", "create", "work")
    cube_file(filled).write_bytes(b"rubbish" * 1000)
    listed = memos("cube", "list", "--json")
    assert listed.status == 0
    assert [cube["name"] for cube in listed.data["cubes"]] == ["work"]
    assert [cube["name"] for cube in listed.data["unreadable"]] == ["default"]
    assert memos("--cube", "work", "add", "still here").status == 0
    assert memos("--cube", "work", "doctor").status == 0
    assert memos("doctor").status == 13
