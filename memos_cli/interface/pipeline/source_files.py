"""The flow of an `add` of files: those that changed are read and brought in step by their paths, all in one transaction."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import CubeNotFound, UsageError
from memos_cli.infra.vault import connection, queries
from memos_cli.infra.vault.blobs import Blobs
from memos_cli.interface.exports import returned
from memos_cli.interface.pipeline import ingestion, known_days
from memos_cli.interface.reader import intake
from memos_cli.interface.sources import documents, notebooks, sources
from memos_cli.model import HOT_STATES, Draft, Filter
from memos_cli.operation.changes import cleaned_draft
from memos_cli.operation.operator import file_records
from memos_cli.operation.operator.file_changes import FileChanges, FileText
from memos_cli.operation.operator.file_records import FileRecord
from memos_cli.operation.operator.notebook.notebook import Notebook
from memos_cli.operation.results import Added, FilesRead

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.reader.reader import Format, Reader
    from memos_cli.interface.sources.sources import SourceFile, Sources
    from memos_cli.operation.operator.notebook.exported import Stamp
    from memos_cli.ports.importer import Converted
    from memos_cli.session import Session

Extract = Callable[[Sequence[Draft]], Sequence[tuple[int, Draft]]]
"""Finds memories in drafts: each with the place of the draft that it was found in."""


class SourceOptions(NamedTuple):
    """How files are read.

    Attributes:
        form: the format of their texts.
        fields: fields for every draft, as a person gave them.
        again: read also the files that did not change, since something is asked of their memories.
        extract: finds further memories in the drafts.
        dry_run: change nothing, and tell what would be.
        tell: called with how many files were read, and how many there are; of notes with their bytes.
        notebook: whether they are notes that link to each other, of a folder that another program keeps, or memos wrote.
        command: what the log calls it.
        txn: the name of the transaction that it continues.
    """

    form: "Format" = "auto"
    fields: Mapping[str, Any] = {}
    again: bool = False
    extract: Extract = lambda _: ()
    dry_run: bool = False
    tell: Callable[[int, int], None] = lambda *_: None
    notebook: bool = False
    command: str = "add"
    txn: str | None = None


class _NoBlobs(Blobs):
    """Takes the place of a cube's blobs in a dry run, which keeps nothing."""

    def __init__(self) -> None:
        super().__init__(Path())

    def put(self, content: bytes) -> str:
        """The digest that the content would be stored under."""
        return sha256(content).hexdigest()


class _Text(NamedTuple):
    """A file that was read: its text, the name of its record, the digest of its bytes, and of a document what it is."""

    file: "SourceFile"
    content: bytes
    record: str | None
    digest: str
    document: "tuple[documents.Document, Converted] | None" = None


class _FileReader:
    """Reads the files of one `add`: first what they are and whether they changed, then their texts."""

    def __init__(self, session: "Session", vault: "Vault | None", found: "Sources", how: SourceOptions) -> None:
        self._session, self._vault, self._found, self._how = session, vault, found, how
        self._owner = vault.meta["owner"] if vault else session.person
        self.records = file_records.records(vault) if vault else {}
        self.folders = [folder for folder, _ in found.folders]
        self.gone = self._vanished()
        self.texts: list[_Text] = []
        self.unchanged: list[str] = []
        self.skipped: list[tuple[str, str]] = [*found.skipped]
        self.faults: list[tuple[str, str]] = []
        self.exported: set[str] = set()
        for file in found.files:
            self._look_at(file)
        self.moves, self.moved = self._moves()

    def _vanished(self) -> dict[str, str]:
        """The records of files below the given folders that are no longer there, and what the person would call them."""
        found: dict[str, str] = {}
        for record in self.records if self._found.folders else ():
            path = file_records.path_of(record, self._session.principal, self._owner)
            for folder, name in self._found.folders:
                if path is not None and path.startswith(f"{folder.rstrip(os.sep)}{os.sep}") and not os.path.lexists(path):
                    found[record] = os.path.join(name, os.path.relpath(path, folder))  # noqa: PTH118 -- as it was called
        return found

    def _look_at(self, file: "SourceFile") -> None:
        record = file.path and file_records.subject(file.path, self._session.principal, self._owner)
        known = self.records.get(record or "")
        try:
            document = documents.looked_at(file.name, file.path) if self._how.form == "auto" else None
            if document is not None:
                self._look_at_document(file, document, record)
                return
            content = sources.content(file.name)
            digest = sha256(content.removeprefix(b"\xef\xbb\xbf")).hexdigest()
            if self._how.notebook and returned.key(content) is not None:
                self.exported.add(record or "")
            if not self._how.again and len(self._found.files) > 1 and self._says(known, digest):
                self.unchanged.append(record or "")
                return
            sources.require_text(content, file.name, forced=self._how.form != "auto")
            intake.text_of(content, file.name)
        except UsageError as error:
            if file.named:
                raise
            self.skipped.append((file.name, error.message.removeprefix(f"{file.name} is ")))
            return
        self.texts.append(_Text(file, content, record, digest))

    def _look_at_document(self, file: "SourceFile", document: documents.Document, record: str | None) -> None:
        if not self._how.again and self._says(self.records.get(record or ""), document.digest):
            self.unchanged.append(record or "")
            return
        made = documents.converted(document)
        if made.unread:
            few = "1 page is a picture" if made.unread == 1 else f"{made.unread:,} pages are pictures"
            self.faults.append((file.name, f"{few}, and its words are missing" + (f"; {made.lacks}" if made.lacks else "")))
        # What lacks today is looked for again the next time, so what is kept of it is no digest that the file has.
        digest = sha256(document.digest.encode()).hexdigest() if made.lacks else document.digest
        self.texts.append(_Text(file, made.text.encode(), record, digest, (document, made)))
        self._how.tell(len(self.texts) + len(self.unchanged), len(self._found.files))

    def _says(self, record: FileRecord | None, digest: str) -> bool:
        """Whether a text with this digest is what the file said when it was last read."""
        if record is None or record.digest is None or self._vault is None:
            return False
        return record.digest == file_records.salted(file_records.salt(self._vault, record.memories), digest)

    def _moves(self) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        """New files below the given folders that say what one that is gone said: their records, each with the one it had."""
        new = [text for text in self.texts if text.record and text.record not in self.records and not text.file.named]
        gone = {record: self.records[record] for record in self.gone if new}
        salts = {name: file_records.salt(self._vault, one.memories) for name, one in gone.items()} if self._vault else {}
        moves: dict[str, str] = {}
        moved: list[tuple[str, str]] = []
        for text in new:  # an exported note says of which memory it is, however it was edited
            identity = (returned.key(text.content) or "").rpartition("/")[2] if text.record in self.exported else None
            record = next((one for one, was in gone.items() if identity and was.memories == (identity,)), None)
            if record is not None:
                moves[text.record or ""] = record
                moved.append((self.gone.pop(record), text.file.name))
                del gone[record]
        # Of several that say the same, the one of the same name first.
        for of_name in (True, False):
            for text in new:
                for record, was in gone.items():
                    if was.digest is None or text.record in moves:
                        continue
                    alike = was.digest == file_records.salted(salts[record], text.digest)
                    if alike and (_last(record) == _last(text.record or "") or not of_name):
                        moves[text.record or ""] = record
                        moved.append((self.gone.pop(record), text.file.name))
                        del gone[record]
                        break
        return moves, tuple(moved)

    def drafts(self) -> list[FileText]:
        """The drafts of each text that is new or changed; the cube keeps the texts themselves."""
        with ExitStack() as opened:
            none = _NoBlobs() if self._how.dry_run else None
            kept = cache(lambda: none or opened.enter_context(_blobs(self._session).together()))
            return self._drafts(kept)

    def _drafts(self, kept: Callable[[], Blobs]) -> list[FileText]:
        reader = known_days.reader(self._session)
        made = []
        sizes = [len(text.content) if self._how.notebook else 1 for text in self.texts]
        total = sum(sizes)
        for text, done in zip(self.texts, accumulate(sizes), strict=True):
            self._how.tell(done, total)
            was = self.moves.get(text.record or "")
            try:
                if (exported := self._exported(text)) is not None:
                    made.append(FileText(text.file.name, text.record, text.digest, [exported[0]], was, exported[1]))
                    continue
            except UsageError as error:
                self.skipped.append((text.file.name, error.message))
                continue
            read = self._taken_apart(text, kept, reader)
            if text.document is not None:
                read.insert(0, documents.whole(*text.document, read, self._session.zone))
            drafts = [cleaned_draft(intake.with_fields(draft, self._how.fields)) for draft in read]
            if self._how.notebook:
                self._note_fault(text, drafts)
            made.append(FileText(text.file.name, text.record, text.digest, drafts, was, has_whole=text.document is not None))
        return made

    def _taken_apart(self, text: _Text, kept: Callable[[], Blobs], reader: "Reader") -> list[Draft]:
        return intake.of_file(
            text.content, kept, name=text.file.name,
            form="document" if text.document else "wiki" if self._how.notebook else self._how.form,
            now=self._session.now, occurred_at=self._how.fields.get("occurred_at"), reader=reader,
        )  # fmt: skip

    def _exported(self, text: _Text) -> "tuple[Draft, Stamp] | None":
        """What a note says that memos wrote; `None` where it did not, or where notes are read like any text."""
        if not self._how.notebook or (text.record or "") not in self.exported:
            return None
        found = returned.read(intake.text_of(text.content, text.file.name), text.file.name, self._session.zone)
        if found is None:
            raise UsageError("an exported note with front matter that is broken: its memory stays")
        return found

    def _note_fault(self, text: _Text, drafts: Sequence[Draft]) -> None:
        if not drafts:
            self.skipped.append((text.file.name, "an empty note"))
        elif isinstance(fault := drafts[0].metadata.get("front_matter_fault"), str):
            self.faults.append((text.file.name, f"front matter {fault}"))

    def is_known(self) -> bool:
        """Whether one of the files was read before."""
        return bool(self.unchanged or self.moves) or any((text.record or "") in self.records for text in self.texts)


def _last(record: str) -> str:
    return record.rpartition(os.sep)[2]


def _blobs(session: "Session") -> Blobs:
    return Blobs(session.writable().folder / connection.BLOBS)


def add(session: "Session", names: Sequence[str], how: SourceOptions) -> Added:
    """Bring the memories of files in step with what the files say.

    Raises:
        UsageError: there is no such file; it is nothing that is read here; nothing at all is in it.
    """
    found = _found(names, notebook=how.notebook)
    reader = _FileReader(session, _present(session), found, how)
    if not reader.texts and not reader.unchanged:
        raise _nothing(names, reader)
    texts = reader.drafts()
    drafts = [draft for text in texts for draft in text.drafts]
    if not (drafts or reader.is_known() or (how.notebook and reader.skipped)):
        raise UsageError("there is nothing to remember: the input is empty", hint='memos add "I am vegan now"')
    vault = _present(session) if how.dry_run else session.writable()
    if vault is None:  # a dry run in a home without a cube
        added = len({draft.content for draft in drafts})
        return Added(added, 0, 0, (), dry_run=True, files=FilesRead(len(texts), 0, skipped=tuple(reader.skipped)))
    author = session.author(how.command)
    changes = FileChanges(vault, texts, author, _notebook(vault, author, reader) if how.notebook else None)
    derived = how.extract(drafts)
    added_ = ingestion.ingest(vault, drafts, author, derived=derived, files=changes, dry_run=how.dry_run, txn=how.txn)
    told = {one.record for one in texts if one.drafts}
    for text in reader.texts if not how.dry_run else ():  # a purge before the commit may have removed a file as unused
        if text.record in told:
            _blobs(session).put(intake.text_of(text.content, text.file.name).encode())
    return _with_files(added_, vault, reader, changes)


def _found(names: Sequence[str], *, notebook: bool) -> "Sources":
    if not notebook:
        return sources.find(names)
    return notebooks.find(names)


def _notebook(vault: "Vault", author: "Author", reader: _FileReader) -> Notebook:
    return Notebook(vault, author, reader.folders, reader.exported)


def _with_files(added: Added, vault: "Vault", reader: _FileReader, changes: FileChanges) -> Added:
    known = [one for record in reader.unchanged for one in reader.records[record].memories]
    gone = [(name, _current(vault, reader.records[record])) for record, name in reader.gone.items()]
    files = FilesRead(
        len(reader.texts) + len(reader.unchanged), len(reader.unchanged) + changes.unchanged, reader.moved, tuple(gone),
        (*reader.skipped, *changes.skipped), tuple(changes.kept), tuple(changes.refused), tuple(reader.faults),
    )  # fmt: skip
    alone = files.read == 1 and not changes.archived
    return added._replace(
        memory=added.memory if alone and not changes.skipped else None,
        ids=(*added.ids, *known),
        duplicates=added.duplicates + len(known),
        questions=() if added.dry_run else (*added.questions, *changes.asked),
        archived=tuple(changes.archived),
        files=files,
    )


def _present(session: "Session") -> "Vault | None":
    """The cube that is written to, if there is one already.

    Raises:
        CubeNotFound: there are others, so that a mistake in the name is likelier than a new home.
    """
    try:
        return session.vault(session.cube_names[0])
    except CubeNotFound:
        if session.shelf.names():
            raise
        return None


def _current(vault: "Vault", record: FileRecord) -> int:
    sight = queries.condition(Filter(at="", everything=True, states=tuple(HOT_STATES)))
    return len(queries.visible(vault, record.memories, sight))


def _nothing(names: Sequence[str], reader: _FileReader) -> UsageError:
    what = names[0] if len(names) == 1 else f"{len(names)} names"
    sorts = sorted({why for _, why in reader.skipped})
    there = f": {len(reader.skipped):,} skipped ({', '.join(sorts[:3])}{', …' if len(sorts) > 3 else ''})" if sorts else ""
    return UsageError(f"{what} holds no text that memos reads{there}", hint="it reads .md, .txt, .org, .rst and the like")
