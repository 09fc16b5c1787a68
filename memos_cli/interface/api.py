"""Memory API: `MOS`, the one façade that the command line and Python programs use; everything is put together here.

from memos_cli import MOS

with MOS() as mos:
    known = mos.add("I am vegan now", key="diet", kind="preference")
    mos.add([{"role": "user", "content": "My sister Ann lives in Porto."}, {"role": "assistant", "content": "Noted."}])
    for hit in mos.search("am I vegan?", limit=3).hits:
        print(hit.memory.content, round(hit.score, 2))
    mos.update(known.ids[0], "I am vegetarian now")
    memory, versions = mos.history(known.ids[0])
    print(memory.content, len(versions))
    mos.delete(memory.id)
    print(len(mos.get_all()))
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from memos_cli import config
from memos_cli.infra.governance.governance import Gate
from memos_cli.interface.services import Services
from memos_cli.model import Draft, Filter, LinkType, Memory
from memos_cli.session import Listeners, Session, wall_clock

if TYPE_CHECKING:
    from memos_cli.infra.local.embeddings import Embeddings
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.chat.chat import Chat
    from memos_cli.operation.governance.audit import AuditEntry
    from memos_cli.operation.operator.agenda import Agenda
    from memos_cli.operation.parametric.active_adapter import Attached
    from memos_cli.operation.results import Added, Answered, Changed, Found, Provenance, Query, Receipt, Undone, Version
    from memos_cli.ports.ports import LLM


class MOS(Services):
    """The memory of one home: a session and the services that work in it.

    Args:
        home: the folder that holds everything; `None` for `MEMOS_HOME`, else the platform's own folders.
        cubes: names or paths of the cubes to use; empty for the one that the settings name. Writes go to the first.
        principal: who is acting; `None` for the setting, else the login name.
        settings: the settings of this invocation; `None` reads them.
        clock: returns the time.
        embeddings: makes the vectors; `None` for the embedder of this home.
        token: the token of an agent, for whom everything is done; `None` for `MEMOS_TOKEN`, where that is set.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        cubes: Sequence[str] | str = (),
        *,
        principal: str | None = None,
        settings: config.Settings | None = None,
        clock: Callable[[], datetime] = wall_clock,
        embeddings: "Embeddings | None" = None,
        token: str | None = None,
    ) -> None:
        super().__init__(
            paths := config.paths(os.environ, home),
            settings or config.Settings(os.environ, paths),
            cubes=[cubes] if isinstance(cubes, str) else cubes,
            principal=principal,
            clock=clock,
            embeddings=embeddings,
            listeners=Listeners(_due, _changed),
            token=os.environ.get("MEMOS_TOKEN") if token is None else token,
        )

    # -- what programs use most, a line each

    def add(
        self,
        content: "str | Mapping[str, str] | Sequence[Mapping[str, str]] | None" = None,
        *,
        messages: Sequence[Mapping[str, str]] | None = None,
        drafts: Iterable[Draft] | None = None,
        derived: Sequence[tuple[int, Draft]] = (),
        user_id: str | None = None,
        tell: Callable[[int], None] = lambda _: None,
        **fields: Any,  # noqa: ANN401 -- the fields of a Draft, each of its own type
    ) -> "Added":
        """Remember something: a text, the messages of a conversation, or drafts that are ready; see `Pipeline.add`.

        The messages of a conversation (`role` and `content` each) are kept as episodes; facts in what the user said, and what
        anybody said of other days, become memories of their own. Fields of a memory (`kind`, `key`, `tags`, `occurred_at`,
        `metadata`, …) go by their names.
        """
        if content is not None and not isinstance(content, str):
            content, messages = None, [content] if isinstance(content, Mapping) else content
        return self.pipeline.add(
            content, messages=messages, drafts=drafts, derived=derived, user_id=user_id, tell=tell, **fields
        )

    def embed(self, vault: "Vault | None" = None, tell: Callable[[int, int], None] = lambda *_: None) -> int:
        """Embed every memory that waits for its vector; how many were embedded."""
        return self.memories.embed(vault, tell)

    def search(self, query: str, **given: Any) -> "Found":  # noqa: ANN401 -- as `MemOperator.search` has them
        """The memories that answer a query best (`limit` or `k`, `user_id`, `wanted`, `lexical`, `record`)."""
        if "limit" in given:
            given["k"] = given.pop("limit")
        return self.memories.search(query, **given)

    def search_many(self, batch: "Sequence[Query]", **given: Any) -> "list[Found]":  # noqa: ANN401 -- so
        """The answers to several queries, in order; see `MemOperator.search_many`."""
        return self.memories.search_many(batch, **given)

    def record_uses(self, memories: Iterable[Memory]) -> None:
        """Record that these memories were shown or put into a prompt, where the settings say so."""
        self.memories.record_uses(memories)

    def get(self, text: str, user_id: str | None = None) -> Memory:
        """The memory with this id, prefix or external id."""
        return self.memories.get(text, user_id)

    def get_all(self, user_id: str | None = None, *, limit: int | None = None) -> tuple[Memory, ...]:
        """All current memories, the newest first."""
        return self.memories.list(None, limit=limit, user_id=user_id)

    def list(self, wanted: Filter | None = None, **given: Any) -> tuple[Memory, ...]:  # noqa: ANN401 -- as `MemOperator.list`
        """The memories that pass a filter (`order`, `limit`, `user_id`)."""
        return self.memories.list(wanted, **given)

    def upcoming(self, wanted: Filter | None = None, **given: Any) -> "Agenda":  # noqa: ANN401 -- as `MemOperator.upcoming`
        """What is to come, the soonest first, recurrences and birthdays among it (`limit`, `user_id`)."""
        return self.memories.upcoming(wanted, **given)

    def conversation(
        self, llm: "LLM | None" = None, attached: "Attached | None" = None, *, user_id: str | None = None, **manner: bool
    ) -> "Chat":
        """A conversation of several messages; `manner`: `save`, `recall`, `reveal`, `resume`, `require_slot`."""
        from memos_cli.interface.chat.chat import Chat, Manner

        made = Chat(self, self.memories, self.scheduler, llm, attached, manner=Manner(**manner), user_id=user_id)
        return cast("Chat", Gate(self, "chat", made, user_id))

    def chat(self, message: str, *, save: bool = True, recall: bool = True, user_id: str | None = None) -> "Answered":
        """One message and its answer, in a conversation of its own. For several, use `conversation`."""
        from memos_cli.operation.parametric import active_adapter

        with active_adapter.opened(self, user_id) as chosen:
            talk = self.conversation(chosen.llm, chosen.attached, user_id=user_id, save=save, recall=recall)
            return talk.ask(message)

    def update(self, text: str, content: str, *, mode: str = "overwrite", user_id: str | None = None) -> "Changed":
        """Change a memory's content: `overwrite` it, `append` a line, or `merge` (append what it does not say)."""
        return self.pipeline.update(text, content, mode=mode, user_id=user_id)

    def edit(self, text: str, fields: dict[str, Any], **given: Any) -> "Changed":  # noqa: ANN401 -- as `Pipeline.edit`
        """Set registers of a memory (`content`, `kind`, `key`, …; `None` clears); `mode` as in `update`, `user_id`."""
        return self.pipeline.edit(text, fields, **given)

    def delete(self, texts: str | Sequence[str], **given: Any) -> "Changed":  # noqa: ANN401 -- as `Pipeline.delete` has them
        """Forget memories: they expire, and can be restored (`thaw`, `dry_run`, `user_id`)."""
        return self.pipeline.delete(texts, **given)

    def purge(self, texts: str | Sequence[str], **given: Any) -> "Receipt":  # noqa: ANN401 -- as `Erasure.purge` has them
        """Erase memories for good, beyond any restoring (`derived`, `thaw`, `dry_run`, `user_id`)."""
        return self.erasure.purge(texts, **given)

    def restore(self, texts: Sequence[str]) -> "Changed":
        """Bring forgotten memories back."""
        return self.pipeline.restore(texts)

    def switch(self, texts: Sequence[str], command: str, registers: dict[str, bool]) -> "Changed":
        """Turn registers on or off: `pinned`, `frozen`, `tag:NAME`."""
        return self.pipeline.switch(texts, command, registers)

    def link(self, source: str, kind: LinkType, target: str, *, on: bool = True) -> "Changed":
        """Set or remove a typed link between two memories of one cube."""
        return self.pipeline.link(source, kind, target, on=on)

    def undo(self, name: str | None = None, *, count: int = 1, dry_run: bool = False, cube: str | None = None) -> "Undone":
        """Take back the last command that wrote, or the named one, or the last few (`count`) as one step."""
        return self.timeline.undo(name, count=count, dry_run=dry_run, cube=cube)

    def history(self, text: str) -> "tuple[Memory, tuple[Version, ...]]":
        """A memory and its versions, oldest first."""
        return self.timeline.history(text)

    def rollback(self, text: str, version: int) -> "Changed":
        """Set a memory back to what it was at a version."""
        return self.timeline.rollback(text, version)

    def provenance(self, text: str) -> "Provenance":
        """The origin of a memory and its surroundings there."""
        return self.timeline.provenance(text)

    def log_query(self, **asked: Any) -> "tuple[AuditEntry, ...]":  # noqa: ANN401 -- as `Audit.log` has them
        """What was read and written, newest first (`since`, `until`, `principal`, `memory`, `action`, `denied`, `limit`)."""
        return self.audit.log(**asked)


def _due(policy: Mapping[str, Any]) -> Callable[[Memory], str | None]:
    """A function from a memory to the time when its lifecycle is due; imported at the first write."""
    from memos_cli.operation.lifecycle import transitions

    return transitions.scheduler(policy)


def _changed(session: Session, changed: Iterable[str]) -> None:
    """Drop the slots that hold a changed memory and schedule its adapters anew; without any, nothing is imported."""
    if (session.paths.cache / "slots").exists():
        from memos_cli.operation.activation import slots

        slots.changed(session, changed)
    if any((vault.folder / "adapters").exists() for vault in session.opened):
        from memos_cli.operation.parametric import job_runner

        job_runner.changed(session, changed)
