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
from memos_cli.operation.exam import exam
from memos_cli.operation.exam.grades import Sat
from memos_cli.operation.exam.questions import Question, read, shipped
from memos_cli.operation.prompt.layouts import LAYOUTS

_SHOWN = 300


class Task(NamedTuple):
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
    def asked(self) -> tuple[Question, ...]:
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


def answers(task: Task, tell: Callable[[int, int], None] = lambda *_: None) -> tuple[list[Sat], bool]:
    """The answers of a model that is asked in a process of its own, and whether the time was over before the last of them.

    Args:
        task: what it is asked.
        tell: called with how many answers there are, and how many there will be at most.

    Raises:
        ModelUnavailable: the process failed.
        KeyboardInterrupt: a person ended it.
    """
    found: list[Sat] = []
    total = task.calls
    ending, held = os.pipe()
    with TemporaryFile() as errors:
        command = [sys.executable, "-m", __name__, str(os.getpid()), json.dumps(task._asdict())]
        try:
            process = subprocess.Popen(command, stdin=ending, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            os.close(held)
            raise ModelUnavailable(f"cannot examine {task.model}: {error.strerror}") from error
        finally:
            os.close(ending)
        late = threading.Event()
        timer = threading.Timer(task.seconds or threading.TIMEOUT_MAX, _end, (process, late))
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
            raise _failure(task, status, errors)
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


def _failure(task: Task, status: int, errors: Any) -> ModelUnavailable:  # noqa: ANN401 -- a temporary file
    errors.seek(0)
    said = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = f"the process was ended by signal {-status}" if status < 0 else (said or ["the process failed"])[0]
    shown = "".join(char if char.isprintable() else " " for char in reason[:_SHOWN])
    return ModelUnavailable(f"{task.model} could not be examined: {shown}", hint="memos model list")


def main(arguments: Sequence[str]) -> int:
    """The child's entry point: the parent's process id, and the task."""
    parent, given = arguments
    plugins.load("process", "end_with")(int(parent))
    task = Task(**json.loads(given))
    try:
        for sat in _ask(task):
            sys.stdout.write(json.dumps(sat._asdict()) + "\n")
            sys.stdout.flush()
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_status
    return 0


def _ask(task: Task) -> Iterator[Sat]:
    paths = config.Paths(*map(Path, task.folders)) if task.folders else config.paths(os.environ)
    flags: Mapping[str, Any] = {"llm.model": task.model, "llm.endpoint": task.endpoint}
    llm = models.chosen(config.Settings(os.environ, paths, Path.cwd(), flags), paths)
    if llm is None:
        raise ModelUnavailable("no model is chosen", hint="memos model use NAME|PATH")
    asked = task.asked
    try:
        if task.whole:
            yield from (exam.ask(llm, asked, place, LAYOUTS[name]) for name in task.layouts for place in range(len(asked)))
        else:
            yield from exam.sit(llm, asked, task.layouts, seconds=task.seconds or None)
    finally:
        llm.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
