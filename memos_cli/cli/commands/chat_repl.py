"""The conversation on a terminal: line editing by prompt_toolkit, and commands that begin with a slash.

The line is drawn on stderr and answers go to stdout, so that answers can be redirected. Ctrl-C stops an answer or clears the
line, Ctrl-D leaves.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli import modes
from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.commands.chat_views import stats_line, tell_rest
from memos_cli.cli.progress import waiting
from memos_cli.cli.terminal import echo
from memos_cli.errors import MemosError, UsageError
from memos_cli.interface.chat.chat import Chat
from memos_cli.operation.lifecycle.erasure import HISTORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from memos_cli.model import Memory
    from memos_cli.operation.results import Answered

HELP = """\
/memories [WORDS]   the memories of the last answer, or those that WORDS find
/forget NUMBER|ID   forget one of them, or the memory with this id
/save               keep the conversation so far (with --no-save nothing is kept by itself)
/stats              tokens and times
/help               this
/quit               leave; so does Ctrl-D

Enter sends, Alt-Enter begins a new line, the arrow keys bring back what was typed. Ctrl-C stops an answer.
Say "remember that ...", "forget ..." or "what do you know about ..."."""


class Repl:
    """Reads a message and answers it, again and again.

    Args:
        stats: show tokens and times after each answer.
    """

    def __init__(self, app: App, talk: Chat, *, stats: bool) -> None:
        self._app = app
        self._talk = talk
        self._stats = stats
        self._last: Answered | None = None
        self._done = False
        self._commands: dict[str, Callable[[str], None]] = {
            "help": lambda _: app.out(HELP),
            "memories": self._memories,
            "forget": self._forget,
            "save": self._save,
            "stats": self._show_stats,
            "quit": self._quit,
        }

    def run(self) -> None:
        """Run until the person leaves."""
        session = _session(self._app.paths.cache / HISTORY if self._talk.save else None)
        self._app.note(self._greeting())
        first: Callable[[], None] | None = self._ahead
        while not self._done:
            try:
                text = session.prompt("> ", pre_run=first)
            except KeyboardInterrupt:
                self._app.note("Ctrl-D leaves")
                continue
            except EOFError:
                break
            first = None
            if text.strip():
                self._handle(text.strip())
        self._settle(end=True)

    def _ahead(self) -> None:
        """While the person types the first message, load the model and the slot that is most likely needed.

        Loading runs in a thread, since it may take seconds. The rest takes milliseconds and runs between two keys in this
        thread, the only one that may read the cubes. A message sent before that loses nothing.
        """
        import asyncio
        import threading

        from prompt_toolkit.application import get_app

        async def warm() -> None:
            loop, loaded = asyncio.get_running_loop(), asyncio.Event()

            def load() -> None:
                self._talk.load()
                with suppress(RuntimeError):  # the message was sent meanwhile; its answer waits for the model anyway
                    loop.call_soon_threadsafe(loaded.set)

            threading.Thread(target=load, daemon=True).start()
            await loaded.wait()
            self._talk.ahead()

        get_app().create_background_task(warm())

    def _greeting(self) -> str:
        who = f"{self._talk.llm.name} answers" if self._talk.llm else "your memories answer, word for word"
        return f"{who}; /help lists what can be typed, Ctrl-D leaves"

    def _handle(self, text: str) -> None:
        """Handle one line; report an error, and go on with the conversation."""
        try:
            if text.startswith("/") and not text.startswith("//"):
                self._command(text[1:])
            else:
                self._answer(text.removeprefix("/") if text.startswith("//") else text)
        except KeyboardInterrupt:
            self._app.out()
            self._app.note("stopped")
        except MemosError as error:
            echo(f"memos: {error.message}", err=True)
            if error.hint:
                echo(f"  {error.hint}", err=True)

    def _answer(self, text: str) -> None:
        streamed: list[str] = []

        with waiting(self._app, "reading your memories") as told:

            def tell(piece: str) -> None:
                told()
                streamed.append(piece)
                self._app.out(piece, nl=False)

            result = self._last = self._talk.ask(text, tell, stoppable=True)
        if streamed:
            self._app.out()
        if result.mode != "generated":
            for notice in result.notices:  # before the answer, since they may revoke text that was streamed
                self._app.note(notice)
            result = result._replace(notices=())
            self._app.out(result.answer)
        if result.stopped:
            self._app.note("stopped")
        tell_rest(self._app, result)
        if self._stats:
            self._app.note(stats_line(result))
        self._settle()

    def _settle(self, *, end: bool = False) -> None:
        """Make the next answer begin sooner, while the person reads this one; Ctrl-C skips it."""
        with suppress(KeyboardInterrupt):
            self._talk.settle(end=end)

    # -- commands

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        found = [command for command in self._commands if command.startswith(name.lower())] if name else []
        if len(found) != 1:
            raise UsageError(f"there is no command /{name}", hint="/help lists them")
        self._commands[found[0]](rest.strip())

    def _memories(self, words: str) -> None:
        if words:
            shown = tuple(hit.memory for hit in self._app.mos.search(words).hits)
            self._talk.shown = shown
        for number, memory in enumerate(self._talk.shown, 1):
            self._app.out(render.memory_line(memory, before=f"{number:>2}. "))
        if not self._talk.shown:
            self._app.note("none; find some with: /memories WORDS")

    def _forget(self, which: str) -> None:
        forgotten = self._talk.forget(self._meant(which))
        self._app.out(render.memory_line(forgotten, before="forgot "))
        self._app.note("bring back with: memos undo")

    def _meant(self, which: str) -> "Memory":
        if not which:
            raise UsageError("which memory?", hint="/memories numbers them; then /forget NUMBER")
        if which.isdigit() and len(which) < 3:
            if not 1 <= int(which) <= len(self._talk.shown):
                raise UsageError(f"no memory is numbered {which}", hint="/memories numbers them")
            return self._talk.shown[int(which) - 1]
        return self._app.mos.get(which)

    def _save(self, _: str) -> None:
        count = self._talk.keep()
        said = (
            f"kept {count} turns" if count else "everything that was said is kept" if self._talk.save else "nothing to keep yet"
        )
        self._app.out(f"{said} ({self._talk.conversation})")

    def _show_stats(self, _: str) -> None:
        if self._last is not None:
            self._app.out(f"last answer: {stats_line(self._last)}")
        counts = self._talk.counts
        tokens = f"{counts['prompt']} + {counts['answer']} tokens"
        if "evaluated" in counts:
            tokens += f", {counts.get('slot', 0)} from slots, {counts['evaluated']} evaluated"
        self._app.out(f"conversation: {counts['messages']} messages, {tokens}, {self._talk.seconds:.2f} s")

    def _quit(self, _: str) -> None:
        self._done = True


def _session(history: Path | None) -> Any:  # noqa: ANN401 -- a PromptSession; prompt_toolkit is imported when it is needed
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.output.defaults import create_output

    kept: History = InMemoryHistory()
    if history is not None:
        _make_private(history)
        kept = FileHistory(history)
    import sys

    return PromptSession(
        history=kept,
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation="  ",
        output=create_output(stdout=sys.stderr),
        enable_open_in_editor=False,
    )


def _make_private(path: Path) -> None:
    """Make the history readable by nobody else, since it contains as much as the memories."""
    try:
        modes.make_folder(path.parent)
        modes.make_file(path)
    except OSError as error:
        raise MemosError(f"cannot write {path}: {error.strerror}") from None


def _keys() -> Any:  # noqa: ANN401 -- KeyBindings
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: Any) -> None:  # noqa: ANN401 -- prompt_toolkit's event
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: Any) -> None:  # noqa: ANN401 -- prompt_toolkit's event
        event.current_buffer.insert_text("\n")

    return keys
