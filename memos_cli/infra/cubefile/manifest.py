"""The form of the manifest: it says what is in a cube file before any of the rest is read."""

import re
from collections.abc import Mapping
from typing import Any

from memos_cli.errors import IntegrityError
from memos_cli.infra.cubefile.form import (
    ADAPTERS,
    BLOBS,
    FORMAT,
    LEARNT,
    LINKS,
    MANIFEST,
    MEMORIES,
    MOST_BYTES,
    MOST_MEMBERS,
    OPS,
    RECORD,
    RULES,
    SLOTS,
    STATE,
    VECTORS,
    decoded,
    unsound,
)
from memos_cli.infra.limits import ALPHABET, ID_LENGTH, is_name, is_time

MOST_ADAPTERS = 20
"""Most generations in one file; a cube uses one for each model. All of these and the slots are open while a file is made."""
MOST_SLOTS = 100
MARK = "mark"
"""The entry of a manifest that is there only in what was given to somebody: the keyed mark of the recipient."""

_FIXED = (OPS, MEMORIES, LINKS, RULES)
_BLOB = re.compile(r"blobs/[0-9a-f]{64}")
_VECTORS = re.compile(r"vectors/(?:0|[1-9][0-9]{0,2})\.safetensors")
_ADAPTER = re.compile(rf"adapters/([{ALPHABET}]{{{ID_LENGTH}}})/(?:{'|'.join(map(re.escape, LEARNT))})")
_SLOT = re.compile(r"slots/([0-9a-f]{64})(?:\.json|\.state)")
_HEX = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset({"counts", "created", "cube", "format", "heads", "members", "owner", "redacted", "selection"})
_COUNTS = ("links", "memories", "operations", "rules")


def checked_manifest(line: bytes) -> dict[str, Any]:
    """A manifest whose form is right.

    Raises:
        IntegrityError: it is wrong, or a newer memos wrote it.
    """
    manifest = decoded(line, MANIFEST)
    version = manifest.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        raise IntegrityError(
            f"the cube file was written by a newer memos (format {version}, this one knows {FORMAT})", hint="upgrade memos"
        )
    if type(version) is not int or version != FORMAT or set(manifest) - {MARK} != _FIELDS or not _sound_manifest(manifest):
        raise unsound("its manifest has another form")
    return manifest


def _sound_manifest(manifest: Mapping[str, Any]) -> bool:
    selection, heads, counts = manifest["selection"], manifest["heads"], manifest["counts"]
    return (
        _matches(r"[0-9a-f]{32}", manifest["cube"])
        and is_time(manifest["created"])
        and is_name(manifest["owner"])
        and isinstance(manifest["redacted"], bool)
        and (MARK not in manifest or _matches("[0-9a-f]{64}", manifest[MARK]))
        and (selection is None or is_name(selection))
        and isinstance(counts, dict)
        and set(counts) == set(_COUNTS)
        and all(map(_is_count, counts.values()))
        and isinstance(heads, dict)
        and all(_matches(r"[0-9a-f]{16}", replica) and _sound_head(head) for replica, head in heads.items())
        and _sound_members(manifest["members"], whole=selection is None and not manifest["redacted"])
    )


def _matches(pattern: str, value: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_count(value: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _sound_head(head: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return (
        isinstance(head, dict)
        and set(head) == {"count", "id", "seq"}
        and _is_count(head["count"])
        and _is_count(head["seq"])
        and 0 < head["count"] <= head["seq"]
        and _matches("[0-9a-f]{64}", head["id"])
    )


def _sound_members(members: Any, *, whole: bool) -> bool:  # noqa: ANN401 -- whatever the file says
    if not isinstance(members, list) or len(members) > MOST_MEMBERS or not all(map(_sound_member, members)):
        return False
    names = [one["name"] for one in members]
    blobs, vectors = ([name for name in names if name.startswith(prefix)] for prefix in (BLOBS, VECTORS))
    adapters, slots = (sorted({found[1] for name in names if (found := form.fullmatch(name))}) for form in (_ADAPTER, _SLOT))
    return (
        names
        == [
            *_FIXED,
            *sorted(set(blobs)),
            *(f"{VECTORS}{number}.safetensors" for number in range(len(vectors))),
            *(f"{ADAPTERS}{identity}/{name}" for identity in adapters for name in LEARNT),
            *(f"{SLOTS}{digest}{end}" for digest in slots for end in (RECORD, STATE)),
        ]
        and len(adapters) <= MOST_ADAPTERS
        and len(slots) <= MOST_SLOTS
        and (whole or not (adapters or slots))  # they contain memories that a selection leaves out
        and all(one["sha256"] in one["name"] for one in members if one["name"].startswith(BLOBS) or one["name"].endswith(STATE))
    )


def _sound_member(member: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return (
        isinstance(member, dict)
        and set(member) == {"name", "sha256", "size"}
        and isinstance(member["name"], str)
        and (member["name"] in _FIXED or any(form.fullmatch(member["name"]) for form in (_BLOB, _VECTORS, _ADAPTER, _SLOT)))
        and _is_count(member["size"])
        and member["size"] <= MOST_BYTES
        and isinstance(member["sha256"], str)
        and _HEX.fullmatch(member["sha256"]) is not None
    )
