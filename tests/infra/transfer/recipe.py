"""A reader of cube files made from man/memos-cube.5 alone: the standard library, and nothing of memos."""

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

CARRIED = ("replica", "principal", "command", "txn", "clock")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def members(data: bytes) -> tuple[dict[str, bytes], bytes]:
    """The members by name, in their order, and the bytes that the seal is over."""
    found, sealed = {}, b""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for info in tar:
            file = tar.extractfile(info)
            assert file is not None
            found[info.name] = file.read()
            if info.name == "seal.json":
                sealed = data[: info.offset]
    return found, sealed


def lines(content: bytes) -> list[str]:
    *found, end = content.decode().split("\n")
    assert end == ""
    return found


def operations(found: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Whole operations: what a line leaves out is that of the line before; the id is the digest of the header."""
    before: dict[str, Any] = {"replica": None, "seq": 0, "id": ""}
    for line in found:
        told = json.loads(line)
        assert canonical(told) == line
        op = {name: before.get(name) for name in CARRIED} | {"noun": "memory", "parents": [], "reverts": None} | told
        follows = op["replica"] == before["replica"]
        op.setdefault("seq", before["seq"] + 1 if follows else 1)
        if "previous" not in op:
            assert op["seq"] == 1 or (follows and op["seq"] == before["seq"] + 1)
            op["previous"] = "" if op["seq"] == 1 else before["id"]
        if "digest" not in op:
            text = op.pop("text") if "text" in op else canonical(op["change"])
            op["change"] = json.loads(text)
            op["digest"] = sha(bytes.fromhex(op["salt"]) + text.encode())
        header = ("replica", "seq", "clock", "previous", "parents", "principal", "command", "txn", "reverts", "noun", "subject")
        op["id"] = sha(canonical([op[name] for name in (*header, "digest")]).encode())
        yield op
        before = op


def heads(log: Iterable[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for op in log:
        count = found.get(op["replica"], {"count": 0})["count"] + 1
        found[op["replica"]] = {"count": count, "id": op["id"], "seq": op["seq"]}
    return found


def state(log: Iterable[dict[str, Any]]) -> tuple[list[Any], list[Any], list[Any]]:
    """Memories, links and rules: of each register the value set last, in the order of clock, replica and number."""
    subjects: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for op in log:
        subjects.setdefault((op["noun"], op["subject"]), []).append(op)
    memories, links, rules = [], [], []
    for (noun, subject), ops in subjects.items():
        ops.sort(key=lambda op: (op["clock"], op["replica"], op["seq"]))
        registers: dict[str, Any] = {}
        for op in ops:
            registers |= {name: value for name, value in (op.get("change") or {}).items() if name != "written_at"}
        registers = {name: value for name, value in registers.items() if value is not None}
        if noun == "memory":
            memory, found = _memory(subject, ops, registers)
            memories.append(memory)
            links += found
        elif registers:
            rules.append({"fields": registers, "id": subject, "noun": noun})
    return memories, links, rules


def _memory(subject: str, ops: list[dict[str, Any]], registers: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    if registers.get("purged"):
        registers = {"state": "purged"}
    sets: dict[str, list[str]] = {"tag": [], "label": [], "link": []}
    memory = {"id": subject, "state": "expired", "version": len(ops), "created_at": _time(ops[0]), "updated_at": _time(ops[-1])}
    for name, value in registers.items():
        prefix, colon, member = name.partition(":")
        if colon and prefix in sets:
            sets[prefix].append(member)
        else:
            memory[name] = value
    memory |= {f"{prefix}s": sorted(sets[prefix]) for prefix in ("tag", "label") if sets[prefix]}
    pairs = sorted(one.split(":") for one in sets["link"])
    return memory, [{"source": subject, "target": target, "type": kind} for kind, target in pairs]


def _time(op: dict[str, Any]) -> str:
    if told := (op.get("change") or {}).get("written_at"):
        return str(told)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=op["clock"] >> 16)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def vectors(content: bytes) -> dict[str, tuple[float, ...]]:
    (size,) = struct.unpack("<Q", content[:8])
    head, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    count, width = head["vectors"]["shape"]
    start, end = head["vectors"]["data_offsets"]
    assert end == len(body)
    rows = struct.iter_unpack(f"<{width}e", body[start:])
    return {body[20 * n : 20 * n + 20].decode(): row for n, row in zip(range(count), rows, strict=True)}


def tensors(content: bytes) -> dict[str, tuple[list[int], tuple[float, ...]]]:
    """Shape and numbers of each tensor of an adapter; none of them overlap, and none leaves a gap."""
    (size,) = struct.unpack("<Q", content[:8])
    head, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    assert head.pop("__metadata__") == {"format": "pt"}
    found, end = {}, 0
    for name, told in head.items():
        begin, until = told["data_offsets"]
        assert (told["dtype"], begin) == ("F32", end)
        found[name] = told["shape"], struct.unpack(f"<{(until - begin) // 4}f", body[begin:until])
        end = until
    assert end == len(body)
    return found
