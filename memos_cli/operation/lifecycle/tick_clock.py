"""What a tick makes of clocks that may be wrong: whether it is its turn, and whether it purges, which nothing takes back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from memos_cli.errors import Refused
from memos_cli.hybrid_clock import APART
from memos_cli.times import from_text, shown, to_millis, to_text

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault

PAUSE = timedelta(days=31)
"""A tick that comes so long after the one before leaves purges to a later one: a clock that is wrong looks the same, and all
else that a tick does can be taken back."""
WAIT = timedelta(hours=23)
"""How long after such a tick purges wait: a day, less what a daily tick may begin earlier than the day before."""
_PURGES_FROM = "purges from"
"""The mark of the instant from which on ticks purge again."""
_NAMED = 5
"""How many ids a refusal lists."""


def turn(now: str, last: str, wall: str) -> tuple[bool, str | None]:
    """Whether a tick for `now` has anything to do, and what a person has to know.

    A tick for an instant before the last one is none. But a last one that lies ahead of the clock is no reason to wait for it.

    Args:
        now: the instant that the tick is for.
        last: that of the last tick; empty for none.
        wall: what this machine's clock says.
    """
    if now >= last:
        return True, None
    if last <= wall or now > wall:
        return False, None
    if to_millis(last) - to_millis(wall) <= APART:
        return True, None
    return True, (
        f"the last tick was for {shown(last)}, ahead of this machine's clock, which says {shown(wall)}; "
        f"ticks go on from {shown(now)}"
    )


def refuse_ahead(cube: str, now: str, doomed: Sequence[str]) -> None:
    """Refuse a tick for an instant later than the clock where it would purge memories.

    Raises:
        Refused: it would.
    """
    if doomed:
        more = f" and {len(doomed) - _NAMED} more" if len(doomed) > _NAMED else ""
        raise Refused(
            f"{shown(now)} is ahead of this machine's clock, and a tick for it would purge {_many(len(doomed))} of cube {cube} "
            f"for good: {' '.join(one[:8] for one in doomed[:_NAMED])}{more}; nothing was done",
            hint="see all that it would do with --dry-run; to purge them: --yes",
        )


def waits(vault: "Vault", now: str, last: str, wall: str, *, dry: bool) -> str | None:
    """From when on a tick purges, where one for `now` does not; `None` where it does. The arguments are those of `turn`.

    After a pause this is recorded in the cube, unless the tick is dry. One for an instant later than the clock waits for
    nothing: somebody looks ahead on purpose, and has agreed to the purges.
    """
    if now > wall:
        return None
    later = to_text(from_text(now) + WAIT)
    if last and from_text(now) - from_text(last) > PAUSE:
        if not dry:
            vault.set_mark(_PURGES_FROM, later)
        return later
    until = vault.mark(_PURGES_FROM)
    return until if now < until <= later else None


def told(held: int, until: str | None) -> str:
    """The notice of memories that were not purged yet."""
    return (
        f"{_many(held)} {'is' if held == 1 else 'are'} due to be purged; since no tick had run for over {PAUSE.days} days, "
        f"that is left to a tick from {shown(until)} on"
    )


def _many(count: int) -> str:
    return "1 memory" if count == 1 else f"{count} memories"
