"""The chain of evidence: from a memory, link by link, to what it rests on, with who set each link, and when."""

from contextlib import suppress

from memos_cli.errors import MemoryNotFound
from memos_cli.hybrid_clock import time_of
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Link, LinkType, Memory
from memos_cli.operation.results import ProvenanceStep

_RESTS_ON = (LinkType.DERIVED_FROM, LinkType.SUPERSEDES, LinkType.PART_OF)
"""The links by which a memory leads to what it rests on, and those by which what was merged into it does."""
_MADE_OF = (LinkType.MERGED_INTO,)
_DEEPEST, _STEPS = 10, 200
"""How far a chain of evidence is followed, and how many links it has at most: a cube from elsewhere may have any."""


def chain(vault: Vault, identity: str) -> tuple[ProvenanceStep, ...]:
    """All links of a memory, then those of what it rests on, from link to link, with who set each and when."""
    found: dict[Link, ProvenanceStep] = {}
    known, reached = {identity}, [identity]
    for depth in range(1, _DEEPEST + 1):
        level, reached = reached, []
        for one in level:
            outgoing, incoming = vault.links(one)
            for link in (*outgoing, *incoming):
                end = link.target if link.source == one else link.source
                rests = link.type in (_RESTS_ON if link.source == one else _MADE_OF)
                if link in found or not (rests or depth == 1) or len(found) >= _STEPS:
                    continue
                found[link] = _step(vault, depth, link, end)
                if rests and end not in known:
                    known.add(end)
                    reached.append(end)
    return tuple(found.values())


def _step(vault: Vault, depth: int, link: Link, end: str) -> ProvenanceStep:
    name = fold.link_register(link.type, link.target)
    by = next((op for op in reversed(vault.operations("memory", link.source)) if (op.change or {}).get(name)), None)
    if by is None:
        return ProvenanceStep(depth, link, None, None, None, _there(vault, end))
    return ProvenanceStep(depth, link, time_of(by), by.principal, by.command, _there(vault, end))


def _there(vault: Vault, identity: str) -> Memory | None:
    with suppress(MemoryNotFound):
        return vault.get(identity)
    return None
