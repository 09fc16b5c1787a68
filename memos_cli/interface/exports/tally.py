"""What an export wrote, and what stays."""

from collections import Counter

from memos_cli.records import NamedTuple


class ExportReport(NamedTuple):
    """What an export wrote.

    Attributes:
        memories: how many it wrote.
        masked: how many of them have secrets that are hidden.
        left_out: how many their labels kept; `labels` has how many each of these labels kept.
        undated: how many have no date, where the format needs one.
        bytes: how much it wrote.
    """

    memories: int = 0
    masked: int = 0
    left_out: int = 0
    labels: tuple[tuple[str, int], ...] = ()
    undated: int = 0
    bytes: int = 0


class ExportTally:
    """What an export wrote so far."""

    def __init__(self) -> None:
        self.memories = self.masked = self.left_out = self.undated = self.bytes = 0
        self.labels: Counter[str] = Counter()

    def told(self) -> ExportReport:
        """The tally as it is in the end."""
        return ExportReport(
            self.memories, self.masked, self.left_out, tuple(sorted(self.labels.items())), self.undated, self.bytes
        )
