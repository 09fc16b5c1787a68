"""Why nothing passes a filter: which of the names in it no memory has, and which names near them there are."""

import difflib
from typing import TYPE_CHECKING, Any

from memos_cli.infra import counts
from memos_cli.infra.names import compared
from memos_cli.model import Filter
from memos_cli.operation.results import without_secrets
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.session import Session

_LISTS = ("tags", "labels", "kinds", "states")
_NAMES = ("task", "key", "conversation", "session", "speaker")
_OF_TURNS = ("conversation", "session", "speaker")
"""Names that the turns of chat have as well; its tags are for itself."""
_NEAR = 3
"""The most near names that are told, as in `errors.did_you_mean`."""
_KNOWN = 10
"""The most names that are told where none is near."""


class UnmatchedName(NamedTuple):
    """A name in a filter that no memory has, whatever its state.

    Attributes:
        field: the field of the filter.
        near: names that there are and that are written much like it.
        known: the names that there are, the most used first; the first few of them.
    """

    field: str
    name: str
    near: tuple[str, ...]
    known: tuple[str, ...]


class Unmatched(NamedTuple):
    """Why nothing passes a filter.

    Attributes:
        names: names that no memory has.
        no_longer: how many memories would pass if they were still current.
        others: cubes of the home that are not in use.
    """

    names: tuple[UnmatchedName, ...]
    no_longer: int
    others: tuple[str, ...]


def explain(session: "Session", wanted: Filter) -> Unmatched:
    """Why nothing passes this filter, as far as the principal may see."""
    given = [(field, name) for field in _LISTS for name in getattr(wanted, field)]
    given += [(field, name) for field in _NAMES if (name := getattr(wanted, field)) is not None]
    missing = tuple(_told(session, field, name) for field, name in given if not _count(session, _alone(wanted, field, name)))
    wide = wanted._replace(everything=True, snapshot=None, past=False, ahead=None)
    no_longer = 0 if missing or wanted.everything or wanted.looks_back else _count(session, wide)
    return Unmatched(missing, no_longer, tuple(name for name in session.shelf.names() if name not in session.cube_names))


def _alone(wanted: Filter, field: str, name: str) -> Filter:
    """A filter for one name alone; a state of a memory is asked as it stands."""
    value: dict[str, Any] = {field: (name,) if field in _LISTS else name}
    return Filter(at=wanted.at, everything=field != "states", turns=True, **value)


def _count(session: "Session", wanted: Filter) -> int:
    return sum(vault.count(session.sight(vault, wanted)) for vault in session.vaults())


def _told(session: "Session", field: str, name: str) -> UnmatchedName:
    if field in {"kinds", "states"}:
        return UnmatchedName(field, name, (), ())
    everything = Filter(at=session.now, everything=True, turns=field in _OF_TURNS)
    known: dict[str, str] = {}
    for vault in session.vaults():
        for one in filter(_is_told, counts.names(vault, field, session.sight(vault, everything))):
            known.setdefault(compared(one), one)
    near = difflib.get_close_matches(compared(name), known, n=_NEAR, cutoff=0.5)
    return UnmatchedName(field, name, tuple(known[one] for one in near), tuple(known.values())[:_KNOWN])


def _is_told(name: str | None) -> bool:
    """Whether a name may be suggested: it is no secret itself."""
    return name is None or without_secrets(name) == name
