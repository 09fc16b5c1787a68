"""The nouns: what a memory, an operation, a link and a cube are. Frozen, and free of any storage or interface.

They are named tuples, not dataclasses: every command imports them, and a frozen dataclass takes five times as long to define
(2 ms against 11 for this module) and three times as long to make.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What sort of thing a memory says."""

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
    """Where a memory is in its life."""

    GENERATED = "generated"
    ACTIVATED = "activated"
    MERGED = "merged"
    ARCHIVED = "archived"
    EXPIRED = "expired"
    PURGED = "purged"


HOT_STATES = (State.GENERATED, State.ACTIVATED, State.MERGED)
"""The states that search and chat see unless told otherwise."""
COLD_STATES = (State.ARCHIVED, State.EXPIRED)
"""The states whose memories lie in cold storage: compressed, and out of the index that every search looks at."""


class Origin(StrEnum):
    """How a memory came to be."""

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
"""The metadata of what has none."""


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
    """A memory on its way in: what a reader found or a caller gave, before it has an id. Times are fixed-width UTC text."""

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


class Memory(NamedTuple):
    """A memory as it stands: the fold of its operations, and how it was used. Times are fixed-width UTC text.

    `since` is when it came to its state, where the lifecycle or a person brought it there. `untrusted` says that it came from
    elsewhere and nobody here has dealt with it yet: until then it is trusted less.
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
        parents: ids of the operations on the same subject that its author had seen last.
        principal: who did it.
        command: which command did it (`add`, `edit`, `undo`, …).
        txn: random name shared by the operations of one transaction: the unit of undo.
        reverts: the `txn` that this operation takes back, for `undo` only.
        noun: what sort of thing is changed: `memory`, `view`, ….
        subject: the id of the thing that is changed.
        digest: SHA-256 of salt and change. A purge erases both, and the chain still holds.
        salt: 16 random bytes, so that a digest that outlives its payload cannot be guessed back into text.
        change: register name to new value; `None` clears. Absent (`None`) once purged.
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


class Filter(NamedTuple):
    """Which memories are meant; what is left empty does not narrow. Several tags or labels: all of them.

    Attributes:
        since: earliest time of occurrence (of recording, where none is known), fixed-width UTC text; so `until`, exclusive.
        without: tags of which it may have none.
        at: the instant at which a memory has to be valid; always given.
        past: whether `at` is a question about the past (`--as-of`), so that what was neither known nor true then is left out.
        archived: also what is archived.
        trusted: leave out what is untrusted.
        everything: whatever its state or validity, apart from what was purged.
        principal: who is asking; `None` for the cube's owner, who sees all.
        snapshot: look at the cube as it was when this snapshot was made; `at` is then that time.
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
    principal: str | None = None
    snapshot: str | None = None

    @property
    def looks_back(self) -> bool:
        """Whether it asks about another state of the cube than the present one, so that what is found is not used by it."""
        return self.past or self.snapshot is not None


class Part(NamedTuple):
    """A memory in a slot, as it was when the slot was made.

    Attributes:
        cube: the id of its cube.
        version: 0 where its own words are not in the slot, but a turn that rests on it, in whatever version it is current.
    """

    cube: str
    memory: str
    version: int


class Slot(NamedTuple):
    """Activation memory: a model's state on disk, and what it was computed from. Times are fixed-width UTC text.

    Attributes:
        principal: who may use it.
        covers: `core`, `topics` or `conversation`.
        name: which of them: the conversation, or what chose the memories; empty for the core.
        fingerprint: SHA-256 over `identity`.
        identity: the model's file, its adapters, its template, the library that computes, and all its parameters.
        ids: the tokens that it is the state after.
        parts: the memories whose words are in it.
        digest: SHA-256 of the file.
        seal: SHA-256 over all of this that never changes.
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
    """Parametric memory: a generation of what a model learnt from the memories of a cube. Times are fixed-width UTC text.

    Attributes:
        number: counts the generations of a cube and a model from 1 on.
        model: what a person calls the model that it is for.
        base: SHA-256 of that model's file.
        covers: the memories that were learnt, by id, each with its version then.
        status: `training`, `failed`, `evaluated`, `promoted`, `retired` or `removed`.
        settings: how it was trained.
        trained: what the training took: steps, tokens, seconds, peak_bytes, ….
        scores: what it was measured to do (`operation.parametric.gate.Scores`).
        failures: what the gate said against it, a line each.
        gone: of questions to what an earlier generation knew and this one must not, how many were `asked` and how many are
            `gone`.
        files: SHA-256 of its files by name.
        why: why it failed or was removed.
        promoted_at: when chat was last told to use it.
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


class PublicKey(NamedTuple):
    """What somebody hands to others: whoever has it can encrypt to them and verify what they sign.

    Attributes:
        name: what it is called here.
        recipient: the age recipient, `age1…`.
        verifier: the Ed25519 public key, 32 bytes in base64, as it stands in a signature.
    """

    name: str
    recipient: str
    verifier: str


class Signature(NamedTuple):
    """A signature over a cube file: the Ed25519 public key, and 64 bytes by it, both in canonical base64."""

    key: str
    signature: str


class Signer(NamedTuple):
    """Whose valid signature a cube file has.

    Attributes:
        key: the Ed25519 public key in base64.
        name: what the key is called here; `None` for one that is not known.
        trusted: whether it is one's own or on the list of trusted keys.
    """

    key: str
    name: str | None
    trusted: bool


NEVER_SUPERSEDED = (Kind.EPISODE, Kind.DOCUMENT)


def starts(memory: Memory) -> str:
    """When what a memory says began to hold, as far as it is known."""
    return memory.valid_from or memory.occurred_at or memory.created_at
