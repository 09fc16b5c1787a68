"""The generations of adapters in a cube: their records in the log, and a folder of files for each beside it.

The folder has the data set, checkpoints while it is trained, the adapter for PEFT and for llama.cpp, and the evaluation. All of
it can be made again. A file is only used after its SHA-256 was compared with the one that the log has, and only where the log
has it from this very copy of the cube: what another machine says of its files tells nothing about the ones here. Files that
came in with a cube from somebody who is trusted, or that a person chose to use, are noted in a mark of this copy, which is no
part of the log.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from memos_cli.errors import AmbiguousId, NotFound
from memos_cli.infra import files
from memos_cli.infra.cubefile import LEARNT
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.units import registers_of, set_mark
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Adapter, Memory, Operation

FOLDER = "adapters"
"""Below the cube's folder."""
NOUN = "adapter"
WEIGHTS, LLAMA, DATA, EVALUATION = "adapter_model.safetensors", "adapter.gguf", "examples.jsonl", "evaluation.json"
CONFIG, LOG = "adapter_config.json", "training.jsonl"
SEALED = (LLAMA, WEIGHTS, CONFIG, DATA, EVALUATION, LOG)
"""The files whose digests the log has."""
PROMOTED = "promoted"
"""The status of a generation that is in use (`operation.parametric.generations.Status`)."""
VOUCHED = "adapters"
"""The mark, in the table `cube`, with the digests of files from elsewhere that may be used: by generation, then by name."""
FOREIGN = "it came from elsewhere, signed by nobody whom you trust"
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
    """What is wrong with the files of a generation: not made here and not vouched for, gone, or not what they were."""
    place, known = folder(vault, one.id), _known(vault, one)
    if isinstance(known, str):
        return known
    for name in names:
        made_of = (CONFIG, WEIGHTS) if name == LLAMA and name not in known else (name,)  # it does not travel
        for needed in made_of:
            if wrong := _differs(place, needed, known):
                return wrong
    return None


def _known(vault: Vault, one: Adapter) -> Mapping[str, str] | str:
    """The digests that this copy of the cube stands for; or why there are none."""
    sealed = [op for op in vault.operations(NOUN, one.id) if (op.change or {}).get("files")]
    if not sealed:
        return "it has no files"
    if all(op.replica == vault.meta["replica"] for op in sealed):
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
    """Whether another copy of the cube wrote what a generation's files are, and nobody stands for them here."""
    own = vault.meta["replica"]
    return not made_by(vault.operations(NOUN, identity), own) and identity not in vouched(vault)


def made_by(operations: Iterable[Operation], replica: str) -> bool:
    """Whether nobody but one copy of the cube wrote what a generation's files are."""
    return all(op.replica == replica for op in operations if (op.change or {}).get("files"))


def vouched(vault: Vault) -> dict[str, dict[str, str]]:
    """Which files from elsewhere may be used: for each generation the digests, by name."""
    kept = vault.mark(VOUCHED)
    return dict(json.loads(kept)) if kept else {}


def vouch(vault: Vault, digests: Mapping[str, Mapping[str, str]]) -> None:
    """Note, in the caller's transaction, that files from elsewhere may be used: for each generation digests, by name."""
    kept = json.loads(vault.mark(VOUCHED) or "{}")
    known = {identity: {**kept.get(identity, {}), **found} for identity, found in digests.items()}
    set_mark(vault.conn, VOUCHED, json.dumps({**kept, **known}, sort_keys=True))


def vouch_for(vault: Vault, identities: Iterable[str]) -> None:
    """The same of whole generations, as the log names their files that travel."""
    named = {one: registers_of(vault.conn, NOUN, one)["files"] for one in identities}
    if named:
        vouch(vault, {one: {name: found[name] for name in LEARNT} for one, found in named.items()})


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


def sweep_halves(vault: Vault, before: float) -> int:
    """Remove halves of files that were last touched before a time (seconds since 1970); how many. See `files.replaced`."""
    halves = [path for identity in folders(vault) for path in (vault.folder / FOLDER / identity).glob(".*") if path.is_file()]
    old = [path for path in halves if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def holding(vault: Vault, ids: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The generations that learnt one of these memories, or whose data sets say what one says.

    A neighbouring question may name somebody of whom a memory that was not learnt speaks, so names count, too. And so does the
    half of a data set that somebody left who was killed.
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
