"""Cube files by somebody who means ill: consistent, every digest right, and still nothing that memos would make."""

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from memos_cli.errors import IntegrityError
from memos_cli.infra import cubefile, limits
from memos_cli.infra.cubefile import Reader, Spool, encoded
from memos_cli.infra.transfer import loader
from memos_cli.infra.vault import fold, log
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Link, Operation
from tests.conftest import NOON
from tests.infra.transfer.cubes import dumped, sound_file
from tests.infra.vault.helpers import ungated

REPLICA, TXN = "0123456789abcdef", "fedcba9876543210"
ONE, OTHER = "a" * 20, "b" * 20
CLOCK = round(NOON.timestamp() * 1000) << 16
CONTENT = {"content": "hello", "state": "generated"}


def operation(change: dict[str, Any], subject: str = ONE, noun: str = "memory", **fields: Any) -> dict[str, Any]:
    return {"change": change, "subject": subject, "noun": noun, **fields}


def forged(tmp_path: Path, told: Iterable[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A cube file of these operations, each chained to the one before, by our own writer without its scruples."""
    with ungated(), monkeypatch.context() as patched:
        patched.setattr(fold, "links", _links)
        folder = tmp_path / "forge" / "cubes" / "f"
        Vault.create(folder, owner="mallory", millis=CLOCK >> 16)
        with Vault(folder, "f") as vault:
            previous = ""
            for number, fields in enumerate(told, start=1):
                change, salt = fields.pop("change"), fields.pop("salt", bytes(16))
                base: dict[str, Any] = {
                    "replica": REPLICA, "seq": number, "clock": CLOCK + number, "previous": previous, "parents": (),
                    "principal": "mallory", "command": "add", "txn": TXN, "reverts": None,
                }  # fmt: skip
                base |= fields
                digest = log.change_digest(salt, log.encoded(change))
                op = Operation(id="", digest=digest, salt=salt, change=change, **base)
                op = op._replace(id=log.header_hash(op))
                log.insert(vault.conn, log.row_of(op, log.encoded(change)))
                previous = op.id
            return dumped(vault)


def _links(identity: str, registers: fold.Registers) -> list[Any]:
    """Links of any type."""
    parts = (member.partition(":") for member in fold.members(registers, fold.LINK))
    return [Link(identity, SimpleNamespace(value=kind), target) for kind, _, target in parts]  # type: ignore[arg-type]


BAD: dict[str, list[dict[str, Any]]] = {
    "a clock beyond 2100": [operation(CONTENT, clock=limits.LATEST << 16)],
    "a clock below zero": [operation(CONTENT, clock=-1)],
    "a clock that runs backwards": [operation(CONTENT), operation({"pinned": True}, clock=CLOCK - 5)],
    "a wall time that is none": [operation(CONTENT | {"written_at": "noon"})],
    "a wall time after the clock": [operation(CONTENT | {"written_at": "2099-01-01T00:00:00.000Z"})],
    "a wall time of a view that is a list": [operation({"tags": ["a"], "written_at": ["noon"]}, "v", "view")],
    "a wall time in a tombstone": [operation(CONTENT), operation({"purged": True, "written_at": "2001-01-01T00:00:00.000Z"})],
    "a content of 10 MB": [operation({"content": "x" * 10_000_000})],
    "a content with NUL": [operation({"content": "a\0b"})],
    "an escape in a tag": [operation(CONTENT | {"tag:a\x1b[31mb": True})],
    "an escape in a principal": [operation(CONTENT, principal="a\x1b[2Jb")],
    "a newline in a key": [operation(CONTENT | {"key": "a\nb"})],
    "a title that is a number": [operation(CONTENT | {"title": 7})],
    "an unknown kind": [operation(CONTENT | {"kind": "spell"})],
    "an unknown state": [operation({"content": "x", "state": "undead"})],
    "an unknown link": [operation(CONTENT | {f"link:knows:{OTHER}": True})],
    "a link to itself": [operation(CONTENT | {f"link:relates:{ONE}": True})],
    "a link to a path": [operation(CONTENT | {"link:relates:../../etc/passwd": True})],
    "a circle of links": [
        operation(CONTENT | {f"link:supersedes:{OTHER}": True}),
        operation(CONTENT | {f"link:supersedes:{ONE}": True}, OTHER),
    ],
    "a name of a register that a line of state needs": [operation(CONTENT | {"id": "x"})],
    "a source beyond its blob": [operation(CONTENT | {"source": {"digest": "../../../etc/passwd"}})],
    "a source with a negative place": [operation(CONTENT | {"source": {"start": -1}})],
    "a confidence beyond 1": [operation(CONTENT | {"confidence": 7.0})],
    "a time that is none": [operation(CONTENT | {"valid_to": "tomorrow"})],
    "an id that is SQL": [operation(CONTENT, "'; DROP TABLE ops; --")],
    "an id with an escape": [operation(CONTENT, "\x1b[31m" + "a" * 15)],
    "a noun that is a path": [operation({"x": 1}, "x", "../x")],
    "a view that is none": [operation({"kinds": 5}, "v", "view")],
    "a snapshot of nowhere": [operation({"position": "here", "at": "2026-01-01T00:00:00.000Z"}, "s", "snapshot")],
    "a task that ended some time": [operation({"ended": 5}, "t", "task")],
    "a question about nothing": [operation({"memories": [ONE]}, "q", "review")],
    "a tombstone that says more": [operation({"purged": True, "content": "x"})],
    "a gap without a word": [operation(CONTENT, seq=2, previous="")],
    "a transaction without a name": [operation(CONTENT, txn="")],
    "a replica with another name": [operation(CONTENT, replica="me")],
    "too many parents": [operation(CONTENT, parents=tuple(f"{n:064x}" for n in range(1001)))],
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_no_operation_that_memos_would_not_make_is_let_in(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = forged(tmp_path, [dict(one) for one in BAD[case]], monkeypatch)
    refused(data, tmp_path / "home")


def test_a_file_forged_without_a_fault_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the cases above would say nothing."""
    told = [operation(CONTENT | {"tag:x": True, f"link:supersedes:{OTHER}": True}), operation(CONTENT, OTHER)]
    data = forged(tmp_path, told, monkeypatch)
    with loader.stage(io.BytesIO(data), tmp_path / "home") as staged:
        assert staged.vault.get(ONE).tags == ("x",)


def test_a_wall_time_is_the_time_of_the_operation_and_no_register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"written_at": "2001-01-01T00:00:00.000Z"}
    with loader.stage(io.BytesIO(forged(tmp_path, [operation(CONTENT | told)], monkeypatch)), tmp_path / "home") as staged:
        assert staged.vault.get(ONE).created_at == told["written_at"]
        assert staged.vault.operations("memory", ONE)[0].change == CONTENT


def refused(data: bytes, home: Path) -> None:
    with pytest.raises(IntegrityError) as caught, loader.stage(io.BytesIO(data), home / "cubes"):
        pass
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300
    assert not home.exists()


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def repacked(data: bytes, folder: Path, change: Change, told: Callable[[dict[str, Any]], object] = lambda _: None) -> bytes:
    """The file with other members, and manifest and seal that agree with them; `told` changes the manifest at the end."""
    reader = Reader(io.BytesIO(data))
    members = change({incoming.name: b"".join(incoming.chunks()) for incoming in reader})
    reader.finish()
    head = {name: value for name, value in reader.manifest.items() if name not in {"format", "members"}}
    told(head)
    spools = []
    for name, content in members.items():
        spools.append(Spool(name, folder))
        spools[-1].write(content)
    out = io.BytesIO()
    cubefile.write(out, head, spools, None, lambda _: None)
    for spool in spools:
        spool.close()
    return out.getvalue()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return sound_file(tmp_path_factory.mktemp("sound"))


def _with(name: str, content: bytes) -> Change:
    return lambda members: members | {name: content}


def _line(number: int, edit: Callable[[dict[str, Any]], object]) -> Change:
    """Another line of the log, its encoding canonical."""

    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        lines = members["ops.jsonl"].splitlines(keepends=True)
        fields = json.loads(lines[number])
        edit(fields)
        lines[number] = encoded(fields)
        return members | {"ops.jsonl": b"".join(lines)}

    return change


def _rename(old: str, new: str) -> Change:
    return lambda members: {new if name.startswith(old) else name: content for name, content in members.items()}


REPACKED: dict[str, Change] = {
    "a path out of the cube": _with("../../outside", b"x"),
    "an absolute path": _with("/tmp/outside", b"x"),  # noqa: S108 -- it is refused
    "a drive": _with("C:\\outside", b"x"),
    "a member nobody knows": _with("readme.txt", b"x"),
    "a name in capitals": _rename("links.jsonl", "Links.jsonl"),
    "a blob under another name": _rename("blobs/", "blobs/" + "0" * 64),
    "a blob that no memory was read from": _with("blobs/" + hashlib.sha256(b"x").hexdigest(), b"x"),
    "a member that is missing": lambda members: {name: one for name, one in members.items() if name != "links.jsonl"},
    "members in another order": lambda members: dict(reversed(members.items())),
    "vectors that are cut short": lambda members: (
        members | {name: one[:-16] for name, one in members.items() if name.startswith("vectors/")}
    ),
    "vectors that are too long": lambda members: (
        members | {name: one[:-16] + b"\x00\x7c" * 8 for name, one in members.items() if name.startswith("vectors/")}
    ),
    "vectors of others": lambda members: (
        members | {name: one.replace(json_id(one), b"z" * 20) for name, one in members.items() if name.startswith("vectors/0")}
    ),
    "vectors twice": lambda members: members | {"vectors/2.safetensors": members["vectors/0.safetensors"]},
    "state that the log does not amount to": lambda members: (
        members | {"memories.jsonl": members["memories.jsonl"].replace(b"plum", b"plan")}
    ),
    "a memory too few": lambda members: (
        members | {"memories.jsonl": b"".join(members["memories.jsonl"].splitlines(keepends=True)[1:])}
    ),
    "a change of what was said": _line(0, lambda op: op["change"].update(content="other")),
    "a line that says more than it has to": _line(1, lambda op: op.update(reverts=None)),
    "a line with a field nobody knows": _line(1, lambda op: op.update(note="x")),
    "a line without a subject": _line(1, lambda op: op.pop("subject")),
    "a line with neither change nor digest": _line(1, lambda op: op.pop("change")),
    "an operation too few": lambda members: (
        members | {"ops.jsonl": b"".join(members["ops.jsonl"].splitlines(keepends=True)[:-1])}
    ),
    "lines with blanks": lambda members: members | {"ops.jsonl": members["ops.jsonl"].replace(b'":"', b'": "', 1)},
    "a key twice": lambda members: members | {"ops.jsonl": members["ops.jsonl"].replace(b'{"', b'{"change":{},"', 1)},
    "an escape that need not be": lambda members: members | {"ops.jsonl": members["ops.jsonl"].replace(b"a", b"\\u0061", 1)},
    "bytes that are no UTF-8": lambda members: members | {"ops.jsonl": members["ops.jsonl"].replace(b"began", b"beg\xffn", 1)},
    "half a surrogate pair": lambda members: members | {"ops.jsonl": members["ops.jsonl"].replace(b"began", b"beg\\ud800", 1)},
    "a line without an end": lambda members: members | {"ops.jsonl": members["ops.jsonl"][:-1]},
    "nested a thousand to one": lambda members: members | {"ops.jsonl": b"[" * 100_000 + b"]" * 100_000 + b"\n"},
    "a line beyond its limit": lambda members: members | {"ops.jsonl": b'{"a":"' + b"x" * limits.MOST_LINE + b'"}\n'},
    "a number too long to be read": lambda members: members | {"ops.jsonl": b'{"seq":' + b"9" * 5000 + b"}\n"},
}


def json_id(content: bytes) -> bytes:
    size = 8 + int.from_bytes(content[:8], "little")
    return content[size : size + 20]


@pytest.mark.parametrize("case", REPACKED)
def test_no_member_that_memos_would_not_write_is_let_in(case: str, sound: bytes, tmp_path: Path) -> None:
    data = repacked(sound, tmp_path / "cache", REPACKED[case])
    assert data != sound
    refused(data, tmp_path / "home")


MANIFESTS: dict[str, dict[str, Any]] = {
    "another cube's name": {"cube": "../x"}, "a selection with an escape": {"selection": "\x1b[31m"}, "no owner": {"owner": ""},
    "another time": {"created": "now"}, "other counts": {"counts": {"links": 0, "memories": 0, "operations": 0, "rules": 0}},
    "other heads": {"heads": {REPLICA: {"count": 1, "id": "0" * 64, "seq": 1}}}, "more than it may say": {"bonus": 1},
    "redacted by a word": {"redacted": "yes"}, "a mark that is none": {"mark": "Kim"}, "a longer mark": {"mark": "0" * 65},
}  # fmt: skip


@pytest.mark.parametrize("case", MANIFESTS)
def test_no_manifest_that_memos_would_not_write_is_let_in(case: str, sound: bytes, tmp_path: Path) -> None:
    data = repacked(sound, tmp_path / "cache", lambda members: members, lambda head: head.update(MANIFESTS[case]))
    refused(data, tmp_path / "home")


def test_headers_that_tar_would_follow_are_refused(sound: bytes, tmp_path: Path) -> None:
    """Links, devices, folders, sizes that lie, and owners: a header has one form."""
    place = sound.index(b"ops.jsonl\0")
    for offset, value in (
        (156, b"1"),
        (156, b"2"),
        (156, b"3"),
        (156, b"5"),
        (156, b"L"),
        (124, b"7"),
        (108, b"1"),
        (157, b"x"),
    ):
        field = bytearray(sound[place : place + 512])
        field[offset : offset + len(value)] = value
        total = sum(field[:148]) + 8 * 32 + sum(field[156:])
        field[148:156] = b"%06o\0 " % total
        refused(sound[:place] + bytes(field) + sound[place + 512 :], tmp_path / "home")


def test_a_member_twice_is_refused(sound: bytes, tmp_path: Path) -> None:
    reader = Reader(io.BytesIO(sound))
    manifest = dict(reader.manifest)
    manifest["members"] = [*manifest["members"], manifest["members"][-1]]
    line = encoded(manifest)
    end = 512 + len(encoded(dict(reader.manifest)))
    rest = sound[end + -end % 512 :]
    refused(cubefile.header("manifest.json", len(line)) + line + cubefile.padding(len(line)) + rest, tmp_path / "home")


def test_a_policy_that_would_run_a_program_is_for_the_check_to_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from memos_cli.interface.cubes.transfer import _fault_of_record

    told = [operation({"hooks.archived": "../../bin/sh"}, "policy", "policy")]
    data = forged(tmp_path, told, monkeypatch)
    stage = loader.stage(io.BytesIO(data), tmp_path / "home", check=_fault_of_record)
    with pytest.raises(IntegrityError, match="policy"), stage:
        pass
