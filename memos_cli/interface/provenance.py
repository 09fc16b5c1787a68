"""Why a memory is there: who said it, where, what it replaced, and the verbatim place it was read from."""

from memos_cli.errors import IntegrityError, MemoryNotFound
from memos_cli.infra.blobs import Blobs
from memos_cli.infra.vault import connection
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface import timeline
from memos_cli.interface.results import Provenance
from memos_cli.model import Memory


def explain(vault: Vault, identity: str) -> Provenance:
    """The provenance of one memory."""
    memory = vault.get(identity)
    outgoing, incoming = vault.links(identity)
    verbatim, note = _verbatim(vault, memory)
    return Provenance(
        memory,
        tuple(timeline.versions(vault, identity)),
        tuple((link, _maybe(vault, link.target)) for link in outgoing),
        tuple((link, _maybe(vault, link.source)) for link in incoming),
        verbatim,
        note,
    )


def _maybe(vault: Vault, identity: str) -> Memory | None:
    try:
        return vault.get(identity)
    except MemoryNotFound:
        return None


def _verbatim(vault: Vault, memory: Memory) -> tuple[str | None, str | None]:
    """The span of the file that the memory was read from, and what stands in the way of showing it."""
    source = memory.source
    if source.digest is None or source.start is None or source.end is None:
        return None, None
    try:
        content = Blobs(vault.folder / connection.BLOBS).get(source.digest)
    except IntegrityError as error:
        return None, error.message
    return content[source.start : source.end].decode("utf-8", "replace"), None
