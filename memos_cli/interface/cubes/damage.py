"""What an error means that no command foresaw: one of SQLite's, in words for a person; or any, where a cube is damaged.

Nothing is imported before it is needed: whoever asks has an error at hand, and it may be that of an import.
"""

from typing import TYPE_CHECKING

from memos_cli.errors import IntegrityError, MemosError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memos_cli.infra.vault.vault import Vault


def meaning(error: BaseException) -> MemosError | None:
    """What an error of SQLite's means to a person; `None` for any other error."""
    if type(error).__module__ != "sqlite3":
        return None
    from memos_cli.infra.vault import connection

    return connection.explained(error)


def of(vaults: "Iterable[Vault]") -> IntegrityError | None:
    """What is wrong with the first cube of these that is damaged; `None` if all are sound.

    What somebody sees of another's cube is not all of it, and cannot be compared with the log.
    """
    from memos_cli.infra.vault.check import check

    for vault in vaults:
        if vault.sight is not None:
            continue
        faults = [fault for one in check(vault) for fault in one.faults]
        if faults:
            return IntegrityError(f"cube {vault.name} is damaged: {faults[0]}", hint="see what is left with: memos doctor")
    return None
