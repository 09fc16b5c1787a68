"""Memory Pipeline: the flows that write, each in one transaction: all of it, or nothing.

`add`, `edit`, `forget`, `restore`, `link` and the switches on a memory. Only these flows, and those of `timeline`,
`snapshots` and `tasks`, open a write transaction.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable, NotFound, Refused, UsageError, did_you_mean
from memos_cli.infra.names import compared
from memos_cli.infra.vault import connection, fold
from memos_cli.infra.vault.blobs import Blobs
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.pipeline import header, ingestion
from memos_cli.model import HOT_STATES, Draft, LinkType, Memory, State
from memos_cli.operation.changes import change_each, check_content
from memos_cli.operation.operator import placement
from memos_cli.operation.results import Added, Changed

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.interface.pipeline.source_files import SourceOptions
    from memos_cli.interface.reader.extraction import Extracted
    from memos_cli.interface.reader.reader import Format, Reader
    from memos_cli.session import Session

ingest = ingestion.ingest
MODES: dict[str, Callable[[str, str], str]] = {
    "overwrite": lambda _, given: given,
    "append": lambda now, given: f"{now}\n{given}",
    "merge": lambda now, given: now if given in now else f"{now}\n{given}",
}
"""What an edit makes of the content that a memory has and the text that is given."""


def forget(vault: Vault, ids: Sequence[str], author: "Author", *, thaw: bool, dry_run: bool) -> Changed:
    """Let memories expire: no answer shows them any more, and they can be restored.

    Args:
        thaw: forget frozen ones too; the person was asked.
    """

    def expire(memory: Memory) -> dict[str, Any]:
        return {} if memory.state is State.EXPIRED else {"state": State.EXPIRED.value, "since": author.at}

    return change_each(vault, ids, author, expire, thawed=not thaw, dry_run=dry_run)


def restore(vault: Vault, ids: Sequence[str], author: "Author") -> Changed:
    """Bring forgotten or archived memories back.

    Raises:
        Refused: one of them was purged, so its text is gone.
    """

    def revive(memory: Memory) -> dict[str, Any]:
        if memory.state is State.PURGED:
            raise Refused(f"{memory.id[:8]} was purged: nothing of it is left to restore")
        if memory.state in HOT_STATES:
            return {}
        fields: dict[str, Any] = {"state": State.ACTIVATED.value, "since": author.at}
        if memory.expires_at is not None and memory.expires_at <= author.at:
            fields["expires_at"] = None
        return fields

    return change_each(vault, ids, author, revive, thawed=False, then=partial(placement.settled, vault))


def edit(
    vault: Vault,
    identity: str,
    author: "Author",
    fields: dict[str, Any],
    mode: str = "overwrite",
    *,
    was: str | None = None,
    within: Collection[str] = (),
) -> Changed:
    """Set fields of a memory; fields that have their value already are left out, and an edit of nothing is none.

    Args:
        vault: the memory's cube.
        identity: its full id.
        author: who edits.
        fields: the new values by the name of the field.
        mode: what becomes of the content that the memory has: a key of `MODES`.
        was: the content that the new one was made of; `None` where it was made of none.
        within: the fields whose objects are merged into what is there, see `header.registers`.

    Raises:
        Refused: somebody changed the content meanwhile, which the new one would take back.
    """

    def differing(memory: Memory) -> dict[str, Any]:
        if was is not None and memory.content != was:
            raise Refused(
                f"{identity[:8]} was changed meanwhile, so it stays as it is", hint=f"see it: memos history {identity[:8]}"
            )
        # Read within the transaction: of two processes that append at once each goes on from what the other wrote.
        wanted = (
            {**fields, "content": check_content(MODES[mode](memory.content, fields["content"]))}
            if "content" in fields
            else {**fields}
        )
        for name in ("key", "task"):
            if wanted.get(name):
                wanted[name] = vault.spelled(name, wanted[name], without=identity)
        now = fold.fold(vault.operations("memory", memory.id))
        return header.registers(vault, memory, wanted, now, within)

    then = partial(placement.settled, vault) if placement.KEYED & fields.keys() else None
    # Thawed in the same edit it may change; frozen in it, it changes before it is.
    return change_each(vault, [identity], author, differing, thawed=bool(fields.get("frozen", True)), then=then)


def switch_many(vault: Vault, ids: Sequence[str], author: "Author", registers: dict[str, bool]) -> Changed:
    """Turn several registers of memories on or off in one transaction."""
    # A freeze must not forbid changing the freeze itself: otherwise no memory could ever be unfrozen.
    thawed = "frozen" not in registers
    return change_each(vault, ids, author, lambda memory: _turned(vault, memory, registers), thawed=thawed)


def _turned(vault: Vault, memory: Memory, registers: dict[str, bool]) -> dict[str, Any]:
    now = fold.fold(vault.operations("memory", memory.id))
    wanted = {name: on for asked, on in registers.items() for name in _spellings(vault, memory, asked, on=on)}
    return {name: True if on else None for name, on in wanted.items() if bool(now.get(name)) != on}


def _spellings(vault: Vault, memory: Memory, register: str, *, on: bool) -> list[str]:
    """The registers that one with a tag or a label means: those of the memory's own spellings, else the first of the cube."""
    if register.startswith(fold.LABEL):
        name = compared(register.removeprefix(fold.LABEL))
        return [fold.LABEL + one for one in memory.labels if compared(one) == name] or [fold.LABEL + name]
    if not register.startswith(fold.TAG):
        return [register]
    tag = register.removeprefix(fold.TAG)
    own = [fold.TAG + one for one in memory.tags if compared(one) == compared(tag)]
    return own or ([fold.TAG + vault.spelled("tag", tag)] if on else [])


def link(vault: Vault, source: str, kind: LinkType, target: str, author: "Author", *, on: bool) -> Changed:
    """Set or remove a typed link between two memories. What is superseded by a link ends at once.

    Raises:
        UsageError: the link leads to the memory itself, or closes a circle in a type of link that must not have one.
        Refused: one of the memories is frozen, or belongs to somebody else.
    """
    if source == target:
        raise UsageError("a memory is not linked to itself")
    register, after = {fold.link_register(kind, target): on}, None
    if on and kind is LinkType.SUPERSEDES:
        after = partial(placement.end_by_link, vault, author=author, target=target)
    return change_each(vault, [source], author, lambda memory: _turned(vault, memory, register), then=after, always=True)


class Pipeline:
    """The flows that write, on the cubes in use.

    Args:
        session: who writes, in which home, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._read: list[bytes] = []

    def add(
        self,
        content: str | None = None,
        *,
        messages: Sequence[Mapping[str, str]] | None = None,
        drafts: Iterable[Draft] | None = None,
        derived: Sequence[tuple[int, Draft]] = (),
        user_id: str | None = None,
        tell: Callable[[int], None] = lambda _: None,
        **fields: Any,  # noqa: ANN401 -- the fields of a Draft, each of its own type
    ) -> Added:
        """Remember something: a text, the messages of a conversation, or drafts that are ready.

        Args:
            content: one memory's text; its kind is guessed where `kind` is not given.
            messages: dictionaries with `role` and `content`, each kept as an episode, and what they tell beside them.
            drafts: stored unchanged, in one transaction.
            derived: what `extract` found in the drafts, stored with them and linked to them.
            user_id: whose memories these are.
            tell: called with the number of drafts done.
            fields: fields of a `Draft` for `content` (`kind`, `key`, `tags`, …).

        Raises:
            UsageError: nothing to remember, or a wrong field.
        """
        from memos_cli.interface.reader import intake

        session, fields = self._session, intake.typed(fields)
        if drafts is None:
            said = messages if messages is None else [session.timed(message) for message in messages]
            drafts = intake.drafts(content, said, now := session.now, session.timed(fields), self.reader())
            derived = derived or (self.extract(drafts, talk=now).derived if messages is not None else ())
        added = ingest(session.writable(user_id), drafts, session.author("add", user_id), tell, derived=derived)
        while self._read:  # a purge before the commit may have removed the file as unused
            self._blobs().put(self._read.pop())
        return added

    def add_files(self, names: Sequence[str], how: "SourceOptions | None" = None) -> Added:
        """Read files and folders, and bring what came from them in step with what they say now; see `source_files`.

        Args:
            names: names of files and folders, and patterns.
            how: how they are read.

        Raises:
            UsageError: one is not there, or is nothing that memos reads; or there is nothing in all of them.
        """
        from memos_cli.interface.pipeline import source_files

        return source_files.add(self._session, names, how or source_files.SourceOptions())

    def read(
        self, content: bytes, *, name: str | None = None, form: "Format" = "auto", occurred_at: str | None = None
    ) -> list[Draft]:
        """Take a text apart into drafts; the cube keeps the text itself, so that `why` can show the passage.

        Args:
            content: UTF-8.
            name: the file's name.
            form: `auto`, `prose`, `transcript` or `markdown`.
            occurred_at: when it was said or written, where the text does not say.

        Raises:
            UsageError: not text.
        """
        from memos_cli.interface.reader import intake

        now, reader = self._session.now, self.reader()
        read = intake.of_file(content, self._blobs, name=name, form=form, now=now, occurred_at=occurred_at, reader=reader)
        if read:
            self._read.append(content.decode("utf-8-sig").encode())
        return read

    def reader(self) -> "Reader":
        """A reader in the person's zone, with the birthdays that the cube knows."""
        from memos_cli.interface.pipeline import known_days

        return known_days.reader(self._session)

    def _blobs(self) -> Blobs:
        return Blobs(self._session.writable().folder / connection.BLOBS)

    def extract(
        self, drafts: Sequence[Draft], tell: Callable[[int], None] = lambda _: None, *, dated: bool = False, talk: str = ""
    ) -> "Extracted":
        """What drafts of a text say that deserves a memory of its own; nothing is stored: `add` takes it as `derived`.

        The model is asked where the settings choose one that is fit for it (`llm.extract`), else rules extract.

        Args:
            drafts: the drafts of the text.
            tell: called with the number of drafts done.
            dated: only what turns that have a time say of other days than their own; rules do that.
            talk: when turns came in that the drafts are, of which the person's own tell facts; see `Extractor.told`.

        Raises:
            ModelUnavailable: `llm.extract` demands a model and none is chosen, or the model is missing.
        """
        from memos_cli.interface.reader import extraction
        from memos_cli.operation import models

        if dated:
            return extraction.Extracted(extraction.events(drafts, self.reader()))
        settings, paths = self._session.settings, self._session.paths
        wanted, _ = models.extraction(settings, paths)
        llm = models.chosen(settings, paths) if wanted else None
        if wanted and llm is None:
            raise ModelUnavailable("llm.extract is model, and no model is chosen", hint="memos model use NAME|PATH")
        try:
            extractor, now = extraction.Extractor(llm, self.reader(), self._may_be_asked()), self._session.now
            return extractor.told(drafts, talk) if talk else extractor.derive(drafts, now, tell)
        finally:
            if llm is not None:
                llm.close()

    def _may_be_asked(self) -> Callable[[Draft], bool]:
        """Whether a model may be told of a draft, by its labels and the policy of the cube that it goes to."""
        from memos_cli.infra.governance import labels

        rules: Mapping[str, Any] = next((vault.policy for vault in self._session.vaults()), {})
        return lambda draft: labels.may_go(draft.labels, labels.Whither.PROMPT, rules)

    def update(self, text: str, content: str, *, mode: str = "overwrite", user_id: str | None = None) -> Changed:
        """Change a memory's content.

        Args:
            text: its id, a prefix of it, or its external id.
            content: the new words.
            mode: `overwrite`, `append` (a new line), or `merge` (append the text where it says something new).
            user_id: who changes it.

        Raises:
            UsageError: another mode.
        """
        return self.edit(text, {"content": content}, mode=mode, user_id=user_id)

    def edit(
        self,
        text: str,
        fields: dict[str, Any],
        *,
        mode: str = "overwrite",
        was: str | None = None,
        within: Collection[str] = (),
        user_id: str | None = None,
    ) -> Changed:
        """Set registers of a memory (`content`, `kind`, `key`, …; `None` clears).

        Args:
            text: its id, a prefix of it, or its external id.
            fields: the new values.
            mode: `overwrite`, `append` or `merge`, for the content.
            was: the content that the new one was made of, as in an editor; `None` for any.
            within: of `metadata` and `source` those whose members are set beside what is there; a `None` takes one off.
            user_id: who edits.

        Raises:
            UsageError: no such mode for the content.
            Refused: the content is not what it was.
        """
        if mode not in MODES:
            raise UsageError(f"no update mode {mode!r}", hint=f"there are: {', '.join(MODES)}")
        vault, identity = self._session.locate(text, user_id)
        author = self._session.author("edit", user_id)
        return edit(vault, identity, author, self._session.timed(fields), mode, was=was, within=within)

    def delete(
        self, texts: str | Sequence[str], *, thaw: bool = False, dry_run: bool = False, user_id: str | None = None
    ) -> Changed:
        """Forget memories: they expire, and can be restored.

        Raises:
            Refused: one is frozen and `thaw` was not given.
        """
        vault, ids = self._session.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        return forget(vault, ids, self._session.author("forget", user_id), thaw=thaw, dry_run=dry_run)

    def restore(self, texts: Sequence[str]) -> Changed:
        """Bring forgotten memories back."""
        vault, ids = self._session.locate_all(texts)
        return restore(vault, ids, self._session.author("restore"))

    def switch(self, texts: Sequence[str], command: str, registers: dict[str, bool]) -> Changed:
        """Turn registers on or off: `pinned`, `frozen`, `tag:NAME`, `label:NAME`."""
        vault, ids = self._session.locate_all(texts)
        return switch_many(vault, ids, self._session.author(command), registers)

    def link(self, source: str, kind: LinkType, target: str, *, on: bool = True) -> Changed:
        """Set or remove a typed link between two memories of one cube.

        Raises:
            UsageError: they are one and the same, or the link would close a circle.
        """
        vault, (one, other) = self._session.locate_all([source, target])
        return link(vault, one, kind, other, self._session.author("link"), on=on)

    def save_record(self, noun: str, name: str, fields: dict[str, Any]) -> None:
        """Set the registers of a noun that is no memory (`view`, …), in the log like all else; its others are cleared."""
        vault = self._session.writable()
        self._session.require(f"{noun} save", vault)
        with self._session.author(noun).write(vault) as unit:
            known = vault.records(noun)
            name = as_written(known, name) or name
            unit.change(noun, name, {**dict.fromkeys(known.get(name, {})), **fields})

    def remove_record(self, noun: str, name: str, *, dry_run: bool = False) -> None:
        """Clear all registers of a noun that is no memory; `undo` brings it back.

        Raises:
            NotFound: there is none of that name.
        """
        vault = self._session.writable()
        self._session.require(f"{noun} rm", vault)
        if dry_run:
            _record(vault, noun, name)
            return
        with self._session.author(noun).write(vault) as unit:
            spelled, fields = _record(vault, noun, name)
            unit.change(noun, spelled, dict.fromkeys(fields))


def as_written(known: Iterable[str], name: str) -> str | None:
    """The name among these that is the given one, however it is spelled."""
    return next((one for one in known if compared(one) == compared(name)), None)


def _record(vault: Vault, noun: str, name: str) -> tuple[str, dict[str, Any]]:
    known = vault.records(noun)
    spelled = as_written(known, name)
    if spelled is None:
        raise NotFound(f"no {noun} {name!r}", hint=did_you_mean(name, known))
    return spelled, known[spelled]
