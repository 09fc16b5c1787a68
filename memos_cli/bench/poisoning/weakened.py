"""The fence and the rules of trust taken away, to measure what each is worth. Nothing but this benchmark does so.

There is no setting for it: the functions at the two gates are replaced in this process for as long as a block lasts.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from memos_cli.agents import agent_memory
from memos_cli.infra.transfer import familiarity, merge
from memos_cli.infra.vault.units import Unit
from memos_cli.interface.brief import block, brief
from memos_cli.operation.prompt import layout, layouts

_FENCED = ((agent_memory, "fenced"), (block, "fenced"), (brief, "fenced"), (layout, "fenced"), (layout, "cleaned"),
           (layouts, "cleaned"))  # fmt: skip
"""Where texts are made fit to stand within the fence or beside it."""


@contextmanager
def without(*, fence: bool = False, trust: bool = False) -> Iterator[None]:
    """Let texts stand in prompts and blocks as they are, and let nothing that comes in be marked as from elsewhere.

    Args:
        fence: leave out the fence's cleaning.
        trust: leave out the marks.
    """
    with ExitStack() as stack:
        if fence:
            for module, name in _FENCED:
                stack.enter_context(_replaced(module, name, str))
        if trust:
            stack.enter_context(_replaced(Unit, "is_by_agent", property(lambda _: False)))
            stack.enter_context(_replaced(Unit, "keep_strange", _nothing))
            stack.enter_context(_replaced(merge, "_mark_arrivals", _nothing))
            stack.enter_context(_replaced(familiarity, "mark", _nothing))
        yield


def _nothing(*_: object, **__: object) -> None:
    return


@contextmanager
def _replaced(holder: Any, name: str, other: Callable[..., Any] | property) -> Iterator[None]:  # noqa: ANN401 -- a module, a class
    before = vars(holder)[name]
    setattr(holder, name, other)
    try:
        yield
    finally:
        setattr(holder, name, before)
