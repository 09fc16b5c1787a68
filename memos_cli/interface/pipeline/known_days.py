"""Birthdays and other days of the year that memories state, for texts that name them: "on my birthday"."""

import re
from typing import TYPE_CHECKING

from memos_cli.interface.reader.reader import Reader
from memos_cli.interface.reader.told_times import RECURRENCE

if TYPE_CHECKING:
    from memos_cli.session import Session

_RULE = re.compile(r"RRULE:FREQ=YEARLY;BYMONTH=(\d{1,2});BYMONTHDAY=(\d{1,2})$")
_MOST = 20
"""The most memories that are looked at for one name."""


def reader(session: "Session") -> Reader:
    """A reader that takes times as the person means them: in the zone, with the birthdays that the cubes in use know."""
    return Reader(session.zone, KnownDays(session))


class KnownDays:
    """Looks a day up in the cubes in use, when a text names it.

    Args:
        session: whose cubes, and who may see what.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._found: dict[str, tuple[int, int] | None] = {}

    def __call__(self, name: str) -> tuple[int, int] | None:
        """The month and the day of `my birthday`; `None` where no memory states it, or two state different days."""
        name = " ".join(name.lower().replace("\u2019", "'").split())
        if name not in self._found:
            self._found[name] = self._day(name)
        return self._found[name]

    def _day(self, name: str) -> tuple[int, int] | None:
        from memos_cli.operation.operator.operator import MemOperator

        hits = MemOperator(self._session).search(name, k=_MOST, lexical=True, record=False, all_hits=True, apart=True).hits
        days = {
            (int(rule[1]), int(rule[2]))
            for hit in hits
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", hit.memory.content.lower().replace("\u2019", "'"))
            and (rule := _RULE.match(str(hit.memory.metadata.get(RECURRENCE, "")))) is not None
        }
        return days.pop() if len(days) == 1 else None
