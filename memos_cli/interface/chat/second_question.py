"""The second question to a model about its own answer: how likely is it with nothing but the memories that it rests on?

The prompt is the same with fewer memories. What came before them, the core and the conversation, stays, so that none of it is
evaluated again, now or in the next turn: it takes some 60 tokens, and some six of the answer. The model writes nothing, it only
tells probabilities.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import citations
from memos_cli.interface.chat.asked_again import Again, Asking
from memos_cli.operation.prompt import model_request
from memos_cli.ports.ports import Scoring

if TYPE_CHECKING:
    from memos_cli.operation.prompt.layouts import Layout
    from memos_cli.operation.results import Laid
    from memos_cli.ports.ports import LLM


def asking(llm: "LLM", layout: "Layout", answer: str, laid: "Laid", whole: "Laid") -> Asking:
    """What asks a model again.

    Args:
        llm: the model, which has just answered. Of one that tells no probabilities, and of one that nobody taught to refuse,
            the answer would say nothing: what is made of it was learnt from a model that was.
        layout: of the prompt.
        answer: what it answered.
        laid: the prompt that it was asked.
        whole: the same with the memories that were found best first: the first is asked with where the answer has no own words.
    """

    def asked() -> Again | None:
        prompt, lines = laid.prompt, laid.prompt.lines
        if not lines or not isinstance(llm, Scoring) or not llm.taught:
            return None
        rests = sorted(citations.cited(answer, prompt.question, lines)) or [_best(laid, whole)]
        stable = len(prompt.core) + len(prompt.topics)
        if rests[0] < stable:  # in a slot's part of the prompt, which cannot be laid out with less
            return None
        alone = replace(prompt, retrieved=tuple(lines[place] for place in rests))
        every, few = (model_request.request(one, llm.template, layout) for one in (prompt, alone))
        try:
            before = llm.score(every, model_request.UNKNOWN, most=1)
            said = llm.score(few, answer)[:-1]
            refusal = llm.score(few, model_request.UNKNOWN, most=1)
        except ModelUnavailable:
            return None
        return Again(before[0], refusal[0], said[0], sum(said) / len(said)) if said else None

    return asked


def _best(laid: "Laid", whole: "Laid") -> int:
    """The index of the memory that was found to fit the question best."""
    found = [memory.id for memory in whole.memories[len(whole.prompt.core) + len(whole.prompt.topics) :]]
    places = [place for place, memory in enumerate(laid.memories) if memory.id in found[:1]]
    return places[0] if places else 0
