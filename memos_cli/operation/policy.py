"""The policy of a cube: what its lifecycle does to memories, and after how long, as data.

A policy is a record in the cube's log like any other: it has versions, `undo` takes a change of the policy back, and it travels
with the cube. A key that was not set has the default of `KEYS`.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from memos_cli import values
from memos_cli.errors import UsageError
from memos_cli.infra.governance import acts, labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.limits import is_name
from memos_cli.model import Kind, Memory
from memos_cli.values import Key

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


NOUN = NAME = "policy"
"""The noun and the subject of the policy's operations in the log."""
_MOST_DAYS = 1_000_000.0
_days = values.between(0, _MOST_DAYS, "a number of days, 0 for never")
_decay = values.between(0, 1, "between 0 and 1", without_least=True, without_most=True)
_factor = values.between(1, 100, "from 1 to 100")
_count = values.whole(1_000_000_000)
_hour = values.whole(23)
_seconds = values.between(0, 3600, "more than 0 and at most 3600 seconds", without_least=True)
_ending = values.one_of("archive", "expire", "keep")
_IDLE: dict[Kind, float] = {
    Kind.FACT: 180.0,
    Kind.PREFERENCE: 365.0,
    Kind.EVENT: 180.0,
    Kind.RULE: 0.0,
    Kind.PROCEDURE: 365.0,
    Kind.NOTE: 90.0,
    Kind.EPISODE: 90.0,
    Kind.DOCUMENT: 365.0,
}
_STEPS = {
    "expire": "let expire what has a TTL that passed, and what lay in the archive past its term",
    "purge": "erase what expired longer ago than the grace period",
    "archive": "archive what faded or was superseded",
    "fuse": "fuse duplicates that were told in other words",
    "supersede": "let the later of two that certainly contradict each other supersede the earlier",
    "review": "put conflicts that are not certain on the list of memos review",
    "sources": "bring the standing sources in step (memos source)",
    "embed": "embed what waits for its vector",
    "slots": "make the core's slot, and those of the sets that are likeliest needed next",
    "consolidate": "queue what a model is to learn, and start it in a quiet hour",
}
_WAYS = {
    Whither.PROMPT: "go into no prompt, the person's own model's among them; secrets are masked there in any case",
    Whither.EXPORT: "are not published; what is labelled secret is masked, or withheld where nothing secret is found in it",
    Whither.SLOT: "are kept in no slot; a secret never is",
    Whither.ADAPTER: "are not learnt by a model; a secret never is",
    Whither.AGENT: "are not shown to agents, whatever a rule allows them, unless they are the agent's own",
    Whither.SYNC: "stay out of copies that are given to somebody by name (cube export --to)",
}
_TARGETS = {"activated": "came back", "archived": "were archived", "expired": "expired", "merged": "were fused"}


def _hook(value: object) -> str:
    """A file name in the hooks folder: a policy may come from elsewhere, so it names a program and never a path."""
    text = str(value)
    if text and (text.startswith(".") or not all(c.isalnum() or c in "._-" for c in text)):
        raise ValueError("it has to be the name of a file in the hooks folder")
    return text


def _labels(value: object) -> str:
    """Labels as they are stored: sorted, with commas between them."""
    given = ",".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value
    if not isinstance(given, str):
        raise ValueError("it has to be labels, with commas between them, or none")  # noqa: TRY004 -- to the person it is a wrong value
    found = labels.written(labels.listed(given))
    if not is_name(found):
        raise ValueError("it has up to 1,000 characters, none a control character")
    return found


KEYS: dict[str, Key] = {
    "archive.decay": Key(0.5, _decay, "how fast a trace of use fades: the exponent d of the strength formula"),
    **{
        f"archive.idle_days.{kind}": Key(days, _days, f"days until {kind}s fade that were told once and never used; 0: never")
        for kind, days in _IDLE.items()
    },
    "archive.priority_factor": Key(2.0, _factor, "each step of priority makes the idle days so many times as long"),
    "archive.superseded_days": Key(30.0, _days, "days until a memory that is no longer valid is archived; 0: never"),
    "expire.archived_days": Key(365.0, _days, "days until an archived memory expires that nobody asked for; 0: never"),
    "purge.grace_days": Key(30.0, _days, "days for which an expired memory can be restored before it is erased; 0: for ever"),
    "brake.share": Key(0.2, values.share, "the largest share of a cube that one tick may retire for idleness"),
    "brake.from": Key(100, _count, "cubes with no more memories than this have no brake"),
    "fuse.most": Key(500, _count, "how many new or changed memories a tick compares with the others"),
    "fuse.load": Key(1000, _count, "a command that wrote more than this is a load; its memories are compared by --compare-all"),
    "fuse.propose": Key(
        default=False, read=values.switch, help="whether the configured model is asked about near duplicates, too"
    ),
    "fuse.trust_model": Key(default=False, read=values.switch, help="whether its proposals are carried out without a review"),
    "slots.ahead": Key(3, _count, "how many sets of memories a tick keeps slots ready of; 0: that of the core alone"),
    "consolidate.settled_days": Key(1.0, _days, "days for which a memory has to be as it is before a model learns it"),
    "consolidate.confidence": Key(0.8, values.share, "how certain a memory has to be for a model to learn it"),
    "consolidate.lasting_days": Key(30.0, _days, "days for which a memory has to hold yet for a model to learn it"),
    "consolidate.facts": Key(0, _count, "new memories to learn from which on a tick queues a run; 0: only when you ask for it"),
    "consolidate.from_hour": Key(1, _hour, "the hour, by the local clock, from which on a tick starts what is queued"),
    "consolidate.to_hour": Key(6, _hour, "the hour until which it does; the same as from_hour: at any time"),
    **{
        labels.key(way): Key(
            labels.written(labels.DEFAULTS[way]), _labels, f"labels with which memories {what}; *: all but secret"
        )
        for way, what in _WAYS.items()
    },
    "sources.seconds": Key(60.0, _seconds, "seconds that a tick takes for the standing sources at most"),
    "sources.share": Key(0.5, values.share, "the share of what is left of a tick's --max-seconds that they may take"),
    "task.ending": Key("archive", _ending, "what becomes of a task's memories when it ends: archive, expire or keep"),
    "audit.own": Key(default=False, read=values.switch, help="whether what the cube's owner reads is recorded, too"),
    "audit.keep_days": Key(0.0, _days, "days for which the record of reads is kept; 0: for ever"),
    "hooks.seconds": Key(10.0, _seconds, "seconds that a hook may run"),
    **{f"hooks.{target}": Key("", _hook, f"the hook to run after memories {what}") for target, what in _TARGETS.items()},
    **{
        f"steps.{name}": Key(default=True, read=values.switch, help=f"whether a tick is to {what}")
        for name, what in _STEPS.items()
    },
}


class Policy:
    """A cube's policy.

    Args:
        fields: the registers of its record: the values that were set, by the names of `KEYS`. Registers of a newer memos are
            left alone.
    """

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self.fields = fields or {}

    def get(self, name: str) -> Any:  # noqa: ANN401 -- each key has its own type
        """The value of a key, or its default."""
        return self.fields.get(name, KEYS[name].default)

    def idle_days(self, kind: str, priority: int) -> float:
        """After how many days a memory that was added once and never used fades; 0 for never."""
        factor: float = self.get("archive.priority_factor")
        days = float(self.get(f"archive.idle_days.{kind}")) * factor ** max(-20, min(20, priority))
        return min(days, _MOST_DAYS)


def checked(name: str, value: object) -> Any:  # noqa: ANN401 -- each key has its own type
    """The value of a key as it is stored.

    Raises:
        UsageError: there is no such key, or the key cannot have this value.
    """
    if name not in KEYS:
        import difflib

        near = difflib.get_close_matches(name, KEYS, n=3, cutoff=0.4)
        raise UsageError(
            f"a policy has no key {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "see them all: memos lifecycle policy show",
        )
    try:
        return KEYS[name].read(value)
    except ValueError as error:
        raise UsageError(f"{name} cannot be {str(value)[:60]!r}: {error}") from None


def read(text: str) -> dict[str, Any]:
    """The values in a policy file: TOML with the keys of `KEYS` in tables.

    Raises:
        UsageError: the text is not TOML, a key is unknown, or a key cannot have its value.
    """
    try:
        table = values.tables(text)
    except ValueError as error:
        raise UsageError(f"the policy is not TOML: {error}") from None
    return {name: checked(name, value) for name, value in values.flat(table)}


def to_toml(policy: Policy) -> str:
    """The whole policy as a TOML file, every key with the line that explains it."""
    import tomlkit

    tables: dict[str, tomlkit.TOMLDocument] = {}
    for name, key in KEYS.items():
        head, _, last = name.rpartition(".")
        table = tables.setdefault(head, tomlkit.document())
        table.add(tomlkit.comment(key.help))
        table.add(last, policy.get(name))
    return "\n".join(f"[{head}]\n{tomlkit.dumps(table)}" for head, table in tables.items())


def policy_of(vault: "Vault") -> Policy:
    """The policy of a cube."""
    return Policy(vault.policy)


def set_policy(vault: "Vault", author: "Author", fields: dict[str, Any], *, replace: bool = False) -> Policy:
    """Set keys of the policy; a key that gets its default is removed from the record.

    Args:
        replace: whether keys that are not named go back to their defaults.

    Raises:
        UsageError: a key is unknown, or cannot have its value. Refused: the principal is not the cube's owner.
    """
    acts.require("lifecycle policy set", author.principal, vault.meta, vault.name)
    defaults = {name: key.default for name, key in KEYS.items()}
    given = {name: checked(name, value) for name, value in fields.items()}
    with author.write(vault) as unit:
        known = vault.policy
        wanted = (dict.fromkeys(known) if replace else {}) | given
        stored = {name: None if value == defaults[name] else value for name, value in wanted.items() if name in defaults}
        if change := {name: value for name, value in stored.items() if known.get(name) != value}:
            unit.change(NOUN, NAME, change)
    return policy_of(vault)


def passing(session: "Session", whither: Whither) -> Callable[[Memory], bool]:
    """Whether a memory of the cubes in use may go there, by its labels and the policy of its cube."""
    policies = {vault.name: vault.policy for vault in session.vaults()}
    return lambda memory: not memory.labels or labels.may_go(memory.labels, whither, policies.get(memory.cube, {}))


def left_out(session: "Session", memories: Iterable[Memory], whither: Whither, what: str) -> tuple[str, ...]:
    """The line that says how many memories their labels keep from going there, and the command that shows them; none for none.

    Args:
        session: with the cubes of the memories.
        memories: those that were to go.
        whither: where.
        what: where in a person's words, such as "out of the prompt".
    """
    policies = {vault.name: vault.policy for vault in session.vaults()}
    staying = {one.id: labels.staying(one.labels, whither, policies.get(one.cube, {})) for one in memories}
    return (line_of({one: names for one, names in staying.items() if names}, whither, what),) if any(staying.values()) else ()


def line_of(staying: Mapping[str, Iterable[str]], whither: Whither, what: str) -> str:
    """The line about memories that stay, each with the labels that keep it."""
    names = sorted({one for found in staying.values() for one in found})
    count = "1 memory stays" if len(staying) == 1 else f"{len(staying):,} memories stay"
    looks = "; ".join(f"memos list --label {shlex.quote(one)}" for one in names)
    return f"{count} {what}, by {labels.key(whither)}: {looks}"
