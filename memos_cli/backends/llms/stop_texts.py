"""Stop sequences in a stream: text that may begin one is held back until that is clear."""

from collections.abc import Sequence


class Stops:
    """Lets text through up to the first stop sequence.

    Args:
        sequences: texts that end the stream and are not part of it; empty ones are ignored.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """The part of the text so far that may be shown now."""
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
        """At the end of the stream, the text that was held back and is no stop sequence."""
        shown, self._held = self._held, ""
        return shown

    def _overlap(self, sequence: str) -> int:
        """How many characters at the end are a beginning of the sequence."""
        longest = min(len(sequence) - 1, len(self._held))
        return next((size for size in range(longest, 0, -1) if self._held.endswith(sequence[:size])), 0)
