"""A model that grades answers with yes or no. It is never chosen by default; its prompts go where its settings say."""

import re
from collections.abc import Sequence

from memos_cli.operation.prompt.layout import cleaned
from memos_cli.ports import LLM, Request

_ROLE = "You grade answers to questions about a long conversation. Reply with one word: yes or no."
_KNOWN = (
    "Does the given answer say what the expected answer says? Other words, more words, and another way to write the same "
    "date or number are fine. Something missing, something that contradicts it, or not knowing is a no."
)
_UNKNOWN = "The conversation does not say it. Does the given answer leave it open, or say that it is not known?"
_MOST = 16
"""Most tokens of a verdict: enough for a model that says more than one word."""
_SHORTEST = 64
_VERDICT = re.compile(r"\b(yes|no)\b")


def verdict(judge: LLM, question: str, expected: Sequence[str], answer: str) -> bool | None:
    """Whether a model calls an answer right; `None` where it says neither yes nor no.

    (That a model's yes or no agrees well with a person's was shown for LongMemEval, Wu et al. 2024,
    https://arxiv.org/abs/2410.10813; the rubric here is another.)

    Args:
        judge: the model.
        expected: the right answers; none where the conversation does not say it.

    Raises:
        ModelUnavailable: the model cannot be run, or its context is too small.
    """
    reply = "".join(token.text for token in judge.stream(_fitting(judge, question, expected, answer), most=_MOST))
    found = _VERDICT.search(reply.lower())
    return found[1] == "yes" if found else None


def _fitting(judge: LLM, question: str, expected: Sequence[str], answer: str) -> Request:
    """The request, with the end of a very long answer cut off."""
    made = _request(question, expected, answer)
    while judge.count(made) > judge.context - _MOST and len(answer) > _SHORTEST:
        answer = answer[: len(answer) // 2]
        made = _request(question, expected, answer)
    return made


def _request(question: str, expected: Sequence[str], answer: str) -> Request:
    lines = [f"Question: {_folded(question)}"]
    if expected:
        lines.append(f"Expected answer: {' / or: '.join(map(_folded, expected))}")
    lines += [f"Given answer: {_folded(answer)}", "", _KNOWN if expected else _UNKNOWN, "Yes or no?"]
    return Request((("system", _ROLE), ("user", "\n".join(lines))))


def _folded(text: str) -> str:
    """The text on one line, so that an answer cannot pass for a line of the rubric."""
    return " ".join(cleaned(text).split())
