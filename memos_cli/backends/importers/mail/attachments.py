"""What is attached to a message: documents become memories where they can be converted, all else is skipped by its name."""

import hashlib
import tempfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path, PurePath

from memos_cli.backends.documents.documents import ChildConverter
from memos_cli.backends.parsers.document import DocumentParser
from memos_cli.errors import MemosError
from memos_cli.model import Draft, Origin, Source
from memos_cli.ports.importer import Converted, Skipped
from memos_cli.records import NamedTuple

NOT_INSTALLED = "a document attached, which the extra `documents` reads"
_BEGINS = {
    "pdf": b"%PDF-", "docx": b"PK\x03\x04", "pptx": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "odt": b"PK\x03\x04",
    "epub": b"PK\x03\x04", "rtf": b"{\\rtf",
}  # fmt: skip
"""What the content of a sort begins with; its name tells which it is. Web pages attached are mostly the mail again."""


class Attachment(NamedTuple):
    """A part of a message that is a file.

    Attributes:
        name: of the file, else its type.
        kind: its type, as the message states it.
        part: what it stands in.
    """

    name: str
    kind: str
    part: Message


def read(one: Attachment, identity: str, at: str | None, where: str) -> Iterator[Draft | Skipped]:
    """What becomes of an attachment.

    Args:
        identity: what its external ids begin with.
        at: when the message was sent.
        where: by what a person finds it.
    """
    if one.kind.startswith("message/"):
        yield Skipped("a message within a message", where)
        return
    sort = PurePath(one.name).suffix.lower().removeprefix(".")
    if sort not in _BEGINS:
        yield Skipped("an image in a message" if one.kind.startswith("image/") else "an attachment that is no document", where)
        return
    if not ChildConverter().is_installed():
        yield Skipped(NOT_INSTALLED, where)
        return
    content = one.part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content.lstrip()[:5].startswith(_BEGINS[sort]):
        yield Skipped("an attached document that is damaged", where, damaged=True)
        return
    try:
        made = _converted(content, sort)
    except MemosError as error:
        yield Skipped("an attached document that cannot be converted", f"{where}: {error.message}", damaged=True)
        return
    yield from _parts(made, one, identity, at)


def _converted(content: bytes, sort: str) -> Converted:
    with tempfile.NamedTemporaryFile(prefix="memos-", suffix=f".{sort}") as file:
        file.write(content)
        file.flush()
        return ChildConverter().convert(Path(file.name), sort)


def _parts(made: Converted, one: Attachment, identity: str, at: str | None) -> Iterator[Draft]:
    """The document's parts, each named by its words: they stay the same where the document grows."""
    title = made.title or PurePath(one.name).stem
    seen: set[str] = set()
    for draft in DocumentParser().parse(made.headed(title)):
        digest = hashlib.sha256(f"{draft.title}\n{draft.content}".encode()).hexdigest()[:16]
        if digest in seen:  # the same words below the same heading, said once
            continue
        seen.add(digest)
        yield draft._replace(
            external_id=f"{identity}/{digest}",
            origin=Origin.IMPORT,
            occurred_at=at,
            source=Source(file=one.name),
            metadata={**draft.metadata, "attached_to": identity.rpartition("/")[0]},
            given=frozenset(("title", *(["occurred_at"] if at else []))),
        )
