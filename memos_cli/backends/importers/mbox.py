"""Mail: a mailbox (mbox), a message (eml), or a folder of them, such as a Maildir, Apple Mail's or a program's archive.

A mailbox is read line by line and held in memory a message at a time, and of that at most `MOST_MESSAGE` bytes. `mail` makes
drafts of a message.
"""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from memos_cli.backends.importers.mail import mail
from memos_cli.errors import UsageError
from memos_cli.model import Draft
from memos_cli.ports.importer import ImportOptions, Skipped

MOST_MESSAGE = 48 << 20
"""Bytes of a message that are read: servers take no larger ones than 25 MB of attachments, which is 35 MB as text."""
_HEAD = 64 * 1024
_LINE = 1 << 20
"""Bytes of a line that are read at once."""
_ENVELOPE = re.compile(rb"From \S.{0,300}\b\d\d?:\d\d\b.{0,40}\b\d{4}\b.{0,20}\Z", re.DOTALL)
"""The line before a message of a mailbox: who sent it, and when it came."""
_QUOTED = re.compile(rb">+From ")
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|\r?$)", re.MULTILINE)
_MARKS = frozenset((b"message-id", b"received", b"mime-version", b"return-path", b"delivered-to", b"x-mozilla-status"))
"""Fields of a message that only mail programs write."""
_ENDINGS = (".eml", ".emlx", ".mbox", ".mbx")
_LOOKED_AT = 1000
"""Names in a folder that are looked at."""


class MailImporter:
    """Reads mail with the standard library alone; what is attached is converted where the extra `documents` is installed."""

    def matches(self, source: Path) -> bool:
        """A file that begins with the fields of a message, a Maildir, or a folder with little else than mail."""
        try:
            if source.is_dir():
                return _is_mail_folder(source)
            return source.is_file() and _is_mail(_head(source), source.suffix.lower())
        except (OSError, ValueError):
            return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The messages in their order; those of a folder file by file.

        Raises:
            UsageError: it cannot be read, or is no mail at all.
        """
        try:
            if source.is_dir():
                yield from _of_folder(source, how)
                return
            if not (source.is_file() and _is_mail(_head(source), source.suffix.lower())):
                raise UsageError(f"{source} is no mail", hint="an mbox, an eml, or a folder of them: memos import FOLDER")
            yield from _of_file(source, how, _Progress(how, source.stat().st_size))
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None


class _Progress:
    """Tells how many bytes are read, over all files of a source."""

    def __init__(self, how: ImportOptions, total: int) -> None:
        self._tell, self._total, self._done = how.tell, total, 0

    def add(self, read: int) -> None:
        """So many bytes more were read."""
        self._done = min(self._done + read, self._total)
        self._tell(self._done, self._total)


def _head(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(_HEAD)


def _is_mail(head: bytes, ending: str) -> bool:
    first, _, rest = head.partition(b"\n")
    is_box = _ENVELOPE.match(first + b"\n") is not None
    if ending == ".emlx" and first.strip().isdigit():  # Apple Mail puts the length before the message
        head = rest
    fields = rest if is_box else head.lstrip(b"\r\n")
    if not is_box and _FIELD.match(fields) is None:
        return False
    names = {name.lower() for name in _FIELD.findall(re.split(rb"\r?\n\r?\n", fields, maxsplit=1)[0])}
    addressed = b"from" in names and not names.isdisjoint((b"date", b"subject", b"to", b"message-id"))
    return addressed and (is_box or ending in _ENDINGS or not names.isdisjoint(_MARKS))


def _is_mail_folder(folder: Path) -> bool:
    if all((folder / name).is_dir() for name in ("cur", "new")):
        return True
    names = list(islice(_files(folder), _LOOKED_AT))
    mail_files = [one for one in names if one.suffix.lower() in _ENDINGS or one.name == "mbox"]
    return len(mail_files) * 2 > len(names) and any(_is_mail(_head(one), one.suffix.lower()) for one in mail_files[:20])


def _files(folder: Path) -> Iterator[Path]:
    """The files at any depth below a folder, by name; hidden ones and indexes of mail programs are left out."""
    for where, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith(".") or Path(where, name, "cur").is_dir())
        yield from (
            path for path in (Path(where, name) for name in sorted(files) if not name.startswith(".")) if path.is_file()
        )


def _of_folder(folder: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
    progress = _Progress(how, sum(file.stat().st_size for file in _files(folder)))
    is_any = False
    for file in _files(folder):
        where = str(file.relative_to(folder))
        try:
            if _is_mail(_head(file), file.suffix.lower() if file.parent.name not in {"cur", "new"} else ".eml"):
                is_any = True
                yield from _of_file(file, how, progress, where)
                continue
            progress.add(file.stat().st_size)
        except OSError as error:
            yield Skipped("a file that cannot be read", f"{where}: {error.strerror}", damaged=True)
            continue
        if file.parent.name != "tmp":  # what a Maildir was given half
            yield Skipped("a file that is no mail", where)
    if not is_any:
        raise UsageError(f"there is no mail in {folder}", hint="an mbox, an eml, or a folder of them: memos import FOLDER")


def _of_file(source: Path, how: ImportOptions, progress: _Progress, where: str = "") -> Iterator[Draft | Skipped]:
    with source.open("rb") as file:
        for number, content in enumerate(_messages(file, progress, source.suffix.lower()), start=1):
            place = f"message {number}" if not where else where if number == 1 else f"{where}, message {number}"
            if len(content) >= MOST_MESSAGE:
                yield Skipped("a message that is too large", place, damaged=True)
            else:
                yield from mail.read(content, how, place)


def _messages(file: BinaryIO, progress: _Progress, ending: str) -> Iterator[bytes]:
    """The bytes of each message, of a large one so many that it is known to be too large; of an eml there is one."""
    first = file.readline(_LINE)
    is_box = _ENVELOPE.match(first) is not None
    held = bytearray() if is_box or (ending == ".emlx" and first.strip().isdigit()) else bytearray(first)
    progress.add(len(first))
    unread, begins = 0, True
    while line := file.readline(_LINE):
        unread += len(line)
        if unread > _LINE:
            progress.add(unread)
            unread = 0
        if is_box and begins and _ENVELOPE.match(line):
            yield bytes(held)
            held.clear()
            continue
        if len(held) < MOST_MESSAGE:
            held += line[1:] if is_box and begins and _QUOTED.match(line) else line
        begins = line.endswith(b"\n")
    progress.add(unread)
    if held.strip():
        yield bytes(held)
