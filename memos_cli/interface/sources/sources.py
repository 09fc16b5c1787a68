"""Which files a person means: those that are named, those below a folder, those that fit a pattern that no shell expanded.

In a folder only what looks like a text by its name is read, and documents where they can be converted; hidden files, and what
version control keeps there, are left out without a word, and all else is skipped and told. A file that is named itself is read
whatever its name is, or refused.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from memos_cli.errors import UsageError
from memos_cli.interface.sources.paths import ENDINGS
from memos_cli.interface.sources.recognition import HEAD, Recognised, recognised
from memos_cli.plugins import load
from memos_cli.ports.importer import IMAGE

_VERSION_CONTROL = frozenset(("CVS", "RCS", "SCCS", "_darcs"))
"""Folders of version control that are not hidden; `.git`, `.hg` and `.svn` are."""
_PATTERN = "*?["


class SourceFile(NamedTuple):
    """A file that is meant.

    Attributes:
        name: what it is called, as the person would write it.
        path: its absolute path without `.` and `..`; `None` for what is read once and is no file, such as a pipe.
        named: whether the person named it, and not its folder.
    """

    name: str
    path: str | None
    named: bool = True


class Sources(NamedTuple):
    """What is meant by the names that a person gave.

    Attributes:
        files: in the order of the names, each once.
        skipped: the name of each file that is left out, and what it is.
        folders: the absolute paths of the folders that were given, and what the person calls them.
    """

    files: tuple[SourceFile, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()


def absolute(name: str) -> str:
    """The absolute path of a name, without `.`, `..` and a doubled `/` at its beginning; links are not followed."""
    path = os.path.abspath(name)  # noqa: PTH100 -- Path.absolute keeps `..`
    return path[1:] if path.startswith("//") else path


def find(names: Sequence[str]) -> Sources:
    """The files that are meant by names of files and folders and by patterns.

    Raises:
        UsageError: there is nothing of a name, or nothing fits a pattern.
    """
    files: dict[str, SourceFile] = {}
    skipped: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in _expanded(names):
        if not os.path.isdir(name):  # noqa: PTH112
            one = SourceFile(name, absolute(name) if os.path.isfile(name) else None)  # noqa: PTH113
            files[one.path or name] = one
            continue
        folders[absolute(name)] = name
        for path, why in _below(name):
            if why is None:
                files.setdefault(absolute(path), SourceFile(path, absolute(path), named=False))
            else:
                skipped[path] = why
    return Sources(tuple(files.values()), tuple(skipped.items()), tuple(folders.items()))


def _expanded(names: Sequence[str]) -> Iterator[str]:
    from glob import glob

    for name in names:
        if os.path.lexists(name):
            yield os.path.normpath(name)
        elif any(mark in name for mark in _PATTERN):
            found = sorted(glob(name, recursive=True))  # noqa: PTH207 -- a pattern may begin anywhere
            if not found:
                raise UsageError(f"no file fits {name}", hint="patterns: *.md in this folder, notes/**/*.md at any depth")
            yield from map(os.path.normpath, found)
        else:
            hint = "standard input is read by: memos add -" if name == "-" else None
            raise UsageError(f"cannot read {name}: No such file or directory", hint=hint)


def _below(folder: str) -> Iterator[tuple[str, str | None]]:
    """The files at any depth below a folder, by name, each with the reason why it is left out, or with none."""
    faults: list[OSError] = []
    for where, inner, files in os.walk(folder, onerror=faults.append):
        inner[:] = sorted(one for one in inner if not one.startswith(".") and one not in _VERSION_CONTROL)
        for name in sorted(files):
            if not name.startswith("."):
                path = os.path.join(where, name)  # noqa: PTH118 -- as the person wrote it
                yield path, _why_not(path)
    for fault in faults:
        yield str(fault.filename), f"a folder that cannot be read: {fault.strerror}"


def _why_not(path: str) -> str | None:
    if not os.path.isfile(path):  # noqa: PTH113 -- a pipe would be waited for
        return "not a regular file" if os.path.exists(path) else "a link to nothing"  # noqa: PTH110
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if ending in ENDINGS:
        return None
    try:
        known = recognised(head(path), path, whole=False)
    except UsageError as error:
        return error.message
    if known is None:
        return f"no text by its name (*{ending})"
    if known.sort in {None, IMAGE}:  # of a folder of photographs nobody wants a memory each
        return known.what
    is_readable = load("documents", "converter")().is_installed()
    return None if is_readable else f"{known.what}; to read it: pip install 'memos-memcube[documents]'"


def head(path: str) -> bytes:
    """The first bytes of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(HEAD + 1)
    except OSError as error:
        raise UsageError(f"a file that cannot be read: {error.strerror}") from None


def content(name: str) -> bytes:
    """All bytes of a file or a pipe.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def require_text(text: bytes, name: str | None, *, forced: bool = False) -> None:
    """Refuse what no reader here takes.

    Args:
        text: all of it.
        name: the name of the file; `None` for standard input.
        forced: whether the person said how it is to be read, so that any text is.

    Raises:
        UsageError: it says what it is, and what a person can do with it.
    """
    known = recognised(text[: HEAD + 1], name)
    if known is not None and not (forced and known.is_text):
        raise refusal(known, name)


def refusal(known: Recognised, name: str | None) -> UsageError:
    """The error that says what a file is."""
    import re

    hint = known.hint
    if name is None:  # an import reads files, and may read one twice
        hint = f"save it to a file; {hint}" if "memos import" in hint else re.sub(r"FILE(?![\w.])", "-", hint)
    return UsageError(f"{name or 'standard input'} is {known.what}", hint=hint)
