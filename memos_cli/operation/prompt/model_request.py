"""The request that a model is sent: memories as the lines of a prompt, and the prompt shortened and put in the model's form."""

import math
from collections.abc import Callable, Sequence

from memos_cli.errors import UsageError
from memos_cli.model import Memory
from memos_cli.operation.prompt.attribution import day, since, speaker
from memos_cli.operation.prompt.layout import JINJA, MINI, Line, Prompt
from memos_cli.operation.prompt.layouts import DEFAULT, LAYOUTS, Layout, messages, pieces
from memos_cli.ports.ports import Request, Token
from memos_cli.times import Zone

UNKNOWN = "I don't know that yet."
"""The answer when the memories do not say; memos-mini was taught to say it then, too."""


def line(memory: Memory, content: str, zone: Zone | None = None) -> Line:
    """A memory as the prompt shows it, with the day that it is from in the person's zone; without a zone that of UTC."""
    return Line(content, day(memory, since(memory), zone) if zone else since(memory), speaker(memory))


def request(prompt: Prompt, template: str | None, layout: Layout = LAYOUTS[DEFAULT]) -> Request:
    """A prompt for a model with this chat template.

    Args:
        prompt: the content.
        template: the model's own chat template; `None` where it has none, or none that can be read.
        layout: how the content is put. memos-mini is asked in `mini` where another model is asked in the default layout: that
            is, byte for byte, the text of `layout.sections`.
    """
    trained = template is not None and template.startswith(JINJA[: JINJA.index("{%")])
    if trained and layout.name == DEFAULT:
        layout = LAYOUTS["mini"]
    said = tuple((message.role, message.text) for message in messages(prompt, layout))
    return Request(said, pieces(prompt, layout, MINI) if template == JINJA else ())


def fit(prompt: Prompt, count: Callable[[Prompt], int], room: int) -> Prompt:
    """The prompt, shortened to `room` tokens: the oldest turns are dropped first, then memories, but never the question.

    Memories found for this turn are dropped from their end, where the weakest stand, then topics and core from theirs.

    Raises:
        UsageError: the question alone does not fit.
    """
    while count(prompt) > room:
        shorter = _shorter(prompt)
        if shorter is None:
            raise UsageError(
                f"the message is too long for the model's context (room for {max(0, room)} tokens)",
                hint="shorten it, or set llm.context higher where the model allows it",
            )
        prompt = shorter
    return prompt


def _shorter(prompt: Prompt) -> Prompt | None:
    from dataclasses import replace

    if prompt.conversation:
        # An answer makes no sense without its question, so both are dropped.
        gone = 2 if len(prompt.conversation) > 1 and prompt.conversation[1].role == "assistant" else 1
        return replace(prompt, conversation=prompt.conversation[gone:])
    if prompt.retrieved:
        return replace(prompt, retrieved=prompt.retrieved[:-1])
    if prompt.topics:
        return replace(prompt, topics=prompt.topics[:-1])
    return replace(prompt, core=prompt.core[:-1]) if prompt.core else None


def certainty(tokens: Sequence[Token]) -> tuple[float, float] | None:
    """The geometric mean and the least of the probabilities of an answer's tokens; `None` where the model gives none.

    A model that gives one for some of the words alone says nothing of the answer.
    """
    if any(token.text and token.logprob is None for token in tokens):
        return None
    told = [token.logprob for token in tokens if token.logprob is not None]
    return (math.exp(sum(told) / len(told)), math.exp(min(told))) if told else None
