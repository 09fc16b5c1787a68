"""What became of an import: counts whose sums agree, and no more than some of what they count."""

from typing import TYPE_CHECKING, NamedTuple

from memos_cli.import_port import Skipped

if TYPE_CHECKING:
    from memos_cli.errors import Refused

MOST_IDS = 1000
"""How many ids of new memories a report names."""
MOST_REASONS = 200
"""How many reasons are counted apart; what is skipped for others is counted together."""
_OTHERS = "other reasons"
_LONGEST = 200


class Reason(NamedTuple):
    """Why some entries became no memories.

    Attributes:
        where: an example.
        damaged: whether they would have been memories if the source were whole.
        refused: whether no memory can hold them, or they may not be stored.
    """

    why: str
    entries: int
    where: str
    damaged: bool = False
    refused: bool = False


class SourceRead(NamedTuple):
    """A source that was read, its kind, and how many entries were found in it."""

    source: str
    kind: str
    found: int


class Imported(NamedTuple):
    """What became of the entries of sources: `found` is the sum of `taken`, `edited`, `known` and `skipped`.

    Attributes:
        sources: what was read.
        known: entries whose memories are there already, or were; `forgotten` of them a person forgot or purged.
        reasons: why entries were skipped.
        facts: how many memories were found in what the person said.
        secrets: how many of the new memories hold a secret.
        questions: the ids of questions for `memos review`.
        uncompared: memories that tell of a change and were compared with nothing yet.
        ids: of the first new memories.
    """

    sources: tuple[SourceRead, ...]
    found: int
    taken: int
    edited: int
    known: int
    forgotten: int
    skipped: int
    reasons: tuple[Reason, ...] = ()
    facts: int = 0
    secrets: int = 0
    questions: tuple[str, ...] = ()
    uncompared: int = 0
    ids: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    txn: str | None = None
    pending: int = 0
    embedded: int = 0
    dry_run: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing was damaged, and nothing refused."""
        return not any(one.damaged or one.refused for one in self.reasons)


class Report:
    """Counts what becomes of the entries of a source."""

    def __init__(self) -> None:
        self.taken = self.edited = self.known = self.forgotten = self.facts = self.secrets = self.uncompared = 0
        self.ids: list[str] = []
        self.questions: list[str] = []
        self.reopened: list[str] = []
        self.txn: str | None = None
        self.denied: Refused | None = None
        self._sources: list[SourceRead] = []
        self._reasons: dict[tuple[str, bool, bool], Reason] = {}

    def skip(self, one: Skipped, *, refused: bool = False) -> None:
        """Count what becomes no memory."""
        asked = one.why, one.damaged, refused
        if asked not in self._reasons and len(self._reasons) >= MOST_REASONS:
            asked = _OTHERS, one.damaged, refused
        before = self._reasons.get(asked)
        where = before.where if before and before.where else one.where[:_LONGEST]
        count = max(0, one.count) + (before.entries if before else 0)
        self._reasons[asked] = Reason(asked[0][:_LONGEST], count, where, one.damaged, refused)

    def take(self, identity: str, *, secret: bool) -> None:
        """Count a new memory."""
        self.taken += 1
        self.secrets += secret
        if len(self.ids) < MOST_IDS:
            self.ids.append(identity)

    @property
    def found(self) -> int:
        """How many entries there were so far."""
        return self.taken + self.edited + self.known + sum(one.entries for one in self._reasons.values())

    def read(self, source: str, kind: str) -> None:
        """Note that a source was read to its end."""
        self._sources.append(SourceRead(source, kind, self.found - sum(one.found for one in self._sources)))

    def result(self, *, notices: tuple[str, ...], pending: int, dry_run: bool) -> Imported:
        """All that was counted."""
        reasons = tuple(sorted(self._reasons.values(), key=lambda one: -one.entries))
        skipped = sum(one.entries for one in reasons)
        return Imported(
            tuple(self._sources), self.found, self.taken, self.edited, self.known, self.forgotten,
            skipped, reasons, self.facts, self.secrets, tuple(self.questions), self.uncompared,
            () if dry_run else tuple(self.ids), tuple(self.reopened), notices, None if dry_run else self.txn, pending,
            dry_run=dry_run,
        )  # fmt: skip
