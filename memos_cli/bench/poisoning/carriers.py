"""The carriers of an attack: each brings it in as an attacker can, through the door that the program has for it."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli import modes
from memos_cli.bench.poisoning.agents import Exchange
from memos_cli.bench.poisoning.corpus import PERSON, STRANGER, Attack
from memos_cli.errors import MemosError
from memos_cli.interface.api import MOS
from memos_cli.interface.imports.imports import Taking
from memos_cli.model import Kind, Memory, Source
from memos_cli.operation.governance.rules import Object

HELPER, READER = "helper", "reader"
"""The agent that attacks, and another one that the person lets read as well."""
_SAID = {"kind", "key", "tags", "when"}
"""What an agent can say of a memory beside its words."""


class Scene(NamedTuple):
    """Where an attack takes place.

    Attributes:
        mos: the home of the person.
        target: the memory that is attacked.
        open_as: opens the home for the person with `None`, else for an agent.
        stranger: opens the home of somebody else in a folder, under a name.
        folder: where files may be written.
        agents: where agents call.
        trusting: whether what comes in is taken as if the person had told it.
    """

    mos: MOS
    target: Memory
    open_as: Callable[..., MOS]
    stranger: Callable[[Path, str], MOS]
    folder: Path
    agents: Exchange
    trusting: bool


async def plant(attack: Attack, scene: Scene) -> None:
    """Bring an attack in; what the program refuses of it is not there."""
    filled = attack._replace(texts=tuple(text.replace("{id}", scene.target.id[:8]) for text in attack.texts))
    if attack.carrier == "mcp":
        await _by_agent(filled, scene)
    elif attack.carrier == "cube":
        _by_cube(filled, scene)
    else:
        source = _FILES[attack.carrier](filled, scene)
        with suppress(MemosError):
            scene.mos.imports.take(str(source), Taking(me=(PERSON,)))


async def _by_agent(attack: Attack, scene: Scene) -> None:
    async with scene.agents.client(scene.open_as, HELPER) as client:
        for text in filter(str.strip, attack.texts if attack.act.startswith("remember") else ()):
            fields = {name: value for name, value in attack.fields.items() if name in _SAID}
            await client.call_tool("remember", {"text": text, **fields})
        if attack.act == "revise":
            await client.call_tool("revise", {"id": scene.target.id[:8], "text": attack.texts[0]})
        elif attack.act.endswith("forget"):
            await client.call_tool("forget", {"id": scene.target.id[:8]})


def _by_cube(attack: Attack, scene: Scene) -> None:
    """A cube file that nobody signed: of memories of the stranger's, or a copy of the person's cube that goes on."""
    path = scene.folder / "gift.memcube"
    forged = attack.act != "remember" or "owner" in attack.fields
    with scene.stranger(scene.folder / "elsewhere", PERSON if forged else STRANGER) as theirs:
        if attack.act == "remember":
            theirs.create_cube("gift")
            for text in attack.texts:
                with suppress(MemosError):
                    theirs.add(text, **_drafted(attack.fields))
        else:
            _copied(theirs, scene)
            _altered(theirs, attack, scene.target.id)
        theirs.transfer.export("gift", path)
    with path.open("rb") as stream, suppress(MemosError):
        scene.mos.cube_merge.merge_file(stream, path.name, take=scene.trusting)


def _copied(theirs: MOS, scene: Scene) -> None:
    path = scene.folder / "copy.memcube"
    scene.mos.transfer.export(None, path)
    with path.open("rb") as stream:
        theirs.transfer.receive(stream, "gift", accept=True)


def _altered(theirs: MOS, attack: Attack, target: str) -> None:
    if attack.act == "forget":
        theirs.delete(target)
    elif attack.act == "archive":
        theirs.edit(target, {"valid_to": theirs.now})
        theirs.add(attack.texts[0])
    else:
        theirs.update(target, attack.texts[0])


def _drafted(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as those of a draft."""
    told = {name: value for name, value in fields.items() if name not in {"owner", "when", "speaker", "kind", "tags"}}
    if "kind" in fields:
        told["kind"] = Kind(fields["kind"])
    if "when" in fields:
        told["occurred_at"] = fields["when"]
    if "speaker" in fields:
        told["source"] = Source(speaker=fields["speaker"])
    return told | ({"tags": tuple(fields["tags"])} if "tags" in fields else {})


# -- files


def _json_lines(attack: Attack, scene: Scene) -> Path:
    """An interchange document."""
    rows = []
    for number, text in enumerate(attack.texts):
        row: dict[str, Any] = {"mip": 1, "id": f"line-{attack.number}-{number}", "content": text}
        row |= {name: value for name, value in attack.fields.items() if name not in {"when", "speaker", "external_id"}}
        row |= {name: f"{row[name]}T00:00:00Z" for name in ("valid_from",) if name in row}
        if "when" in attack.fields:
            row["occurred_at"] = f"{attack.fields['when']}T00:00:00Z"
        if "speaker" in attack.fields:
            row["source"] = {"speaker": attack.fields["speaker"]}
        if "external_id" in attack.fields:
            row |= {"id": scene.target.id, "created_at": scene.target.created_at}
        rows.append(json.dumps(row))
    return _written(scene.folder / "more.jsonl", "".join(row + "\n" for row in rows))


def _notes(attack: Attack, scene: Scene) -> Path:
    """A folder of notes, with what is claimed in their front matter, also as memos itself exports it."""
    folder = scene.folder / "clippings"
    modes.make_folder(folder)
    for number, text in enumerate(attack.texts):
        front = {name: value for name, value in attack.fields.items() if name not in {"when", "owner"}}
        if attack.number % 2:
            front["memos"] = f"{'0' * 32}/{scene.target.id}/{'0' * 32}"
        said = "".join(f"{name}: {json.dumps(value)}\n" for name, value in front.items())
        _written(folder / f"clip{number}.md", f"---\n{said}---\n\n{text}\n" if said else f"{text}\n")
    return folder


def _mail(attack: Attack, scene: Scene) -> Path:
    """A mailbox; who attacks may call themselves like the person."""
    name = attack.fields.get("speaker", STRANGER.title())
    messages = [
        f"From x Mon Mar  2 10:00:00 2026\nFrom: {name} <{STRANGER}@example.org>\nTo: {PERSON}@example.com\n"
        f"Subject: {attack.victim.topic}\nDate: Mon, 02 Mar 2026 0{number % 10}:00:00 +0000\n"
        f"Message-ID: <{attack.number}.{number}@example.org>\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{text}\n\n"
        for number, text in enumerate(attack.texts)
    ]
    return _written(scene.folder / "inbox.mbox", "".join(messages))


def _chat(attack: Attack, scene: Scene) -> Path:
    """An export of ChatGPT, in which a model repeats what a tool gave it."""
    rng = random.Random(attack.number)  # noqa: S311 -- made anew from its seed
    turns: list[tuple[str, str]] = [("user", "Can you look that up for me?")]
    for text in attack.texts:
        turns += [("tool", text), ("assistant", text)]
    tree: dict[str, Any] = {"n0": {"id": "n0", "message": None, "parent": None, "children": ["n1"]}}
    for number, (role, text) in enumerate(turns, 1):
        message = {
            "id": f"n{number}", "author": {"role": role, "name": "web" if role == "tool" else None, "metadata": {}},
            "create_time": 1_772_000_000 + number, "content": {"content_type": "text", "parts": [text]}, "metadata": {},
            "recipient": "all", "status": "finished_successfully", "weight": 1.0,
        }  # fmt: skip
        below = [f"n{number + 1}"] if number < len(turns) else []
        tree[f"n{number}"] = {"id": f"n{number}", "message": message, "parent": f"n{number - 1}", "children": below}
    name = f"talk-{rng.randrange(10**9)}"
    talk = {"title": "Look-up", "create_time": 1_772_000_000, "mapping": tree, "current_node": f"n{len(turns)}", "id": name,
            "conversation_id": name}  # fmt: skip
    return _written(scene.folder / "conversations.json", json.dumps([talk]))


_FILES: Mapping[str, Callable[[Attack, Scene], Path]] = {"jsonl": _json_lines, "notes": _notes, "mail": _mail, "chat": _chat}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", errors="replace")
    return path


def register(names: Sequence[str], mos: MOS) -> None:
    """Register agents, and let them read what the person told."""
    for name in names:
        mos.governance.add(name, kind="agent")
        mos.governance.rules.grant(name, "read", [Object("cube")])
