"""A file that is read again brings its memories in step: changed, removed and new paragraphs, in the transaction of one `add`.

A changed paragraph is an edit of the memory that came from it. One that left a file archives its memory, unless another file
says it too. What a person changed, pinned, froze or told as well is never overwritten: the file's new words become a memory of
their own and a question for `review`, and what only left the file stays. Talks and logs are only added to.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemoryNotFound
from memos_cli.infra.governance import governance
from memos_cli.infra.vault import fold, queries, rows, search
from memos_cli.infra.vault.bulk.bulk import digests_there
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, Draft, Kind, Memory, State
from memos_cli.operation.operator import file_pairs, file_records, identity
from memos_cli.operation.operator.dedupe import fusion, verdicts
from memos_cli.operation.operator.file_pairs import Former
from memos_cli.operation.operator.file_records import FileRecord
from memos_cli.operation.operator.notebook import notebook, returns
from memos_cli.operation.operator.placement import UNCHANGED, Placed, Placing

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.operation.operator.notebook.exported import Stamp

LEFT = "left its file"
"""Why a memory was archived, as its register `reason` says."""
_PURGED = "a paragraph stands where a purged one stood, and is left out"
_SAYS_OTHERWISE = "its file says otherwise now"
_TIMED = ("occurred_at", "valid_from", "valid_to")
_READ = frozenset(("times", "recurrence", "told_validity", "page", "document", *notebook.READ))
"""What a reader notes in the metadata; all else there is a person's or a program's."""


class FileText(NamedTuple):
    """A file as it is now.

    Attributes:
        name: what it is called.
        record: the name of its record; `None` for what is not kept in step: a pipe, standard input.
        digest: SHA-256 of its text.
        drafts: what was read from it.
        was: the name of the record under which it stood before it was moved.
        stamp: what memos wrote on it, where it is an exported memory.
        has_whole: whether the first draft is the document as a whole, which the others are parts of.
    """

    name: str
    record: str | None
    digest: str
    drafts: Sequence[Draft]
    was: str | None = None
    stamp: "Stamp | None" = None
    has_whole: bool = False


class FileChanges:
    """What some files change of a cube.

    Args:
        vault: the cube.
        files: the files that are read.
        author: who reads them.
        notes: what is particular to them where they are notes of a notebook.

    Attributes:
        archived: ids of the memories that left their files.
        kept: ids of those that left their files and stay as they are, and why.
        refused: ids of those that could not take what came with their file, and why.
        skipped: names of files with a paragraph that is left out, and why.
        asked: ids of the questions for `review`.
        unchanged: how many of the files changed nothing.
    """

    unchanged = 0

    def __init__(
        self, vault: Vault, files: Sequence[FileText], author: "Author", notes: notebook.Notebook | None = None
    ) -> None:
        self._vault, self._files, self._author, self._notes = vault, files, author, notes
        self._owner, self._at, self._zone = author.principal, author.at, author.zone
        self._records: dict[str, FileRecord] = {}
        self._holders: dict[str, set[str]] = {}
        self._gone: list[Former] = []
        self._left = 0
        self._older: dict[str, list[Memory]] = {}
        self._noted: list[returns.NotedLinks] = []
        self.archived: list[str] = []
        self.kept: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []
        self.skipped: list[tuple[str, str]] = []
        self.asked: list[str] = []

    def place(self, unit: Unit, placing: Placing) -> Iterator[tuple[Draft, Placed]]:
        """Place the drafts of all files, in their order; what left them is archived at the end."""
        self._unit, self._placing = unit, placing
        self._records = file_records.records(self._vault)
        for name, record in self._records.items():
            for one in record.memories:
                self._holders.setdefault(one, set()).add(name)
        self._older = self._read_before()
        for file in self._files:
            placed = self._place_file(file) if file.stamp is None else self._returned(file, file.stamp)
            same = file.was is None and self._left == 0 and all(one.outcome == UNCHANGED for one in placed)
            self.unchanged += same
            yield from zip(file.drafts, placed, strict=True)
        self._archive()
        if self._notes is not None and self._files:
            self._notes.link(unit, self._records, self._untouchable)
            returns.link(unit, self._noted, self._notes.written(self._records), self._untouchable)

    def _read_before(self) -> dict[str, list[Memory]]:
        """What was read, before there were records, from files that are called as those that have none."""
        names = {file.name for file in self._files if file.record and not file.was and file.record not in self._records}
        found = search.rows_by_file(self._vault, names, self._owner)
        memories = queries.by_rows(self._vault, [n for numbers in found.values() for n in numbers])
        return {
            name: sorted(
                (memories[n] for n in numbers if memories[n].id not in self._holders), key=lambda one: one.source.start or 0
            )
            for name, numbers in found.items()
        }

    def _place_file(self, file: FileText) -> list[Placed]:
        before = self._former(file)
        firsts = _firsts(file.drafts)
        places = [place for place in sorted({*firsts}) if is_kept_in_step(file.drafts[place])]
        pairs = file_pairs.paired(before, [file.drafts[place] for place in places])
        done: dict[int, Placed] = {}
        clocks: dict[int, int] = {}
        asks: dict[int, Former] = {}
        left = {*range(len(before))} - {*pairs.same.values()}
        for new, old in pairs.same.items():
            done[places[new]], clocks[places[new]] = self._same(before[old], file.drafts[places[new]], file)
        for new, old in pairs.changed.items():
            place, former = places[new], before[old]
            match self._verdict(former, file.drafts[place], file):
                case "edit":
                    done[place] = self._edit(former, file.drafts[place])
                    left.discard(old)
                case "ask":
                    asks[place] = former
                    left.discard(old)
        for new, old in pairs.purged.items():
            done[places[new]], clocks[places[new]] = Placed(before[old].memory.id, UNCHANGED), before[old].clock
            left.discard(old)
            self.skipped.append((file.name, _PURGED))
        rest = [place for place in sorted({*firsts}) if place not in done]
        done |= self._place_rest(file, rest)
        for place, former in asks.items():
            if done[place].outcome == "added":
                self._ask(former, done[place].id)
        if file.has_whole:
            file_records.link_parts(self._vault, self._unit, [one.id for one in done.values()], done[0].id, self._untouchable)
        self._left = len(left)
        if file.record is not None:
            self._record(file, {done[place].id: clocks.get(place, self._unit.log.clock) for place in sorted(places)})
            self._gone += [before[old] for old in sorted(left)]
        return [done[first] if first == place else Placed(done[first].id, UNCHANGED) for place, first in enumerate(firsts)]

    def _returned(self, file: FileText, stamp: "Stamp") -> list[Placed]:
        """Place an exported memory that comes back."""
        noted = returns.Returns(self._vault, self._unit, self._placing, (self._owner, self._at), self._untouchable)
        found, self._left = noted.place(file.drafts[0], stamp, self._records.get(file.was or file.record or "")), 0
        self.refused += found.refused
        self.skipped += [(file.name, why) for why in found.skipped]
        self.asked += found.asked
        if file.record is not None and not (found.refused or found.skipped):
            self._record(file, {found.placed.id: found.clock or self._unit.log.clock})
        if stamp.links and not found.skipped:
            self._noted.append(returns.NotedLinks(found.placed.id, found.placed.outcome == "added", stamp.links))
        return [found.placed]

    def _former(self, file: FileText) -> list[Former]:
        """The paragraphs that a file had; of what was purged nobody knows what it said."""
        if file.record is None:
            return []
        record = self._records.get(file.was or file.record)
        if record is None:
            return [self._as_read(memory, 0, certain=False) for memory in self._older.get(file.name, ())]
        found = []
        for one, clock in zip(record.memories, record.clocks, strict=True):
            try:
                memory = self._vault.get(one)
            except MemoryNotFound:
                continue
            found.append(Former(memory, {}, clock) if memory.state is State.PURGED else self._as_read(memory, clock))
        return found

    def _as_read(self, memory: Memory, clock: int, *, certain: bool = True) -> Former:
        history = self._vault.operations("memory", memory.id)
        clock = clock or max((one.clock for one in history if "source" in (one.change or {})), default=history[0].clock)
        return Former(memory, fold.fold(one for one in history if one.clock <= clock), clock, certain)

    def _same(self, former: Former, draft: Draft, file: FileText) -> tuple[Placed, int]:
        """A paragraph that says what it said: what was given with the file, and its heading, reach its memory.

        Returns:
            What became of it, and the clock at which the file said what the memory has of it.
        """
        known = former.memory
        if known.state not in HOT_STATES:
            return Placed(known.id, UNCHANGED), former.clock
        change = identity.on_purpose(draft, identity.news(known, draft, self._at, self._zone))
        change |= self._notes.news(former, draft) if self._notes else {}
        if change and (why := self._untouchable(known)):
            self.refused.append((known.id, why))
            return Placed(known.id, UNCHANGED), former.clock
        header = self._heading(former, draft, moved=file.was is not None)
        header = {} if header and (self._untouchable(known) or self._own(former)) else header
        if file.was is not None and known.source.digest is not None and not known.frozen:
            self._unit.change("memory", known.id, {"source": fold.source_fields(draft.source)})
        clock = self._unit.log.clock if header else former.clock
        if not (header or change):
            return Placed(known.id, UNCHANGED), clock
        return self._placing.edit(known, header | change, draft), clock

    def _heading(self, former: Former, draft: Draft, *, moved: bool) -> dict[str, Any]:
        """What the file says about a paragraph whose words stayed: its title, its page, its day where the words name none."""
        known, change = former.memory, dict[str, Any]()
        title = former.base.get("title")
        if draft.title not in {None, title} and known.title == title:
            change["title"] = draft.title
        dated = draft.occurred_at not in {None, former.day} and known.occurred_at == former.day
        if dated and (change or moved or "times" not in draft.metadata):
            change["occurred_at"] = draft.occurred_at
        if draft.metadata.get("page") != known.metadata.get("page") and "page" in draft.metadata:
            change["metadata"] = {**known.metadata, "page": draft.metadata["page"]}
        return change

    def _verdict(self, former: Former, draft: Draft, file: FileText) -> str:
        """What becomes of the memory of a changed paragraph: `edit`, `ask`, or `apart`: the new words are another memory."""
        known = former.memory
        hot = known.state in HOT_STATES
        if hot and rows.normalised(known.content) == rows.normalised(draft.content):
            return "apart" if self._untouchable(known) else "edit"
        if identity.twin(self._vault, draft, self._owner, self._at, self._zone) is not None:
            return "apart"
        if self._holders.get(known.id, set()) - {file.record, file.was}:
            return "apart"
        if self._own(former):
            return "ask" if hot and (known.valid_to is None or known.valid_to > self._at) else "apart"
        return "apart" if self._untouchable(known) else "edit"

    def _untouchable(self, known: Memory) -> str | None:
        if not governance.may(self._vault, "write", known):
            return "somebody else's"
        return "frozen" if known.frozen else None

    def _own(self, former: Former) -> str | None:
        """What a person did to a memory, so that its file does not overwrite it; `None` for nothing."""
        known = former.memory
        if known.frozen:
            return "frozen"
        if rows.normalised(known.content) != former.words:
            return "changed in memos"
        history = self._vault.operations("memory", known.id)
        if known.pinned and next(one.command for one in reversed(history) if "pinned" in (one.change or {})) != "add":
            return "pinned"
        return "told by hand as well" if any(map(file_records.is_by_hand, history)) else None

    def _edit(self, former: Former, draft: Draft) -> Placed:
        """The edit of a memory whose paragraph was changed; one that was archived or forgotten comes back."""
        known, base = former.memory, former.base
        says = rows.normalised(known.content) != rows.normalised(draft.content)
        change: dict[str, Any] = {"content": draft.content} if says else {}
        change["source"] = fold.source_fields(draft.source)
        if draft.title not in {None, base.get("title")} and known.title == base.get("title"):
            change["title"] = draft.title
        was = base.get("metadata") or {}
        for name in _TIMED:
            told = getattr(draft, name)
            if getattr(known, name) == base.get(name) != told and (told is not None or "times" in was):
                change[name] = told
        change |= self._notes.news(former, draft) if self._notes else {}
        noted = {name: value for name, value in known.metadata.items() if name not in _READ} | dict(draft.metadata)
        if noted != known.metadata:
            change["metadata"] = noted or None
        change |= {fold.LABEL + label: True for label in draft.labels if label not in known.labels}
        change |= identity.on_purpose(draft, identity.news(known, draft, self._at, self._zone))
        if known.state not in HOT_STATES:
            change |= {"state": State.ACTIVATED.value, "since": self._at, "reason": None}
            if known.expires_at is not None and known.expires_at <= self._at:
                change.setdefault("expires_at", None)
        return self._placing.edit(known, change, draft)

    def _place_rest(self, file: FileText, rest: Sequence[int]) -> dict[int, Placed]:
        """Place what was no paragraph of the file before; what left a file and is there again comes back."""
        done: dict[int, Placed] = {}
        for place, memory in self._back(file, rest).items():
            change = {"state": State.ACTIVATED.value, "since": self._at, "reason": None}
            source = {"source": fold.source_fields(file.drafts[place].source)}
            self._unit.change("memory", memory.id, change | source)
            done[place] = Placed(memory.id, "edited", applied=("back in its file",))
        done |= self._refused([place for place in rest if place not in done], file)
        new = [place for place in rest if place not in done]
        return done | dict(zip(new, self._placing.place_all([file.drafts[place] for place in new]), strict=True))

    def _refused(self, places: Sequence[int], file: FileText) -> dict[int, Placed]:
        """What a memory says already that cannot take what comes with the file: it stays, and the rest of the files is read."""
        digests = {place: _digest(file.drafts[place]) for place in places}
        there = digests_there(self._vault, set(digests.values()))
        found: dict[int, Placed] = {}
        for place in (place for place in places if digests[place] in there):
            draft = file.drafts[place]
            known = identity.twin(self._vault, draft, self._owner, self._at, self._zone)
            why = None if known is None else self._untouchable(known)
            if known is None or why is None:
                continue
            if identity.on_purpose(draft, identity.news(known, draft, self._at, self._zone)):
                self.refused.append((known.id, why))
                found[place] = Placed(known.id, UNCHANGED)
        return found

    def _back(self, file: FileText, rest: Sequence[int]) -> dict[int, Memory]:
        """The memories that were archived since they left their files, and that a file says again."""
        if file.record is None:
            return {}
        wanted = {place: _digest(file.drafts[place]) for place in rest if is_kept_in_step(file.drafts[place])}
        numbers = search.archived_rows(self._vault, wanted.values(), self._owner)
        memories = queries.by_rows(self._vault, [n for found in numbers.values() for n in found])
        back: dict[int, Memory] = {}
        for place, digest in wanted.items():
            draft = file.drafts[place]
            for memory in (memories[n] for n in numbers.get(digest, ())):
                if (
                    memory.occurred_at == draft.occurred_at
                    and not self._untouchable(memory)
                    and fold.fold(self._vault.operations("memory", memory.id)).get("reason") == LEFT
                    and identity.twin(self._vault, draft, self._owner, self._at, self._zone) is None
                ):
                    back[place] = memory
                    break
        return back

    def _ask(self, former: Former, made: str) -> None:
        known, new = self._vault.get(former.memory.id), self._vault.get(made)
        pair = verdicts.in_time(known, new)
        suggested = "supersede" if pair[1].id == made else "older"
        reasons = (_SAYS_OTHERWISE, self._own(former) or "")
        asked = fusion.apply(
            self._unit, self._vault, fusion.Proposal(fusion.Act.REVIEW, pair, reasons, suggested, file_records.NOUN), self._at
        )
        if asked is not None and asked.made is not None:
            self.asked.append(asked.made)

    def _record(self, file: FileText, members: dict[str, int]) -> None:
        name = file.record or ""
        before = self._records.get(name)
        if file.was is not None:
            if (was := self._records.pop(file.was, None)) is not None:  # no other process followed it meanwhile
                file_records.drop(self._unit, file.was)
            for one in was.memories if was else ():
                self._holders[one].discard(file.was)
        for one in before.memories if before else ():
            self._holders[one].discard(name)
        for one in members:
            self._holders.setdefault(one, set()).add(name)
        whole = all(map(is_kept_in_step, file.drafts))
        digest = file_records.salted(file_records.salt(self._vault, [*members]), file.digest) if whole else None
        now = FileRecord(tuple(members), tuple(members.values()), digest)
        file_records.write(self._unit, name, now, before)
        self._records[name] = now

    def _archive(self) -> None:
        for former in self._gone:
            identity_ = former.memory.id
            if not former.certain or self._holders.get(identity_):
                continue
            memory = self._vault.get(identity_)
            if memory.state not in HOT_STATES:
                continue
            if why := self._untouchable(memory) or self._own(former._replace(memory=memory)):
                self.kept.append((identity_, why))
                continue
            change = {"state": State.ARCHIVED.value, "since": self._at, "reason": LEFT}
            self._unit.change("memory", identity_, change)
            self.archived.append(identity_)


def is_kept_in_step(draft: Draft) -> bool:
    """Whether it may leave its file again: a turn of a talk and a commit were said, and stay so."""
    return draft.kind is not Kind.EPISODE and "commit" not in draft.metadata


def _firsts(drafts: Sequence[Draft]) -> list[int]:
    """For each draft the place of the first paragraph of the file that says the same; each turn of a talk is its own."""
    found: dict[tuple[str, str | None], int] = {}
    return [
        found.setdefault((rows.normalised(draft.content), draft.occurred_at), place) if is_kept_in_step(draft) else place
        for place, draft in enumerate(drafts)
    ]


def _digest(draft: Draft) -> bytes:
    return rows.digest(draft.kind, draft.content, draft.source, draft.occurred_at)
