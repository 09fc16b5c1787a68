"""The differences of two cubes: both are read once, side by side, in the order of ids."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from memos_cli.infra.vault import queries
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Memory, State

_LEFT_OUT = frozenset((
    "id", "cube", "version", "created_at", "updated_at", "since", "access_count", "last_access_at", "untrusted", "trust",
    "unverified", "unaccepted",
))  # fmt: skip
"""Fields that make no difference to what a memory says: how often, when and where it was used or changed."""


class Both(NamedTuple):
    """A memory that both cubes have: as it is in each of them, and the fields in which it differs."""

    first: Memory
    second: Memory
    fields: tuple[str, ...]


class Comparison(NamedTuple):
    """The differences of two cubes.

    Attributes:
        first: the first cube's name; so `second`.
        only_first: memories that only the first cube has; so `only_second`.
        different: memories that both cubes have with different fields.
        purged: ids of memories that one cube has and the other purged, with the one that purged it (`first`, `second`).
        records: noun, name, and `first`, `second` or `both`: other records (views, policy, …) that one cube has alone, or
            both have differently.
        same: how many memories are equal in both.
    """

    first: str
    second: str
    only_first: tuple[Memory, ...]
    only_second: tuple[Memory, ...]
    different: tuple[Both, ...]
    purged: tuple[tuple[str, str], ...]
    records: tuple[tuple[str, str, str], ...]
    same: int

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_first or self.only_second or self.different or self.purged or self.records)


_May = Callable[[Memory, Vault], bool]
_Told = tuple[Memory, tuple[tuple[str, str], ...]]


def compare(first: Vault, second: Vault, may_see: _May = lambda *_: True) -> Comparison:
    """Compare two cubes; a memory that the person may not see in one of them is left out."""
    only: tuple[list[Memory], list[Memory]] = ([], [])
    different: list[Both] = []
    purged: list[tuple[str, str]] = []
    same = 0
    for one, other in _side_by_side(_told(first), _told(second)):
        if not all(may_see(told[0], vault) for told, vault in ((one, first), (other, second)) if told is not None):
            continue
        if one is None or other is None:
            told, place = (other, 1) if one is None else (one, 0)
            if told is not None and told[0].state is not State.PURGED:
                only[place].append(told[0])
        elif (one[0].state is State.PURGED) != (other[0].state is State.PURGED):
            purged.append((one[0].id, "first" if one[0].state is State.PURGED else "second"))
        elif fields := _fields(one, other):
            different.append(Both(one[0], other[0], fields))
        else:
            same += 1
    records = tuple(_records(first, second))
    return Comparison(first.name, second.name, tuple(only[0]), tuple(only[1]), tuple(different), tuple(purged), records, same)


def _told(vault: Vault) -> Iterator[_Told]:
    return queries.with_links(vault)


def _side_by_side(ones: Iterator[_Told], others: Iterator[_Told]) -> Iterator[tuple[_Told | None, _Told | None]]:
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0].id < other[0].id):
            yield one, None
            one = next(ones, None)
        elif one is None or other[0].id < one[0].id:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)


def _fields(one: _Told, other: _Told) -> tuple[str, ...]:
    names = [name for name in Memory._fields if name not in _LEFT_OUT and getattr(one[0], name) != getattr(other[0], name)]
    return tuple(sorted([*names, *(["links"] if one[1] != other[1] else [])]))


def _records(first: Vault, second: Vault) -> Iterator[tuple[str, str, str]]:
    ones, others = (queries.records(vault) for vault in (first, second))
    for pair in sorted({*ones, *others}):
        if ones.get(pair) != others.get(pair):
            where = "both" if pair in ones and pair in others else "first" if pair in ones else "second"
            yield (*pair, where)
