"""The adapter that chat's model computes with: chosen, checked, and let go of as soon as a memory in it is taken back.

Only the cube's owner is answered with it: it has told nobody's rules of access apart. And only one at a time: each was measured
by itself, and what two of them do together nobody has looked at.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.infra import adapters, governance
from memos_cli.interface import models
from memos_cli.ports import Adaptable

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS
    from memos_cli.model import Adapter
    from memos_cli.ports import LLM


class Attached:
    """A generation in use.

    Args:
        mos: the memory.
        vault: its cube.
        adapter: the generation, whose files were compared with the log.
        llm: what computes with it.
    """

    def __init__(self, mos: "MOS", vault: "Vault", adapter: "Adapter", llm: Adaptable | None = None) -> None:
        self.adapter = adapter
        self._llm = llm
        self._mos, self._vault = mos, vault

    @property
    def covered(self) -> Mapping[str, str]:
        """For each memory that it knows its own id."""
        return dict.fromkeys(self.adapter.covers, self.adapter.id)

    def fault(self) -> str | None:
        """Why it may not be used any more; asked before each answer, since another command may have taken a memory back."""
        from memos_cli.interface import generating
        from memos_cli.operation import generations

        status = self._vault.records(adapters.NOUN).get(self.adapter.id, {}).get("status")
        if status != generations.Status.PROMOTED:
            return f"generation {self.adapter.number} is not the promoted one any more"
        return generating.detached(self._vault, self.adapter, self._mos.now)

    def attach(self, llm: Adaptable) -> "Attached":
        """Let a model compute with it."""
        llm.adapt([(adapters.folder(self._vault, self.adapter.id) / adapters.LLAMA, 1.0)])
        return Attached(self._mos, self._vault, self.adapter, llm)

    def release(self) -> None:
        """Let the model compute without it."""
        if self._llm is not None:
            self._llm.adapt(())


class Chosen(NamedTuple):
    """The model that answers, the adapter in it, and what the person should know about that."""

    llm: "LLM | None"
    attached: Attached | None = None
    notices: tuple[str, ...] = ()


def active(mos: "MOS", base: str, user_id: str | None = None) -> tuple[Attached | None, tuple[str, ...]]:
    """The generation to use with a model, and why those that are promoted and cannot be used are not.

    Args:
        base: SHA-256 of the model's file.
        user_id: who is answered.
    """
    notices: list[str] = []
    vaults = _asked(mos, user_id)
    if not vaults:
        return None, ()
    from memos_cli.interface import arriving, generating  # data sets' words come with it, of which most chats have no need
    from memos_cli.operation import generations

    for vault in vaults:
        for one in generations.promoted(generating.of(vault), base):
            why = generating.detached(vault, one, mos.now) or adapters.fault(vault, one) or arriving.unready(mos, vault, one)
            if why is None:
                return Attached(mos, vault, one), tuple(notices)
            notices.append(f"generation {one.number} of what {one.model} learnt is not used: {why}")
    return None, tuple(notices)


def _asked(mos: "MOS", user_id: str | None) -> "list[Vault]":
    """The cubes in use that have adapters and belong to who is answered."""
    if mos.settings.get("scheduler.adapters") < 1:
        return []
    asking = user_id or mos.principal
    return [vault for vault in mos.vaults() if adapters.exist(vault) and governance.asking(asking, vault.meta) is None]


def covered(mos: "MOS") -> Mapping[str, str]:
    """The memories that the promoted adapter knows as they are now, each with its id; none where the model has none."""
    if not _asked(mos, None):
        return {}
    from memos_cli.interface import generating

    try:
        found, _ = active(mos, generating.base_of(mos).digest)
    except MemosError:
        return {}
    return found.covered if found else {}


def chosen(mos: "MOS", user_id: str | None = None) -> Chosen:
    """The model that the settings choose, with the adapter of the cubes in use where there is one for it.

    Raises:
        ModelUnavailable: the model cannot be used. An adapter that cannot is left out, and a notice says so.
        Refused: as `models.chosen`.
    """
    plain = models.chosen(mos.settings, mos.paths)
    if plain is None or not isinstance(plain, Adaptable) or not _asked(mos, user_id):
        return Chosen(plain)
    from memos_cli.interface import generating

    base = generating.base_of(mos)
    found, notices = active(mos, base.digest, user_id)
    if found is None:
        return Chosen(plain, None, notices)
    found = found.attach(plain)
    try:
        plain.context  # noqa: B018 -- loads it, so that what does not fit the model shows here and not in an answer
    except ModelUnavailable as error:
        found.release()
        return Chosen(plain, None, (*notices, f"generation {found.adapter.number} is not used: {error.message}"))
    return Chosen(plain, found, notices)
