"""Briefing: what a model of whatever program should know, as a block of text: for a question, or the standing profile.

Both depend on the memories alone, and not on when or how often they are asked for: the uses that an answer records move
nothing in it, and the clock counts by the day. They tell what is current, as the principal sees it. What is labelled as going
into no prompt stays out, and secrets are masked whoever asks.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from memos_cli.errors import UsageError
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.vault import queries
from memos_cli.interface.brief import block
from memos_cli.interface.brief.block import LEAST, Block, Entry, Section
from memos_cli.model import Filter, Kind, LinkType, Memory
from memos_cli.operation import policy
from memos_cli.operation.operator import agenda
from memos_cli.operation.operator.core import core
from memos_cli.operation.prompt.attribution import since
from memos_cli.operation.prompt.fence import fenced
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis, to_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.lifecycle.tasks import Task, Tasks
    from memos_cli.operation.operator.agenda import Upcoming
    from memos_cli.operation.operator.dedupe.review import Item, Review
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.session import Session

TOKENS = 1000
"""How many tokens a block may take where nobody says it."""
AHEAD, LATELY = 30, 7
"""Days of what is to come, and days before the last change that count as lately."""
_FOUND, _COMING, _CHANGED, _NEWEST, _OPEN = 50, 20, 12, 100, 5
"""How many memories of each sort are looked at."""
_LOOKED_THROUGH = 500
"""How many of the newest memories are looked through for the principal's own."""
_CORE_SHARE = 0.5
"""The part of a block for a question that the core may take."""
_DAY = 86_400_000
_TOLD = tuple(kind.value for kind in Kind if kind not in {Kind.EPISODE, Kind.DOCUMENT})
"""The kinds of what is told as new; talks and documents would fill the block."""
T = TypeVar("T")


class _Material(NamedTuple):
    """What a block without a question is made of; a memory stands in the first list that has it."""

    core: tuple[Memory, ...]
    coming: "tuple[Upcoming, ...]"
    newest: tuple[Memory, ...]
    notices: tuple[str, ...]

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All of it."""
        return (*self.core, *(one.memory for one in self.coming), *self.newest)


class Briefing:
    """Blocks of the memories in the cubes in use.

    Args:
        session: who asks, in which home, of which cubes.
        memories: where they are read and searched.
        review: returns the list of open questions, which few cubes have and no question needs.
        tasks: returns that of the tasks.
    """

    def __init__(
        self, session: "Session", memories: "MemOperator", review: "Callable[[], Review]", tasks: "Callable[[], Tasks]"
    ) -> None:
        self._session = session
        self._memories = memories
        self._review = review
        self._tasks = tasks

    def context(
        self, query: str | None = None, *, tokens: int = TOKENS, wanted: Filter | None = None, bare: bool = False
    ) -> Block:
        """What matters for a question: the core, and what a search finds that fits by itself, which counts as used.

        Without a question it is the core, what is to come, and the newest memories.

        Args:
            query: words, or a question.
            tokens: the most that the block may take, by the estimate of `ports.Request.estimate`.
            wanted: narrows the memories.
            bare: leave the core out.

        Raises:
            UsageError: there is room for nothing.
        """
        _require_room(tokens)
        query = (query or "").strip() or None
        with self._session.reading_for("prompt"):
            now = self._current(wanted)
            if query is None:
                found = self._material(now._replace(trusted=True), _NEWEST, bare=bare)
                made = block.laid(
                    None, self._sections(found, "Newest:"), tokens, notices=self._notices(found.memories, found.notices)
                )
            else:
                made = self._found(query, tokens, now, bare=bare)
            return self._given(made, "context")

    def brief(self, *, tokens: int = TOKENS, wanted: Filter | None = None, own: bool = False) -> Block:
        """The standing profile and what is open: the core, what is to come, what waits for an answer, what changed lately.

        It has the same bytes as long as no memory changes, none begins or ceases to hold, and the day is the same. Untrusted
        memories are not in it, and to be in it is no use.

        Args:
            tokens: the most that it may take, by the estimate of `ports.Request.estimate`.
            wanted: narrows the memories.
            own: tell at its end also what the principal itself wrote and nobody confirmed yet, marked as that: an agent's notes
                are for its own next session first.

        Raises:
            UsageError: there is room for nothing.
        """
        _require_room(tokens)
        with self._session.reading_for("prompt"):
            found = self._material(self._current(wanted)._replace(trusted=True), _CHANGED)
            until = max((one.updated_at for one in found.newest), default="")
            lately = tuple(one for one in found.newest if to_millis(one.updated_at) >= to_millis(until) - LATELY * _DAY)
            found = found._replace(newest=lately)
            heading = f"Changed in the {LATELY} days up to {self._session.zone.day(until)}:" if until else ""
            core_, coming, newest = self._sections(found, heading)
            noted = self._noted(self._current(wanted)) if own else ()
            open_, own_ = Section("Open:", self._open(wanted)), Section("Noted by you:", self._entries("noted", noted, set()))
            notices = self._notices((*found.memories, *noted), found.notices)
            made = block.laid(None, (core_, coming, open_, newest, own_), tokens, notices=notices)
            return self._given(made, "brief")

    # -- what there is

    def _current(self, wanted: Filter | None) -> Filter:
        """A filter without what widens it: a block never tells what was superseded, archived or forgotten."""
        plain = Filter(at=self._session.now)
        if wanted is None:
            return plain
        return wanted._replace(
            at=plain.at, states=(), turns=False, past=False, archived=False, everything=False, snapshot=None, ahead=None
        )

    def _material(self, now: Filter, most: int, *, bare: bool = False) -> _Material:
        always = () if bare else core(self._memories, now, self._session.principal)
        zone = self._session.zone
        begins = agenda.day_begins(now.at, zone)
        ahead = self._memories.list(now._replace(ahead=begins))
        ends = from_millis(to_millis(begins) + AHEAD * _DAY)
        found = agenda.agenda(ahead, begins, ends, zone)
        return _Material(always, found.coming[:_COMING], self._newest(now, most), found.notices)

    def _newest(self, now: Filter, most: int) -> tuple[Memory, ...]:
        """What was told or changed last, of the kinds that are told as new."""
        kinds = tuple(kind for kind in _TOLD if kind in (now.kinds or _TOLD))
        return self._memories.list(now._replace(kinds=kinds), order="updated", limit=most) if kinds else ()

    def _noted(self, now: Filter) -> tuple[Memory, ...]:
        """What the principal wrote and nobody confirmed, the newest first."""
        listed = self._newest(now, _LOOKED_THROUGH)
        return tuple(one for one in listed if one.untrusted and one.owner == self._session.principal)[:_CHANGED]

    def _entries(self, section: str, memories: Sequence[Memory], told: set[str]) -> list[Entry]:
        """The lines of those memories that may go into a prompt and are not among those that were told; now they are."""
        may = policy.passing(self._session, Whither.PROMPT)
        return [Entry(section, block.told(one, self._session.zone), one) for one in _fresh(memories, _same, may, told)]

    def _sections(self, found: _Material, heading: str) -> list[Section]:
        zone, may, told = self._session.zone, policy.passing(self._session, Whither.PROMPT), set[str]()
        standing = self._entries("standing", found.core, told)
        coming = [
            Entry("coming", block.told(one.memory, zone, when=zone.shown(one.next_at)), one.memory, next_at=one.next_at)
            for one in _fresh(found.coming, _of_upcoming, may, told)
        ]
        newest = self._entries("lately", found.newest, told)
        return [Section("Standing:", standing), Section("To come:", coming), Section(heading, newest)]

    def _found(self, query: str, tokens: int, now: Filter, *, bare: bool) -> Block:
        """The block for a question: of what was found the best before the others, shown oldest first, as chat does."""
        always = () if bare else core(self._memories, now, self._session.principal)
        found = self._memories.search(query, k=_FOUND, record=False, wanted=now)
        hits = [hit for hit in found.hits if hit.fits]
        zone, may, told = self._session.zone, policy.passing(self._session, Whither.PROMPT), set[str]()
        standing = self._entries("standing", always, told)
        fitting = [
            Entry("found", block.told(hit.memory, zone, query=query), hit.memory, hit.score)
            for hit in _fresh(hits, lambda hit: hit.memory, may, told)
        ]
        sections = (Section("Standing:", standing, share=_CORE_SHARE), Section("Found:", fitting, order=_age))
        notices = self._notices((*always, *(hit.memory for hit in hits)), found.notices)
        made = block.laid(query, sections, tokens, found=bool(hits), notices=notices)
        self._memories.record_uses(one.memory for one in made.entries if one.section == "found" and one.memory)
        return made

    def _open(self, wanted: Filter | None) -> list[Entry]:
        """Questions that wait for the person's answer, and open tasks; none where the block is about a part of the memories."""
        if wanted is not None and wanted._replace(at="") != Filter(at=""):
            return []
        may = policy.passing(self._session, Whither.PROMPT)
        listed = self._review().list() if any(map(_asks, self._session.vaults())) else ()
        waiting = [one for one in listed if _may_be_told(one, may)][:_OPEN]
        found = [Entry("question", _question(one), one.earlier, other=one.later, name=one.id, cube=one.cube) for one in waiting]
        running = [one for one in self._tasks().list() if one.ended is None and one.current][:_OPEN]
        return found + [Entry("task", _task(one), name=one.name, cube=one.cube) for one in running]

    # -- what is said of it

    def _notices(self, memories: Iterable[Memory], notices: Sequence[str]) -> tuple[str, ...]:
        return (*notices, *policy.left_out(self._session, memories, Whither.PROMPT, "out of the block"))

    def _given(self, made: Block, called: str) -> Block:
        """The block, once it is recorded who got which memories for a prompt."""
        told = [one for entry in made.entries for one in (entry.memory, entry.other) if one is not None]
        self._session.given("prompt", told, called=called, purpose="prompt")
        return made


def _require_room(tokens: int) -> None:
    if tokens < LEAST:
        raise UsageError(f"{tokens} tokens are too few for a block", hint=f"give it {LEAST} or more: --tokens {LEAST}")


def _fresh(found: Iterable[T], memory_of: Callable[[T], Memory], may: Callable[[Memory], bool], told: set[str]) -> list[T]:
    """Those whose memories may go into a prompt and were not told yet; they count as told from then on."""
    fresh: list[T] = []
    for one in found:
        memory = memory_of(one)
        if memory.id not in told and may(memory):
            told.add(memory.id)
            fresh.append(one)
    return fresh


def _same(memory: Memory) -> Memory:
    return memory


def _of_upcoming(one: "Upcoming") -> Memory:
    return one.memory


def _age(entry: Entry) -> tuple[str, str, str]:
    memory = entry.memory
    return (since(memory), memory.created_at, memory.id) if memory is not None else ("", "", "")


def _asks(vault: "Vault") -> bool:
    """Whether anything may be in question in a cube, as nothing is in most."""
    return bool(
        vault.records("review")
        or queries.links_of_type(vault, LinkType.CONTRADICTS)
        or queries.rivals(vault)
        or queries.clashing(vault)
    )


def _may_be_told(item: "Item", may: Callable[[Memory], bool]) -> bool:
    return all(may(one) and not one.untrusted for one in (item.earlier, item.later))


def _task(one: "Task") -> str:
    return f"task {fenced(one.name)}: {one.current} {'memory' if one.current == 1 else 'memories'}"


def _question(item: "Item") -> str:
    """What a question is about; a person answers it."""
    return f"question {item.id[:8]} for `memos review`: {block.brief(item.earlier)} | {block.brief(item.later)}"
