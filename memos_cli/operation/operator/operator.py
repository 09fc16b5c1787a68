"""MemOperator: reads and searches the memories of the cubes in use that a principal may see, and records their uses."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault import past, queries, search
from memos_cli.model import Cube, Filter, Memory
from memos_cli.operation.results import Found, Query

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.operator.agenda import Agenda
    from memos_cli.operation.operator.reranker import SecondOpinion
    from memos_cli.session import Session


class MemOperator:
    """The memories of the cubes in use.

    Args:
        session: who asks, in which home, of which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._reranker: tuple[SecondOpinion | None, str | None] | None = None
        """The reranker that the settings name, and a notice; kept, so that a model is loaded once."""

    # -- reading

    def get(self, text: str, user_id: str | None = None) -> Memory:
        """The memory with this id, prefix or external id."""
        vault, identity = self._session.locate(text, user_id)
        return vault.get(identity)

    def stats(self) -> dict[str, Any]:
        """Counts of each cube in use."""
        return {vault.name: self.statistics(vault) for vault in self._session.vaults()}

    def statistics(self, vault: "Vault") -> dict[str, Any]:
        """Counts of one cube."""
        from memos_cli.infra import counts

        return counts.statistics(vault)

    def labels(self, wanted: Filter | None = None, user_id: str | None = None) -> dict[str, int]:
        """The sensitivity labels in the cubes in use, each with how many of the memories that pass a filter have it."""
        from memos_cli.infra import counts

        found: Counter[str] = Counter()
        for vault in self._session.vaults(user_id):
            found.update(counts.names(vault, "labels", self._session.sight(vault, wanted, user_id)))
        return dict(found.most_common())

    # -- finding

    def search(
        self,
        query: str,
        *,
        wanted: Filter | None = None,
        record: bool = True,
        **given: Any,  # noqa: ANN401 -- as `search_many` has them
    ) -> Found:
        """The memories that answer a query best; the uses of those that fit by themselves are recorded.

        Args:
            query: words, or a question.
            wanted: narrows the memories that are searched.
            record: whether being found counts as a use.
            given: what else `search_many` takes.
        """
        (found,) = self.search_many([Query(query)], wanted=wanted, **given)
        if record and not (wanted and wanted.looks_back):
            self.record_uses(hit.memory for hit in found.hits if hit.fits)
        return found

    def search_many(  # noqa: PLR0913 -- all that a search can be asked, each by its name
        self,
        batch: Sequence[Query],
        *,
        k: int | None = None,
        user_id: str | None = None,
        wanted: Filter | None = None,
        lexical: bool = False,
        all_hits: bool = False,
        explain: bool = False,
        apart: bool = False,
        without: Sequence[str] = (),
    ) -> list[Found]:
        """The answers to several queries, in order. Being found in a batch does not count as a use.

        Args:
            batch: the queries.
            k: how many memories for each; `None` for the setting `search.k`.
            user_id: who is asking.
            wanted: narrows the memories that are searched.
            lexical: search by words alone.
            all_hits: return the nearest memories also where nothing really fits.
            explain: tell what moved each score.
            apart: return each hit, also where another says the same.
            without: names of parts of the score that count as nothing, to learn what they earn.
        """
        from memos_cli.operation.operator import retrieval

        session = self._session
        vaults = session.vaults(user_id)
        count = session.settings.get("search.k") if k is None else k
        chosen = wanted or Filter(at=session.now)

        def narrowed(vault: "Vault", as_of: str | None) -> Filter:
            return session.sight(vault, chosen._replace(at=as_of, past=True) if as_of else chosen, user_id)

        opinion, notice = None, None
        if not lexical:
            from memos_cli.operation.operator import reranker

            opinion, notice = self._reranker = self._reranker or reranker.chosen(session.settings)
        shown = retrieval.Shown(all_hits, explain, apart, tuple(without))
        search = retrieval.Search(
            vaults, narrowed, session.embeddings, session.settings, lexical=lexical, shown=shown, reranker=opinion
        )
        if notice:
            search.tell(notice)
        return search.answer(batch, count)

    def list(
        self, wanted: Filter | None = None, *, order: str = "newest", limit: int | None = None, user_id: str | None = None
    ) -> tuple[Memory, ...]:
        """The memories that pass a filter."""
        found: list[Memory] = []
        for vault in self._session.vaults(user_id):
            narrowed = self._session.sight(vault, wanted, user_id)
            found += past.seen(vault, narrowed).find(narrowed, order, limit)
        return tuple(queries.in_order(found, order)[:limit])

    def has(self, wanted: Filter | None = None, user_id: str | None = None) -> bool:
        """Whether any memory passes a filter."""
        return bool(self.list(wanted, limit=1, user_id=user_id))

    def upcoming(self, wanted: Filter | None = None, *, limit: int | None = None, user_id: str | None = None) -> "Agenda":
        """What is to come, each memory once, by its next date.

        Args:
            wanted: narrows the memories, and when they come: from now on, or from a later `since`, and before `until`. With a
                question about the past it is what was to come then.
            limit: how many.
            user_id: who is asking.
        """
        from memos_cli.operation.operator import agenda

        wanted, zone = wanted or Filter(at=self._session.now), self._session.zone
        since = max(wanted.at, wanted.since or "")
        meant = wanted._replace(since=None, until=None, ahead=agenda.day_begins(since, zone))
        found = agenda.agenda(self.list(meant, user_id=user_id), since, wanted.until, zone)
        return found._replace(coming=found.coming[:limit])

    def record_uses(self, memories: Iterable[Memory]) -> None:
        """Record that these memories were shown or put into a prompt, where the setting `use.record` is on."""
        from memos_cli.infra.local.recalls import Recalls

        used = list(memories)
        if not used or not self._session.settings.get("use.record"):
            return
        for vault in self._session.vaults():
            mine = [memory.id for memory in used if memory.cube == vault.name]
            if mine:
                vault.record_uses(mine, self._session.now)
                if self._session.owns(vault):  # the history of recalls is the owner's: slots are made by it
                    Recalls(vault.folder).add(self._session.now, mine)

    def information(self, vault: "Vault") -> Cube:
        """What `cube list` shows of a cube. To whom does not own it the file's size is not told: it tells of what is hidden."""
        found = vault.info()
        return found if self._session.owns(vault) else found._replace(bytes=None)

    # -- vectors

    def pending(self, vault: "Vault") -> int:
        """How many memories of a cube wait for their vectors."""
        return search.pending_count(vault)

    def embed(
        self,
        vault: "Vault | None" = None,
        tell: Callable[[int, int], None] = lambda *_: None,
        *,
        late: Callable[[], bool] = lambda: False,
    ) -> int:
        """Embed every memory that waits for its vector, until the time is over (`late`); returns how many were embedded.

        Raises:
            ModelUnavailable: a model was found and cannot be run.
        """
        embeddings = self._session.embeddings
        return sum(
            embeddings.embed_pending(one, None, tell, late=late) for one in ([vault] if vault else self._session.vaults())
        )
