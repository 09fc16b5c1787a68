"""The limits of an operation: what its header and its change may hold. One table and one check for whoever meets operations.

The log is checked where it is written (`vault.log.Appender`), so that nothing gets into a cube that no cube file could carry;
cube files are checked by their writer and by their reader; `memos doctor` checks logs that an older version wrote.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from memos_cli import hybrid_clock
from memos_cli.model import Form, Kind, LinkType, Operation, Origin, Source, State, Visibility
from memos_cli.times import from_text

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters and digits of an id, hard to confuse: no l, o, 0 or 1."""
ID_LENGTH = 20
SEEN = "seen"
"""The register with where a memory's text was told again: the fields of a `Source`, of the last time; the log has all times."""
TAG, LABEL, LINK = "tag:", "label:", "link:"
"""What the registers for the elements of a set begin with."""
PURGED = "purged"
"""The register that a purge sets."""
MOST_CHARACTERS = 1_000_000
"""Most characters of a content or a title. Longer text is a document, which `add --file` takes apart."""
LONGEST_NAME = 1000
"""Most characters of a name: a tag, a key, a task, a principal, …."""
MOST_LINE = 8 << 20
"""Most bytes of a line in a cube file, its end included: a content of a million characters, each `\\u0001`, has 6 million."""
MOST_CHANGE = MOST_LINE - (1 << 18)
"""Most bytes of a change as JSON, and of what the changes of one subject amount to. The line of a file holds the header too:
1,000 parents have 67 KB, four names of 1,000 characters at most 16 KB."""
MOST_DEPTH = 100
"""Most objects and lists within each other in a value. Python's decoder fails at some 1,000, less those of its caller."""
MOST_PARENTS = 1000
MOST_REGISTERS = 100_000
"""Most registers that one operation sets."""
LATEST = hybrid_clock.LATEST
"""The clock of an operation is always earlier, in milliseconds since 1970."""
CONTROL = "[\x00-\x1f\ud800-\udfff]"
"""A character that no name may hold: one that controls a terminal, or half of a surrogate pair, which UTF-8 cannot write.

The expressions are text, which `re` compiles when one is used: a command that reads uses none of them."""
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_ID = rf"[{ALPHABET}]{{{ID_LENGTH}}}"
_NOUN = r"[a-z][a-z_-]{0,31}"
_REPLICA = r"[0-9a-f]{16}"
_HASH = r"[0-9a-f]{64}"
_BIG = 2**31


NO_TEXT = "[\x00\ud800-\udfff]"
"""A character that no content may have."""
INSTEAD = "\N{REPLACEMENT CHARACTER}"
"""What stands in the place of such a character."""


def cleaned_name(text: str) -> str:
    """A name as it can be stored: control characters are taken out, and it is cut; empty where nothing is left of it."""
    if len(text) > LONGEST_NAME or re.search(CONTROL, text):
        text = re.sub(CONTROL, "", " ".join(text.split())[:LONGEST_NAME])
    return text.strip()


def is_name(value: Any) -> bool:  # noqa: ANN401 -- these look at whatever a file says
    """Whether this can be a name: 1 to 1,000 characters, none of them a control character."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        return False
    return value.isprintable() or re.search(CONTROL, value) is None


@lru_cache(maxsize=1024)
def _is_time(value: str) -> bool:
    try:
        return re.fullmatch(_TIME, value) is not None and from_text(value) is not None
    except ValueError:
        return False


def is_time(value: Any) -> bool:  # noqa: ANN401
    """Whether this is an instant as memos writes it, such as `2026-11-21T08:30:00.000Z`."""
    return isinstance(value, str) and _is_time(value)


def is_id(value: Any) -> bool:  # noqa: ANN401
    """Whether this can be the id of a memory."""
    return isinstance(value, str) and re.fullmatch(_ID, value) is not None


def is_hash(value: Any) -> bool:  # noqa: ANN401
    """Whether this is a SHA-256 in hexadecimal."""
    return isinstance(value, str) and re.fullmatch(_HASH, value) is not None


def is_count(value: Any, most: int = 1 << 53) -> bool:  # noqa: ANN401
    """Whether this is a whole number from 0 on, below `most`."""
    return type(value) is int and 0 <= value < most


def _is_text(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS and "\0" not in value


def _is_switch(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:  # noqa: ANN401
    return type(value) is int and abs(value) <= _BIG


def _is_share(value: Any) -> bool:  # noqa: ANN401
    return type(value) in (int, float) and 0 <= value <= 1


def _is_object(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, dict)


def is_shallow(value: Any) -> bool:  # noqa: ANN401
    """Whether no object or list in it lies within more than `MOST_DEPTH` others."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        parts = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [one for part in parts for one in part]
        if not level:
            return True
    return False


def _one_of(words: Any) -> Callable[[Any], bool]:  # noqa: ANN401 -- an enumeration
    values = frozenset(word.value for word in words)
    return lambda value: isinstance(value, str) and value in values


_SOURCE: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("conversation", "session", "speaker", "model", "file"), is_name),
    **dict.fromkeys(("turn",), _is_whole),
    **dict.fromkeys(("start", "end"), is_count),
    "digest": is_hash,
}


def _is_source(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, dict) and all(name in _SOURCE and _SOURCE[name](one) for name, one in value.items())


REGISTERS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("content", "title"), _is_text),
    **dict.fromkeys(("external_id", "key", "task", "owner", "reason"), is_name),
    **dict.fromkeys(("occurred_at", "valid_from", "valid_to", "expires_at", "since"), is_time),
    **dict.fromkeys(("pinned", "frozen"), _is_switch),
    **dict.fromkeys(("confidence", "trust"), _is_share),
    "kind": _one_of(Kind), "form": _one_of(Form), "state": _one_of(one for one in State if one is not State.PURGED),
    "origin": _one_of(Origin), "visibility": _one_of(Visibility), "priority": _is_whole, "metadata": _is_object,
    "source": _is_source, SEEN: _is_source,
}  # fmt: skip
"""The registers of a memory that this version knows, apart from those for the elements of a set."""
assert set(_SOURCE) == set(Source._fields)  # noqa: S101 -- a new field needs a limit here
RESERVED = frozenset({"id", "created_at", "updated_at", "version", "tags", "labels"})
"""What a line of state has besides the registers; no register may have such a name."""
_LINKS = frozenset(kind.value for kind in LinkType)
Fields = Mapping[str, Any]


def fault(op: Operation, text: str | None) -> str:
    """What is wrong with an operation; empty for nothing.

    Args:
        op: the operation. A purged one has no change to check.
        text: its change as it was hashed.
    """
    why = fault_of_header(op)
    if why or op.change is None:
        return why or ("a salt without a change" if op.salt is not None else "")
    if not isinstance(op.change, dict) or op.salt is None:
        return "a change without a salt"
    return fault_of_new(op.noun, op.subject, op.change, text or "")


def fault_of_new(noun: str, subject: str, change: Fields, text: str) -> str:
    """What is wrong with a change whose header is sound; empty for nothing. `text` is the change as it was hashed."""
    why = fault_of_text(text) or fault_of_change(noun, subject, change)
    nested = any(isinstance(value, dict | list) for value in change.values())
    return why or ("it is nested too deeply" if nested and not is_shallow(change) else "")


def fault_of_text(text: str) -> str:
    """What is wrong with the JSON of a change, or of what the changes of a subject amount to; empty for nothing."""
    if len(text) <= MOST_CHANGE and text.isascii():
        return ""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "it has half a surrogate pair, which is no character"
    return "" if size <= MOST_CHANGE else f"it is longer than {MOST_CHANGE:,} bytes"


def fault_of_state(registers: Fields) -> str:
    """What is wrong with what the changes of a subject amount to, each of them being right; empty for nothing."""
    # Each character of a text takes at most 6 bytes: the sum spares nearly every state its encoding.
    plain = 6 * sum(len(name) + (len(value) if isinstance(value, str) else 20) for name, value in registers.items())
    if plain <= MOST_CHANGE and not any(isinstance(value, dict | list) for value in registers.values()):
        return ""
    return fault_of_text(json.dumps(registers, ensure_ascii=False, separators=(",", ":")))


def is_noun(value: Any) -> bool:  # noqa: ANN401
    """Whether this can be the noun of an operation."""
    return isinstance(value, str) and re.fullmatch(_NOUN, value) is not None


def fault_of_header(op: Operation) -> str:
    """What is wrong with all of an operation but its change; empty for nothing."""
    sound = {
        "replica": isinstance(op.replica, str) and re.fullmatch(_REPLICA, op.replica) is not None,
        "seq": is_count(op.seq) and op.seq > 0,
        "clock": is_count(op.clock, LATEST << 16),
        "previous": is_hash(op.previous) if op.seq != 1 else op.previous == "",
        "parents": len(op.parents) <= MOST_PARENTS
        and all(map(is_hash, op.parents))
        and len(set(op.parents)) == len(op.parents),
        "principal": is_name(op.principal),
        "command": is_name(op.command),
        "txn": isinstance(op.txn, str) and re.fullmatch(_REPLICA, op.txn) is not None,
        "reverts": op.reverts is None or (isinstance(op.reverts, str) and re.fullmatch(_REPLICA, op.reverts) is not None),
        "noun": is_noun(op.noun),
        "subject": is_id(op.subject) if op.noun == "memory" else is_name(op.subject),
        "salt": op.salt is None or (isinstance(op.salt, bytes) and len(op.salt) == 16),
    }
    return next((f"{name} cannot be so" for name, good in sound.items() if not good), "")


def fault_of_change(noun: str, subject: str, change: Fields) -> str:
    """What is wrong with a change; empty for nothing. A value of `None` clears a register, so it is always right."""
    if len(change) > MOST_REGISTERS:
        return "it sets too many registers"
    if hybrid_clock.WRITTEN_AT in change:  # a right one was taken out when the operation was read
        return f"{hybrid_clock.WRITTEN_AT} cannot be so"
    if noun == "memory":
        return next((why for name, value in change.items() if (why := _fault(subject, name, value, change))), "")
    shape = _RECORDS.get(noun)
    if shape is not None and not all(value is None or shape(name, value) for name, value in change.items()):
        return f"a {noun} cannot be so"
    return next((f"register {name[:40]!r} cannot be named so" for name in change if not is_name(name)), "")


def _fault(subject: str, name: str, value: Any, change: Fields) -> str:  # noqa: ANN401
    if name == PURGED:
        return "" if value is True and len(change) == 1 else "a tombstone cannot be so"
    known = REGISTERS.get(name)
    if known is not None:
        return "" if value is None or known(value) else f"{name} cannot be so"
    if not is_name(name) or name in RESERVED:
        return f"register {name[:40]!r} cannot be named so"
    if ":" in name:
        return _fault_of_member(subject, name, value)
    return ""  # a register of a newer memos: files keep it, and nothing here reads it


def _fault_of_member(subject: str, name: str, value: Any) -> str:  # noqa: ANN401
    """What is wrong with a register for an element of a set: a tag, a label, a link."""
    if not (value is None or value is True):
        return f"{name[:40]!r} is neither there nor not"
    if name.startswith(LINK):
        kind, _, target = name.removeprefix(LINK).partition(":")
        if kind not in _LINKS or not is_id(target) or target == subject:
            return f"{name[:60]!r} is no link"
    elif name in {TAG, LABEL}:
        return f"{name!r} has no name"
    return ""


def _is_plain(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, bool) or is_name(value) or value == "" or (type(value) in (int, float) and abs(value) < 1e15)


_FILTERS = {
    **dict.fromkeys(("kinds", "tags", "labels", "states"), list),
    **dict.fromkeys(("since", "until", "conversation", "session", "speaker", "task", "key", "as_of"), str),
    **dict.fromkeys(("pinned", "archived", "turns", "everything"), bool),
}


def _is_view(name: str, value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, list):
        return _FILTERS.get(name) is list and all(map(is_name, value))
    if name in {"since", "until", "as_of"}:
        return is_time(value)
    return type(value) is _FILTERS.get(name) and _is_plain(value)


def _is_place(value: Any) -> bool:  # noqa: ANN401
    """Whether this is the number of a replica's last operation, or its runs, each as the first and the last number."""
    if not isinstance(value, list):
        return is_count(value)
    return all(isinstance(run, list) and len(run) == 2 and all(map(is_count, run)) for run in value)


def _is_snapshot(name: str, value: Any) -> bool:  # noqa: ANN401
    if name == "position":
        return isinstance(value, dict) and all(re.fullmatch(_REPLICA, one) and _is_place(seq) for one, seq in value.items())
    return is_time(value) if name == "at" else name == "note" and _is_text(value)


def _is_review(name: str, value: Any) -> bool:  # noqa: ANN401
    if name == "memories":
        return isinstance(value, list) and len(value) == 2 and all(map(is_id, value))
    if name == "reasons":
        return isinstance(value, list) and all(map(is_name, value))
    return is_time(value) if name in {"at", "decided_at"} else is_name(name) and is_name(value)


def _is_task(name: str, value: Any) -> bool:  # noqa: ANN401
    return is_time(value) if name == "ended" else is_name(name) and is_name(value)


def _is_file(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this is the digest of a text that was read, the memories that came from it, or the clocks at which they did."""
    if name == "digest":
        return is_hash(value)
    fits = {"memories": is_id, "clocks": lambda clock: is_count(clock, 1 << 63)}.get(name)
    return is_name(name) if fits is None else isinstance(value, list) and all(map(fits, value))


def _is_repair(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this names operations: those whose change a repair erased, or those that it wrote again, with the new ones."""
    fits = {"erased": is_name, "moved": is_hash}.get(name)
    return fits is not None and isinstance(value, dict) and all(is_hash(one) and fits(other) for one, other in value.items())


def _is_principal(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this is a principal's kind, the hash of its token, that it is gone, or in a group."""
    return is_name(value) if name in {"kind", "token"} else is_name(name) and _is_plain(value)


def _is_rule(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this is a part of a rule of access; what a newer memos says there is looked at by `governance.rule`."""
    if name in {"commands", "purposes"}:
        return isinstance(value, list) and all(map(is_name, value))
    if name in {"to", "right", "sort", "hours"}:
        return is_name(value)
    if name in {"deny", "group", "ended", "bars"}:
        return isinstance(value, bool)
    return is_time(value) if name == "until" else is_name(name) and _is_plain(value)


def _is_standing_source(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this is how a standing source is read: its kind, the replica that reads it, and what its memories get."""
    if name in {"tags", "labels"}:
        return isinstance(value, list) and all(map(is_name, value))
    return is_time(value) if name == "since" else is_name(name) and is_name(value)


def _is_request(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether this is a part of what an agent asks of the cube's owner: each wish is an act and the ids that it is about."""
    if name == "wishes":
        return isinstance(value, list) and all(
            isinstance(one, list) and 0 < len(one) < 4 and all(map(is_name, one)) for one in value
        )
    return is_time(value) if name in {"at", "decided_at"} else is_name(name) and is_name(value)


_RECORDS: dict[str, Callable[[str, Any], bool]] = {
    "view": _is_view,
    "snapshot": _is_snapshot,
    "review": _is_review,
    "task": _is_task,
    "file": _is_file,
    "repair": _is_repair,
    "principal": _is_principal,
    "rule": _is_rule,
    "source": _is_standing_source,
    "request": _is_request,
    "policy": lambda name, value: is_name(name) and _is_plain(value),
}
"""The checks of the records that this version reads; files keep records of other nouns, and nothing here reads them."""
