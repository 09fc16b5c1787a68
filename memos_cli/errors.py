"""Every error a person can meet: one tree that carries the exit status, the JSON code, a message and a hint.

    MemosError                  1  failure
    ├── UsageError              2  usage
    │   └── AmbiguousId         2  ambiguous_id
    ├── Refused                 3  refused
    ├── NothingFound            4  no_match
    ├── NotFound               10  not_found
    │   ├── CubeNotFound       10  cube_not_found
    │   └── MemoryNotFound     10  memory_not_found
    ├── CubeLocked             11  cube_locked
    ├── AccessDenied           12  access_denied
    ├── IntegrityError         13  integrity
    ├── ModelUnavailable       14  model_unavailable
    ├── FingerprintMismatch    15  fingerprint_mismatch
    ├── NotWritable             1  not_writable
    ├── StorageFull             1  storage_full
    └── Busy                   75  busy

130 (SIGINT) and 143 (SIGTERM) belong to the process, not to this tree; `memos_cli.cli.main` returns them.
"""

from collections.abc import Iterable
from typing import ClassVar


def extra(name: str) -> str:
    """The hint that says how to install an optional part of memos."""
    return f"install the extra {name}: pip install '.[{name}]' in the folder that memos was installed from"


_LISTED = 20
"""The most names that a hint lists; more are counted."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """The hint for an unknown name: the nearest known name, else those that there are, else `otherwise`."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"there are: {', '.join(names[:_LISTED])}{rest}" if names else otherwise


class MemosError(Exception):
    """Something went wrong that a person can understand and perhaps mend.

    Args:
        message: one line, no full stop, what happened and to what.
        hint: one line, what to do about it; often a command to type.
    """

    exit_status: ClassVar[int] = 1
    code: ClassVar[str] = "failure"
    recorded = False
    """Whether it is in the record of reads."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MemosError):
    """The call itself is wrong: a bad value, a malformed line, an impossible combination."""

    exit_status = 2
    code = "usage"


class AmbiguousId(UsageError):
    """A prefix that several memories share."""

    code = "ambiguous_id"


class Refused(MemosError):
    """Understood, but not done, or done only in part: a rule, a freeze or a missing `--yes` forbids it."""

    exit_status = 3
    code = "refused"


class NothingFound(MemosError):
    """No match, where the caller asked with `--fail-empty` that this be a failure."""

    exit_status = 4
    code = "no_match"


class NotFound(MemosError):
    """No such thing; also raised for a thing that the principal may not see, so that its existence stays secret."""

    exit_status = 10
    code = "not_found"


class CubeNotFound(NotFound):
    """No cube of that name or at that path."""

    code = "cube_not_found"


class MemoryNotFound(NotFound):
    """No memory with that id or prefix."""

    code = "memory_not_found"


class CubeLocked(MemosError):
    """Another process held the cube's write lock for longer than the lock timeout."""

    exit_status = 11
    code = "cube_locked"


class AccessDenied(MemosError):
    """Wrong key or passphrase, or no access to the cube as a whole."""

    exit_status = 12
    code = "access_denied"


class IntegrityError(MemosError):
    """What lies on disk is not what memos wrote there: damaged, another program's, or from a newer version."""

    exit_status = 13
    code = "integrity"


class ModelUnavailable(MemosError):
    """A model, its weights or the package that runs them is missing or unusable."""

    exit_status = 14
    code = "model_unavailable"


class FingerprintMismatch(MemosError):
    """What has to be a state of the model in use is of another one, of other memories, or is not there, and was demanded."""

    exit_status = 15
    code = "fingerprint_mismatch"


class NotWritable(MemosError):
    """The cube lies where this process may not write, as on a disk mounted read-only; it can be read."""

    code = "not_writable"


class StorageFull(MemosError):
    """The disk is full; the transaction was rolled back and the cube is as it was before."""

    code = "storage_full"


class Busy(MemosError):
    """Another run of the same job is under way; trying again later helps."""

    exit_status = 75
    code = "busy"
