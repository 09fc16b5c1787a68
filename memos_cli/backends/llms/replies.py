"""The tokens of a reply in OpenAI's protocol, made with nothing in it believed blindly.

A server can send numbers that are none and characters that no text has: such a number counts as not told, such a character is
replaced. What it may cost is bounded (`endpoint.bounds`).
"""

import json
from collections.abc import Iterator
from http.client import HTTPResponse
from math import isfinite
from typing import Any

from memos_cli.backends.endpoint.bounds import Budget, TooMuch
from memos_cli.backends.endpoint.endpoint import one_line, pieces, printable
from memos_cli.ports.ports import Token


def tokens(response: HTTPResponse, budget: Budget) -> Iterator[Token]:
    """The tokens of a reply, as they come.

    Raises:
        TooMuch: it is beyond a limit, broken off, or not as the protocol says.
        OSError: the connection broke.
        HTTPException: it is no HTTP.
    """
    if "event-stream" not in (response.headers.get("Content-Type") or ""):
        token = _token(_object(b"".join(pieces(response))), "message")
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


def _lines(response: HTTPResponse, longest: int) -> Iterator[bytes]:
    rest: list[bytes] = []
    size = 0
    for piece in pieces(response):
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
    return Token(printable(text.replace("\r\n", "\n")), _logprob(told))


def _logprob(told: object) -> float | None:
    """A logarithm of a probability, or nothing: one above zero, without an end or of 4,000 digits says nothing of certainty."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        value = float(told)
    except OverflowError:
        return None
    return value if isfinite(value) and value <= 0 else None
