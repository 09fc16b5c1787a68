"""Stop sequences in a stream: what might be the beginning of one is held back until it is known."""

from collections.abc import Sequence


class Stops:
    """Lets text through up to the first stop sequence.

    Args:
        sequences: texts that end the stream and are not part of it; empty ones count for nothing.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """What of the text so far may be shown now."""
        self._held += text
        places = [at for sequence in self._sequences if (at := self._held.find(sequence)) >= 0]
        if places:
            self.stopped = True
            shown, self._held = self._held[: min(places)], ""
            return shown
        keep = max((self._overlap(sequence) for sequence in self._sequences), default=0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def rest(self) -> str:
        """What was held back and turned out to be no stop sequence, at the end of the stream."""
        shown, self._held = self._held, ""
        return shown

    def _overlap(self, sequence: str) -> int:
        """How many characters at the end are a beginning of the sequence."""
        longest = min(len(sequence) - 1, len(self._held))
        return next((size for size in range(longest, 0, -1) if self._held.endswith(sequence[:size])), 0)
