import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memos_cli.backends.importers.archive import Member
from memos_cli.backends.importers.chats.export import Export, head_of
from memos_cli.backends.importers.json_stream import Broken
from memos_cli.errors import UsageError
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.times import Zone
from tests.chat_exports import foldered, zipped
from tests.large_export import write

MANY = os.environ.get("MEMOS_TRIALS") == "many"
HOW = ImportOptions(Zone("UTC"))


def sort(member: Member) -> str:
    return "talks" if member.base == "talks.json" else ""


def read(kind: str, source: Path) -> dict[str, float]:
    """What a program of its own finds in an export, and how much memory it had."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.large_export", "read", kind, source], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "megabytes", "shards"), [("chatgpt", 6144, 60), ("claude", 150, 1)])
def test_reads_an_export_of_any_size_in_little_memory(tmp_path: Path, kind: str, megabytes: int, shards: int) -> None:
    size, parts = (megabytes, shards) if MANY else (24, min(shards, 3))
    write(kind, tmp_path / "export.zip", size, parts, skipped=80)
    found = read(kind, tmp_path / "export.zip")
    assert found["megabytes"] > size * 0.8
    assert found["drafts"] > size * 100
    assert found["resident_megabytes"] < (300 if MANY else 120)


def test_counts_the_files_that_are_not_read(tmp_path: Path) -> None:
    files = {
        "talks.json": [1], "a.png": b"", "b.JPG": b"", "chat.html": b"", "c.wav": b"", "d.dat": b"", "user.json": {},
        "__MACOSX/._talks.json": b"", "older.zip": b"",
    }  # fmt: skip
    rest = list(Export(zipped(tmp_path / "z.zip", files), HOW, sort).rest())
    assert {(one.why, one.where, one.count, one.damaged) for one in rest} == {
        ("an image file", "a.png and others", 2, False), ("a web page of the same talks", "chat.html", 1, False),
        ("a sound or film file", "c.wav", 1, False), ("another file", "d.dat", 1, False),
        ("a file about the account", "user.json", 1, False), ("a file of the system", "__MACOSX/._talks.json", 1, False),
        ("an export within an export, to be unpacked first", "older.zip", 1, True),
    }  # fmt: skip


def test_tells_of_what_is_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    source = foldered(tmp_path / "f", {"a/talks.json": "[1, 2", "b/talks.json": "[3]", "c.txt": b"x" * 1000})
    export = Export(source, HOW._replace(tell=lambda done, total: told.append((done, total))), sort)
    found = [value for member in export.files["talks"] for value in export.values(member)]
    assert found == [1, 2, Broken("cut off before its end"), 3]
    assert told[-1] == (8, 8)
    assert all(isinstance(one, Skipped) for one in export.rest())


def test_refuses_a_zip_whose_files_lie_over_each_other(tmp_path: Path) -> None:
    data = zipped(tmp_path / "z.zip", {"talks.json": b"[" + b"1," * 20_000 + b"1]"}, 0).read_bytes()
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], data[data.index(b"PK\x05\x06") :]
    count = (3).to_bytes(2, "little")
    end = end[:8] + count + count + (3 * len(entry)).to_bytes(4, "little") + end[16:]
    (tmp_path / "z.zip").write_bytes(data[:start] + 3 * entry + end)
    with pytest.raises(UsageError, match="over each other"):
        Export(tmp_path / "z.zip", HOW, sort)


def test_a_glance_is_short(tmp_path: Path) -> None:
    source = zipped(tmp_path / "z.zip", {"other.txt": b"x", "talks.json": b"[" + b" " * 1_000_000 + b"1]"})
    head, names = head_of(source, sort)
    assert (len(head), names) == (1 << 16, {"other.txt", "talks.json"})
    source.write_bytes(source.read_bytes()[:500])
    assert head_of(source, sort)[1] == {"other.txt", "talks.json"}
    assert head_of(tmp_path / "none", sort) == ("", frozenset())
