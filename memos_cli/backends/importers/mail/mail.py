"""A message as drafts: an episode in the words of its sender, and what is attached to it.

The sender is the speaker, the subject the title, and the thread (by `References`) the conversation. What was said before and
stands below the words again, and the signature, are left out; `metadata` tells how many lines. The attachments are named
there; documents among them become memories where they can be converted, and each other one is skipped by its name.
"""

import email
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_tz
from typing import Any

from memos_cli.backends.importers.mail import attachments, words
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.records import NamedTuple
from memos_cli.times import Zone, to_text

MOST_HEADER = 1 << 20
"""Bytes of a header; mail programs give up at a tenth of it."""
MOST_PARTS = 1000
"""Parts of a message, and lines that may begin one for each of them."""
_DEEPEST = 30
"""Multiparts within each other."""
_LONGEST = 900_000
"""Characters of a text that are taken; what is beyond it is said in metadata."""
_NAME = 200
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")
_ID = re.compile(r"<([^<>\s]{1,500})>")
_IN_BIN = frozenset(("spam", "trash", "bin", "drafts"))
_LONG_BOUNDARY = re.compile(rb"(?i)\bboundary(?:\*|\s*=(?:[^\r\n]{300}|\s*\"[^\"]{300}))")
"""A boundary beyond the 70 characters that are allowed, or in pieces: the parser makes a regular expression of it."""
_PROGRAMS = re.compile(r"(?i)(?:mailer-daemon|postmaster)@")


class Envelope(NamedTuple):
    """What the header of a message says.

    Attributes:
        name: the external id.
        thread: the id of the message that the thread began with.
        number: how many messages of the thread stand before it, by its own account.
        sender: the name of who sent it, else the address.
        title: the subject.
        at: when it was sent, fixed-width UTC text.
        tags: what sort of mail it is.
        about: the rest that is kept.
    """

    name: str
    thread: str
    number: int
    sender: str
    title: str | None
    at: str | None
    tags: tuple[str, ...]
    about: Mapping[str, Any]


def read(content: bytes, how: ImportOptions, where: str) -> Iterator[Draft | Skipped]:
    """What becomes of the bytes of a message.

    Args:
        where: by what a person finds the message.
    """
    header, _, body = re.split(rb"(\r?\n\r?\n)", content, maxsplit=1) if _blank(content) else (content, b"", b"")
    if len(header) > MOST_HEADER:
        yield Skipped("a message with a header beyond 1 MiB", where, damaged=True)
        return
    if _is_bomb(header, body):
        yield Skipped("a message of too many parts", where, damaged=True)
        return
    try:
        message = email.message_from_bytes(content)
        envelope = _envelope(message, content, how.zone)
        found = list(_found(message, envelope, where))
    except (*words.FAULTS, RecursionError) as error:
        yield Skipped("a message that cannot be read", f"{where}: {type(error).__name__}", damaged=True)
        return
    yield from found


def _blank(content: bytes) -> bool:
    return re.search(rb"\r?\n\r?\n", content) is not None


def _is_bomb(header: bytes, body: bytes) -> bool:
    """Whether taking it apart would take long: the parser's work grows with the depth times the length."""
    if not re.search(rb"(?im)^content-type:\s*(?:multipart|message)/", header):
        return False
    if _LONG_BOUNDARY.search(header) or _LONG_BOUNDARY.search(body):
        return True
    nested = len(re.findall(rb"(?im)^content-type:[ \t]*(?:\r?\n[ \t]+)?(?:multipart|message)/", body))
    return nested > MOST_PARTS or body.count(b"\n--") > 20 * MOST_PARTS or (nested > _DEEPEST and len(body) > 1 << 20)


def _envelope(message: Message, content: bytes, zone: Zone) -> Envelope:
    identity = _named(_field(message, "Message-ID").strip().strip("<>"))
    if not identity:
        kept = "\n".join(_field(message, name) for name in ("Date", "From", "To", "Subject"))
        body = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[-1].replace(b"\r\n", b"\n").strip()
        identity = f"sha256-{hashlib.sha256(kept.encode('utf-8', 'replace') + body).hexdigest()[:32]}"
    before = _ID.findall(_field(message, "References")) or _ID.findall(_field(message, "In-Reply-To"))[:1]
    people = {name: _people(message, name) for name in ("From", "To", "Cc")}
    sender = next(iter(people["From"]), "") or "unknown"
    about = {"message_id": identity, **{name.lower(): found[:50] for name, found in people.items() if found and name != "From"}}
    about["from"] = next((address for _, address in _addresses(message, "From")), sender)
    title = _line(_field(message, "Subject"))
    thread = _named(before[0]) if before else identity
    at = _sent(_field(message, "Date"), zone)
    return Envelope(f"mbox:{identity}", thread, len(before), sender, title or None, at, _sorts(message), about)


def _field(message: Message, name: str) -> str:
    """A field of the header with its encoded words decoded, whatever they claim to be encoded in."""
    raw = message.get(name)
    if raw is None:
        return ""
    text = str(raw)[:20_000]
    try:
        parts = decode_header(text)
    except words.FAULTS:
        return text
    return "".join(words.decoded(part, charset) if isinstance(part, bytes) else part for part, charset in parts)


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())[:_NAME]


def _named(identity: str) -> str:
    """An id as it can be kept; of a strange one a digest stands for it."""
    text = _CONTROL.sub("", identity)
    if len(text) <= _NAME and text == identity and " " not in text:
        return text
    return f"sha256-{hashlib.sha256(identity.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    try:
        # Decoded after they are parted: a name may hold a comma.
        return getaddresses([str(raw)[:20_000] for raw in message.get_all(name, [])])
    except words.FAULTS:
        return []


def _people(message: Message, name: str) -> list[str]:
    """The names of those in a field, of who has none the address."""
    found = []
    for called, address in _addresses(message, name):
        holder = Message()
        holder["X"] = _CONTROL.sub(" ", called)
        if one := _line(_field(holder, "X")) or _line(address):
            found.append(one)
    return found


def _sent(text: str, zone: Zone) -> str | None:
    """When a message was sent; without an offset from UTC by the clock of the person's zone. `None` where nothing tells."""
    try:
        found = parsedate_tz(text)
        if found is None:
            return None
        wall = datetime(*found[:6])  # noqa: DTZ001 -- what the clock said; its zone follows
        if found[9] is None:
            return zone.instant(wall) if not text.rstrip().endswith("-0000") else to_text(wall.replace(tzinfo=UTC))
        return to_text(wall.replace(tzinfo=timezone(timedelta(seconds=found[9]))).astimezone(UTC))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _sorts(message: Message) -> tuple[str, ...]:
    listed = any(message.get(name) for name in ("List-Id", "List-Unsubscribe", "List-Post"))
    precedence = _field(message, "Precedence").strip().lower()
    automatic = _field(message, "Auto-Submitted").strip().lower() not in {"", "no"}
    sorts = {"mailing-list": listed or precedence == "list", "automatic": automatic or precedence == "bulk"}
    return tuple(sort for sort, applies in sorts.items() if applies)


def _why_not(message: Message) -> str | None:
    """Why a message becomes no memory whatever it says."""
    kind, sender = message.get_content_type(), _field(message, "From")
    labels = {label.strip().lower() for label in _field(message, "X-Gmail-Labels").split(",")}
    reasons = {
        "a note of the mail program": message.get("X-IMAP") is not None or "FOLDER INTERNAL DATA" in _field(message, "Subject"),
        "a deleted message": _is_deleted(_field(message, "X-Mozilla-Status")),
        "spam": _field(message, "X-Spam-Flag").strip().upper() == "YES" or "spam" in labels,
        "a draft or a message in the bin": not labels.isdisjoint(_IN_BIN) or message.get("X-Mozilla-Draft-Info") is not None,
        "a report of delivery": kind == "multipart/report" or _PROGRAMS.search(sender) is not None,
        "an automatic reply": _field(message, "Auto-Submitted").lower().startswith("auto-replied")
        or _field(message, "Precedence").strip().lower() == "auto_reply",
        "an encrypted message": kind in {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"},
    }
    return next((why for why, applies in reasons.items() if applies), None)


def _is_deleted(status: str) -> bool:
    """Whether Thunderbird has deleted it, and keeps it in the file until that is compacted."""
    return re.fullmatch(r"[0-9a-fA-F]{4}", status.strip()) is not None and bool(int(status, 16) & 0x0008)


def _found(message: Message, envelope: Envelope, where: str) -> Iterator[Draft | Skipped]:
    place = f"{where}: {envelope.title}" if envelope.title else where
    if not any(message.get(name) for name in ("From", "Date", "Subject", "Message-ID")):
        yield Skipped("a message without a header", where, damaged=True)
        return
    if (why := _why_not(message)) is not None:
        yield Skipped(why, place)
        return
    text, attached = _taken_apart(message)
    own = words.own(text)
    names = [one.name for one in attached]
    about = {**envelope.about, **({"attachments": names[:100]} if names else {}), **own.left_out}
    said = own.text[:_LONGEST]
    if len(own.text) > _LONGEST:
        about["cut"] = len(own.text)
    given = frozenset(name for name, value in (("title", envelope.title), ("occurred_at", envelope.at)) if value)
    if said:
        source = Source(conversation=envelope.thread, turn=envelope.number, speaker=envelope.sender)
        yield Draft(
            said, Kind.EPISODE, envelope.name, envelope.title, tags=envelope.tags, occurred_at=envelope.at,
            origin=Origin.CONVERSATION, source=source, metadata=about, given=given,
        )  # fmt: skip
    else:
        yield Skipped("a message without words", place)
    for number, one in enumerate(attached, start=1):
        yield from attachments.read(one, f"{envelope.name}/{number}", envelope.at, f"{place}: {one.name}")


def _taken_apart(message: Message) -> tuple[str, list[attachments.Attachment]]:
    """The text of a message, the plain one where there is one, and what is attached."""
    plain: list[str] = []
    rich: list[str] = []
    attached: list[attachments.Attachment] = []
    waiting = [(message, 0)]
    seen = 0
    while waiting and seen < MOST_PARTS:
        part, depth = waiting.pop(0)
        seen += 1
        inner = part.get_payload() if part.is_multipart() and not part.get_content_type().startswith("message/") else None
        if isinstance(inner, list) and depth < _DEEPEST:
            waiting[:0] = [(one, depth + 1) for one in inner if isinstance(one, Message)]
            continue
        name = _line(_field_of(part))
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and not name and part.get_content_disposition() != "attachment":
            (plain if kind == "text/plain" else rich).append(words.body(part))
        elif name or part is not message:
            attached.append(attachments.Attachment(name or kind, kind, part))
        else:
            plain.append(words.body(part))
    text = "\n\n".join(filter(str.strip, plain))
    return text or "\n\n".join(words.of_html(one) for one in rich), attached


def _field_of(part: Message) -> str:
    """The file name of a part, decoded."""
    try:
        name = part.get_filename("")
    except words.FAULTS:
        return ""
    holder = Message()
    holder["X"] = _CONTROL.sub(" ", str(name)[:2000])
    return re.split(r"[\\/]", _field(holder, "X"))[-1]
