"""A note that memos wrote, read back: the draft of its memory, and its stamp."""

import re

from memos_cli.errors import UsageError
from memos_cli.infra.governance import secrets
from memos_cli.infra.limits import CONTROL, LONGEST_NAME
from memos_cli.model import Draft
from memos_cli.operation.changes import check_content, cleaned_draft
from memos_cli.operation.operator.notebook import exported
from memos_cli.operation.operator.notebook.exported import Stamp
from memos_cli.plugins import load
from memos_cli.times import Zone

_STAMPED = re.compile(rb"^memos: \"?([0-9a-f]{32}/[a-z2-9]{20})/[0-9a-f]{32}\"?[ \t\r]*$", re.MULTILINE)
HEAD = 64 * 1024
"""Bytes of a note in which its stamp stands."""


def key(content: bytes) -> str | None:
    """The cube and the memory in the stamp of a note, with `/` between them; `None` where it has none."""
    found = _STAMPED.search(content[:HEAD]) if content.startswith(b"---") else None
    return found[1].decode() if found else None


def read(text: str, name: str, zone: Zone) -> tuple[Draft, Stamp] | None:
    """The draft of a note with a stamp, and the stamp; `None` for any other.

    Raises:
        UsageError: a field of it has a value that is none, or none of its words are left.
    """
    parser = load("parser", "exported")()
    if not parser.matches(text, name):
        return None
    parser.zone = zone
    draft = next(parser.parse(text), None)
    stamp = exported.stamp_of(draft) if draft else None
    if draft is None or stamp is None:
        raise UsageError("an exported note whose words are gone: its memory stays")
    found = exported.without_stamp(draft)
    check_content(found.content)
    source = found.source._replace(file=re.sub(CONTROL, "?", name)[:LONGEST_NAME])
    labels = (
        found.labels if secrets.SECRET in found.labels or not secrets.find(found.content) else (*found.labels, secrets.SECRET)
    )
    return cleaned_draft(found._replace(source=source, labels=labels)), stamp
