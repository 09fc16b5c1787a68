"""What a client asks a model for, and what it is told of the answer: nouns alone, so that a server starts without the rest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import UsageError
from memos_cli.ports.sampled import Sampling
from memos_cli.times import Zone

if TYPE_CHECKING:
    from memos_cli.model import Memory


class TooLong(UsageError):
    """The messages have no room in the model's context."""


class Ask(NamedTuple):
    """What a client asks for.

    Attributes:
        messages: role (`system`, `user`, `assistant`) and text of each.
        most: the most tokens of the answer; `None` for as many as there is room for.
        schema: of a JSON answer; `None` for plain text.
        recall: whether memories are looked up.
    """

    messages: tuple[tuple[str, str], ...]
    most: int | None = None
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    schema: Mapping[str, Any] | None = None
    recall: bool = True


class Finish(NamedTuple):
    """What is told of an answer once it has ended.

    Attributes:
        text: all of it.
        cut: it has as many tokens as it may; otherwise the model or a stop sequence ended it.
        prompt: tokens of the prompt.
        held: how many of them needed no evaluation, since a slot or the last request had them.
        answer: tokens of the answer, with the one that ends it.
        memories: those in the prompt, in the order of their numbers.
        cited: indexes of those that the answer rests on.
        stands: whether they bear it out, as chat asks before it shows an answer; `None` where none were in the prompt.
        doubt: why they do not.
        zone: where the person is, whose days the memories have.
        trusted: whether chat would let this model answer, by its exam.
    """

    text: str
    cut: bool
    prompt: int
    held: int
    answer: int
    memories: "tuple[Memory, ...]" = ()
    cited: tuple[int, ...] = ()
    stands: bool | None = None
    doubt: str = ""
    zone: Zone = Zone()
    trusted: bool = False
    notices: tuple[str, ...] = ()
