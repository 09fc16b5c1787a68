"""The generations of adapters in a cube: their records in the log, and a folder of files for each beside it.

The folder has the data set, checkpoints while it is trained, the adapter for PEFT and for llama.cpp, and the evaluation. All of
it can be made again. A file is only used after its SHA-256 was compared with the one that the log has, and only where the log
has it from this very copy of the cube: what another machine says of its files tells nothing about the ones here.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from memos_cli.errors import AmbiguousId, NotFound
from memos_cli.infra import files
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Adapter, Memory

FOLDER = "adapters"
"""Below the cube's folder."""
NOUN = "adapter"
WEIGHTS, LLAMA, DATA, EVALUATION = "adapter_model.safetensors", "adapter.gguf", "examples.jsonl", "evaluation.json"
CONFIG, LOG = "adapter_config.json", "training.jsonl"
SEALED = (LLAMA, WEIGHTS, CONFIG, DATA, EVALUATION, LOG)
"""The files whose digests the log has."""
_SHORTEST = 4
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def folder(vault: Vault, identity: str) -> Path:
    """Where the files of a generation lie.

    Raises:
        NotFound: an id that is no plain name, as only a log from elsewhere has it.
    """
    if not identity or not _LETTERS.issuperset(identity):
        raise NotFound(f"no generation {identity[:40]!r}")
    return vault.folder / FOLDER / identity


def exist(vault: Vault) -> bool:
    """Whether there may be any here: asked first, since it costs nothing."""
    return (vault.folder / FOLDER).is_dir()


def records(vault: Vault) -> dict[str, dict[str, Any]]:
    """The registers of every generation, by id."""
    return vault.records(NOUN)


def resolve(known: Iterable[Adapter], text: str) -> Adapter:
    """The generation that a number or the beginning of an id means.

    Raises:
        NotFound: none. AmbiguousId: several.
    """
    hint = "see them with: memos consolidate show"
    listed = list(known)
    wanted = text.strip().lower().removeprefix("g")
    found = [one for one in listed if wanted.isdecimal() and one.number == int(wanted)]
    found = found or [one for one in listed if text and one.id.startswith(text.strip().lower())]
    if not found:
        raise NotFound(f"no generation {text[:40]!r}", hint=hint)
    if len(found) > 1:
        raise AmbiguousId(f"{text} is the beginning of several ids: {' '.join(one.id for one in found[:10])}", hint=hint)
    return found[0]


def then(vault: Vault, identity: str, version: int) -> Memory | None:
    """A memory as it was at a version; `None` where that is not known any more."""
    operations = vault.operations("memory", identity)
    return fold.memory(identity, operations[:version])[0] if 1 <= version <= len(operations) else None


def fault(vault: Vault, one: Adapter, names: Iterable[str] = (LLAMA,)) -> str | None:
    """What is wrong with the files of a generation: not made here, gone, or not what they were."""
    sealed = [op for op in vault.operations(NOUN, one.id) if (op.change or {}).get("files")]
    if not sealed or any(op.replica != vault.meta["replica"] for op in sealed):
        return "its files were made on another machine" if sealed else "it has no files"
    place = folder(vault, one.id)
    for name in names:
        if name not in one.files:
            return f"it has no {name}"
        try:
            found = files.digest(place / name)
        except OSError:
            return f"its {name} is gone"
        if found != one.files[name]:
            return f"its {name} was changed"
    return None


def seals(place: Path) -> dict[str, str]:
    """The digests of a generation's files, by name."""
    return {name: files.digest(place / name) for name in SEALED if (place / name).is_file()}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object as JSON, whole or not at all."""
    files.write(path, (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())


def remove(vault: Vault, identity: str) -> bool:
    """Remove the files of a generation; whether there were any."""
    import shutil

    place = folder(vault, identity)
    if not place.is_dir():
        return False
    shutil.rmtree(place)
    return True


def folders(vault: Vault) -> list[str]:
    """The ids of the generations that have files."""
    place = vault.folder / FOLDER
    return sorted(path.name for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


def sweep(vault: Vault) -> int:
    """Remove the files of generations that the log does not name; how many. They are of somebody who was killed."""
    named = {identity for identity in folders(vault) if vault.operations(NOUN, identity)}
    return sum(remove(vault, identity) for identity in set(folders(vault)) - named if _LETTERS.issuperset(identity))


def holding(vault: Vault, ids: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The generations that learnt one of these memories, or whose data sets say what one says.

    A neighbouring question may name somebody of whom a memory that was not learnt speaks, so names count, too.
    """
    gone = set(ids)
    known = records(vault)
    needles = {one.casefold() for text in texts for one in _telling(text)}
    found = []
    for identity in folders(vault):
        covers = known.get(identity, {}).get("covers") or {}
        data = folder(vault, identity) / DATA if _LETTERS.issuperset(identity) else None
        try:
            said = data.read_text(encoding="utf-8").casefold() if data else ""
        except (OSError, ValueError):
            said = ""
        unread = not said and identity not in known
        if (
            unread
            or not isinstance(covers, dict)
            or not gone.isdisjoint(covers)
            or any(one in said for one in (*gone, *needles))
        ):
            found.append(identity)
    return found


def _telling(text: str) -> Iterable[str]:
    """The text as JSON has it, and the names in it: capitals that begin no sentence."""
    if len(text) >= _SHORTEST:
        yield json.dumps(text, ensure_ascii=False)[1:-1]
    words = text.split()
    for previous, word in pairwise(words):
        name = word.strip(".,;:!?()\"'")
        if len(name) >= _SHORTEST and name[:1].isupper() and not previous.endswith((".", "!", "?", ":")):
            yield name
