"""From memories to a prompt that fits, and from an answer back to the memories it rests on. Pure functions."""

import math
import re
from collections.abc import Callable, Iterator, Sequence

from memos_cli.errors import UsageError
from memos_cli.interface import intents
from memos_cli.interface.prompt import JINJA, MINI, Line, Prompt, messages, text
from memos_cli.interface.results import Hit
from memos_cli.model import Kind, Memory, Origin
from memos_cli.ports import Piece, Request, Token

UNKNOWN = "I don't know that yet."
"""What is answered when the memories do not say; also what memos-mini was taught to say then."""
MOST_EXTRACTS = 3
NEAR = 0.6
"""The share of the best hit's score from which on another hit stands beside it in an extractive answer."""
ALIKE = 0.35
"""The cosine from which on a memory that shares no word with the question may answer it."""
_OWN_WORDS = frozenset({"yes", "no", "you", "yet"})
"""What memos-mini's answers end with and no memory needs to say."""

_MARK = re.compile(r"(<\|\w+\|>)")
_NUMBERED = re.compile(r"[\[(](\d{1,2}(?:\s*,\s*\d{1,2})*)[\])]")


def line(memory: Memory, content: str) -> Line:
    """A memory as the prompt shows it.

    Who said it is told for turns of a conversation, and for what was extracted from the words of others: their "I" is not
    the person's.
    """
    speaker = memory.source.speaker
    of_others = memory.origin is Origin.INFERENCE and (speaker or "").casefold() != (memory.owner or "").casefold()
    return Line(content, since(memory), speaker if memory.kind is Kind.EPISODE or of_others else None)


def since(memory: Memory) -> str:
    """The time that a memory is from, by which the memories found for a turn stand oldest first.

    Where two disagree the later one is then the last one, which a small model can tell without comparing dates.
    """
    return memory.valid_from or memory.occurred_at or memory.created_at


def request(prompt: Prompt, template: str | None) -> Request:
    """A prompt for a model with this chat template: byte for byte our own layout where it is memos-mini's."""
    if template is None or not template.startswith(JINJA[: JINJA.index("{%")]):
        return Request(tuple((message.role, message.text) for message in messages(prompt)))
    said = tuple((message.role, message.text) for message in messages(prompt, MINI.words))
    if template != JINJA:
        return Request(said)
    parts = [part for part in _MARK.split(text(prompt, MINI)) if part]
    return Request(said, tuple(Piece(part, marks=bool(_MARK.fullmatch(part))) for part in parts))


def fit(prompt: Prompt, count: Callable[[Prompt], int], room: int) -> Prompt:
    """The prompt, shortened to `room` tokens: the oldest turns go first, then the weakest memories, never the question.

    The weakest memories are the last of those found for this turn; after them go topics and core, from their ends.

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
        # An answer does not stand without its question, so both go.
        gone = 2 if len(prompt.conversation) > 1 and prompt.conversation[1].role == "assistant" else 1
        return replace(prompt, conversation=prompt.conversation[gone:])
    if prompt.retrieved:
        return replace(prompt, retrieved=prompt.retrieved[:-1])
    if prompt.topics:
        return replace(prompt, topics=prompt.topics[:-1])
    return replace(prompt, core=prompt.core[:-1]) if prompt.core else None


def certainty(tokens: Sequence[Token]) -> tuple[float, float] | None:
    """The geometric mean and the least of the probabilities of an answer's tokens; `None` where none are told."""
    told = [token.logprob for token in tokens if token.logprob is not None]
    return (math.exp(sum(told) / len(told)), math.exp(min(told))) if told else None


def broken_off(answer: str, prompt: Prompt) -> bool:
    """Whether an answer that should be a copy ends within a word of its prompt, as `garden` for `gardening` does.

    memos-mini may take the beginning of a word that it does not know for one that it knows, and be sure of it: of 2,000
    questions to an earlier file's known wordings 8 were answered so.
    """
    last = re.findall(r"\w+", answer.casefold())[-1:]
    told = {word for said in _said(prompt) for word in re.findall(r"\w+", said.casefold())}
    return any(word not in told | _OWN_WORDS and any(each.startswith(word) for each in told) for word in last)


def _said(prompt: Prompt) -> Iterator[str]:
    yield prompt.question
    yield from (turn.text for turn in prompt.conversation)
    yield from (part for each in prompt.lines for part in (each.text, each.date, each.speaker) if part)


def cited(answer: str, question: str, lines: Sequence[Line]) -> list[int]:
    """The indexes of the lines that an answer rests on: those it numbers, else those it shares its own words with.

    Words of the question count only where the answer has no others ("Yes.", "No, I don't.").
    """
    if answer.strip().startswith(UNKNOWN.rstrip(".")):
        return []
    numbers = [int(number) for found in _NUMBERED.findall(answer) for number in found.split(",")]
    if named := [number - 1 for number in dict.fromkeys(numbers) if 1 <= number <= len(lines)]:
        return named
    asked = intents.terms(question)
    words = intents.terms(answer) - asked
    shares = [(len(words & intents.terms(each.text)), len(asked & intents.terms(each.text))) for each in lines]
    most = max(shares, default=(0, 0))
    if most[0] == 0:
        # Nothing of its own: where the answer is short, what was asked for leads to the memory.
        most_asked = max((share[1] for share in shares), default=0)
        short = len(answer.split()) <= 6
        return [number for number, share in enumerate(shares) if short and most_asked and share[1] == most_asked][:1]
    best = [number for number, share in enumerate(shares) if share == most]
    covered = words & intents.terms(lines[best[0]].text)
    chosen = best[:1]
    for number, each in sorted(enumerate(lines), key=lambda pair: -shares[pair[0]][0]):
        if more := (words & intents.terms(each.text)) - covered:
            chosen.append(number)
            covered |= more
    return chosen


def extracts(question: str, hits: Sequence[Hit]) -> list[Memory]:
    """The memories that answer a question by themselves, best first; none where those found have nothing to do with it."""
    asked = intents.terms(question)
    fitting = [hit for hit in hits if _fits(hit, asked)]
    if not fitting:
        return []
    best = fitting[0].score
    return [hit.memory for hit in fitting if hit.score >= NEAR * best][:MOST_EXTRACTS]


def _fits(hit: Hit, asked: set[str]) -> bool:
    return bool(asked & intents.terms(hit.memory.content)) or (hit.parts.cosine or 0.0) >= ALIKE
