"""What a reply over the network may cost: bytes, tokens and time, counted at every read of the connection.

A server may be broken, or not be who it says it is. It can send for ever (text, pings, empty events, one byte a second, heads
without end), so time and bytes are counted below `http.client`.
"""

import socket
import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class TooMuch(Exception):
    """A reply that is beyond a limit, or that is not what the protocol says; the text goes on from the server's name.

    Attributes:
        mute: whether it said nothing for too long, which a slow model may do, too.
    """

    def __init__(self, text: str, *, mute: bool = False) -> None:
        super().__init__(text)
        self.mute = mute


class Limits(NamedTuple):
    """What a reply may cost, with the request for `most` tokens that it answers.

    Attributes:
        wait: seconds without a word; whatever else comes (pings, empty events, heads letter by letter) is no word.
        silence: seconds between two reads.
        seconds: for the whole of it, besides one second for each token asked for.
        size: bytes of the whole of it, heads included, besides `event` bytes for each token asked for.
        event: bytes; an event with the probabilities of twenty alternatives has about 3,000.
        line: bytes of one line of a stream.
        events: that hold text, for each token asked for; some servers send letters one by one.
        letters: characters of text, for each token asked for; the longest tokens of vocabularies have 128.
    """

    wait: float = 120
    silence: float = 120
    seconds: float = 120
    size: int = 1 << 20
    event: int = 4096
    line: int = 1 << 20
    events: int = 16
    letters: int = 128

    def budget(self, most: int) -> "Budget":
        """What a reply of `most` tokens has, from now on."""
        return Budget(self, most)


class Budget:
    """What is left to one reply."""

    def __init__(self, limits: Limits, most: int) -> None:
        self.line = limits.line
        self._events = (most + 1) * limits.events
        self._letters = (most + 1) * limits.letters
        self._silence = limits.silence
        self._size = self._bytes = limits.size + limits.event * most
        self._seconds = limits.seconds + most
        self._ends = time.monotonic() + self._seconds
        self._wait = limits.wait
        self._mute = time.monotonic() + self._wait

    def wait(self) -> float:
        """How long to wait for the next bytes, in seconds.

        Raises:
            TooMuch: the time is over, or nothing was said for too long.
        """
        now = time.monotonic()
        if self.ended or now >= self._mute:
            raise self.over()
        return min(self._silence, self._ends - now, self._mute - now)

    def over(self) -> TooMuch:
        """What to say when the time is over."""
        if not self.ended:
            return TooMuch(f"has not said a word for {self._wait:.0f} seconds", mute=True)
        return TooMuch(f"has not finished its reply within {self._seconds:.0f} seconds")

    @property
    def ended(self) -> bool:
        """Whether the time of the whole reply is over."""
        return time.monotonic() >= self._ends

    @property
    def is_mute(self) -> bool:
        """Whether nothing was said for too long."""
        return time.monotonic() >= self._mute

    def say(self, text: str) -> None:
        """Count what a reply says.

        Raises:
            TooMuch: it says more than so many tokens can.
        """
        if text.strip():
            self._mute = time.monotonic() + self._wait
        self._events -= bool(text)
        self._letters -= len(text)
        if self._events < 0 or self._letters < 0:
            raise TooMuch("sends many more tokens than it was asked for")

    def take(self, size: int) -> None:
        """Count bytes that were read.

        Raises:
            TooMuch: there are too many.
        """
        self._bytes -= size
        if self._bytes < 0:
            raise TooMuch(f"sends more than {self._size:,} bytes in one reply")


class _Bounded(RawIOBase):
    """The bytes of a connection, each read within a budget."""

    def __init__(self, connection: socket.socket, budget: Budget) -> None:
        super().__init__()
        self._connection = connection
        # An unbuffered file of the socket, not the socket: `http.client` closes that one while the response is still read.
        self._file = connection.makefile("rb", buffering=0)
        self._budget = budget

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        """As `RawIOBase.readinto`."""
        self._connection.settimeout(self._budget.wait())
        try:
            size: int | None = self._file.readinto(buffer)
        except TimeoutError:
            if self._budget.ended or self._budget.is_mute:
                raise self._budget.over() from None
            raise
        self._budget.take(size or 0)
        return size

    def close(self) -> None:
        """Close the file; the socket follows when nothing else needs it."""
        self._file.close()
        super().close()


class BoundedResponse(HTTPResponse):
    """A response whose status, heads and body are read within a budget."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None, *, budget: Budget
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = BufferedReader(_Bounded(sock, budget))
