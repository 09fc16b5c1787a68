"""Adapters from elsewhere: which may be used, making one ready for llama.cpp, and taking over those of a merged cube.

An untrusted adapter is kept and not loaded. It becomes trusted if somebody trusted signed the cube file that brought it, or if
a person promotes it on purpose. llama.cpp never reads a byte that somebody else wrote for it: the adapter that it loads is
written here, from tensors whose form was checked, for the very model that they were made for.
"""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import plugins
from memos_cli.errors import IntegrityError, MemosError, ModelUnavailable, extra
from memos_cli.infra import files
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import members
from memos_cli.model import Adapter

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.parametric.base_model import Base
    from memos_cli.session import Session


def is_untrusted(vault: "Vault", one: Adapter) -> bool:
    """Whether an adapter came from elsewhere, and neither a trusted signature nor a person here has vouched for it."""
    return adapters.untrusted(vault, one.id) and (adapters.folder(vault, one.id) / adapters.WEIGHTS).is_file()


def accept(vault: "Vault", one: Adapter) -> None:
    """Vouch for an untrusted adapter, as a person chose to.

    Raises:
        IntegrityError: its files are not those that the log names.
    """
    from contextlib import ExitStack

    with ExitStack() as stack:
        try:
            members.opened(adapters.folder(vault, one.id), one.id, {"files": one.files}, stack)
        except IntegrityError as error:
            raise IntegrityError(
                f"generation {one.number} cannot be used: {error.message}", hint="make a new one: memos consolidate run --again"
            ) from None
    with vault.derive():
        adapters.vouch_for(vault, [one.id])


def require_model(session: "Session", one: Adapter) -> "Base":
    """The model that an adapter is for, which has to be the chosen one.

    Raises:
        ModelUnavailable: another model is chosen, or none.
    """
    from memos_cli.operation.parametric import base_model

    base = base_model.base_of(session)
    if base.digest != one.base:
        why, hint = base.misfit(one)
        raise ModelUnavailable(f"generation {one.number} {why}", hint=hint)
    return base


def require_ready(session: "Session", vault: "Vault", one: Adapter) -> None:
    """Make sure that an adapter's file for llama.cpp exists: that of one from elsewhere is written here, from its tensors.

    Raises:
        ModelUnavailable: the adapter's model is not the chosen one, or a package is missing.
        IntegrityError: the tensors are no adapter for this model.
    """
    if not unmade(vault, one):
        return
    base = require_model(session, one)
    place = adapters.folder(vault, one.id)
    half = place / f".{os.urandom(6).hex()}.gguf"
    try:
        plugins.load("trainer", "convert")(place / adapters.WEIGHTS, half, base.path)
        digest = files.digest(half)
        half.replace(place / adapters.LLAMA)
        files.sync_folder(place)
    except ImportError as error:
        raise ModelUnavailable(f"making an adapter ready needs {error.name}", hint=extra("lora")) from None
    except OSError as error:
        raise MemosError(f"generation {one.number} cannot be made ready: {error.strerror or error}") from None
    finally:
        half.unlink(missing_ok=True)
    with vault.derive():
        adapters.vouch(vault, {one.id: {adapters.LLAMA: digest}})


def unmade(vault: "Vault", one: Adapter) -> bool:
    """Whether an adapter came from elsewhere and has no file for llama.cpp yet."""
    known = adapters.vouched(vault).get(one.id)
    return known is not None and adapters.LLAMA not in known


def unready(session: "Session", vault: "Vault", one: Adapter) -> str | None:
    """Make an adapter ready that may be used; returns why it cannot be, or `None`."""
    try:
        require_ready(session, vault, one)
    except MemosError as error:
        return error.message
    return None


class Came(NamedTuple):
    """An adapter from elsewhere: its generation, its model, and whether it is trusted, so that chat may use it."""

    id: str
    generation: int
    model: str
    base: str
    memories: int
    trusted: bool


def told(records: "Mapping[str, Mapping[str, Any]]", trusted: "Mapping[str, bool]", cube: str) -> tuple[Came, ...]:
    """Describe adapters from elsewhere.

    Args:
        records: the registers of generations, by id.
        trusted: for each new adapter's id, whether it is trusted.
        cube: the cube's name.
    """
    if not trusted:
        return ()
    from memos_cli.operation.parametric import generations

    known = generations.from_records({identity: records[identity] for identity in trusted}, cube)
    return tuple(Came(one.id, one.number, one.model, one.base, len(one.covers), trusted[one.id]) for one in known)


def take_over(
    vault: "Vault", source: "Vault", *, trusted: bool, signed: bool, without: "Collection[str]" = (), dry_run: bool = False
) -> tuple[Came, ...]:
    """Take over the adapters of a cube that was merged; untrusted ones are kept and not loaded.

    Args:
        trusted: whether the source is one's own, or signed by somebody trusted.
        signed: whether a signature makes it trusted: then it covers each adapter. Without one, an adapter that is untrusted in
            another cube of one's own stays untrusted here.
        without: generations whose operations the merge left out.
        dry_run: change nothing, and return what would come; asked before the merge.

    Returns:
        The adapters that are new here, and those that were here and are trusted from now on.
    """

    def stood_for(identity: str) -> bool:
        return trusted and (signed or not adapters.untrusted(source, identity))

    found = members.take_over(vault, source, stood_for=stood_for, without=without, dry_run=dry_run)
    fine = {one.id for one in found if stood_for(one.id)}
    new = [one.id for one in found if one.comes or (one.id in fine and adapters.untrusted(vault, one.id))]
    if fine and not dry_run:
        with vault.derive():
            adapters.vouch_for(vault, sorted(fine))
    return told({one.id: one.registers for one in found}, {one: one in fine for one in new}, vault.name)
