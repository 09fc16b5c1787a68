"""The hybrid logical clock, which puts the operations of a log in order, and the time at which an operation was written.

The two differ where a clock was wrong. A log's clock never runs backwards: after one operation of the year 2040 all later ones
are ordered behind it. So an operation that is written while the log's clock is ahead of the wall clock carries the wall time in
its change, in the register `WRITTEN_AT`. That register is the time of the operation and no value of its subject: the log takes
it out of the change when it reads an operation, and nothing folds, shows, undoes or compares it.

Kulkarni et al., Logical Physical Clocks (2014).
"""

from typing import Any

from memos_cli.errors import IntegrityError
from memos_cli.model import Operation
from memos_cli.times import from_millis, shown, to_millis

WRITTEN_AT = "written_at"
"""The register with the wall time of an operation, as fixed-width text."""
APART = 1000
"""Milliseconds by which the log's clock may be ahead of the wall clock before an operation carries the wall time.

A second: clocks that are kept by NTP differ by less, nobody asks for a date more exactly, and of two processes that write at
once one takes its time before it waits for the other, so without a bound every other operation would carry a register.
"""
RELEASED = "2026-11-21"
"""The day when this version of memos was made: a machine whose clock says an earlier one has a wrong clock."""
AHEAD = 86_400_000
"""Milliseconds by which an operation from elsewhere may be ahead of this machine's clock: one day.

A wrong time zone makes less (14 hours), and what such an operation does to the order of a log here is over a day later.
"""
LATEST = 4_102_444_800_000
"""2100-01-01 in milliseconds since 1970: the clock of an operation is always earlier, here and in a cube file."""
_SET_CLOCK = "set the clock of this machine, then write it again; see it with: date"
_PURGED = "purged"
_COUNTER_BITS = 16
_COUNTER = (1 << _COUNTER_BITS) - 1
_MOST_CLOCK = (1 << 63) - 1


def millis_of(clock: int) -> int:
    """The wall-clock part of a hybrid logical clock, in milliseconds since 1970."""
    return clock >> _COUNTER_BITS


def clock_at(millis: int) -> int:
    """The last clock value within that millisecond: no operation up to then has a greater one.

    SQLite cannot store the clock of instants after the year 6429; they get the greatest value that it can store.
    """
    return min((millis << _COUNTER_BITS) | _COUNTER, _MOST_CLOCK)


def next_clock(latest: int, millis: int) -> int:
    """A hybrid logical clock: the wall clock, or one more than the latest clock where the wall clock lags behind it.

    Milliseconds are in the upper 48 bits, the counter is in the lower 16.
    """
    return max(millis << _COUNTER_BITS, latest + 1)


# -- the time of an operation


def apart(clock: int, millis: int) -> str | None:
    """The wall time that an operation with this clock has to carry; `None` where its clock says it well enough."""
    return from_millis(millis) if millis_of(clock) - millis > APART else None


def take_out(change: Any, clock: Any) -> str | None:  # noqa: ANN401 -- whatever a log or a file holds
    """Take the wall time out of a change that was read, and return it; `None` where it carries none.

    What cannot be a wall time (no time, or one after the clock, which is never behind the wall) stays in the change, as a
    register that nothing reads and that no cube file may have. So does one in a purge: a tombstone has one form.
    """
    told = change.get(WRITTEN_AT) if isinstance(change, dict) else None
    if told is None or _PURGED in change or type(clock) is not int or not _is_time(told) or to_millis(told) > millis_of(clock):
        return None
    return str(change.pop(WRITTEN_AT))


def _is_time(value: Any) -> bool:  # noqa: ANN401
    try:
        return (
            isinstance(value, str) and len(value) == len("2026-11-21T08:30:00.000Z") and from_millis(to_millis(value)) == value
        )
    except (ValueError, OverflowError):
        return False


def time_of(operation: Operation) -> str:
    """When an operation was written, as fixed-width text: the wall time that it carries, else its clock.

    A purge carries none, since a tombstone has one form, and what was purged has lost its own.
    """
    return operation.written_at or from_millis(millis_of(operation.clock))


def moment_of(operation: Operation) -> int:
    """The same as a number of the clock's form, which tables sort by; in one millisecond the clock's counter decides."""
    if operation.written_at is None:
        return operation.clock
    return to_millis(operation.written_at) << _COUNTER_BITS | operation.clock & _COUNTER


def put_in(change: dict[str, Any], written_at: str | None) -> dict[str, Any]:
    """A change with the wall time that its operation carries, if it carries one: what is hashed and stored."""
    return change if written_at is None else {**change, WRITTEN_AT: written_at}


# -- clocks that cannot be right


LATE = LATEST - 86_400_000
"""2099-12-31: the day before `LATEST` has to stay free, since a log that has the last possible clock takes no further write."""


def is_late(millis: int) -> bool:
    """Whether nothing is written at such a time: from the last day of 2099 on."""
    return millis >= LATE


def check_wall(millis: int) -> None:
    """Refuse to write at a wall time that is too late.

    Raises:
        IntegrityError: it is; see `is_late`.
    """
    if is_late(millis):
        raise IntegrityError(
            f"this machine's clock says {_day(millis)}, and nothing can be written from 2100 on", hint=_SET_CLOCK
        )


def check_ahead(operation: Operation | None, millis: int) -> None:
    """Refuse an operation from elsewhere that is over a day ahead of this machine's clock.

    It would move this cube's clock there for good, and that of every cube that this one is merged into.

    Args:
        operation: the one with the greatest clock; `None` for an empty log.
        millis: this machine's time.

    Raises:
        IntegrityError: it is.
    """
    if operation is not None and millis_of(operation.clock) - millis > AHEAD:
        raise IntegrityError(
            f"operation {operation.seq} of replica {operation.replica} is of {_day(millis_of(operation.clock))}, over a day "
            f"ahead of this machine's clock, which says {_day(millis)}; nothing was changed",
            hint="one of the two clocks is wrong, and it may be this machine's; see what it says with: date",
        )


def too_late(millis: int, released: str) -> int:
    """From when on the clocks in a log are too late for its cube file to be taken anywhere, in milliseconds since 1970.

    Args:
        millis: this machine's time. One from before `released` is wrong, and says nothing about other clocks.
        released: as for `notice`.
    """
    return min(LATE, millis + AHEAD + 1) if millis >= to_millis(f"{released}T00:00:00.000Z") else LATE


def notice(clock: int, millis: int, released: str) -> str | None:
    """What a person has to know about the clocks after something was written; `None` where both can be right.

    Args:
        clock: of what was written.
        millis: this machine's time then.
        released: the day when this version of memos was made, such as `2026-11-21`.
    """
    if millis < to_millis(f"{released}T00:00:00.000Z"):
        return (
            f"this machine's clock says {_day(millis)}, and this version of memos was made on {released}: "
            "set the clock; what was written has the wrong date"
        )
    if millis_of(clock) - millis > AHEAD:
        return (
            f"the log of this cube has operations of {_day(millis_of(clock))}, and this machine's clock says {_day(millis)}; "
            "what is written now is dated by this machine's clock, so see that it is right; if it is, mend the log: "
            "memos doctor --repair"
        )
    return None


def _day(millis: int) -> str:
    return str(shown(from_millis(millis)))
