"""Progress lines on stderr if a person sees it; rich is imported only then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memos_cli.cli.app import App
from memos_cli.cli.render import duration
from memos_cli.errors import MemosError

if TYPE_CHECKING:
    from threading import Event

    from memos_cli.operation.parametric.training import RunStep, Tell


@contextmanager
def progress(app: App, what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr if a person sees it; otherwise nothing."""
    if not app.watched:
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from memos_cli.cli.tables import environment

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True, _environ=environment()), transient=True) as bar:
        task = bar.add_task(what, total=None, count="")
        app.hush = bar.stop
        app.above = lambda text: bar.console.print(Text(text, style="dim"))
        try:
            yield lambda done, total: bar.update(
                task,
                completed=done,
                total=total or None,
                count=f"{done:,} of {total:,}" if total else f"{done:,}" if done else "",
            )
        finally:
            app.above = None


def embedded(app: App) -> tuple[int, int]:
    """Make the vectors of stored memories, which stay stored even if this fails; how many were made, and how many wait."""
    from memos_cli.operation.results import GET_MODEL

    vault = app.mos.writable()
    made = 0
    with progress(app, "embedding") as tell:
        app.mos.embeddings.progress = lambda what, done, _: app.note(f"{what}\u2026") if done == 0 else None
        try:
            made = app.mos.embed(vault, tell)
        except MemosError as error:
            app.note(f"stored, but not embedded: {error.message}")
    pending = app.mos.memories.pending(vault)
    if pending and not made and app.settings.get("embedder") == "auto":
        app.note(GET_MODEL)
    return made, pending


SOON = 0.4
"""Seconds after which a person who waits is shown that something is done; what is done sooner shows nothing."""


@contextmanager
def waiting(app: App, what: str) -> Iterator[Callable[[], None]]:
    """A line on stderr while something takes longer than `SOON`, if a person sees it; a call of what it gives takes it away.

    It is drawn by a thread, which imports rich meanwhile, so that what is short costs nothing.
    """
    if not app.watched:
        yield lambda: None
        return
    import threading

    done = threading.Event()
    thread = threading.Thread(target=_show, args=(what, done), daemon=True)

    def end() -> None:
        done.set()
        thread.join()

    thread.start()
    hush, app.hush = app.hush, end
    try:
        yield end
    finally:
        app.hush = hush
        end()


def _show(what: str, done: "Event") -> None:
    if done.wait(SOON):
        return
    from rich.console import Console

    from memos_cli.cli.tables import environment

    console = Console(stderr=True, _environ=environment())
    if not done.is_set():
        with console.status(what):
            done.wait()


@contextmanager
def training(app: App) -> Iterator["Tell"]:
    """A line on stderr if a person sees it: the phase, the progress, the loss, and the time left."""
    if not app.watched:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from memos_cli.cli.tables import environment

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[more]}"))
    with Progress(*columns, console=Console(stderr=True, _environ=environment()), transient=True) as bar:
        task = bar.add_task("preparing", total=None, more="")

        def tell(step: "RunStep") -> None:
            loss = "" if step.loss is None else f"loss {step.loss:.3f}  "
            left = "" if step.left is None else f"{duration(step.left)} left"
            done = f"{step.done}/{step.total}  " if step.total else ""
            bar.update(task, description=step.phase, completed=step.done, total=step.total or None, more=f"{done}{loss}{left}")

        yield tell
