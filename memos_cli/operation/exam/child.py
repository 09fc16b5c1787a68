"""The process in which a model is examined: llama.cpp may end it, and it ends when its time is over or its parent ends.

It gets a task as JSON, and prints each answer as JSON, on a line of its own, as soon as there is one. So whatever ends it, the
answers that came before count.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from memos_cli import config, plugins
from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.operation import models
from memos_cli.operation.exam import cards, exam
from memos_cli.operation.exam.cards import Card
from memos_cli.operation.exam.grades import Sat
from memos_cli.operation.exam.questions import ExamQuestion, read, shipped
from memos_cli.operation.prompt.layouts import LAYOUTS

_SHOWN = 300


class ExamTask(NamedTuple):
    """What a model is to be asked.

    Attributes:
        model: as the setting `llm.model`.
        endpoint: as the setting `llm.endpoint`.
        layouts: the names of the layouts.
        whole: ask every question in every layout; otherwise the exam is held as `exam.sit` does.
        questions: a file of questions; empty for those of the exam.
        seconds: how long it may take; 0 for no limit.
        folders: those of the home.
    """

    model: str
    endpoint: str
    layouts: Sequence[str]
    whole: bool = False
    questions: str = ""
    seconds: float = 0.0
    folders: Sequence[str] = ()

    @property
    def asked(self) -> tuple[ExamQuestion, ...]:
        """The questions.

        Raises:
            ValueError: the file holds something else.
            OSError: there is no such file.
        """
        if not self.questions:
            return shipped()
        return read(Path(self.questions).read_text(encoding="utf-8").splitlines())

    @property
    def calls(self) -> int:
        """How many answers it takes at most."""
        asked = self.asked
        return len(asked) * len(self.layouts) if self.whole else exam.calls(asked, self.layouts)


class Examined(NamedTuple):
    """How an exam went.

    Attributes:
        card: what came of it; `None` where too few questions were answered in time.
        late: whether the time was over before the last question.
        answered: how many questions were answered.
    """

    card: Card | None
    late: bool
    answered: int


def task(settings: config.Settings, paths: config.Paths, **given: Any) -> ExamTask:  # noqa: ANN401 -- fields of `ExamTask`
    """The exam of the model that the settings name."""
    folders = tuple(str(path) for path in (paths.config, paths.data, paths.cache))
    wanted = {"layouts": exam.CANDIDATES, "seconds": settings.get("llm.exam_seconds"), "folders": folders, **given}
    return ExamTask(settings.get("llm.model"), settings.get("llm.endpoint"), **wanted)


def examine(
    settings: config.Settings,
    paths: config.Paths,
    at: str,
    tell: Callable[[int, int], None] = lambda *_: None,
    guard: exam.Guard | None = None,
) -> Examined:
    """Examine the model that the settings name, and keep the card that comes of it.

    Args:
        settings: those of this invocation.
        paths: the folders of the home.
        at: the time (UTC).
        tell: called with how many answers there are, and how many there will be at most.
        guard: what chat checks of each answer; `None` for nothing.

    Raises:
        ModelUnavailable: no model is chosen, or it cannot be run.
        KeyboardInterrupt: a person ended it; no card is kept.
    """
    chosen = cards.subject(settings, paths)
    if chosen is None:
        raise ModelUnavailable("there is no model to examine", hint="memos model use NAME|PATH")
    wanted = task(settings, paths)
    found, late = answers(wanted, tell)
    card = exam.card(chosen, wanted.asked, found, at, guard)
    if card is not None:
        cards.keep(card, paths)
    return Examined(card, late, len(found))


def answers(wanted: ExamTask, tell: Callable[[int, int], None] = lambda *_: None) -> tuple[list[Sat], bool]:
    """The answers of a model that is asked in a process of its own, and whether the time was over before the last of them.

    Args:
        wanted: what it is asked.
        tell: called with how many answers there are, and how many there will be at most.

    Raises:
        ModelUnavailable: the process failed.
        KeyboardInterrupt: a person ended it.
    """
    found: list[Sat] = []
    total = wanted.calls
    ending, held = os.pipe()
    with TemporaryFile() as errors:
        command = [sys.executable, "-P", "-m", __name__, str(os.getpid()), json.dumps(wanted._asdict())]
        try:
            process = subprocess.Popen(command, stdin=ending, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            os.close(held)
            raise ModelUnavailable(f"cannot examine {wanted.model}: {error.strerror}") from error
        finally:
            os.close(ending)
        late = threading.Event()
        timer = threading.Timer(wanted.seconds or threading.TIMEOUT_MAX, _end, (process, late))
        timer.daemon = True
        timer.start()
        try:
            for line in process.stdout or ():
                found += _sat(line)
                tell(len(found), total)
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
            os.close(held)
        if status and not late.is_set():
            raise _failure(wanted, status, errors)
    return found, late.is_set()


def _end(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _sat(line: bytes) -> list[Sat]:
    """The answer on a line; none where the process was ended while it wrote the line."""
    try:
        return [Sat(**json.loads(line))]
    except (ValueError, TypeError):
        return []


def _failure(wanted: ExamTask, status: int, errors: Any) -> ModelUnavailable:  # noqa: ANN401 -- a temporary file
    errors.seek(0)
    said = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = f"the process was ended by signal {-status}" if status < 0 else (said or ["the process failed"])[0]
    shown = "".join(char if char.isprintable() else " " for char in reason[:_SHOWN])
    return ModelUnavailable(f"{wanted.model} could not be examined: {shown}", hint="memos model list")


def main(arguments: Sequence[str]) -> int:
    """The child's entry point: the parent's process id, and the task."""
    parent, given = arguments
    plugins.load("process", "end_with")(int(parent))
    wanted = ExamTask(**json.loads(given))
    try:
        for sat in _ask(wanted):
            sys.stdout.write(json.dumps(sat._asdict()) + "\n")
            sys.stdout.flush()
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_status
    return 0


def _ask(wanted: ExamTask) -> Iterator[Sat]:
    paths = config.Paths(*map(Path, wanted.folders)) if wanted.folders else config.paths(os.environ)
    flags: Mapping[str, Any] = {"llm.model": wanted.model, "llm.endpoint": wanted.endpoint}
    llm = models.chosen(config.Settings(os.environ, paths, config.working_folder(), flags), paths)
    if llm is None:
        raise ModelUnavailable("no model is chosen", hint="memos model use NAME|PATH")
    asked = wanted.asked
    try:
        if wanted.whole:
            yield from (exam.ask(llm, asked, place, LAYOUTS[name]) for name in wanted.layouts for place in range(len(asked)))
        else:
            yield from exam.sit(llm, asked, wanted.layouts, seconds=wanted.seconds or None)
    finally:
        llm.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
