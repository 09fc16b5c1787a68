"""Enters memos into the settings of a client, and takes it out again: only its own entries, and no other byte.

All files are read and made before the first is written. Each is written whole or not at all, with the mode that it has, at the
place that a link names. Where the client wrote it meanwhile, it is read and made again.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memos_cli.agents.setup import json_text, toml_text
from memos_cli.agents.setup.clients import Client, Item, is_alone
from memos_cli.errors import MemosError, Refused
from memos_cli.infra import files
from memos_cli.records import NamedTuple

MOST_BYTES = 64 * 1024 * 1024
_TRIES = 3
_Change = Callable[[str | None, Item], tuple[str | None, str]]
"""Makes the text of a file with an entry, or without it, and says what became of it."""


class Entered(NamedTuple):
    """An entry, and what became of it.

    Attributes:
        what: `server`, `session-start` or `session-end`.
        path: the file.
        key: where it stands there.
        status: `added`, `changed` or `unchanged`; of what is taken out `removed` or `absent`.
    """

    what: str
    path: Path
    key: str
    status: str


class _FilePlan(NamedTuple):
    """A file as it was, and as it is to be; `None` for no file."""

    path: Path
    before: str | None
    after: str | None
    entered: tuple[Entered, ...]


def command(name: str, cubes: Sequence[str] = ()) -> list[str]:
    """What starts this memos as an agent: by its name where it is on the PATH, else by its place.

    Args:
        name: the agent.
        cubes: the cubes that it is to use; those in use where none is named.
    """
    begun = Path(sys.argv[0])
    if shutil.which("memos"):
        start = ["memos"]
    elif begun.stem == "memos" and begun.is_file():
        start = [str(begun.absolute())]
    else:
        start = [sys.executable, "-P", "-m", "memos_cli"]
    named = [str(Path(cube).absolute()) if os.sep in cube else cube for cube in cubes]
    return [*start, *(word for cube in named for word in ("--cube", cube)), "--as", name]


def enter(client: Client, started: Sequence[str], env: Mapping[str, str], *, dry_run: bool = False) -> list[Entered]:
    """Put the entries into the files of a client; those that stand there stay, or are brought up to date.

    Args:
        client: the client.
        started: the command that starts memos as the agent.
        env: the environment, which may name other folders.
        dry_run: write nothing.

    Raises:
        Refused: a file is not what its client reads, or something else stands in the way; nothing was written then.
    """
    return _carried_out(client.items(started, env), _put, dry_run=dry_run)


def remove(client: Client, env: Mapping[str, str], *, dry_run: bool = False) -> list[Entered]:
    """Take the entries of memos out of the files of a client, and nothing else.

    Raises:
        Refused: a file is not what its client reads, or a hook of memos stands in a group with others.
    """
    return _carried_out(client.items(["memos"], env)[::-1], _take, dry_run=dry_run)[::-1]


def printed(item: Item) -> str:
    """An entry as it stands in an otherwise empty file."""
    if item.is_toml:
        return toml_text.put(None, item.place.path, item.value, item.place.is_ours, item.path.name)
    return json_text.put(None, item.place, item.value, item.path.name)


def _carried_out(items: Sequence[Item], change: _Change, *, dry_run: bool) -> list[Entered]:
    by_path: dict[Path, list[Item]] = {}
    for item in items:
        by_path.setdefault(item.path, []).append(item)
    plans = [_plan(path, some, change) for path, some in by_path.items()]
    if not dry_run:
        plans = [_written(plan, by_path[plan.path], change) for plan in plans]
    return [one for plan in plans for one in plan.entered]


def _plan(path: Path, items: Sequence[Item], change: _Change) -> _FilePlan:
    before = after = _read(path)
    entered = []
    for item in items:
        after, status = change(after, item)
        entered.append(Entered(item.what, path, ".".join(item.place.path), status))
    return _FilePlan(path, before, after, tuple(entered))


def _put(text: str | None, item: Item) -> tuple[str | None, str]:
    there = _has(text, item)
    if there is not None and there != item.value:
        _require_alone(there, item)
    if item.is_toml:
        made = toml_text.put(text, item.place.path, item.value, item.place.is_ours, str(item.path))
    else:
        made = json_text.put(text, item.place, item.value, str(item.path))
    return made, "unchanged" if made == text else "added" if there is None else "changed"


def _take(text: str | None, item: Item) -> tuple[str | None, str]:
    there = None if text is None else _has(text, item)
    if text is None or there is None:
        return text, "absent"
    _require_alone(there, item)
    if item.is_toml:
        return toml_text.take(text, item.place.path, item.place.is_ours, str(item.path)), "removed"
    return json_text.take(text, item.place, str(item.path)), "removed"


def _has(text: str | None, item: Item) -> Any:  # noqa: ANN401 -- any JSON
    """The entry of memos that stands there; `None` for none."""
    if not item.is_toml:
        return json_text.has(text, item.place, str(item.path))
    there = toml_text.has(text, item.place.path, str(item.path))
    return there if there is not None and item.place.is_ours(there) else None


def _require_alone(there: Any, item: Item) -> None:  # noqa: ANN401 -- any JSON
    if item.place.is_element and not is_alone(there):
        raise Refused(
            f"{item.path}: the hook of memos stands in one group with others", hint="give it a group of its own, or take it out"
        )


# -- files


def _read(path: Path) -> str | None:
    """The text of a file; `None` for none.

    Raises:
        Refused: it is no text, or none that a client would write.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"{path} is larger than {MOST_BYTES >> 20} MiB", hint="put the entry in by hand: --print shows it")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no UTF-8: byte {error.start + 1}", hint="mend it, and run this again") from None
    except OSError as error:
        raise MemosError(f"cannot read {path}: {error.strerror}") from None


def _written(plan: _FilePlan, items: Sequence[Item], change: _Change) -> _FilePlan:
    for _ in range(_TRIES):
        if _read(plan.path) == plan.before:
            break
        plan = _plan(plan.path, items, change)
    if plan.after != plan.before:
        _write(plan.path.resolve(), plan.after)
    return plan


def _write(path: Path, text: str | None) -> None:
    try:
        if text is None:
            path.unlink(missing_ok=True)
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        with files.replaced(path) as half:
            half.write_bytes(text.encode("utf-8"))
            if mode is not None:
                half.chmod(mode)
    except OSError as error:
        raise MemosError(f"cannot write {path}: {error.strerror}") from None
