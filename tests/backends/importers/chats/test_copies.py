import json
import random
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.importers.archive import Archive
from memos_cli.backends.importers.chats import copies
from memos_cli.backends.importers.chats.copies import Copies
from memos_cli.backends.importers.chats.export import Export
from memos_cli.ports.importer import ImportOptions
from memos_cli.times import Zone
from tests.chat_exports import foldered


def named(value: Any) -> tuple[str, float] | None:
    return (value["key"], value["at"]) if isinstance(value, dict) else None


def newest(folder: Path, mark: str) -> list[Any]:
    """What is read of the files of a folder where each conversation is read once."""
    export = Export(folder, ImportOptions(Zone("UTC")), lambda _: "talks")
    members = export.files["talks"]
    found = Copies(export, members, named, mark)
    return [
        value
        for number, member in enumerate(members)
        for place, value in enumerate(export.values(member))
        if not found.is_old(value, number, place)
    ]


@pytest.mark.parametrize("mark", ["key", ""])
@pytest.mark.parametrize("seed", range(20))
def test_gives_the_newest_of_each_once(tmp_path: Path, seed: int, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_CHUNK", 300)
    chance = random.Random(seed)
    held = [
        {"key": f"k{chance.randrange(12)}", "at": chance.randrange(9), "text": "x" * chance.randrange(400)} for _ in range(20)
    ]
    shards: list[list[Any]] = [held[:7], held[7:9], [*held[9:], 5]]
    found = newest(foldered(tmp_path / "f", {f"{number}.json": shard for number, shard in enumerate(shards)}), mark)
    last: dict[str, dict[str, Any]] = {}
    for one in held:
        if one["key"] not in last or one["at"] >= last[one["key"]]["at"]:
            last[one["key"]] = one
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, [*last.values(), 5]))


def test_decodes_nothing_twice_where_no_id_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_CHUNK", 250)
    shards = {
        f"{shard}.json": [{"key": f"k{shard}-{number}", "at": 1, "text": "y" * 90} for number in range(30)]
        for shard in range(3)
    }
    folder = foldered(tmp_path / "f", shards)
    export = Export(folder, ImportOptions(Zone("UTC")), lambda _: "talks")
    members = Archive(folder).members
    marked = [name for member in members for name in copies._marked(export, member, b'"key"')]
    assert marked == [f"k{shard}-{number}" for shard in range(3) for number in range(30)]
    assert copies._twice(export, members, b'"key"') == set()
    assert copies._twice(export, members, b'"none"') is None
