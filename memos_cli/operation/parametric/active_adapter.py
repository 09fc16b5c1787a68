"""The active adapter, with which chat's model computes: it is chosen, checked, and released when a memory in it is taken back.

Only the cube's owner is answered with it, since an adapter knows no rules of access. Only one adapter is active at a time: each
was measured by itself, and nobody measured two of them together.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.infra.governance import governance
from memos_cli.infra.local import adapters
from memos_cli.operation import models
from memos_cli.operation.parametric import base_model
from memos_cli.ports.ports import Adaptable

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.model import Adapter
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session


class Attached:
    """A generation in use.

    Args:
        session: who acts, in which home, on which cubes.
        vault: the generation's cube.
        adapter: the generation, whose files were compared with the log.
        llm: the model that computes with it; `None` before `attach`.
    """

    def __init__(self, session: "Session", vault: "Vault", adapter: "Adapter", llm: Adaptable | None = None) -> None:
        self.adapter = adapter
        self._llm = llm
        self._session, self._vault = session, vault

    @property
    def covered(self) -> Mapping[str, str]:
        """For each memory that the generation knows, the generation's id."""
        return dict.fromkeys(self.adapter.covers, self.adapter.id)

    def fault(self) -> str | None:
        """Why the generation may not be used any more; asked before each answer, since another command may change a memory."""
        from memos_cli.operation.parametric import generations

        status = self._vault.records(adapters.NOUN).get(self.adapter.id, {}).get("status")
        if status != generations.Status.PROMOTED:
            return f"generation {self.adapter.number} is not the promoted one any more"
        return generations.detached(self._vault, self.adapter, self._session.now)

    def attach(self, llm: Adaptable) -> "Attached":
        """Let a model compute with the adapter."""
        llm.adapt([(adapters.folder(self._vault, self.adapter.id) / adapters.LLAMA, 1.0)])
        return Attached(self._session, self._vault, self.adapter, llm)

    def release(self) -> None:
        """Let the model compute without the adapter."""
        if self._llm is not None:
            self._llm.adapt(())


class AnsweringModel(NamedTuple):
    """The model that answers, its active adapter, and what the person should know about both."""

    llm: "LLM | None"
    attached: Attached | None = None
    notices: tuple[str, ...] = ()


def active(session: "Session", base: str, user_id: str | None = None) -> tuple[Attached | None, tuple[str, ...]]:
    """The generation to use with a model, and why newer promoted ones cannot be used.

    Args:
        base: the model, as `base_model.Base.digest`.
        user_id: who is answered.
    """
    notices: list[str] = []
    vaults = _asked(session, user_id)
    if not vaults:
        return None, ()
    from memos_cli.operation.parametric import (  # brings the words of data sets along, which most chats need not load
        foreign_adapters,
        generations,
    )

    for vault in vaults:
        for one in generations.promoted(generations.of(vault), base):
            why = (
                generations.detached(vault, one, session.now)
                or adapters.fault(vault, one)
                or foreign_adapters.unready(session, vault, one)
            )
            if why is None:
                return Attached(session, vault, one), tuple(notices)
            notices.append(f"generation {one.number} of what {one.model} learnt is not used: {why}")
        notices += _over_another(vault, base)
    return None, tuple(notices)


def _over_another(vault: "Vault", base: str) -> list[str]:
    """A notice for the promoted generation of the same model file that was learnt over other adapters than are under it now."""
    from memos_cli.operation.parametric import generations

    file = base.partition("+")[0]
    found = []
    for other in sorted({one.base for one in generations.of(vault) if one.base.partition("+")[0] == file} - {base}):
        for one in generations.promoted(generations.of(vault), other)[:1]:
            why, command = base_model.misfit(base, one)
            found.append(f"generation {one.number} of what {one.model} learnt is not used: it {why}: {command}")
    return found


def _asked(session: "Session", user_id: str | None) -> "list[Vault]":
    """The cubes in use that have adapters and belong to the person who is answered."""
    if session.settings.get("scheduler.adapters") < 1:
        return []
    asking = user_id or session.principal
    return [vault for vault in session.vaults() if adapters.exist(vault) and governance.asking(asking, vault.meta) is None]


def covered(session: "Session") -> Mapping[str, str]:
    """For each memory that the active adapter knows as it is now, the adapter's id; empty where there is no such adapter."""
    if not _asked(session, None):
        return {}
    try:
        found, _ = active(session, base_model.base_of(session).digest)
    except MemosError:
        return {}
    return found.covered if found else {}


@contextmanager
def opened(session: "Session", user_id: str | None = None) -> "Iterator[AnsweringModel]":
    """The model that `chosen` returns; it is closed when the block ends."""
    found = chosen(session, user_id)
    try:
        yield found
    finally:
        if found.llm is not None:
            found.llm.close()


def chosen(session: "Session", user_id: str | None = None) -> AnsweringModel:
    """The model that the settings choose, with its adapter from the cubes in use, if there is one.

    Raises:
        ModelUnavailable: the model cannot be used. An adapter that cannot be used is left out, and a notice says so.
        Refused: as `models.chosen`.
    """
    plain = models.chosen(session.settings, session.paths)
    if plain is None or not _asked(session, user_id) or not isinstance(plain, Adaptable):  # the last loads the model
        return AnsweringModel(plain)
    base = base_model.base_of(session)
    found, notices = active(session, base.digest, user_id)
    if found is None:
        return AnsweringModel(plain, None, notices)
    found = found.attach(plain)
    try:
        plain.context  # noqa: B018 -- loads the model, so that a misfit shows here and not in an answer
    except ModelUnavailable as error:
        found.release()
        return AnsweringModel(plain, None, (*notices, f"generation {found.adapter.number} is not used: {error.message}"))
    return AnsweringModel(plain, found, notices)
