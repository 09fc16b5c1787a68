"""What an endpoint answers, held within limits: bytes, tokens and time; made tokens of, with nothing in it believed blindly.

A server may be broken, or not be who it says it is. It can send for ever (text, pings, empty events, one byte a second, heads
without end), so time and bytes are counted below `http.client`, at every read of the connection. It can also send numbers that
are none and characters that no text has: such a number counts as not told, such a character is replaced.
"""

import json
import re
import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.ports import Token

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 16
_LONGEST_REASON = 200
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


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


def one_line(text: str) -> str:
    """What a server said, fit for a message."""
    return " ".join(_UNPRINTABLE.sub(_REPLACEMENT, text).split())[:_LONGEST_REASON]


def tokens(response: HTTPResponse, budget: Budget) -> Iterator[Token]:
    """The tokens of a reply, as they come.

    Raises:
        TooMuch: it is beyond a limit, broken off, or not as the protocol says.
        OSError: the connection broke.
        HTTPException: it is no HTTP.
    """
    if "event-stream" not in (response.headers.get("Content-Type") or ""):
        token = _token(_object(b"".join(_pieces(response))), "message")
        budget.say(token.text)
        yield token
        return
    for line in _lines(response, budget.line):
        name, _, value = line.strip().partition(b":")
        if name != b"data":
            continue
        if value.strip() == b"[DONE]":
            return
        event = _object(value)
        if event.get("error"):
            raise TooMuch(f"broke off: {one_line(_said(event['error']))}")
        if event.get("choices"):
            token = _token(event, "delta")
            budget.say(token.text)
            yield token


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body as it comes. Not `read`: that takes the length which the server names, and reserves as much memory."""
    while piece := response.read1(_PIECE):
        yield piece


def _lines(response: HTTPResponse, longest: int) -> Iterator[bytes]:
    rest: list[bytes] = []
    size = 0
    for piece in _pieces(response):
        *ended, last = piece.split(b"\n")
        for part in ended:
            yield b"".join([*rest, part])
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        if size > longest:
            raise TooMuch(f"sends a line of more than {longest:,} bytes")
    yield b"".join(rest)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _strange()
    return found


def _said(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or error)


def _strange() -> TooMuch:
    return TooMuch("does not answer as OpenAI's protocol says")


def _token(event: dict[str, Any], part: str) -> Token:
    try:
        choice = event["choices"][0]
        text = choice[part].get("content") or ""
        told = ((choice.get("logprobs") or {}).get("content") or [{}])[0].get("logprob")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise _strange() from None
    if not isinstance(text, str):
        raise _strange()
    return Token(_UNPRINTABLE.sub(_REPLACEMENT, text.replace("\r\n", "\n")), _logprob(told))


def _logprob(told: object) -> float | None:
    """A logarithm of a probability, or nothing: one above zero, without an end or of 4,000 digits says nothing of certainty."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        value = float(told)
    except OverflowError:
        return None
    return value if isfinite(value) and value <= 0 else None
