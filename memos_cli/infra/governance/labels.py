"""Sensitivity labels: which of them go where, by a cube's policy. One function decides, and every way out of a cube asks it.

    prompt    what a model is asked, on this machine or elsewhere
    export    a publication (`cube export --redact`)
    slot      the state of a model on disk
    adapter   what a model learns
    agent     what a principal that is an agent sees of others
    sync      a copy with its whole history that is given to somebody (`cube export --to`)

The policy has a list of labels for each way, a text with commas between them, which do not go there; `*` stands for all labels
but `secret`, which is named by itself. Where a text is shown, what is secret in it is masked in any case; so a label `secret`
that is on no list means a masked text. A slot and an adapter hold texts as they are, so nothing labelled `secret` goes there,
whatever the lists say.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from memos_cli.infra.names import compared

SECRET = "secret"  # noqa: S105 -- the label's name
ALL = "*"
"""On a list: every label but `secret`."""
NONE = "none"
"""A list of no labels."""
COMMON = (SECRET, "personal", "health", "finance")
"""The labels that memos knows by name; a person may use any others."""


class Whither(StrEnum):
    """The ways that lead out of a cube."""

    PROMPT = "prompt"
    EXPORT = "export"
    SLOT = "slot"
    ADAPTER = "adapter"
    AGENT = "agent"
    SYNC = "sync"


DEFAULTS: Mapping[Whither, tuple[str, ...]] = {
    Whither.PROMPT: (),
    Whither.EXPORT: (ALL,),
    Whither.SLOT: (SECRET,),
    Whither.ADAPTER: (ALL, SECRET),
    Whither.AGENT: (ALL, SECRET),
    Whither.SYNC: (SECRET,),
}
"""What stays where no policy says otherwise. A person's own model is asked about everything, with secrets masked."""
FREE: Mapping[str, str] = {f"labels.{whither.value}": NONE for whither in Whither}
"""A policy by which every label goes everywhere."""
_NEVER_SECRET = frozenset((Whither.SLOT, Whither.ADAPTER))
"""The ways on which no text is masked."""


def key(whither: Whither) -> str:
    """The policy's key for a way."""
    return f"labels.{whither.value}"


def listed(text: str) -> list[str]:
    """The labels of a list, sorted."""
    return sorted({compared(one) for one in text.split(",") if one.strip()} - {NONE})


def written(names: Collection[str]) -> str:
    """The list of these labels as text."""
    return ", ".join(sorted(names)) or NONE


def stopped(whither: Whither, policy: Mapping[str, Any]) -> frozenset[str]:
    """The labels that do not go there, `*` among them for all but `secret`.

    Args:
        whither: the way.
        policy: the registers of the cube's policy; a value that is no text counts as not set.
    """
    found = policy.get(key(whither))
    names = listed(found) if isinstance(found, str) else DEFAULTS[whither]
    return frozenset(names) | ({SECRET} if whither in _NEVER_SECRET else frozenset())


def staying(labels: Collection[str], whither: Whither, policy: Mapping[str, Any]) -> list[str]:
    """Those of a memory's labels that keep it from going there."""
    if not labels:
        return []
    names = stopped(whither, policy)
    return [one for one in labels if one in names or (ALL in names and one != SECRET)]


def may_go(labels: Collection[str], whither: Whither, policy: Mapping[str, Any]) -> bool:
    """Whether a memory with these labels may go there."""
    return not staying(labels, whither, policy)


def condition(whither: Whither, policy: Mapping[str, Any], schema: str = "") -> tuple[str, ...]:
    """The same as SQL on a table of memories `m`, with its parameters; `schema` stands before the name of the labels' table."""
    names = stopped(whither, policy)
    if not names:
        return ("1",)
    plain = sorted(names - {ALL})
    among = f"l.label IN ({', '.join('?' * len(plain))})" + (" OR l.label <> ?" if ALL in names else "")
    sql = f"NOT EXISTS (SELECT 1 FROM {schema}labels l WHERE l.n = m.n AND ({among}))"  # noqa: S608 -- of question marks
    return (sql, *plain, *([SECRET] if ALL in names else []))
