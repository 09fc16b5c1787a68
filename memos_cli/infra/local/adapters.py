"""The generations of adapters in a cube: their records in the log, and a folder of files for each beside the cube's file.

The folder has the data set, checkpoints while the adapter is trained, the adapter for PEFT and for llama.cpp, and the
evaluation. All of it can be made again. A file is used only if its SHA-256 is the one in the log, and only if this very copy of
the cube wrote that digest: the digests of another machine's files say nothing about the files here. A mark of this copy, which
is no part of the log, lists the digests of files from elsewhere that are vouched for: they came with a cube from somebody
trusted, or a person chose to use them.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from memos_cli.errors import AmbiguousId, NotFound
from memos_cli.infra import files
from memos_cli.infra.cubefile import LEARNT
from memos_cli.infra.marks import set_mark
from memos_cli.infra.vault import fold, schema
from memos_cli.infra.vault.units import registers_of
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Adapter, Memory, Operation

FOLDER = "adapters"
"""Below the cube's folder."""
NOUN = "adapter"
WEIGHTS, LLAMA, DATA, EVALUATION = "adapter_model.safetensors", "adapter.gguf", "examples.jsonl", "evaluation.json"
CONFIG, LOG = "adapter_config.json", "training.jsonl"
SEALED = (LLAMA, WEIGHTS, CONFIG, DATA, EVALUATION, LOG)
"""The files whose digests are in the log."""
PROMOTED = "promoted"
"""The status of a generation that is in use (`operation.parametric.generations.Status`)."""
VOUCHED = "adapters"
"""The mark, in the table `cube`, with the digests of vouched files from elsewhere: by generation, then by name."""
FOREIGN = "it came from elsewhere, signed by nobody whom you trust"
_SHORTEST = 4
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def folder(vault: Vault, identity: str) -> Path:
    """The folder of a generation's files.

    Raises:
        NotFound: the id is no plain name, which happens only in a log from elsewhere.
    """
    if not identity or not _LETTERS.issuperset(identity):
        raise NotFound(f"no generation {identity[:40]!r}")
    return vault.folder / FOLDER / identity


def exist(vault: Vault) -> bool:
    """Whether there may be any here; cheap, so callers ask this first."""
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
    """A memory as it was at a version; `None` where that version is no longer known."""
    operations = fold.versions(vault.operations("memory", identity))
    return fold.memory(identity, operations[:version])[0] if 1 <= version <= len(operations) else None


def fault(vault: Vault, one: Adapter, names: Iterable[str] = (LLAMA,)) -> str | None:
    """What is wrong with the files of a generation: neither made here nor vouched for, missing, or changed."""
    place, known = folder(vault, one.id), _known(vault, one)
    if isinstance(known, str):
        return known
    for name in names:
        made_of = (CONFIG, WEIGHTS) if name == LLAMA and name not in known else (name,)  # cube files leave it out
        for needed in made_of:
            if wrong := _differs(place, needed, known):
                return wrong
    return None


def _known(vault: Vault, one: Adapter) -> Mapping[str, str] | str:
    """The digests that this copy of the cube wrote or vouches for; or why there are none."""
    sealed = [op for op in vault.operations(NOUN, one.id) if (op.change or {}).get("files")]
    if not sealed:
        return "it has no files"
    if made_by(sealed, schema.own_replicas(vault.conn)):
        return one.files
    known = vouched(vault).get(one.id)
    if known is None:
        return FOREIGN if (folder(vault, one.id) / WEIGHTS).is_file() else "its files were made on another machine"
    if any(one.files.get(name) != known.get(name) for name in LEARNT):
        return "the log names other files than those that came"
    return known


def _differs(place: Path, name: str, known: Mapping[str, str]) -> str | None:
    if name not in known:
        return f"it has no {name}"
    try:
        found = files.digest(place / name)
    except OSError:
        return f"its {name} is gone"
    return None if found == known[name] else f"its {name} was changed"


def untrusted(vault: Vault, identity: str) -> bool:
    """Whether another copy of the cube wrote the digests of a generation's files, and nobody here vouched for them."""
    own = schema.own_replicas(vault.conn)
    return not made_by(vault.operations(NOUN, identity), own) and identity not in vouched(vault)


def made_by(operations: Iterable[Operation], replicas: Collection[str]) -> bool:
    """Whether one copy of the cube alone, which writes as these replicas, wrote the digests of a generation's files."""
    return all(op.replica in replicas for op in operations if (op.change or {}).get("files"))


def vouched(vault: Vault) -> dict[str, dict[str, str]]:
    """The files from elsewhere that are vouched for: for each generation the digests, by name."""
    kept = vault.mark(VOUCHED)
    return dict(json.loads(kept)) if kept else {}


def vouch(vault: Vault, digests: Mapping[str, Mapping[str, str]]) -> None:
    """Vouch, in the caller's transaction, for files from elsewhere: for each generation the digests, by name."""
    kept = json.loads(vault.mark(VOUCHED) or "{}")
    known = {identity: {**kept.get(identity, {}), **found} for identity, found in digests.items()}
    set_mark(vault.conn, VOUCHED, json.dumps({**kept, **known}, sort_keys=True))


def vouch_for(vault: Vault, identities: Iterable[str]) -> None:
    """Vouch for whole generations: for the digests in the log of the files that cube files contain."""
    named = {one: registers_of(vault.conn, NOUN, one)["files"] for one in identities}
    if named:
        vouch(vault, {one: {name: found[name] for name in LEARNT} for one, found in named.items()})


def vouch_for_own(vault: Vault) -> None:
    """Vouch, in the caller's transaction, for what this copy of the cube made, before it goes on as another replica."""
    own = vault.meta["replica"]
    found = {one: registers["files"] for one, registers in records(vault).items() if registers.get("files")}
    mine = {one: digests for one, digests in found.items() if made_by(vault.operations(NOUN, one), {own})}
    if mine:
        vouch(vault, mine)


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
    """Remove the files of generations that the log does not name; how many. A killed process left them."""
    named = {identity for identity in folders(vault) if vault.operations(NOUN, identity)}
    return sum(remove(vault, identity) for identity in set(folders(vault)) - named if _LETTERS.issuperset(identity))


def sweep_halves(vault: Vault, before: float) -> int:
    """Remove half-written files last touched before a time (seconds since 1970); how many. See `files.replaced`."""
    halves = [path for identity in folders(vault) for path in (vault.folder / FOLDER / identity).glob(".*") if path.is_file()]
    old = [path for path in halves if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def holding(vault: Vault, ids: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The generations that were trained on one of these memories, or whose data sets contain what one of them says.

    A neighbouring question may name somebody of whom only an untrained memory speaks, so names count, too. So does the half of
    a data set that a killed process left.
    """
    gone = set(ids)
    known = records(vault)
    needles = {one.casefold() for text in texts for one in _telling(text)}
    found = []
    for identity in folders(vault):
        covers = known.get(identity, {}).get("covers") or {}
        data = folder(vault, identity).glob(f"*{DATA}*") if _LETTERS.issuperset(identity) else ()
        try:
            said = "".join(path.read_text(encoding="utf-8", errors="replace") for path in data).casefold()
        except OSError:
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
