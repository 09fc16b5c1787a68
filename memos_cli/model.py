"""The nouns of memos: what a memory, an operation, a link and a cube are. Frozen, and free of any storage or interface.

memory      one statement with its properties: who said it, when, what kind it is, how long it holds
draft       a memory before it is stored, without an id
key         the attribute that a memory gives a value for, such as `diet`: a new value supersedes the old one
cube        a folder with the log and the memories of one owner; the paper's MemCube
log         the append-only, hash-chained list of a cube's operations
operation   one change to one subject; those of one command share a transaction, the unit of undo
replica     one copy of a cube, which numbers the operations that it makes
register    one named value of a subject, such as `content` or `tag:work`
fold        to compute a subject's registers from its operations, the last one winning
receipt     an operation that records an import or a merge
version     a memory after its n-th change
state       generated, activated, merged, archived, expired or purged; hot states are in the index of every search, cold
            ones (archived, expired) in compressed storage of their own
link        a typed relation from one memory to another; kin are the memories that links of derivation lead to
snapshot    a name for a position in the log
view        a saved filter
task        a scope whose memories are archived or expire together
scene       memories that are needed together; the scheduler's unit
slot        a model's state on disk after the beginning of a prompt: activation memory
adapter     LoRA weights trained on memories: parametric memory; a generation is one training of them
principal   the person or agent who acts; what it may see and change is checked
session     who acts, in which home, on which cubes, at what time (`memos_cli.session`); also a part of a conversation
policy      the rules of a cube's lifecycle; a tick carries out what is due by them
untrusted   came from elsewhere, and nobody here has vouched for it yet; using or changing it vouches for it
stranger    a memory or record that came in without a signature by a trusted key. Until somebody accepts it (changes it,
            answers yes to the question about its file, accepts its cube) it supersedes nothing that is familiar
familiar    one's own: not a stranger, or a stranger that was accepted or used
held        changes of a stranger to what is familiar, kept beside the cube until somebody takes or leaves them
purge       to erase a memory's text for good; a tombstone in the log says so
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from memos_cli.records import NamedTuple


class Kind(StrEnum):
    """The kind of statement that a memory makes."""

    FACT = "fact"
    PREFERENCE = "preference"
    EVENT = "event"
    RULE = "rule"
    PROCEDURE = "procedure"
    NOTE = "note"
    EPISODE = "episode"
    DOCUMENT = "document"


class Form(StrEnum):
    """The three forms of memory of the MemOS paper (its section 4.1)."""

    PLAINTEXT = "plaintext"
    ACTIVATION = "activation"
    PARAMETRIC = "parametric"


class State(StrEnum):
    """The stages of a memory's life."""

    GENERATED = "generated"
    ACTIVATED = "activated"
    MERGED = "merged"
    ARCHIVED = "archived"
    EXPIRED = "expired"
    PURGED = "purged"


HOT_STATES = (State.GENERATED, State.ACTIVATED, State.MERGED)
"""The states that search and chat see unless a filter names others."""
COLD_STATES = (State.ARCHIVED, State.EXPIRED)
"""The states whose memories are in cold storage: compressed, and out of the index that every search reads."""


class Origin(StrEnum):
    """How a memory was made."""

    USER = "user"
    CONVERSATION = "conversation"
    FILE = "file"
    IMPORT = "import"
    INFERENCE = "inference"
    CONSOLIDATION = "consolidation"


class LinkType(StrEnum):
    """The types of a link between two memories, read from the first to the second."""

    SUPERSEDES = "supersedes"
    CONTRADICTS = "contradicts"
    DERIVED_FROM = "derived_from"
    MERGED_INTO = "merged_into"
    PART_OF = "part_of"
    FOLLOWS = "follows"
    MENTIONS = "mentions"
    RELATES = "relates"


class Visibility(StrEnum):
    """Who besides its owner may read a memory."""

    PRIVATE = "private"
    SHARED = "shared"
    PUBLIC = "public"
    READ_ONLY = "read-only"


NOTHING: Mapping[str, Any] = MappingProxyType({})
"""The metadata of a memory that has none."""


class Source(NamedTuple):
    """Where a memory was said or written.

    `start` and `end` are offsets in bytes into the blob whose SHA-256 is `digest`: the verbatim span.
    """

    conversation: str | None = None
    session: str | None = None
    turn: int | None = None
    speaker: str | None = None
    model: str | None = None
    file: str | None = None
    digest: str | None = None
    start: int | None = None
    end: int | None = None


class Draft(NamedTuple):
    """A memory before it is stored: what a reader found or a caller gave, without an id. Times are fixed-width UTC text.

    `given` names the fields that somebody set on purpose (`None`: all that have not their defaults): an edit of what is known.
    """

    content: str
    kind: Kind = Kind.NOTE
    external_id: str | None = None
    title: str | None = None
    key: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    occurred_at: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    pinned: bool = False
    priority: int = 0
    task: str | None = None
    origin: Origin = Origin.USER
    source: Source = Source()
    metadata: Mapping[str, Any] = NOTHING
    confidence: float = 1.0
    given: frozenset[str] | None = None
    visibility: Visibility = Visibility.PRIVATE
    trust: float = 1.0
    frozen: bool = False


class Memory(NamedTuple):
    """A memory as it is now: the fold of its operations, and how it was used. Times are fixed-width UTC text.

    `since` is when the lifecycle or a person brought it to its state. `untrusted` says that it came from elsewhere and nobody
    here has vouched for it yet: until then its trust is limited. `unverified` says that no trusted key signed what brought it,
    so that its owner's name is only claimed; `unaccepted`, that nobody here has accepted it either.
    """

    id: str
    content: str
    kind: Kind = Kind.NOTE
    form: Form = Form.PLAINTEXT
    state: State = State.GENERATED
    external_id: str | None = None
    title: str | None = None
    key: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    created_at: str = ""
    updated_at: str = ""
    occurred_at: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    owner: str | None = None
    visibility: Visibility = Visibility.PRIVATE
    task: str | None = None
    priority: int = 0
    pinned: bool = False
    frozen: bool = False
    origin: Origin = Origin.USER
    source: Source = Source()
    confidence: float = 1.0
    trust: float = 1.0
    metadata: Mapping[str, Any] = NOTHING
    version: int = 1
    since: str | None = None
    access_count: int = 0
    last_access_at: str | None = None
    cube: str = ""
    untrusted: bool = False
    unverified: bool = False
    unaccepted: bool = False


class Link(NamedTuple):
    """A typed link from one memory to another."""

    source: str
    type: LinkType
    target: str


class Operation(NamedTuple):
    """One entry of the log. Its id is the SHA-256 of its header, so the id is the hash that the next one chains to.

    Attributes:
        replica: the random name of the cube copy that made it.
        seq: 1, 2, 3 … within the replica.
        clock: hybrid logical clock, `milliseconds since 1970 << 16 | counter`; equal within one transaction.
        previous: id of the replica's operation before this one; empty for its first.
        parents: ids of the last operations on the same subject that its author had seen.
        principal: who made it.
        command: the command that made it (`add`, `edit`, `undo`, …).
        txn: random name shared by the operations of one transaction: the unit of undo.
        reverts: the `txn` that this operation takes back, for `undo` only.
        noun: the sort of thing that is changed: `memory`, `view`, ….
        subject: the id of the thing that is changed.
        digest: SHA-256 of salt and change. A purge erases both, and the chain still holds.
        salt: 16 random bytes, so that a digest that outlives its payload cannot be guessed back into text.
        change: register name to new value; `None` clears. Absent (`None`) once purged.
        written_at: the wall time, where the clock was ahead of it; see `hybrid_clock.time_of`.
    """

    id: str
    replica: str
    seq: int
    clock: int
    previous: str
    parents: tuple[str, ...]
    principal: str
    command: str
    txn: str
    reverts: str | None
    noun: str
    subject: str
    digest: str
    salt: bytes | None
    change: dict[str, Any] | None
    written_at: str | None = None


class Filter(NamedTuple):
    """Selects memories; an empty field selects all. Of several tags or labels a memory needs all.

    Attributes:
        since: earliest time of occurrence (of recording, where none is known), fixed-width UTC text; `until` likewise,
            exclusive.
        without: tags that a memory must not have.
        at: the instant at which a memory has to be valid; always given.
        past: whether `at` is a question about the past (`--as-of`), so that what was neither known nor true then is left out.
        archived: include archived memories.
        trusted: leave out untrusted memories.
        everything: include every state and validity, except what was purged.
        snapshot: look at the cube as it was at this snapshot; `at` is then that time.
        ahead: what may be to come from this instant on: dated at or after it, not valid before it, or recurring.
        turns: include the turns of `memos chat` itself, which are no memories; so does naming a conversation.
    """

    at: str
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    conversation: str | None = None
    session: str | None = None
    speaker: str | None = None
    task: str | None = None
    key: str | None = None
    pinned: bool | None = None
    trusted: bool = False
    past: bool = False
    archived: bool = False
    everything: bool = False
    snapshot: str | None = None
    ahead: str | None = None
    turns: bool = False

    @property
    def looks_back(self) -> bool:
        """Whether it asks about an earlier state of the cube, so that its hits do not count as used."""
        return self.past or self.snapshot is not None


class Part(NamedTuple):
    """A memory in a slot, as it was when the slot was made, with the id of its cube.

    Its version is 0 if the slot has not the memory's own words but a turn that rests on it, whatever its current version is.
    """

    cube: str
    memory: str
    version: int


class Slot(NamedTuple):
    """Activation memory: a model's state on disk, and what it was computed from. Times are fixed-width UTC text.

    Attributes:
        principal: who may use it.
        covers: `core`, `topics` or `conversation`.
        name: the conversation, or the scene that chose the memories; empty for the core.
        fingerprint: SHA-256 over `identity`.
        identity: the model's file, its adapters, its template, the library that computes, and all its parameters.
        ids: the tokens that the state follows.
        parts: the memories whose words are in it.
        digest: SHA-256 of the file.
        seal: SHA-256 over the constant part of this record.
    """

    id: str
    principal: str
    covers: str
    name: str
    fingerprint: str
    identity: Mapping[str, str]
    ids: Sequence[int]
    parts: tuple[Part, ...]
    digest: str
    bytes: int
    created_at: str
    last_used_at: str
    uses: int
    seal: str


class Adapter(NamedTuple):
    """Parametric memory: a generation of an adapter trained on memories of a cube. Times are fixed-width UTC text.

    Attributes:
        number: counts the generations of a cube and a model from 1 on.
        model: a person's name for the model that it is for.
        base: SHA-256 of that model's file.
        covers: the memories that it was trained on, by id, each with its version then.
        status: `training`, `failed`, `evaluated`, `promoted`, `retired` or `removed`.
        settings: how it was trained.
        trained: the cost of the training: steps, tokens, seconds, peak_bytes, ….
        scores: what it was measured to do (`operation.parametric.gate.Scores`).
        failures: the gate's objections, a line each.
        gone: of questions to what an earlier generation knew and this one must not, how many were `asked` and how many are
            `gone`.
        files: SHA-256 of its files by name.
        why: why it failed or was removed. `promoted_at`: when chat was last set to use it.
    """

    id: str
    number: int
    model: str
    base: str
    covers: Mapping[str, int]
    status: str
    created_at: str
    settings: Mapping[str, Any] = NOTHING
    trained: Mapping[str, Any] = NOTHING
    scores: Mapping[str, Any] = NOTHING
    failures: tuple[str, ...] = ()
    gone: Mapping[str, int] = NOTHING
    files: Mapping[str, str] = NOTHING
    why: str | None = None
    promoted_at: str | None = None
    cube: str = ""


class Cube(NamedTuple):
    """A MemCube as `cube list` shows it."""

    name: str
    path: str
    id: str
    created_at: str
    memories: int
    operations: int
    bytes: int


NEVER_SUPERSEDED = (Kind.EPISODE, Kind.DOCUMENT)


def starts(memory: Memory) -> str:
    """When the statement of a memory began to hold, as far as is known."""
    return memory.valid_from or memory.occurred_at or memory.created_at
