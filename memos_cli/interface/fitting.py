"""What of a cube fits this machine: whose it is, whose vectors it has, and what came in from elsewhere."""

from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import ModelUnavailable
from memos_cli.infra.dumper import MAKER
from memos_cli.infra.vault import log, queries
from memos_cli.model import Signer
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS


class Vectors(NamedTuple):
    """How many memories have vectors of an embedder, and whether that is the one that this machine searches with.

    Those of another one are no use here: `memos doctor --embed` makes new ones. `fits` is `None` where there is no model.
    """

    embedder: str
    memories: int
    fits: bool | None


class Arrived(NamedTuple):
    """An import or a merge: when, of how many operations, of which cube or file, and who had signed that."""

    at: str
    operations: int
    cube: str
    file: str | None
    signers: tuple[Signer, ...]


class Fitting(NamedTuple):
    """What `memos cube info` tells of where a cube is from.

    Attributes:
        maker: whose it was where it was made.
        strangers: how many memories came from elsewhere and were not used here yet, so that they are trusted less.
        foreign_policy: whether a policy that came in with a merge stands in the log and does not rule.
    """

    maker: str
    vectors: tuple[Vectors, ...]
    arrived: tuple[Arrived, ...]
    strangers: int
    foreign_policy: bool


def fitting(mos: "MOS", vault: "Vault") -> Fitting:
    """What of a cube fits this machine."""
    return Fitting(
        vault.mark(MAKER) or vault.meta["owner"],
        tuple(_vectors(mos, vault)),
        tuple(_arrived(mos, vault)),
        queries.strangers(vault.conn),
        vault.policy != vault.merged_policy,
    )


def _vectors(mos: "MOS", vault: "Vault") -> list[Vectors]:
    found = queries.embedded(vault.conn)
    known = None
    if found:
        try:
            known = mos.embeddings.weights.fingerprint if mos.embeddings.weights is not None else None
        except ModelUnavailable:
            known = None
    return [Vectors(name, count, name == known if known else None) for name, count in found]


def _arrived(mos: "MOS", vault: "Vault") -> list[Arrived]:
    receipts = log.operations(vault.conn, "WHERE noun = ? AND replica = ?", (log.IMPORT, vault.meta["replica"]))
    found = [(one, one.change or {}) for one in receipts]
    names = mos.keys.known() if any(told.get("signers") for _, told in found) else {}
    return [
        Arrived(
            from_millis(log.millis_of(one.clock)),
            told.get("operations", 0),
            told.get("cube", ""),
            told.get("file"),
            tuple(Signer(key, names.get(key), key in names) for key in told.get("signers", ())),
        )
        for one, told in found
    ]
