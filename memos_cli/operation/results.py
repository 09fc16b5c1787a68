"""What the operations return: frozen values, which only the command line turns into text or JSON."""

from typing import TYPE_CHECKING, Any

from memos_cli.model import Link, Memory, Operation, Source
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.holders import Holder
    from memos_cli.operation.prompt.layout import Prompt

GET_MODEL = "search is by words alone; for search by meaning too: memos model pull minilm"
"""The notice where there is no model to embed with."""


def masked(memory: Memory) -> str:
    """The content of a memory; where it is labelled secret, with what is secret in it hidden.

    Where no secret is found anywhere in the memory a person knew better, and the content is hidden as a whole.
    """
    if "secret" not in memory.labels:
        return memory.content
    from memos_cli.infra.governance.secrets import find, mask

    spans = find(memory.content)
    return memory.content if not spans and holds_secret(memory) else mask(memory.content, spans or memory.labels)


def holds_secret(memory: Memory) -> bool:
    """Whether a secret stands in the header of a memory."""
    from memos_cli.infra.governance import header_secrets

    return header_secrets.holds_secret(memory)


def covered(memory: Memory) -> Memory:
    """The memory with its secrets hidden, in its content and in its header, where it is labelled secret."""
    if "secret" not in memory.labels:
        return memory
    from memos_cli.infra.governance import header_secrets

    return header_secrets.masked(memory)._replace(content=masked(memory))


def page(memory: Memory) -> int | None:
    """The page of its document, or the slide, that a memory stands on; `None` where it is from none, or that has no pages."""
    found = memory.metadata.get("page")
    return found if isinstance(found, int) and not isinstance(found, bool) and memory.source.file else None


def page_mark(memory: Memory) -> str:
    """The name of its file and the page, as the end of a line; empty where there is no page."""
    number = page(memory)
    return "" if number is None else f"  [{(memory.source.file or '').rpartition('/')[2]}, page {number}]"


def without_secrets(text: str) -> str:
    """A text of no memory, such as a message that repeats what was typed, with what is secret in it hidden."""
    from memos_cli.infra.governance.secrets import find, mask

    return mask(text, find(text))


class FilesRead(NamedTuple):
    """What became of the files that an `add` read.

    Attributes:
        read: how many there were.
        unchanged: how many of them changed nothing.
        moved: files that were followed: what each was called, and what it is called now.
        gone: files below a given folder that are no longer there, and how many current memories of them stay.
        skipped: files that were left out, and what each is.
        kept: ids of memories that no longer stand in their file and stay all the same, and why.
        refused: ids of memories that could not take what came with their file, and why.
        faults: files that were read with a fault, such as front matter that is none or pages without words, and what it is.
    """

    read: int = 0
    unchanged: int = 0
    moved: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, int], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    faults: tuple[tuple[str, str], ...] = ()


class Added(NamedTuple):
    """What became of an `add`.

    Attributes:
        ids: one id for each draft in order, also for drafts that were memories already.
        skipped: bad lines that were skipped (`--skip-bad`), each as number and reason.
        superseded: ids of memories whose attribute now has another value.
        conflicts: ids of frozen memories that contradict a draft and were left as they are.
        extracted: ids of the new memories among those that were derived from these drafts.
        reopened: ended tasks that got a new memory.
        applied: what was new of texts that were known already: the memory's id, and the names of the fields that were set.
        questions: ids of the questions whether a new memory ends a known one, for `memos review`.
        archived: ids of memories whose paragraphs left their files.
        files: what became of the files; `None` where none was read.
    """

    added: int
    edited: int
    duplicates: int
    ids: tuple[str, ...]
    skipped: tuple[tuple[int, str], ...] = ()
    superseded: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    txn: str | None = None
    pending: int = 0
    embedded: int = 0
    memory: Memory | None = None
    secrets: int = 0
    extracted: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    applied: tuple[tuple[str, tuple[str, ...]], ...] = ()
    questions: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    files: FilesRead | None = None
    dry_run: bool = False


class Query(NamedTuple):
    """One question of a batch."""

    text: str
    as_of: str | None = None


class Parts(NamedTuple):
    """What moved a hit's score: the log-odds that it has by each part of what was looked at, and two numbers of that.

    Attributes:
        total: the score.
        words: the words of the query that the memory has; `meaning` its vector; `context` the turns beside it; `speaker` who
            speaks and who is named; `form` its length and kind; `answer` whether it tells a time or a number that is asked
            for; `header` trust, state, pin and priority; `others` how many other turns may be the answer.
        bm25: the BM25 score, 0 where no word matched.
        cosine: the cosine, `None` where the memory has no vector or the search was by words alone.
        reranker: the log-odds that the reranker gave or took; `None` where it was not asked about this hit.
    """

    total: float
    words: float
    meaning: float
    context: float
    speaker: float
    form: float
    answer: float
    header: float
    others: float
    bm25: float
    cosine: float | None
    reranker: float | None = None


class Passage(NamedTuple):
    """The part of a long content that answers a query best; `start` and `end` are its places, counted in characters."""

    start: int
    end: int
    text: str


class Hit(NamedTuple):
    """A memory that a search found.

    Attributes:
        score: the probability that the memory answers the query.
        fits: whether it fits by itself, and so is used, put into a prompt and taken by a chain.
        parts: what moved the score; `None` unless that was asked for.
        alike: ids of the hits behind this one that say the same and are not shown.
    """

    memory: Memory
    score: float
    fits: bool = True
    parts: Parts | None = None
    alike: tuple[str, ...] = ()


class Found(NamedTuple):
    """The answer to one query, best hit first.

    Attributes:
        hits: none where nothing really fits, unless they were asked for all the same.
        answers: the probability that anything here answers the query.
        nearest: the hits that do not fit, where nothing does.
        mode: `hybrid`, or `lexical` where no vectors were used; with `+reranker` behind it where one had its part in the order.
        notices: what the person should know about the search, a line each.
    """

    query: str
    hits: tuple[Hit, ...]
    mode: str
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    answers: float = 1.0
    nearest: tuple[Hit, ...] = ()


class Changed(NamedTuple):
    """What a command did to existing memories.

    Attributes:
        superseded: ids of memories that ended by it, since their attribute has another value.
    """

    command: str
    ids: tuple[str, ...]
    txn: str | None
    memories: tuple[Memory, ...] = ()
    dry_run: bool = False
    superseded: tuple[str, ...] = ()


class Receipt(NamedTuple):
    """What a purge removed, place by place, and what still holds the text.

    Attributes:
        ids: ids of the erased memories.
        removed: how many things were removed, by place.
        holders: what else holds the text and the principal may see.
        hidden: always 0: what the principal may not see is not counted.
        unfinished: what could not be wiped yet, a line each.
    """

    ids: tuple[str, ...]
    removed: dict[str, int]
    holders: "tuple[Holder, ...]" = ()
    hidden: int = 0
    unfinished: tuple[str, ...] = ()
    txn: str | None = None
    dry_run: bool = False


class TakenBack(NamedTuple):
    """A command that was taken back: the name of its transaction, and how many things it had changed."""

    reverted: str
    command: str
    changed: int


class Undone(NamedTuple):
    """What `undo` took back.

    Attributes:
        reverted: the name of the newest transaction of them; `command` its command.
        subjects: all that changed.
        taken_back: each command, the newest first.
    """

    txn: str | None
    reverted: str
    command: str
    subjects: tuple[str, ...]
    dry_run: bool = False
    taken_back: tuple[TakenBack, ...] = ()


class Version(NamedTuple):
    """One version of a memory: the operation that made it and what it changed."""

    number: int
    operation: Operation
    at: str
    before: dict[str, Any]

    @property
    def erased(self) -> bool:
        """Whether what the operation changed was erased."""
        return self.operation.change is None

    @property
    def masked(self) -> dict[str, Any] | None:
        """What the operation changed, by register, with what is secret in it hidden; `None` if it was erased.

        A version has no labels of its own, so every content and every header is searched for secrets.
        """
        change = self.operation.change
        if change is None or self.operation.noun != "memory":
            return change
        from memos_cli.infra.governance import header_secrets

        told = header_secrets.masked_registers(change, ("tag:",))
        return {**told, "content": without_secrets(str(change["content"]))} if "content" in change else told


class Sighting(NamedTuple):
    """A time at which the text of a memory was told again: when, by whom, with which command, and where.

    Attributes:
        at: fixed-width UTC text.
        place: the file, the conversation and whatever else was known of the place.
    """

    at: str
    principal: str
    command: str
    place: Source


class ProvenanceStep(NamedTuple):
    """A link on the way back from a memory to what it rests on: who set it, when, and with which command.

    Attributes:
        depth: 1 for a link of the memory itself, 2 for one of a memory that is linked so, and so on.
        at: fixed-width UTC text; `None` where the log no longer tells, as of a memory that was purged.
        other: the memory at the other end; `None` where it is not here.
    """

    depth: int
    link: Link
    at: str | None
    principal: str | None
    command: str | None
    other: Memory | None = None


class Provenance(NamedTuple):
    """Where a memory comes from, its versions, its links, when its text was told again, and the chain of what it rests on."""

    memory: Memory
    versions: tuple[Version, ...]
    outgoing: tuple[tuple[Link, Memory | None], ...]
    incoming: tuple[tuple[Link, Memory | None], ...]
    verbatim: str | None
    note: str | None
    sightings: tuple[Sighting, ...] = ()
    evidence: tuple[ProvenanceStep, ...] = ()


class Laid(NamedTuple):
    """A prompt, and the memories in it in the order of their numbers."""

    prompt: "Prompt"
    memories: tuple[Memory, ...]


class Answered(NamedTuple):
    """The answer to one message in a conversation, and what was done for it.

    Attributes:
        mode: `generated` by a model, or `extractive`: memories word for word.
        cited: ids of the memories that the answer rests on.
        tokens: `prompt` and `answer`; 0 where no model was asked.
        seconds: `recall`, `first` (until the first token), `answer`, `extract` (where a model was asked) and `total`.
        memories: the cited memories as they are now.
        kept: ids of the memories that were made of the message.
        notices: what the person should know about the answer, a line each.
        stopped: whether the person stopped the answer.
        intent: what the message was taken for: `ask`, `remember`, `forget` or `about`.
        prompt: the prompt that the model was given, or, where no model is chosen, the whole prompt that one would be given;
            `None` where the message needed no prompt.
        reason: why a model's own answer is not shown, or was not asked for; `None` where there is nothing to say.
    """

    answer: str
    mode: str
    cited: tuple[str, ...]
    tokens: dict[str, int]
    seconds: dict[str, float]
    memories: tuple[Memory, ...] = ()
    kept: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    stopped: bool = False
    intent: str = "ask"
    prompt: Laid | None = None
    reason: str | None = None


class ModelInfo(NamedTuple):
    """A language model or an embedder on this machine.

    Attributes:
        used: whether chat answers with this model, or search embeds with it.
        pulled: whether the file lies in the models' folder, so that `model rm` may remove it.
        facts: what the file's header says, and where the file came from.
        needs: the bytes of memory that a language model takes with the context of the settings.
        fits: whether this machine has them to spare now; `None` where it does not tell.
        adapter: the adapter of memos under a language model, by its name.
        exam: the card of a language model's exam; `None` where it was not examined.
    """

    name: str
    path: str
    bytes: int
    used: bool
    pulled: bool
    facts: dict[str, Any]
    needs: int | None = None
    fits: bool | None = None
    adapter: str | None = None
    exam: dict[str, Any] | None = None
