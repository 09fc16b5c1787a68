"""The flow of `memos import`: a source is read once, in lots, each of them one transaction; all of them are one step of undo.

    recognise   the kind of the source by its content (`kinds`), or as a person says
    fit         each entry as it can be stored, or why it cannot be (`lots`)
    look up     what the cube knows of a lot, by the stable names of its entries, in one statement
    complete    times in words and secrets of what is new (`Reader.completed`), and facts in what the person said (`facts`)
    place       what is new at once; what is known is edited, comes back, or stays as it is (`again`)

Memory stays bounded: of what was done counts are kept (`report`), and the cube knows the rest. Killed between two lots, a
second run goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import CubeNotFound, MemoryNotFound, Refused, UsageError
from memos_cli.infra.vault import search
from memos_cli.infra.vault.bulk import entries
from memos_cli.infra.vault.bulk.bulk import New
from memos_cli.infra.vault.rows import digest
from memos_cli.interface.imports import again, facts, kinds, lots, notebook, settlement
from memos_cli.interface.imports.lots import Candidate
from memos_cli.interface.imports.notebook import Notebook
from memos_cli.interface.imports.report import Imported, Report
from memos_cli.interface.pipeline import endings, known_days
from memos_cli.interface.pipeline.source_files import SourceOptions
from memos_cli.operation.lifecycle import tasks as task_scopes
from memos_cli.operation.operator.placement import Placing
from memos_cli.ports.importer import ImportOptions, Skipped, Tabular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from memos_cli.author import Author
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.imports.facts import FactFinder
    from memos_cli.model import Draft
    from memos_cli.session import Session

MOST_QUESTIONS = 20
"""Questions from which an import asks no more."""
_COMPARED = 5
"""Facts that are compared at a time with what is known."""
NOT_YOURS = "you may not store it"


class Taking(NamedTuple):
    """How a source is brought in.

    Attributes:
        kind: what it is; `None` to recognise it.
        since: fixed-width UTC text; what happened before is left out.
        columns: of a table, the fields of a memory by the names of its columns.
        fields: fields for all memories: `tags`, `labels`, `task`.
        facts: find facts in what the person said in talks.
        me: what the person is called in the source, besides `user` and the name of the principal.
        dry_run: change nothing, and tell what would be.
        tell: called with how many bytes were read, and how many there are (0 where unknown).
        late: asked behind each entry whether the time is over; what was read until then is stored, and no more is read.
    """

    kind: str | None = None
    since: str | None = None
    columns: Mapping[str, str] = {}
    fields: Mapping[str, Any] = {}
    facts: bool = True
    me: Sequence[str] = ()
    dry_run: bool = False
    tell: Callable[[int, int], None] = lambda *_: None
    late: Callable[[], bool] = lambda: False


class Imports:
    """Brings in what other programs exported.

    Args:
        session: who writes, in which home, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def take(self, sources: "str | Sequence[str]", how: Taking | None = None, *, user_id: str | None = None) -> Imported:
        """Make memories of what is in files or folders; what is known by its stable name is not stored twice.

        Args:
            sources: names of files and folders.
            how: how they are brought in.
            user_id: whose memories these are.

        Raises:
            UsageError: there is no such source, or nothing here reads it.
            Refused: the principal may store nothing of it.
        """
        how, report = how or Taking(), Report()
        names = [sources] if isinstance(sources, str) else list(dict.fromkeys(sources))
        notes, opened = self._opened(names, how, report)
        notices = [line for name, kind in notes for line in self._take_notes(name, kind, how, report)]
        if opened:
            notices += self._take_entries(opened, how, report, user_id)
        vault = self._cube(how._replace(dry_run=True), user_id)
        return report.result(notices=tuple(notices), pending=search.pending_count(vault) if vault else 0, dry_run=how.dry_run)

    def _opened(
        self, names: Sequence[str], how: Taking, report: Report
    ) -> "tuple[list[tuple[str, str]], list[tuple[str, str, Iterator[Draft | Skipped]]]]":
        """The sources that are notes, and those that an importer reads, all of them begun; each with its kind."""
        options = ImportOptions(self._session.zone, how.since, how.columns, how.tell)
        notes, opened = [], []
        for name, known in [(name, kinds.of(Path(name), how.kind)) for name in names]:
            if isinstance(known.importer, Notebook):
                notes.append((name, known.kind))
            else:
                if isinstance(known.importer, Tabular):
                    report.columns[name] = known.importer.guessed(Path(name), options)
                opened.append((name, known.kind, _begun(_to_the_end(known.importer.read(Path(name), options), report))))
        return notes, opened

    def _take_notes(self, name: str, kind: str, how: Taking, report: Report) -> tuple[str, ...]:
        """Bring notes in step; what there is to say of that, a line each."""
        if how.since is not None:  # what is left out of a file would seem to have left it
            raise UsageError(f"--since and {name} exclude each other: a note is brought in step as a whole")
        options = SourceOptions(fields=how.fields, again=bool(how.fields), dry_run=how.dry_run, tell=how.tell)
        return notebook.take(self._session, name, kind, options, report)

    def _take_entries(
        self, opened: "Sequence[tuple[str, str, Iterator[Draft | Skipped]]]", how: Taking, report: Report, user_id: str | None
    ) -> tuple[str, ...]:
        """Take what importers hand over; what there is to say of the facts in it, a line each."""
        reader = known_days.reader(self._session)
        with facts.finder(self._session, reader, how.me) as finder:
            flow = _Flow(self._cube(how, user_id), self._session.author(again.COMMAND, user_id), report)
            flow.finder, flow.dry_run = finder if how.facts else None, how.dry_run
            for name, kind, found in opened:
                for lot in lots.cut(_in_time(found, how.late), flow.fitting(kind, how), report):
                    flow.take(lot, lambda drafts: reader.completed(drafts, self._session.now))
                report.read(name, kind)
            notices = finder.notices
        flow.require_some()
        if flow.vault is not None and settlement.is_due((kind for _, kind, _ in opened), report, dry_run=how.dry_run):
            settlement.settle(flow.vault, self._session.author(again.COMMAND, user_id), report)
        return notices

    def kinds(self) -> tuple[str, ...]:
        """The kinds of sources that are read here."""
        return tuple(one.kind for one in kinds.there())

    def _cube(self, how: Taking, user_id: str | None) -> "Vault | None":
        """The cube that is written to; a dry run makes none.

        Raises:
            CubeNotFound: there are others, so that a mistake in the name is likelier than a new home.
        """
        if not how.dry_run:
            return self._session.writable(user_id)
        try:
            return self._session.vault(self._session.cube_names[0], user_id)
        except CubeNotFound:
            if self._session.shelf.names():
                raise
            return None


def _begun(found: "Iterator[Draft | Skipped]") -> "Iterator[Draft | Skipped]":
    """The same, once its first entry is there: what is no such source at all is told before anything is made for it."""
    return chain(list(islice(found, 1)), found)


def _in_time(found: "Iterator[Draft | Skipped]", late: Callable[[], bool]) -> "Iterator[Draft | Skipped]":
    """What an importer hands over until the time is over."""
    for one in found:
        yield one
        if late():
            return


def _to_the_end(found: "Iterable[Draft | Skipped]", report: Report) -> "Iterator[Draft | Skipped]":
    """What an importer hands over; where it breaks off behind its beginning, the rest is named as damaged."""
    begun = False
    try:
        for one in found:
            begun = True
            yield one
    except (UsageError, OSError) as error:
        why = error.message if isinstance(error, UsageError) else error.strerror or str(error)
        if not begun:
            raise UsageError(why, hint=getattr(error, "hint", None)) from None
        report.skip(Skipped("the rest of it cannot be read", why, damaged=True))


class _Flow:
    """Takes lots into one cube, under one name of a transaction.

    Args:
        vault: the cube; `None` for a dry run in a home that has none.
        author: who writes.
        report: counts what becomes of the entries.

    Attributes:
        finder: finds facts; `None` for none.
        dry_run: take all of it back.
    """

    finder: "FactFinder | None" = None
    dry_run = False

    def __init__(self, vault: "Vault | None", author: "Author", report: Report) -> None:
        self.vault, self._author, self._report = vault, author, report

    def fitting(self, kind: str, how: Taking) -> lots.EntryFitting:
        """What makes the entries of a source fit to be stored."""
        cube = self.vault.meta["id"] if self.vault else ""
        return lots.EntryFitting(kind, cube, self._author.principal, how.fields, how.since)

    def take(self, lot: Sequence[Candidate], complete: "Callable[[Sequence[Draft]], list[Draft]]") -> None:
        """Take a lot in one transaction. What is slow is done before it: others write to the cube meanwhile."""
        known = self._known(lot)
        fresh = [one for one in lot if one.name not in known or self._is_back(known[one.name])]
        drafts = complete([one.draft for one in fresh])
        completed = {one.name: one._replace(draft=draft) for one, draft in zip(fresh, drafts, strict=True)}
        told = [(fresh[place].name, fact) for place, fact in (self.finder.of(drafts) if self.finder else ())]
        if self.vault is None:
            for one in completed.values():
                self._report.take(one.id, secret="secret" in one.draft.labels)
            self._report.facts += len(told)
            return
        with self._author.write(self.vault, self._report.txn) as unit:
            _Lot(self.vault, unit, self._author, self._report).place([completed.get(one.name, one) for one in lot], told)
            if unit.log.count and not self.dry_run:
                self._report.txn = unit.log.txn
            if self.dry_run:
                unit.take_back()

    def _known(self, lot: Sequence[Candidate]) -> dict[str, entries.Entry]:
        return again.known(self.vault, lot, self._author.principal) if self.vault is not None else {}

    def _is_back(self, entry: entries.Entry) -> bool:
        return self.vault is not None and again.is_back(self.vault, entry)

    def require_some(self) -> None:
        """Refuse an import of which the principal may store nothing.

        Raises:
            Refused: it is so.
        """
        report = self._report
        if report.denied is not None and not (report.taken or report.edited or report.known):
            raise report.denied


class _Lot:
    """Places one lot in its transaction."""

    def __init__(self, vault: "Vault", unit: "Unit", author: "Author", report: Report) -> None:
        self._vault, self._unit, self._author, self._report = vault, unit, author, report
        self._owner = author.principal
        self._placing = Placing(vault, unit, author.principal, author.at, author.zone, author.command)
        self._stored: dict[str, str] = {}

    def place(self, lot: Sequence[Candidate], told: "Sequence[tuple[str, Draft]]") -> None:
        """Place entries, and what was found in those that are new.

        Args:
            lot: the entries; those that are new are complete.
            told: facts, each with the name of the entry that it was found in.
        """
        # Looked up again: others may have written since.
        known = again.known(self._vault, lot, self._owner)
        self._store([one for one in lot if one.name not in known and self._may_store(one.draft)])
        for one in lot:
            if one.name in known:
                self._take_again(known[one.name], one)
        self._store_facts([(name, fact) for name, fact in told if name in self._stored and self._may_add(fact)])
        tasks = {one.draft.task for one in lot if one.name in self._stored and one.draft.task is not None}
        self._report.reopened += task_scopes.reopen(self._vault, self._unit, tasks, self._owner) if tasks else ()

    def _store(self, lot: Sequence[Candidate]) -> None:
        placed = self._placing.place_new([New(one.draft, one.digest, one.id) for one in lot])
        for one, what in zip(lot, placed, strict=True):
            if what.outcome == "duplicate":  # a memory of the person's own says it
                self._report.known += 1
                continue
            self._stored[one.name] = what.id
            self._report.take(what.id, secret="secret" in one.draft.labels)

    def _take_again(self, entry: entries.Entry, one: Candidate) -> None:
        if again.is_back(self._vault, entry):
            if self._change(entry.id, again.back(one.draft, self._owner, self._author.at), one.draft):
                self._stored[one.name] = entry.id
                self._report.take(entry.id, secret="secret" in one.draft.labels)
            return
        what = again.of(self._vault, entry, one, self._owner)
        if what.why:
            self._report.skip(Skipped(what.why, one.draft.title or one.name))
        elif what.change:
            self._report.edited += self._change(entry.id, what.change, one.draft)
        else:
            self._report.known += 1
            self._report.forgotten += what.forgotten

    def _store_facts(self, told: "Sequence[tuple[str, Draft]]") -> None:
        made = [
            New(fact, digest(fact.kind, fact.content, fact.source, fact.occurred_at), None, self._stored[name])
            for name, fact in told
        ]
        placed = self._placing.place_new(made)
        added = [(what.id, new.draft) for what, new in zip(placed, made, strict=True) if what.outcome == "added"]
        self._report.facts += len(added)
        self._compare(added)

    def _compare(self, added: "Sequence[tuple[str, Draft]]") -> None:
        """Ask about what the facts may end: nothing ends by what was guessed from an old talk."""
        telling = [one for one, draft in added if endings.may_tell(draft) and (draft.valid_from or "") <= self._author.at]
        while telling and len(self._report.questions) < MOST_QUESTIONS:
            some, telling = telling[:_COMPARED], telling[_COMPARED:]
            self._report.questions += endings.end(self._vault, self._unit, some, self._author.at, [])
        self._report.uncompared += len(telling)

    def _change(self, identity: str, change: dict[str, Any], draft: "Draft") -> bool:
        try:
            self._placing.change(self._vault.get(identity), change)
        except (Refused, MemoryNotFound) as error:
            self._report.skip(Skipped(NOT_YOURS, draft.title or ""), refused=True)
            self._report.denied = error if isinstance(error, Refused) else self._report.denied
            return False
        return True

    def _may_store(self, draft: "Draft") -> bool:
        if self._may_add(draft):
            return True
        self._report.skip(Skipped(NOT_YOURS, draft.title or ""), refused=True)
        return False

    def _may_add(self, draft: "Draft") -> bool:
        try:
            if self._unit.rights is not None:
                self._unit.rights.require_new(draft, self._owner)
        except Refused as error:
            self._report.denied = error
            return False
        return True
