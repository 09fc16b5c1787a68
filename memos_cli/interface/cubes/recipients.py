"""Recipients: what is given away to somebody by name, with their marks in it, and without what its labels keep here."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from memos_cli.errors import Refused
from memos_cli.infra import counts
from memos_cli.infra.crypto.watermark import Giving, Mark, Recipients
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter
from memos_cli.operation import policy

if TYPE_CHECKING:
    from memos_cli.session import Session

Staying = Mapping[str, Sequence[str]]
"""Memories that are left out, each with the labels why."""
_ALL = Filter(at="", everything=True)
_LONGEST = 1000
"""Characters of the words for a selection in a manifest."""


class HomeRecipients:
    """Those to whom the person of a home gave something.

    Args:
        session: of the home, and who acts.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._list = Recipients(session.paths.keys, lock_timeout=session.settings.get("lock_timeout"))

    def giving(self, vault: Vault, extent: Extent) -> AbstractContextManager[Mark | None]:
        """The recipient's mark; what they are given is on the list, unless the block raises."""
        if extent.to is None:
            return nullcontext()
        return self._list.giving(Giving(extent.to, self._session.now, vault.name, extent.words, extent.redacted))

    def given(self) -> tuple[Giving, ...]:
        """What was given to whom, in the order of time.

        Raises:
            Refused: somebody else asks than the person of this home. IntegrityError: the list is damaged.
        """
        who, person = self._session.principal, self._session.person
        if who != person:
            raise Refused(f"{who} may not see what was given to whom: the list is {person}'s", hint=f"ask {person}")
        return self._list.given()

    def marks(self) -> tuple[Mark, ...]:
        """The marks to look for: all of them for the person of this home, none for others.

        Raises:
            IntegrityError: the list of recipients is damaged, or the secret of this home is gone.
        """
        return self._list.marks() if self._session.principal == self._session.person else ()


def staying_of(vault: Vault, extent: Extent) -> Staying:
    """The memories that stay out of a copy for somebody, each with the labels why; none out of a copy for nobody by name."""
    return {} if extent.to is None else counts.staying(vault, Whither.SYNC, extent.wanted or _ALL)


def without(extent: Extent, staying: Staying, vault: Vault) -> Extent:
    """The extent without the memories whose labels keep them out; of the whole cube it is a selection then.

    Raises:
        Refused: nothing is left.
    """
    if not staying:
        return extent
    wanted = extent.wanted or _ALL
    if vault.count(wanted) == len(staying):
        line = policy.line_of(staying, Whither.SYNC, "out of it")
        raise Refused("there is nothing to give: all memories stay here by their labels", hint=line)
    names = sorted({one for found in staying.values() for one in found})
    words = f"{extent.words or 'all'}, without label {', '.join(names)}"
    return extent._replace(wanted=wanted, words=words[:_LONGEST], whither=Whither.SYNC)
