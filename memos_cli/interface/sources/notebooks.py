"""The notes of a folder that another program keeps: what of it is a note, and what is that program's own.

Beside what `sources` leaves out of any folder these are templates, which say nothing yet, drawings that are kept as Markdown,
and links: one that leads out of the folder is never followed, and what one within it leads to is read where it lies.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from memos_cli.interface.sources import sources
from memos_cli.interface.sources.sources import SourceFile, Sources

MARK = ".obsidian"
"""The folder in which Obsidian keeps its settings."""
LARGEST = 64 << 20
"""Bytes of the largest note."""
NOTES = (".md", ".markdown", ".mdown", ".mkd")
_BESIDE = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".pdf", ".mp3", ".m4a", ".mp4", ".canvas"))
"""The endings of what lies beside notes, as attachments do."""
_SETTINGS = (("templates.json", "folder"), ("plugins/templater-obsidian/data.json", "templates_folder"))
"""Where Obsidian and a plugin of it say which folder holds templates."""
_TEMPLATES = frozenset(("templates", "_templates"))
_MOST_SETTINGS = 1 << 20
_MOST_NAMES, _DEEP = 5000, 3
_MOST_HEADS = 50


def is_notebook(folder: Path) -> bool:
    """Whether Obsidian keeps a folder."""
    try:
        return (folder / MARK).is_dir()
    except (OSError, ValueError):
        return False


def is_knowledge_base(folder: Path) -> bool:
    """Whether basic-memory keeps a folder: most of its first notes, at most three folders down, have a permalink and a type."""
    told = looked = 0
    for where, inner, files in os.walk(folder):
        for name in sorted(files):
            if name.lower().endswith(NOTES) and looked < _MOST_HEADS:
                looked += 1
                told += _has_permalink(Path(where, name))
        deep = len(Path(where).parts) - len(folder.parts) >= _DEEP
        inner[:] = [] if deep else sorted(one for one in inner if not one.startswith("."))
        if looked >= _MOST_HEADS:
            break
    return told > 0 and 2 * told > looked


def _has_permalink(note: Path) -> bool:
    try:
        if not note.is_file():  # a pipe would wait
            return False
        with note.open("rb") as file:
            head = file.read(4096)
    except (OSError, ValueError):
        return False
    front = re.match(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", head, re.DOTALL | re.MULTILINE)
    return front is not None and all(re.search(rb"(?m)^%s:[ \t]*\S" % name, front[1]) for name in (b"permalink", b"type"))


def has_notes(path: Path) -> bool:
    """Whether a file is Markdown by its name, or some is among the first names in a folder, at most three folders down."""
    looked = 0
    for where, inner, files in os.walk(path):
        if any(name.lower().endswith(NOTES) for name in files):
            return True
        looked += len(files) + len(inner)
        deep = len(Path(where).parts) - len(path.parts) >= _DEEP
        inner[:] = [] if deep else sorted(one for one in inner if not one.startswith("."))
        if looked > _MOST_NAMES:
            return False
    return path.is_file() and path.name.lower().endswith(NOTES)


def are_most(folder: Path) -> bool:
    """Whether a folder is one of notes rather than of a program: at least half of its first files are, pictures and such aside.

    Those at most three folders down are looked at, and none that is hidden.
    """
    notes = others = 0
    for where, inner, files in os.walk(folder):
        endings = [os.path.splitext(name.lower())[1] for name in files if not name.startswith(".")]  # noqa: PTH122
        found = sum(one in NOTES for one in endings)
        notes, others = notes + found, others + sum(one not in _BESIDE for one in endings) - found
        deep = len(Path(where).parts) - len(folder.parts) >= _DEEP
        inner[:] = [] if deep else sorted(one for one in inner if not one.startswith("."))
        if notes + others > _MOST_NAMES:
            break
    return notes > 0 and notes >= others


def find(names: Sequence[str]) -> Sources:
    """The notes that are meant by names of files and folders.

    Raises:
        UsageError: there is nothing of a name, or nothing fits a pattern.
    """
    found = sources.find(names)
    roots = {folder: _Rules(folder) for folder, _ in found.folders}
    files: list[SourceFile] = []
    skipped = dict(found.skipped)
    for file in found.files:
        rules = None if file.named else _of(roots, file.path or "")
        why = rules.why_not(file.path or "") if rules else None
        if why is None:
            files.append(file)
        else:
            skipped[file.name] = why
    for name in (one for folder, called in found.folders for one in _linked_folders(folder, called)):
        skipped[name] = "a link to a folder"
    return Sources(tuple(files), tuple(skipped.items()), found.folders)


def _of(roots: "dict[str, _Rules]", path: str) -> "_Rules | None":
    inside = [root for root in roots if path.startswith(f"{root.rstrip(os.sep)}{os.sep}")]
    return roots[max(inside, key=len)] if inside else None


class _Rules:
    """What of a folder is no note.

    Args:
        root: its absolute path.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._real = os.path.realpath(root)
        self._templates = {one for name, field in _SETTINGS if (one := _setting(Path(root, MARK, name), field))}

    def why_not(self, path: str) -> str | None:
        """Why a file is no note; `None` for one that is."""
        inner = os.path.relpath(path, self._root).replace(os.sep, "/")
        if self._is_template(inner.lower()):
            return "a template"
        if inner.lower().endswith((".excalidraw.md", ".excalidraw")):
            return "a drawing"
        if os.path.islink(path):  # noqa: PTH114 -- as the paths of `sources` are texts
            real = os.path.realpath(path)
            return "a link within the folder" if real.startswith(f"{self._real}{os.sep}") else "a link out of the folder"
        try:
            return f"larger than {LARGEST >> 20} MiB" if os.path.getsize(path) > LARGEST else None  # noqa: PTH202
        except OSError as error:
            return f"a file that cannot be read: {error.strerror}"

    def _is_template(self, inner: str) -> bool:
        return any(inner.startswith(f"{folder}/") for folder in self._templates) or inner.partition("/")[0] in _TEMPLATES


def _setting(path: Path, field: str) -> str:
    """A folder that a program's settings name, in small letters; empty where they name none."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_SETTINGS))
    except (OSError, ValueError, RecursionError):
        return ""
    folder = found.get(field) if isinstance(found, dict) else None
    return folder.strip().strip("/").lower() if isinstance(folder, str) else ""


def _linked_folders(folder: str, called: str) -> Iterator[str]:
    """The links to folders below a folder, as its person would call them; no link is followed."""
    for where, inner, _ in os.walk(folder):
        inner[:] = sorted(one for one in inner if not one.startswith("."))
        for name in inner:
            path = os.path.join(where, name)  # noqa: PTH118
            if os.path.islink(path):  # noqa: PTH114
                yield os.path.join(called, os.path.relpath(path, folder))  # noqa: PTH118
