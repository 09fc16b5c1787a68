"""A program behind a URL: how it is asked, and what is said where it does not answer as it should.

It uses `http.client` and nothing above it: no proxy of the environment and no redirect can lead what is sent, or the key,
elsewhere. What comes back is read within limits (`bounds`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from memos_cli.backends.endpoint.bounds import BoundedResponse, Budget, TooMuch
from memos_cli.errors import ModelUnavailable, UsageError

HINT = "look at the settings of models and endpoints: memos config show"
_PIECE = 1 << 16
_LONGEST_REASON = 200
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class Endpoint:
    """A program behind a URL; a connection is opened for each question.

    Args:
        setting: the name of the setting that holds the URL, for messages.
        url: the URL.
        like: a URL as it should be, for the hint.
        key: sent as a bearer token; `None` for none.
        silence: seconds between two reads.
        slow: the hint where it takes too long.

    Raises:
        UsageError: the URL is none of http or https, or the key holds characters that no key has.

    Attributes:
        host: the host with its port, as messages name it.
        path: of the URL, without a slash at its end.
    """

    def __init__(self, setting: str, url: str, *, like: str, key: str | None, silence: float, slow: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UsageError(f"{setting} cannot be {url!r}", hint=f"memos config set {setting} {like}")
        if key and not key.isascii():
            raise UsageError(f"the key for {setting} holds characters that no key has")
        self.host = parts.netloc
        self.path = parts.path.rstrip("/")
        self._parts = parts
        self._setting = setting
        self._key = key.strip() if key else None
        self._silence = silence
        self._slow = slow

    @contextmanager
    def connected(self, budget: Budget) -> Iterator[HTTPConnection]:
        """A connection, closed at the end; what is read of it counts against a budget.

        Raises:
            UsageError: the URL names no port.
            ModelUnavailable: there is no connection, it breaks off, or the reply is beyond a limit.
        """
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        try:
            connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._silence)
        except ValueError as error:
            raise UsageError(f"{self._setting} has no such port: {error}") from None
        # One budget for all attempts: a server that refuses and answers then gets no more than one that answers.
        connection.response_class = partial(BoundedResponse, budget=budget)  # type: ignore[assignment]
        try:
            yield connection
        except TooMuch as error:
            raise ModelUnavailable(f"{self.host} {error}", hint=self._slow if error.mute else HINT) from None
        except TimeoutError as error:
            raise ModelUnavailable(f"{self.host} has sent nothing for {self._silence:g} seconds", hint=self._slow) from error
        except (OSError, HTTPException) as error:
            raise ModelUnavailable(f"cannot talk to {self.host}: {one_line(str(error))}", hint=HINT) from error
        finally:
            connection.close()

    def post(
        self, connection: HTTPConnection, path: str, body: Mapping[str, Any], accept: str = "application/json"
    ) -> HTTPResponse:
        """Send an object, and return the response as far as its heads."""
        headers = {"Content-Type": "application/json", "Accept": accept}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        connection.request("POST", path, json.dumps(body).encode(), headers)
        return connection.getresponse()

    def refusal(self, response: HTTPResponse, asked: str = "") -> ModelUnavailable:
        """What to say of a response that is none of status 200; `asked` says for what it was asked."""
        said = response.read(2000).decode("utf-8", "replace")
        try:
            told = json.loads(said)
            error = told.get("error") or told.get("message") or told.get("detail")
            said = str(error["message"] if isinstance(error, dict) else error or said)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        reason = one_line(said) or one_line(response.reason)
        return ModelUnavailable(f"{self.host} answered {response.status}{asked}: {reason}", hint=HINT)


def pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body as it comes. Not `read`: that takes the length which the server names, and reserves as much memory."""
    while piece := response.read1(_PIECE):
        yield piece


def printable(text: str) -> str:
    """A text with a mark in place of each character that no text has."""
    return _UNPRINTABLE.sub(_REPLACEMENT, text)


def one_line(text: str) -> str:
    """What a server said, fit for a message."""
    return " ".join(printable(text).split())[:_LONGEST_REASON]
