"""Memory API: `MOS`, the one façade that the command line and Python programs use, and where everything is put together.

from memos_cli import MOS

mos = MOS()
mos.add("I am vegan now", user_id="sam")
mos.search(query="diet", user_id="sam").hits[0].memory.content
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from memos_cli import config
from memos_cli.errors import CubeNotFound, MemoryNotFound, ModelUnavailable, NotFound, UsageError
from memos_cli.infra import governance
from memos_cli.infra.blobs import Blobs
from memos_cli.infra.cubes import Shelf
from memos_cli.infra.vault import connection, queries
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.embedding import Embeddings
from memos_cli.interface.results import Added, Changed, Found, Provenance, Query, Receipt, Undone, Version
from memos_cli.model import Draft, Filter, LinkType, Memory
from memos_cli.times import to_text

if TYPE_CHECKING:
    from memos_cli.infra.purge import Place
    from memos_cli.interface.carrying import Carrying
    from memos_cli.interface.extracting import Extracted
    from memos_cli.interface.keys import Keys
    from memos_cli.interface.merging import Merging
    from memos_cli.interface.parametric import Consolidation
    from memos_cli.interface.pipeline import Author
    from memos_cli.interface.reader import Format
    from memos_cli.interface.results import Answered
    from memos_cli.interface.reviewing import Decided, Item
    from memos_cli.interface.scheduling import Scheduling
    from memos_cli.interface.slots import Slots
    from memos_cli.interface.snapshots import Snapshots
    from memos_cli.interface.tasks import Tasks


def wall_clock() -> datetime:
    """The time of day, for programs that have no clock of their own to hand in."""
    return datetime.now(UTC)


class MOS:
    """The memory of one home.

    Args:
        home: the folder that holds everything; `None` for `MEMOS_HOME`, else the platform's own places.
        cubes: names or paths of the cubes to use; empty for the one that the settings name. Writing goes to the first.
        principal: who is acting; `None` for the setting, else the login name.
        settings: the settings of this invocation; `None` reads them.
        clock: tells the time.
        embeddings: makes the vectors; `None` for the embedder of this home.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        cubes: Sequence[str] | str = (),
        *,
        principal: str | None = None,
        settings: config.Settings | None = None,
        clock: Callable[[], datetime] = wall_clock,
        embeddings: Embeddings | None = None,
    ) -> None:
        self.paths = config.paths(os.environ, home)
        self.settings = settings or config.Settings(os.environ, self.paths)
        self.person: str = governance.principal(self.settings.get("principal") or _login())
        self.principal = governance.principal(principal or self.person)
        lock_timeout = self.settings.get("lock_timeout")
        self.shelf = Shelf(self.paths.cubes, lock_timeout=lock_timeout, scheduler=_scheduler, changed=self._changed)
        self.embeddings = embeddings or Embeddings(self.settings.get("embedder"), self.paths.data, self.paths.cache)
        self._clock = clock
        self._names = [cubes] if isinstance(cubes, str) else list(cubes)
        self._open: dict[str, Vault] = {}
        self._read: list[bytes] = []

    def close(self) -> None:
        """Close every cube and model."""
        for vault in self._open.values():
            vault.close()
        self._open.clear()
        self.embeddings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what is at hand

    @property
    def now(self) -> str:
        """The time, as fixed-width text."""
        return to_text(self._clock())

    def _millis(self) -> int:
        return round(self._clock().timestamp() * 1000)

    @property
    def cube_names(self) -> list[str]:
        """The cubes in use."""
        return self._names or [self.settings.get("cube")]

    def vault(self, name: str) -> Vault:
        """An open cube, by name or path."""
        if name not in self._open:
            self._open[name] = self.shelf.open(name)
        return self._open[name]

    @property
    def opened(self) -> tuple[Vault, ...]:
        """The cubes that were opened so far."""
        return tuple(self._open.values())

    def vaults(self) -> list[Vault]:
        """The cubes in use, each open.

        Raises:
            CubeNotFound: one is not there. A home without any cube yet is no error: it has nothing in it.
        """
        if not self._names and not self.shelf.names():
            return []
        return [self.vault(name) for name in self.cube_names]

    def writable(self) -> Vault:
        """The cube that is written to; the first `add` in a new home makes it."""
        name = self.cube_names[0]
        try:
            return self.vault(name)
        except CubeNotFound:
            if self._names or (name != config.SETTINGS["cube"].default and self.shelf.names()):
                raise
            self.shelf.create(name, owner=self.person, millis=self._millis())
            return self.vault(name)

    def author(self, command: str, user_id: str | None = None) -> "Author":
        """Who writes now, by which command."""
        from memos_cli.interface.pipeline import Author

        return Author(governance.principal(user_id or self.principal), self._millis(), command)

    def filter(self, vault: Vault, wanted: Filter | None = None, user_id: str | None = None) -> Filter:
        """A filter narrowed to what the principal may see in this cube."""
        wanted = wanted or Filter(at=self.now)
        if wanted.snapshot is not None:
            wanted = wanted._replace(at=vault.snapshot(wanted.snapshot)["at"])
        return wanted._replace(principal=governance.asking(user_id or self.principal, vault.meta))

    # -- adding

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
            messages: dictionaries with `role` and `content`, each kept as an episode.
            drafts: stored as they stand, in one transaction.
            derived: what `extract` found in the drafts, stored with them and linked to them.
            user_id: whose memories these are.
            tell: called with how many drafts are done.
            fields: fields of a `Draft` for `content` (`kind`, `key`, `tags`, …).

        Raises:
            UsageError: nothing to remember, or a field that cannot be so.
        """
        from memos_cli.interface import intake, pipeline

        if drafts is None:
            drafts = intake.drafts(content, messages, self.now, fields)
        added = pipeline.ingest(self.writable(), drafts, self.author("add", user_id), tell, derived=derived)
        while self._read:  # a purge may have taken the file for one that nobody needs, before this was committed
            self._blobs().put(self._read.pop())
        return added

    def extract(self, drafts: Sequence[Draft], tell: Callable[[int], None] = lambda _: None) -> "Extracted":
        """What drafts of a text tell that is worth a memory of its own; nothing is stored, `add` takes it as `derived`.

        A model is asked where the settings choose one that is fit for it (`llm.extract`), else rules find it.

        Args:
            tell: called with how many drafts are done.

        Raises:
            ModelUnavailable: `llm.extract` demands a model and none is chosen, or it is not there.
        """
        from memos_cli.interface import extracting, models

        wanted, _ = models.extraction(self.settings, self.paths)
        llm = models.chosen(self.settings, self.paths) if wanted else None
        if wanted and llm is None:
            raise ModelUnavailable("llm.extract is model, and no model is chosen", hint="memos model use NAME|PATH")
        try:
            return extracting.Extractor(llm).derive(drafts, self.now, tell)
        finally:
            if llm is not None:
                llm.close()

    def read(
        self, content: bytes, *, name: str | None = None, form: "Format" = "auto", occurred_at: str | None = None
    ) -> list[Draft]:
        """Take a text apart into drafts; the text itself is kept in the cube, so that `why` can show the place.

        Args:
            content: UTF-8.
            name: the file's name.
            form: `auto`, `prose`, `transcript` or `markdown`.
            occurred_at: when it was said or written, where the text does not tell.

        Raises:
            UsageError: not text.
        """
        from memos_cli.interface import intake

        read = intake.of_file(content, self._blobs, name=name, form=form, now=self.now, occurred_at=occurred_at)
        if read:
            self._read.append(content.decode("utf-8-sig").encode())
        return read

    def _blobs(self) -> Blobs:
        return Blobs(self.writable().folder / connection.BLOBS)

    def embed(self, vault: Vault | None = None, tell: Callable[[int, int], None] = lambda *_: None) -> int:
        """Embed every memory that waits for its vector; how many were.

        Raises:
            ModelUnavailable: a model was found and cannot be run.
        """
        return sum(self.embeddings.embed_pending(one, None, tell) for one in ([vault] if vault else self.vaults()))

    # -- finding

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        user_id: str | None = None,
        wanted: Filter | None = None,
        lexical: bool = False,
        record: bool = True,
    ) -> Found:
        """The memories that answer a query best, and a note that they were used.

        Args:
            k: how many; `None` for the setting `search.k`.
            user_id: who is asking.
            wanted: narrows what is looked at.
            lexical: by words alone.
            record: whether being found counts as use.
        """
        (found,) = self.search_many([Query(query)], k=k, user_id=user_id, wanted=wanted, lexical=lexical)
        if record and not (wanted and wanted.looks_back):
            self.record_uses(hit.memory for hit in found.hits)
        return found

    def record_uses(self, memories: Iterable[Memory]) -> None:
        """Note that these memories were shown or put into a prompt, where the settings want that noted."""
        from memos_cli.infra.recalls import Recalls

        used = list(memories)
        if not used or not self.settings.get("use.record"):
            return
        for vault in self.vaults():
            mine = [memory.id for memory in used if memory.cube == vault.name]
            if mine:
                vault.record_uses(mine, self.now)
                Recalls(vault.folder).add(self.now, mine)

    def chat(self, message: str, *, save: bool = True, recall: bool = True, user_id: str | None = None) -> "Answered":
        """One message and its answer, in a conversation of its own. For several, use `memos_cli.interface.chat.Chat`.

        Args:
            save: whether the conversation is kept.
            recall: whether memories are looked up.
            user_id: who is speaking.
        """
        from memos_cli.interface import attaching
        from memos_cli.interface.chat import Chat

        chosen = attaching.chosen(self, user_id)
        try:
            return Chat(self, chosen.llm, save=save, recall=recall, user_id=user_id, attached=chosen.attached).ask(message)
        finally:
            if chosen.llm is not None:
                chosen.llm.close()

    def search_many(
        self,
        batch: Sequence[Query],
        *,
        k: int | None = None,
        user_id: str | None = None,
        wanted: Filter | None = None,
        lexical: bool = False,
    ) -> list[Found]:
        """The answers to several queries, in order. Searching in a batch is no use of a memory."""
        from memos_cli.interface.searching import Search

        vaults = self.vaults()
        count = self.settings.get("search.k") if k is None else k
        chosen = wanted or Filter(at=self.now)

        def narrowed(vault: Vault, as_of: str | None) -> Filter:
            return self.filter(vault, chosen._replace(at=as_of, past=True) if as_of else chosen, user_id)

        return Search(vaults, narrowed, self.embeddings, self.settings, lexical=lexical).answer(batch, count)

    # -- cubes and other nouns

    @property
    def snapshots(self) -> "Snapshots":
        """Names for positions in the log: `mos.snapshots.create("move")`, `list`, `look`, `diff`, `restore`, `remove`."""
        from memos_cli.interface.snapshots import Snapshots

        return Snapshots(self)

    @property
    def tasks(self) -> "Tasks":
        """Scopes whose memories leave together: `mos.tasks.list()`, `mos.tasks.end("move")`."""
        from memos_cli.interface.tasks import Tasks

        return Tasks(self)

    @property
    def scheduler(self) -> "Scheduling":
        """Which memory goes in which form, and what comes next: `mos.scheduler.likeliest(3)`, `explain`, `standing`."""
        from memos_cli.interface.scheduling import Scheduling

        return Scheduling(self)

    @property
    def slots(self) -> "Slots":
        """States of the model kept on disk: `mos.slots.build()`, `list`, `verify`, `remove`."""
        from memos_cli.interface.slots import Slots

        return Slots(self)

    @property
    def consolidation(self) -> "Consolidation":
        """What a model learnt by itself: `mos.consolidation.plan()`, `run`, `generations`, `promote`, `rollback`."""
        from memos_cli.interface.parametric import Consolidation

        return Consolidation(self)

    def _changed(self, changed: "Iterable[str]") -> None:
        """Slots that hold what was just changed go, adapters that do are made anew; without any, nothing is imported."""
        if (self.paths.cache / "slots").exists():
            from memos_cli.interface import slots

            slots.changed(self, changed)
        if any((vault.folder / "adapters").exists() for vault in self.opened):
            from memos_cli.interface import working

            working.changed(self, changed)

    @property
    def carrying(self) -> "Carrying":
        """Cube files: `mos.carrying.export("work", path)`, `receive`, `verify`."""
        from memos_cli.interface.carrying import Carrying

        return Carrying(self)

    @property
    def keys(self) -> "Keys":
        """One's own keys and those trusted: `mos.keys.new("sam")`, `list`, `trust`; what signs, verifies, seals and opens."""
        from memos_cli.interface.keys import Keys

        return Keys(self)

    @property
    def merging(self) -> "Merging":
        """Cubes put together and taken apart: `mos.merging.merge("laptop")`, `split`, `diff`."""
        from memos_cli.interface.merging import Merging

        return Merging(self)

    def create_cube(self, name: str) -> bool:
        """Make an empty cube; `False` if there was one already."""
        return self.shelf.create(name, owner=self.person, millis=self._millis())

    def use_cube(self, name: str) -> None:
        """Use a cube from now on, when none is named."""
        place = self.shelf.place(name)
        config.store(self.paths, "cube", name if place.parent == self.paths.cubes else str(place))

    def save_record(self, noun: str, name: str, fields: dict[str, Any]) -> None:
        """Set what a noun that is no memory (`view`, …) consists of, in the log like all else; other registers are cleared."""
        vault = self.writable()
        cleared = dict.fromkeys(vault.records(noun).get(name, {}))
        with self.author(noun).write(vault) as unit:
            unit.change(noun, name, {**cleared, **fields})

    # -- one memory

    def locate(self, text: str, user_id: str | None = None) -> tuple[Vault, str]:
        """The cube and the full id that a prefix or an external id stands for, in the first cube that knows it.

        Raises:
            MemoryNotFound: none does. AmbiguousId: a prefix of several.
        """
        missing: MemoryNotFound | None = None
        for vault in self.vaults():
            try:
                return vault, vault.resolve(text, governance.asking(user_id or self.principal, vault.meta))
            except MemoryNotFound as error:
                missing = missing or error
        raise missing or MemoryNotFound(
            f"no memory {text[:40]!r}: there is nothing here yet", hint='memos add "I am vegan now"'
        )

    def locate_all(self, texts: Sequence[str], user_id: str | None = None) -> tuple[Vault, list[str]]:
        """The one cube that holds all of these, and their full ids.

        Raises:
            UsageError: they are in several cubes: what changes is one transaction in one cube.
        """
        places = [self.locate(text, user_id) for text in texts]
        if len({vault.name for vault, _ in places}) > 1:
            raise UsageError("these memories are in several cubes", hint="name one with --cube")
        return places[0][0], [identity for _, identity in places]

    def get(self, text: str, user_id: str | None = None) -> Memory:
        """The memory with this id, prefix or external id."""
        vault, identity = self.locate(text, user_id)
        return vault.get(identity)

    def list(
        self, wanted: Filter | None = None, *, order: str = "newest", limit: int | None = None, user_id: str | None = None
    ) -> "tuple[Memory, ...]":
        """The memories that pass a filter."""
        found: list[Memory] = []
        for vault in self.vaults():
            narrowed = self.filter(vault, wanted, user_id)
            found += vault.seen(narrowed).find(narrowed, order, limit)
        return tuple(queries.in_order(found, order)[:limit])

    def update(self, text: str, content: str, *, mode: str = "overwrite", user_id: str | None = None) -> Changed:
        """Change a memory's content.

        Args:
            mode: `overwrite`, `append` (a new line), or `merge` (append what it does not say already).

        Raises:
            UsageError: another mode.
        """
        vault, identity = self.locate(text, user_id)
        now = vault.get(identity).content
        if mode not in {"overwrite", "append", "merge"}:
            raise UsageError(f"no update mode {mode!r}", hint="there are: overwrite, append, merge")
        if mode == "append" or (mode == "merge" and content not in now):
            content = f"{now}\n{content}"
        elif mode == "merge":
            content = now
        return self.edit(text, {"content": content}, user_id=user_id)

    def edit(self, text: str, fields: dict[str, Any], *, user_id: str | None = None) -> Changed:
        """Set registers of a memory (`content`, `kind`, `key`, …; `None` clears)."""
        from memos_cli.interface import pipeline

        vault, identity = self.locate(text, user_id)
        return pipeline.edit(vault, identity, self.author("edit", user_id), fields)

    def delete(
        self, texts: "str | Sequence[str]", *, thaw: bool = False, dry_run: bool = False, user_id: str | None = None
    ) -> Changed:
        """Forget memories: they expire, and can be restored.

        Raises:
            Refused: one is frozen and `thaw` was not given.
        """
        from memos_cli.interface import pipeline

        vault, ids = self.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        return pipeline.forget(vault, ids, self.author("forget", user_id), thaw=thaw, dry_run=dry_run)

    def places(self, vault: Vault) -> "tuple[Place, ...]":
        """What besides a cube's file may hold what its memories say."""
        from memos_cli.interface import slots
        from memos_cli.interface.learnt import Learnt
        from memos_cli.interface.places import HISTORY, Matrices, Recollections, SavedStates, TypedLines

        states, learnt = SavedStates(slots.store(self), vault), Learnt(self, vault)
        matrices = Matrices(self.embeddings.cached(vault))
        return TypedLines(self.paths.cache / HISTORY), matrices, states, Recollections(vault.folder), learnt

    def purge(
        self,
        texts: "str | Sequence[str]",
        *,
        derived: bool = False,
        thaw: bool = False,
        dry_run: bool = False,
        user_id: str | None = None,
    ) -> Receipt:
        """Let nothing be left of memories; there is no way back.

        Args:
            derived: also what came from them and what they came from.
            thaw: also frozen ones.
            dry_run: only say what would be done.

        Raises:
            Refused: one is frozen and `thaw` was not given, or is not theirs to change.
        """
        from memos_cli.infra import purge
        from memos_cli.interface import pipeline

        vault, ids = self.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        if derived:
            ids = purge.kin(vault, ids)
        return pipeline.purge(vault, ids, self.author("forget", user_id), self.places(vault), thaw=thaw, dry_run=dry_run)

    def kin(self, texts: "str | Sequence[str]", user_id: str | None = None) -> "tuple[Memory, ...]":
        """These memories, those that came from them (derived, merged), and those that they came from."""
        from memos_cli.infra import purge

        vault, ids = self.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        return tuple(map(vault.get, purge.kin(vault, ids)))

    def finish_purges(self, vault: Vault) -> "tuple[str, ...]":
        """Wipe what a purge that was cut short left behind; a line for each thing that could not be done now."""
        from memos_cli.infra import purge

        return tuple(purge.wipe(vault, self.places(vault)))

    def restore(self, texts: "Sequence[str]") -> Changed:
        """Bring forgotten memories back."""
        from memos_cli.interface import pipeline

        vault, ids = self.locate_all(texts)
        return pipeline.restore(vault, ids, self.author("restore"))

    def switch(self, texts: "Sequence[str]", command: str, registers: dict[str, bool]) -> Changed:
        """Turn registers on or off: `pinned`, `frozen`, `tag:NAME`."""
        from memos_cli.interface import pipeline

        vault, ids = self.locate_all(texts)
        return pipeline.switch_many(vault, ids, self.author(command), registers)

    def link(self, source: str, kind: LinkType, target: str, *, on: bool = True) -> Changed:
        """Set or remove a typed link between two memories of one cube.

        Raises:
            UsageError: they are one and the same, or the link would close a circle.
        """
        from memos_cli.interface import pipeline

        vault, (one, other) = self.locate_all([source, target])
        return pipeline.link(vault, one, kind, other, self.author("link"), on=on)

    # -- questions

    def review(self, *, decided: bool = False) -> "tuple[Item, ...]":
        """The open questions about two memories: whether they contradict each other, or say the same.

        Args:
            decided: also those that are decided or no longer need to be.
        """
        from memos_cli.interface import reviewing

        found: list[Item] = []
        for vault in self.vaults():
            found += reviewing.items(vault, governance.asking(self.principal, vault.meta), self.now, decided=decided)
        return tuple(found)

    def question(self, prefix: str) -> "Item":
        """The question whose id begins so, in the first cube that knows it.

        Raises:
            NotFound: none does. AmbiguousId: a prefix of several.
        """
        from memos_cli.interface import reviewing

        missing: NotFound | None = None
        for vault in self.vaults():
            try:
                return reviewing.find(vault, governance.asking(self.principal, vault.meta), self.now, prefix)
            except NotFound as error:
                missing = missing or error
        raise missing or NotFound(f"no question {prefix[:40]!r}: there is nothing here yet")

    def decide(self, prefix: str, decision: str) -> "Decided":
        """Answer a question: `keep` both, the later `supersede`s, the `older` one is right, or `fuse` them.

        Raises:
            UsageError: another decision.
            Refused: it is decided already, or its memories stand against it.
        """
        from memos_cli.interface import reviewing

        if decision not in reviewing.DECISIONS:
            raise UsageError(f"no decision {decision!r}", hint=f"there are: {', '.join(reviewing.DECISIONS)}")
        item = self.question(prefix)
        vault = next(vault for vault in self.vaults() if vault.name == item.cube)
        return reviewing.decide(vault, item, decision, self.author("review"))

    # -- the log

    def undo(self, name: str | None = None, *, dry_run: bool = False, cube: str | None = None) -> Undone:
        """Take the last command that wrote back, or the named one.

        Args:
            cube: the name of one of the cubes in use; the first one otherwise.
        """
        from memos_cli.interface import timeline

        vaults = [vault for vault in self.vaults() if cube in {None, vault.name}]
        if not vaults:
            raise NotFound("nothing to undo: there is nothing here yet")
        return timeline.undo(vaults[0], self.author("undo"), name, dry_run=dry_run)

    def commands(self, limit: int) -> "tuple[dict[str, Any], ...]":
        """The last commands that wrote, newest first."""
        found: list[dict[str, Any]] = []
        for vault in self.vaults():
            backwards = vault.transactions_backwards()
            names = [name for (name, *_), _ in zip(backwards, range(limit), strict=False)]
            found += queries.transaction_summaries(vault.conn, names)
        return tuple(found)

    def history(self, text: str) -> "tuple[Memory, tuple[Version, ...]]":
        """A memory and its versions, oldest first."""
        from memos_cli.interface import timeline

        vault, identity = self.locate(text)
        return vault.get(identity), tuple(timeline.versions(vault, identity))

    def rollback(self, text: str, version: int) -> Changed:
        """Make a memory what it was at a version."""
        from memos_cli.interface import timeline

        vault, identity = self.locate(text)
        return timeline.roll_back(vault, identity, self.author("rollback"), version)

    def provenance(self, text: str) -> Provenance:
        """Where a memory comes from and what stands around it."""
        from memos_cli.interface.provenance import explain

        vault, identity = self.locate(text)
        return explain(vault, identity)

    def stats(self) -> dict[str, Any]:
        """Counts of each cube in use."""
        return {vault.name: queries.statistics(vault.conn) for vault in self.vaults()}


def _scheduler(policy: Mapping[str, Any]) -> Callable[[Memory], str | None]:
    from memos_cli.operation import lifecycle

    return lifecycle.scheduler(policy)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "me"
