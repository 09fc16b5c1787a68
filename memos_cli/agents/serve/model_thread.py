"""The thread in which the model answers: one answer after the other, so many waiting and no more.

A model has one context, and open cubes belong to the thread that opened them, so both are used here alone. A client that leaves
ends its answer between two tokens, or between two batches of its prompt.
"""

import asyncio
import math
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.interface.chat.client_ask import Ask, Finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from memos_cli.agents.agent_memory import OpenMos
    from memos_cli.interface.api import MOS
    from memos_cli.interface.chat.client_talk import ClientTalk
    from memos_cli.ports.ports import LLM

_TALKS = 32
"""Bearers and cubes whose sessions are kept open at once."""
_LONGEST_RETRY = 60
"""Seconds after which a client that was turned away may come again, at most."""


class Overloaded(Exception):
    """So many requests wait that no more are taken; `seconds` until it is worth trying again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"this model answers others, and no more requests can wait; try again in {seconds} s")
        self.seconds = seconds


class Who(NamedTuple):
    """The bearer of a token, in the cubes that the request narrows the server's to."""

    token: str
    cubes: tuple[str, ...] = ()


class Job:
    """A request on its way through the thread; used in the event loop, apart from `tell`.

    Args:
        who: asks.
        ask: for what.
    """

    def __init__(self, who: Who, ask: Ask) -> None:
        self.who, self.ask = who, ask
        self.gone = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[str | Finish | Exception | None] = asyncio.Queue()

    async def next(self) -> str | Finish | None:
        """The next piece of the answer, or what is told of it once it has ended; `None` after that.

        Raises:
            MemosError: it failed; whatever else was raised is raised here, too.
        """
        event = await self._events.get()
        if isinstance(event, Exception):
            raise event
        return event

    def tell(self, event: str | Finish | Exception | None) -> None:
        """Hand an event to whoever waits for it; from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)


class ModelThread:
    """Answers requests one after the other.

    Args:
        opened: opens the home for the bearer of a token.
        llm: makes the model; called once, at the first request.
        waiting: how many requests may wait while one is answered.
    """

    def __init__(self, opened: "Callable[[str], OpenMos]", llm: "Callable[[], LLM]", waiting: int) -> None:
        self._opened, self._make, self._most = opened, llm, waiting + 1
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="memos-model")
        self._under_way: dict[Job, Future[None]] = {}
        self._taken = 0.0
        self._llm: LLM | None = None
        self._talks: OrderedDict[Who, tuple[MOS, ClientTalk]] = OrderedDict()
        self._last: ClientTalk | None = None
        self._principal = ""

    # -- in the event loop

    def submit(self, who: Who, ask: Ask) -> Job:
        """Take a request.

        Raises:
            Overloaded: too many wait.
        """
        if len(self._under_way) >= self._most:
            seconds = self._taken * len(self._under_way)
            raise Overloaded(max(1, min(_LONGEST_RETRY, math.ceil(seconds))))
        job = Job(who, ask)
        self._under_way[job] = self._thread.submit(self._run, job)
        return job

    def leave(self, job: Job) -> None:
        """The client has what it asked for, or has left: the answer ends, and one that was not begun never is."""
        job.gone.set()
        future = self._under_way.pop(job, None)
        if future is not None:
            future.cancel()

    def close(self) -> None:
        """Keep the state of the last conversation, and close all that was opened."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def load(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: it cannot be loaded.
        """
        self._thread.submit(lambda: self._model().context).result()

    # -- in the thread

    def _model(self) -> "LLM":
        if self._llm is None:
            self._llm = self._make()
        return self._llm

    def _run(self, job: Job) -> None:
        begun = time.monotonic()
        talk: ClientTalk | None = None
        try:
            talk = self._talk(job.who)
            for event in talk.answer(job.ask, job.gone.is_set):
                job.tell(event)
            job.tell(None)
        except Exception as error:  # noqa: BLE001 -- the client is told, and the thread goes on with the next one
            job.tell(error)
        finally:
            self._taken = (self._taken or time.monotonic() - begun) / 2 + (time.monotonic() - begun) / 2
        if talk is not None:
            with suppress(MemosError, OSError):
                talk.settle()

    def _talk(self, who: Who) -> "ClientTalk":
        """The conversations of a bearer; what the model holds of another principal's goes first."""
        if who not in self._talks:
            if len(self._talks) >= _TALKS:
                _, (oldest, _) = self._talks.popitem(last=False)
                oldest.close()
            from memos_cli.interface.chat.client_talk import ClientTalk  # here, since a server starts without it

            mos = self._opened(who.token)(None, who.cubes)
            try:
                self._talks[who] = mos, ClientTalk(mos, mos.memories, self._model())
            except BaseException:
                mos.close()
                raise
        self._talks.move_to_end(who)
        mos, talk = self._talks[who]
        if self._last is not None and self._principal != mos.principal:
            self._last.release()
        self._last, self._principal = talk, mos.principal
        return talk

    def _close(self) -> None:
        if self._last is not None:
            with suppress(MemosError, OSError):
                self._last.settle(end=True)
        for mos, _ in self._talks.values():
            mos.close()
        if self._llm is not None:
            self._llm.close()
