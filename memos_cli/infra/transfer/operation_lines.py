"""Operations as lines of `ops.jsonl`; each line leaves out what follows from the line before, or from the change.

`man/memos-cube.5` says how a line is read. The id of an operation is never written: it is the SHA-256 of its header, so a
reader that computes the id has checked the header. A bulk load takes about 60 bytes a memory besides what the memory says.
"""

import json
from typing import Any

from memos_cli.errors import IntegrityError
from memos_cli.hybrid_clock import take_out
from memos_cli.infra import limits
from memos_cli.infra.cubefile import decoded, encoded, unsound
from memos_cli.infra.vault import log
from memos_cli.infra.vault.log import change_digest, header_hash
from memos_cli.model import Operation

_CARRIED = ("replica", "principal", "command", "txn", "clock")
_KEYS = frozenset({*_CARRIED, "change", "digest", "noun", "parents", "previous", "reverts", "salt", "seq", "subject", "text"})
_decode = json.JSONDecoder().decode


class _Line:
    """What the next line may leave out: the fields of the line before, and its id."""

    def __init__(self) -> None:
        self.carried: dict[str, Any] = dict.fromkeys(_CARRIED)
        self.seq = 0
        self.id = ""

    def after(self, replica: str) -> int:
        """The number of this replica's next operation where none is missing."""
        return self.seq + 1 if replica == self.carried["replica"] else 1

    def previous(self, replica: str, seq: int) -> str | None:
        """The id of the operation before that one, where the line before gives it."""
        if seq == 1:
            return ""
        return self.id if replica == self.carried["replica"] and seq == self.seq + 1 else None

    def advance(self, op: Operation) -> None:
        """Go on to the next line."""
        self.carried = {name: getattr(op, name) for name in _CARRIED}
        self.seq, self.id = op.seq, op.id


def canonical(text: str) -> dict[str, Any] | None:
    """The change in a text, if the text is its canonical JSON."""
    try:
        change = _decode(text)
        return change if isinstance(change, dict) and encoded(change) == text.encode() + b"\n" else None
    except ValueError:
        return None


class OperationWriter:
    """Makes lines of operations, which have to be sorted by replica and number."""

    def __init__(self) -> None:
        self._line = _Line()

    def line(self, op: Operation, text: str | None) -> bytes:
        """The line of an operation; `text` is its change as it was hashed.

        Raises:
            IntegrityError: a reader would refuse the line.
        """
        if why := limits.fault(op, text):
            raise IntegrityError(
                f"{_name(op)} cannot be put into a cube file: {why}", hint="mend it with: memos doctor --repair"
            )
        fields: dict[str, Any] = {
            name: getattr(op, name) for name in _CARRIED if getattr(op, name) != self._line.carried[name]
        } | {"subject": op.subject}
        if op.noun != "memory":
            fields["noun"] = op.noun
        if op.parents:
            fields["parents"] = op.parents
        if op.reverts is not None:
            fields["reverts"] = op.reverts
        if op.seq != self._line.after(op.replica):
            fields["seq"] = op.seq
        if op.previous != self._line.previous(op.replica, op.seq):
            fields["previous"] = op.previous
        if text is None:
            fields["digest"] = op.digest
        else:
            fields["salt"] = (op.salt or b"").hex()
            change = canonical(text)
            fields |= {"text": text} if change is None else {"change": change}
        self._line.advance(op)
        return encoded(fields)


class OperationReader:
    """Reads lines, and checks that each is what `OperationWriter` makes of the operation."""

    def __init__(self) -> None:
        self._line = _Line()
        self._number = 0

    def operation(self, line: bytes) -> tuple[Operation, str | None]:
        """The operation of a line, and its change as it was hashed.

        Raises:
            IntegrityError: the operation is impossible, or the line is not its one form.
        """
        self._number += 1
        fields = decoded(line, f"line {self._number} of ops.jsonl")
        try:
            op, text = self._read(fields)
        except (KeyError, TypeError, ValueError, RecursionError):
            raise self._unsound("fields are missing, or have another form") from None
        if why := limits.fault(op, text):
            raise self._unsound(why)
        if (op.replica, op.seq) <= ((self._line.carried["replica"] or ""), self._line.seq):
            raise self._unsound("it is not in order")
        if op.replica == self._line.carried["replica"] and op.clock < self._line.carried["clock"]:
            raise self._unsound("its clock runs backwards")
        op = op._replace(id=header_hash(op))
        self._line.advance(op)
        return op, text

    def _unsound(self, why: str) -> IntegrityError:
        return unsound(f"line {self._number} of ops.jsonl: {why}")

    def _read(self, fields: dict[str, Any]) -> tuple[Operation, str | None]:
        if not fields.keys() <= _KEYS:
            raise self._unsound(f"unknown field {min(fields.keys() - _KEYS)[:40]!r}")
        told = {name: value for name, value in fields.items() if name in self._line.carried}
        carried = self._line.carried | told
        replica = carried["replica"]
        seq = fields.get("seq", self._line.after(replica))
        known = self._line.previous(replica, seq)
        text, change, salt = _change(fields)
        needless = (
            [name for name, value in told.items() if value == self._line.carried[name]]
            + ["seq"] * ("seq" in fields and fields["seq"] == self._line.after(replica))
            + ["previous"] * ("previous" in fields and known is not None)
            + [name for name, usual in (("noun", "memory"), ("parents", []), ("reverts", None)) if fields.get(name, 0) == usual]
        )
        if needless:
            raise self._unsound(f"{needless[0]} could be left out")
        digest = fields["digest"] if text is None else change_digest(salt or b"", text)
        head = (replica, seq, carried["clock"], fields["previous"] if known is None else known)
        parents = fields.get("parents", [])
        if not isinstance(parents, list) or not limits.is_hash(digest):
            raise self._unsound("fields have another form")
        written_at = take_out(change, carried["clock"])
        op = Operation(
            "", *head, tuple(parents), carried["principal"], carried["command"], carried["txn"], fields.get("reverts"),
            fields.get("noun", "memory"), fields["subject"], digest, salt, change, written_at,
        )  # fmt: skip
        return op, text


def _change(fields: dict[str, Any]) -> tuple[str | None, dict[str, Any] | None, bytes | None]:
    """The change as it was hashed, the same change parsed, and its salt; `None` for all three where it was purged."""
    if "digest" in fields:
        if fields.keys() & {"change", "text", "salt"}:
            raise ValueError("digest")
        return None, None, None
    if ("change" in fields) == ("text" in fields):
        raise ValueError("change")
    salt = bytes.fromhex(fields["salt"])
    if salt.hex() != fields["salt"]:
        raise ValueError("salt")
    if "change" in fields:
        return log.encoded(fields["change"]), fields["change"], salt
    text = fields["text"]
    change = _decode(text)
    if not isinstance(change, dict) or canonical(text) is not None:
        raise ValueError("text")
    return text, change, salt


def _name(op: Operation) -> str:
    return f"operation {op.seq} of replica {op.replica} on {op.noun} {op.subject[:8]}"
