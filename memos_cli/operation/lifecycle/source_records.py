"""What the log knows of standing sources: files and folders of other programs that each tick brings in step.

A source is a record of the noun `source`, by its absolute path, so that `undo` takes one back. It names the replica that it was
made on: the paths of another machine mean nothing here. A record that came in with a stranger's cube is not believed, and even
one that can be believed is not enough to read a file: see `infra.local.source_states`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from memos_cli.infra.transfer import familiarity
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault

NOUN = "source"


class SourceRecord(NamedTuple):
    """A standing source as it was asked for.

    Attributes:
        path: the absolute path.
        kind: what reads it.
        since: what happened before is left out, fixed-width UTC text.
        tags: of all its memories; `labels` likewise.
        is_own: whether it is one of this copy of the cube, and can be believed.
    """

    path: str
    kind: str
    since: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    is_own: bool = True


class SourceTaken(NamedTuple):
    """What a tick did with a source that had changed.

    Attributes:
        taken: how many memories were made of it; `edited` how many of them it changed.
        known: how many of its entries are memories already; `skipped` how many become none.
        facts: how many memories were found in what the person said.
        unfinished: whether the time was over before its end.
        fault: why it could not be read; empty where it was.
        is_news: whether it could be read before.
        txn: the command that `undo` takes back; `None` if nothing was written.
    """

    path: str
    kind: str
    taken: int = 0
    edited: int = 0
    known: int = 0
    skipped: int = 0
    facts: int = 0
    unfinished: bool = False
    fault: str = ""
    is_news: bool = False
    txn: str | None = None


def records(vault: "Vault") -> list[SourceRecord]:
    """The sources of a cube by their paths; those of other machines among them, which are not this one's to read."""
    strange = familiarity.unaccepted(vault, NOUN)
    found = sorted(vault.records(NOUN).items())
    return [_record(path, fields, vault, strange) for path, fields in found if isinstance(fields.get("kind"), str)]


def _record(path: str, fields: dict[str, Any], vault: "Vault", strange: Iterable[str]) -> SourceRecord:
    is_own = fields.get("replica") == vault.meta["replica"] and path not in strange
    tags, labels = (tuple(fields.get(name) or ()) for name in ("tags", "labels"))
    return SourceRecord(path, fields["kind"], fields.get("since"), tags, labels, is_own)


def write(unit: "Unit", vault: "Vault", record: SourceRecord) -> None:
    """Record a source, if it is not recorded so already."""
    known = vault.records(NOUN).get(record.path, {})
    fields = {
        "kind": record.kind, "replica": vault.meta["replica"], "since": record.since, "tags": [*record.tags] or None,
        "labels": [*record.labels] or None,
    }  # fmt: skip
    if change := {name: value for name, value in fields.items() if known.get(name) != value}:
        unit.change(NOUN, record.path, change)
    unit.accept(NOUN, record.path)


def drop(unit: "Unit", vault: "Vault", path: str) -> None:
    """Take a source away; its memories stay."""
    unit.change(NOUN, path, dict.fromkeys(vault.records(NOUN).get(path, {})))
