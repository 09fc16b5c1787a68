"""Exports of any size, written fast, and how much memory it takes to read one.

    python -m tests.large_export write KIND FILE MEGABYTES [SHARDS] [SKIPPED]
    python -m tests.large_export read KIND FILE

`write` makes a zip of so many megabytes as they are unpacked: for `chatgpt` in shards, for `claude` in one file with a single
long line. SKIPPED is the share of their bytes, in percent, that are results of tools, of which no memory is made. `read` prints
what was found and the most memory that was resident, as JSON.
"""

import json
import random
import resource
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memos_cli.plugins import load
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.times import Zone
from tests.chat_exports import ROOT, chain, chat, said, talk, wrote

_BLOCK = 4 << 20
_MARK = "@@@@@@@@"
"""Stands in a block for its number, so that each talk has an id of its own."""
_SAID = """
    the garden boiler train York meeting on Monday with Ada who likes green tea and prefers aisle seats because her knee hurts
    in winter while the report about harbours is due next week so please write it in short sentences with numbers and a table
"""
_WORDS = _SAID.split()


def _resident() -> int:
    """The most KiB that were resident; getrusage counts also what the process had that this one was forked from."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])


def _text(chance: random.Random, words: int) -> str:
    return " ".join(
        chance.choice(_WORDS) + (f"{chance.randrange(10_000)}" if chance.random() < 0.1 else "") for _ in range(words)
    )


def _chatgpt(chance: random.Random, number: int, skipped: int) -> dict[str, Any]:
    turns = []
    for turn in range(12):
        at = 1_600_000_000 + number * 1000 + turn
        turns += [said("user", _text(chance, 60), at=at), said("assistant", _text(chance, 250), at=at)]
        if skipped:
            words = int(310 * skipped / (100 - skipped))
            turns.append(said("tool", _text(chance, words), at=at, name="browser"))
    return talk(f"{_MARK}-{number}", chain(*turns, children=False))


def _claude(chance: random.Random, number: int, skipped: int) -> dict[str, Any]:
    turns = []
    for turn in range(12):
        result = {
            "type": "tool_result",
            "content": [{"type": "text", "text": _text(chance, int(310 * skipped / (100 - skipped)))}],
        }
        blocks = [*([result] if skipped else []), {"type": "text", "text": _text(chance, 250)}]
        above = f"{number}-{turn - 1}b" if turn else ROOT
        turns.append(wrote(f"{number}-{turn}a", "human", _text(chance, 60), after=above))
        turns.append(wrote(f"{number}-{turn}b", "assistant", "", blocks, after=turns[-1]["uuid"]))
    return chat(f"{_MARK}-{number}", *turns)


def _block(kind: str, skipped: int) -> bytes:
    """Some megabytes of talks, without the brackets of a list."""
    chance, parts, size = random.Random(22), list[str](), 0
    while size < _BLOCK:
        one = (_chatgpt if kind == "chatgpt" else _claude)(chance, len(parts), skipped)
        parts.append(json.dumps(one))
        size += len(parts[-1])
    return ",".join(parts).encode()


def _shard(block: bytes, first: int, count: int) -> Iterator[bytes]:
    yield b"["
    for number in range(first, first + count):
        yield (b"," if number > first else b"") + block.replace(_MARK.encode(), f"{number:08}".encode())
    yield b"]"


def write(kind: str, path: Path, megabytes: int, shards: int = 1, skipped: int = 0) -> None:
    """Write a zip of so many megabytes."""
    block = _block(kind, skipped)
    each = -(-(megabytes << 20) // (len(block) * shards))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for shard in range(shards):
            name = f"conversations-{shard:03}.json" if shards > 1 else "conversations.json"
            with archive.open(name, "w", force_zip64=True) as file:
                for part in _shard(block, shard * each, each):
                    file.write(part)
        archive.writestr("chat.html" if kind == "chatgpt" else "users.json", "[]")


def read(kind: str, path: Path) -> dict[str, Any]:
    """What an export gives, in how much time and memory."""
    start, drafts, characters, skipped, told = time.monotonic(), 0, 0, 0, (0, 0)

    def tell(done: int, total: int) -> None:
        nonlocal told
        told = done, total

    for one in load("importer", kind)().read(path, ImportOptions(Zone("UTC"), tell=tell)):
        if isinstance(one, Skipped):
            skipped += one.count
        else:
            drafts += 1
            characters += len(one.content)
    seconds = time.monotonic() - start
    return {
        "drafts": drafts, "characters": characters, "skipped": skipped, "megabytes": told[0] >> 20,
        "seconds": round(seconds, 1), "cpu_seconds": round(time.process_time(), 1),
        "megabytes_a_second": round(told[0] / (1 << 20) / seconds, 1),
        "resident_megabytes": _resident() // 1024,
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:]))
    else:
        print(json.dumps(read(sys.argv[2], Path(sys.argv[3]))))  # noqa: T201 -- a program of its own
