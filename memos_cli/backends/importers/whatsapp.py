"""WhatsApp: the text of a chat as the phone exports it, alone, unpacked in a folder, or zipped with its pictures.

A line with a stamp opens a message, and the lines below it go on with it. The messages have no ids: one is named by its chat,
its stamp as it is written, who said it, its text, and how many of the same came before it. So an export that has grown at its
end, or from whose beginning old messages were cut off, names what is still in it as before.
"""

# ruff: noqa: RUF001 -- people write dashes, so they are matched

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from memos_cli.backends.importers.agents import transcript_lines
from memos_cli.backends.importers.fields import HEAD
from memos_cli.backends.parsers.stamps import STAMP, calendar_day, day_first, instant
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.records import NamedTuple

_MARKS = "[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]*"
_INVISIBLE = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_OPENING = re.compile(
    rf"{_MARKS}[ \t]*(?P<open>\[)?{STAMP}(?(open)\]|[ \t]+[-–—])[ \t]*(?:{_MARKS}(?P<name>[^\s:][^:\n]{{0,99}}?): ?)?"
)
_FORM = re.compile(rf"{_MARKS}\[?\d[\d/.-]+,[ \u202f]\d")
"""A stamp with a comma between day and time, as only WhatsApp writes it."""
_NAMED = re.compile(
    r"WhatsApp[ -]Chat(?: -| with| mit| met| con| avec)? (?P<a>.+)"
    r"|(?:Chat de WhatsApp con|Conversa do WhatsApp com|Discussion WhatsApp avec|Chat WhatsApp con) (?P<b>.+)",
    re.IGNORECASE,
)
_AGAIN = re.compile(r" ?\(\d{1,3}\)$")
"""What a browser appends to a name that is there already."""
_CHAT = "_chat"
_LONGEST, _MOST = 1 << 20, 1 << 30
"""Most bytes of a line, and of a chat."""
_OMITTED = "omitted|ausgeschlossen|weggelassen|omitido|omitida|omis|omise|oculta|oculto|omessi|omesso|weggelaten"
_MEDIA = re.compile(
    rf"<[^<>\n]{{1,60}} (?:{_OMITTED})>|<(?:attached|Anhang|adjunto|pièce jointe|anexo|allegato|bijlage): [^<>\n]{{1,200}}>"
    r"|(?:image|video|audio|sticker|GIF|document|Contact card|Bild|Dokument|imagen|imagem|afbeelding)"
    rf" (?:{_OMITTED})"
    r"|[^\n]{1,200} \((?:file attached|Datei angehängt|archivo adjunto|fichier joint|arquivo anexado|file allegato"
    r"|bestand bijgevoegd)\)",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"(?:This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht"
    r"|Se eliminó este mensaje|Eliminaste este mensaje|Ce message a été supprimé|Mensagem apagada"
    r"|Questo messaggio è stato eliminato|Dit bericht is verwijderd)\.?",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"(?:Messages and calls are end-to-end encrypted|Messages to this (?:chat|group) are"
    r"|Nachrichten und Anrufe sind Ende-zu-Ende"
    r"|Missed (?:voice|video|group)|(?:Voice|Video) call\b|Waiting for this message|null$|Your security code)",
    re.IGNORECASE,
)
_EDITED = (
    "<This message was edited>", "<Diese Nachricht wurde bearbeitet>", "<Se editó este mensaje>", "<Ce message a été modifié>",
)  # fmt: skip
"""What the texts end in that were changed later."""
_BROKEN = (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError, ValueError)
"""What reading a zip raises that is damaged, encrypted or packed in an unknown way."""


class _ExportedChat(NamedTuple):
    """A chat: its name, how it is opened, its size, and how many other files came with it."""

    name: str
    opened: Callable[[], "IO[bytes]"]
    size: int
    others: int = 0


class _WrittenMessage(NamedTuple):
    """A message as it is written, with the number of its first line."""

    number: int
    opening: re.Match[str] | None
    text: str


class WhatsAppImporter:
    """A text, a folder with one, or a zip."""

    def matches(self, source: Path) -> bool:
        """Whether the text there has the stamps of a chat."""
        try:
            with _found(source) as chat:
                return chat is not None and _is_chat(chat)
        except _BROKEN:
            return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The messages of a chat, in its order.

        Raises:
            UsageError: there is no chat, or it cannot be read.
        """
        begun = False
        try:
            with _found(source) as chat:
                if chat is None or not _is_chat(chat):
                    raise UsageError(f"{source} holds no chat of WhatsApp", hint="give it the text or the zip of: Export chat")
                for one in _ChatReader(chat, how).entries():
                    begun = True
                    yield one
        except _BROKEN as error:
            if isinstance(error, UsageError) or not begun:
                raise UsageError(f"{source} cannot be read: {_said(error)}") from None
            yield Skipped("what could not be read", _said(error), damaged=True)


def _said(error: Exception) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(error))[:200] or type(error).__name__


@contextmanager
def _found(source: Path) -> Iterator[_ExportedChat | None]:
    """The chat of a source."""
    if source.is_dir():
        texts = sorted(one for one in source.iterdir() if one.is_file() and _is_text(one.name))
        others = sum(one.is_file() for one in source.iterdir()) - len(texts[:1])
        yield _of_file(texts[0], source.name, others) if texts else None
    elif not source.is_file():
        yield None
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            texts_ = sorted((one for one in members if _is_text(Path(one.filename).name)), key=lambda one: one.filename)
            yield _of_member(archive, texts_[0], source.stem, len(members) - 1) if texts_ else None
    else:
        yield _of_file(source, source.parent.name) if source.suffix.lower() == ".txt" else None


def _of_file(path: Path, folder: str, others: int = 0) -> _ExportedChat:
    return _ExportedChat(_name(path.stem, folder), lambda: path.open("rb"), path.stat().st_size, others)


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, stem: str, others: int) -> _ExportedChat:
    return _ExportedChat(_name(Path(member.filename).stem, stem), lambda: archive.open(member), member.file_size, others)


def _is_text(name: str) -> bool:
    stem, _, ending = name.rpartition(".")
    return ending.lower() == "txt" and (stem == _CHAT or _NAMED.fullmatch(stem) is not None)


def _name(stem: str, around: str) -> str:
    """What a chat is called: by its text, else by the zip or the folder around it."""
    for one in (stem, around):
        if found := _NAMED.fullmatch(_AGAIN.sub("", one)):
            return (found["a"] or found["b"]).strip()
    return "WhatsApp" if stem == _CHAT else stem


def _is_chat(chat: _ExportedChat) -> bool:
    with chat.opened() as file:
        head = file.read(HEAD).decode("utf-8", "replace")
    lines = [line for line in head.split("\n")[:200] if _OPENING.match(line[:400])]
    return bool(lines) and any(_FORM.match(line) for line in lines[:5])


class _ChatReader:
    """Reads a chat twice: which number of its dates is the day, and then its messages."""

    def __init__(self, chat: _ExportedChat, how: ImportOptions) -> None:
        self._chat, self._how = chat, how
        self._skipped = transcript_lines.SkippedLines(chat.name)
        self._known: Counter[int] = Counter()
        self._turn = 0

    def entries(self) -> Iterator[Draft | Skipped]:
        first = self._day_comes_first()
        for message in self._messages(lambda done: self._how.tell(min(done, self._chat.size), self._chat.size)):
            if found := self._entry(message, day_comes_first=first):
                yield found
        yield from self._skipped.told()
        if self._chat.others:
            yield Skipped("a file that was sent", count=self._chat.others)

    def _lines(self, told: Callable[[int], None]) -> Iterator[tuple[int, str]]:
        done = number = 0
        with self._chat.opened() as file:
            while raw := file.readline(_LONGEST):
                if (done := done + len(raw)) > _MOST:
                    raise ValueError("the chat is larger than 1 GiB")
                number += 1
                if number % 1000 == 0:
                    told(done)
                yield number, raw.decode("utf-8", "replace").rstrip("\r\n").replace("\r", "\n")

    def _day_comes_first(self) -> bool:
        stamps: list[str] = []
        halves = False
        for _, line in self._lines(lambda _: None):
            if found := _OPENING.match(line):
                halves = halves or bool(found["half"])
                if not stamps or stamps[-1] != found["date"]:
                    stamps.append(found["date"])
        return day_first(stamps, halves=halves)

    def _messages(self, told: Callable[[int], None]) -> Iterator[_WrittenMessage]:
        at, opening, texts = 1, None, list[str]()
        for number, line in self._lines(told):
            if found := _OPENING.match(line):
                if opening or any(text.strip() for text in texts):
                    yield _WrittenMessage(at, opening, "\n".join(texts))
                at, opening, texts = number, found, [line[found.end() :]]
            else:
                texts.append(line)
        if opening or any(text.strip() for text in texts):
            yield _WrittenMessage(at, opening, "\n".join(texts))

    def _entry(self, message: _WrittenMessage, *, day_comes_first: bool) -> Draft | Skipped | None:
        opening = message.opening
        if opening is None:
            return self._skipped.damaged("lines before the first message", message.number)
        text, why = _text(message.text)
        if opening["name"] is None or not text:
            self._skipped.note(why if opening["name"] else "a notice of WhatsApp", message.number)
            return None
        self._turn += 1
        speaker = opening["name"].translate(_INVISIBLE).strip() or "?"
        name = self._external_id(opening, speaker, text)
        day = calendar_day(opening["date"], day_comes_first=day_comes_first)
        at = instant(day, opening["time"], opening["half"], opening["zone"], self._how.zone) if day else None
        return Draft(
            text, kind=Kind.EPISODE, external_id=name, title=self._chat.name, occurred_at=at, origin=Origin.CONVERSATION,
            source=Source(conversation=f"WhatsApp: {self._chat.name}", turn=self._turn - 1, speaker=speaker),
            given=frozenset({"content", "kind", "source", "title"} | ({"occurred_at"} if at else set())),
        )  # fmt: skip

    def _external_id(self, opening: re.Match[str], speaker: str, text: str) -> str:
        stamp = f"{opening['date']} {opening['time']} {(opening['half'] or '').lower()}"
        parts = (self._chat.name, stamp, speaker, text)
        self._known[key := transcript_lines.mark(*parts)] += 1
        return f"whatsapp:{transcript_lines.digest(*parts, str(self._known[key]))}"


def _text(written: str) -> tuple[str, str]:
    """What was said in a message; and where that is nothing, what the message is."""
    noted = written.startswith("\u200e")
    text = written.translate(_INVISIBLE).strip()
    for mark in _EDITED:
        text = text.removesuffix(mark).rstrip()
    first, _, rest = text.partition("\n")
    if _MEDIA.fullmatch(first.strip()):
        return rest.strip(), "a file that was sent, without a text"
    if _DELETED.fullmatch(text):
        return "", "a deleted message"
    if _NOTICE.match(text) or (noted and "\n" not in text and len(text) < 80):
        return "", "a notice of WhatsApp"
    return text, "a message without text"
