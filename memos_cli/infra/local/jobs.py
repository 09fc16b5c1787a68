"""Jobs: long work that runs apart from the command that asked for it. A row each, one at a time, nothing left behind.

A row is a small JSON file of this machine alone, no history. Whoever works holds a lock that the system lets go of when the
process ends, however it ends: a row that says `running` while the lock is free is of a process that was killed, and its work is
taken up again from its checkpoint by the next one that comes by.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import Busy, NotFound
from memos_cli.infra import files

FOLDER = "jobs"
LOCK = "jobs.lock"
WHAT = "a consolidation"
ATTEMPTS = 5
"""How often a job is begun before it counts as failed: what is killed every time would be begun for ever."""
KEPT = 50
"""Rows of jobs that are over which are kept."""
_BEAT = 2.0
"""Seconds between two heartbeats."""
_PATIENCE = 10.0
"""Seconds that a job has to end after it was asked, told or forced."""
_DRIFT = 2.0
"""Seconds by which the start of one process may differ from one reading to the next: where the system counts it from its own
start, that is told in whole seconds and moves when the clock is set right."""
_ENDED = frozenset({"done", "failed", "stopped"})
_LAUNCH = """
import subprocess, sys
with open(sys.argv[1], "ab") as log:
    subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True)
"""
"""Starts a process and ends at once, so that the job is the child of nobody who would have to wait for it."""


class Job(NamedTuple):
    """A job. Times are fixed-width UTC text.

    Attributes:
        cube: the folder of the cube that it is for.
        cube_id: that cube's id: a folder can come to hold another one.
        kind: `run`, or `rebuild` where a memory was taken out.
        model: the setting `llm.model` that it is for.
        state: `queued`, `running`, `interrupted` (killed; it is taken up again), `done`, `failed` or `stopped`.
        generation: the id of the adapter that it makes.
        phase: what it does now: `preparing`, `training` or `evaluating`.
        step: of the training, also when that is over.
        steps: that the training takes at most; 0 as long as it has not begun.
        loss: the mean of the training's last steps.
        done: how far the phase is, in what it counts: steps, or questions.
        total: how far it goes; 0 where nothing is counted.
        left: seconds that it will still take, as far as one can tell.
        attempts: how often it was begun.
        pid: of the process that works on it, with when that process was started, as the system tells it.
        message: how it ended.
    """

    id: str
    cube: str
    cube_id: str
    kind: str
    model: str
    principal: str
    created_at: str
    state: str = "queued"
    generation: str | None = None
    device: str = "auto"
    seconds: float | None = None
    rank: int | None = None
    again: bool = False
    phase: str | None = None
    step: int = 0
    steps: int = 0
    loss: float | None = None
    left: float | None = None
    attempts: int = 0
    pid: int | None = None
    begun: str | None = None
    heartbeat_at: str | None = None
    message: str | None = None
    done: int = 0
    total: int = 0


class Stopped(Exception):
    """The job was told to end, or what it is for is gone."""


class Jobs:
    """The jobs of a home.

    Args:
        data: the home's data folder.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER

    def path(self, job: Job) -> Path:
        """Where the row lies."""
        return self.folder / f"{job.id}.json"

    def log(self, job: Job) -> Path:
        """Where the job writes what it has to say."""
        return self.folder / f"{job.id}.log"

    def _stop(self, job: Job) -> Path:
        return self.folder / f"{job.id}.stop"

    # -- rows

    def all(self) -> list[Job]:
        """The jobs, the oldest first. What is damaged is left out: it is no more than a note."""
        if not self.folder.is_dir():
            return []
        found = [job for path in self.folder.glob("*.json") if (job := _read(path))]
        free = any(job.state == "running" for job in found) and not self.busy()
        shown = [job._replace(state="interrupted") if free and job.state == "running" else job for job in found]
        return sorted(shown, key=lambda job: (job.created_at, job.id))

    def get(self, prefix: str, *, among: Iterable[Job] | None = None) -> Job:
        """The job whose id begins so, of all, or among these.

        Raises:
            NotFound: there is none.
        """
        found = [job for job in (self.all() if among is None else among) if prefix and job.id.startswith(prefix)]
        if len(found) != 1:
            raise NotFound(f"no job {prefix[:40]!r}", hint="see them with: memos consolidate jobs")
        return found[0]

    def waiting(self) -> list[Job]:
        """Those that are to be worked on: queued, or interrupted."""
        return [job for job in self.all() if job.state in {"queued", "interrupted"}]

    def queue(self, job: Job) -> Job:
        """Add a job, unless one for the same cube and model waits already; which is then that one."""
        for one in self.waiting():
            if (one.cube_id, one.model) == (job.cube_id, job.model):
                return one
        job = job._replace(id=os.urandom(4).hex())
        self.save(job)
        self._tidy()
        return job

    def save(self, job: Job) -> None:
        """Write a row."""
        modes.make_folder(self.folder)
        files.write(self.path(job), (json.dumps(job._asdict(), indent=1) + "\n").encode())

    def _tidy(self) -> None:
        over = [job for job in self.all() if job.state in _ENDED]
        for job in over[:-KEPT]:
            self.forget(job)

    def forget(self, job: Job) -> None:
        """Remove a row and its log."""
        for path in (self.path(job), self.log(job), self._stop(job)):
            path.unlink(missing_ok=True)

    # -- working

    @contextmanager
    def working(self, patience: float = 0.0) -> Iterator[None]:
        """Be the one that works.

        Args:
            patience: seconds to wait for somebody who only looks whether the lock is free.

        Raises:
            Busy: another one works.
        """
        modes.make_folder(self.folder)
        until = time.monotonic() + patience
        with ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(files.only_one(self.folder / LOCK, WHAT))
                    break
                except Busy:
                    if time.monotonic() >= until:
                        raise
                time.sleep(0.05)
            yield

    def busy(self) -> bool:
        """Whether somebody works."""
        if not (self.folder / LOCK).exists():
            return False
        try:
            with self.working():
                return False
        except Busy:
            return True

    def require_free(self) -> None:
        """See to it that nobody works.

        Raises:
            Busy: somebody does.
        """
        with self.working():
            pass

    def launch(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start a process that works, apart from this one; if somebody works already it ends at once.

        Raises:
            OSError: it could not be started.
        """
        import subprocess

        modes.make_folder(self.folder)
        log = self.folder / "worker.log"
        modes.make_file(log)
        given = [sys.executable, "-P", "-c", _LAUNCH, str(log), *command]
        subprocess.run(given, check=True, env=dict(environ), cwd=self.folder, stdin=subprocess.DEVNULL)

    def stop(self, job: Job) -> bool:
        """Let a job end: one that waits at once, one that runs after its present step; whether it has ended.

        It is asked first, told by a signal if it does not hear, and ended by force if it does not hear that either; it takes at
        most three times `_PATIENCE`. What was killed goes on from its checkpoint when it is begun again.
        """
        if job.state != "running":
            if job.state not in _ENDED:
                self.save(job._replace(state="stopped", message="stopped"))
            return True
        modes.make_file(self._stop(job))
        for means in ("asked", "told", "forced"):
            if means != "asked":
                going = self._going(job)
                if going is None or (not _signal(going, force=means == "forced") and means == "forced"):
                    break
            until = time.monotonic() + _PATIENCE
            while self._going(job) and time.monotonic() < until:
                time.sleep(0.1)
        now = _read(self.path(job))
        if now is not None and now.state == "running" and not self.busy():
            self.save(now._replace(state="stopped", message="stopped"))
        self._stop(job).unlink(missing_ok=True)
        return not self.busy()

    def _going(self, job: Job) -> Job | None:
        """The row of a job as it is now, if it is still worked on."""
        now = _read(self.path(job))
        return now if now is not None and now.state not in _ENDED and self.busy() else None

    def told_to_stop(self, job: Job) -> bool:
        """Whether it is to end: it was told, or its row or its cube is gone."""
        return self._stop(job).exists() or not self.path(job).exists() or not Path(job.cube).is_dir()


class Pulse:
    """What a worker tells of itself while it goes on.

    Args:
        jobs: where.
        job: what it works on.
        clock: tells the time as text.
    """

    def __init__(self, jobs: Jobs, job: Job, clock: Any) -> None:  # noqa: ANN401 -- a function without arguments
        self.job = job
        self._jobs, self._clock, self._last = jobs, clock, 0.0

    @property
    def wanted(self) -> bool:
        """Whether the row is there yet."""
        return self._jobs.path(self.job).exists()

    def set(self, **fields: Any) -> None:  # noqa: ANN401 -- fields of `Job`
        """Write these fields now."""
        self.job = self.job._replace(heartbeat_at=self._clock(), **fields)
        self._jobs.save(self.job)
        self._last = time.monotonic()

    def beat(self, **fields: Any) -> None:  # noqa: ANN401 -- fields of `Job`
        """Take over these fields, and write them if the last time was a while ago.

        Raises:
            Stopped: the job is to end.
        """
        if self._jobs.told_to_stop(self.job):
            raise Stopped
        self.job = self.job._replace(**fields)
        if time.monotonic() - self._last >= _BEAT:
            self.set()


def _read(path: Path) -> Job | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Job(**{name: fields[name] for name in Job._fields if name in fields})
    except (OSError, ValueError, TypeError):
        return None


def began(pid: int) -> str | None:
    """When a process was started, in seconds since 1970 as text; `None` if it has ended. A number may be another one's by now.

    Without the package `psutil`, which the extra `lora` has, it is `None` too: nothing works on a job there.
    """
    with suppress(ImportError):
        import psutil

        with suppress(psutil.Error):
            process = psutil.Process(pid)
            # One that nobody has waited for yet has ended all the same.
            return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    return None


def _signal(job: Job, *, force: bool) -> bool:
    """Tell the process of a job to end, which puts its files away first, or end it by force; whether it could be told.

    Only a process that was started when the row says is touched: `begun` in another form (clock ticks, or a date as `ps` writes
    it, as rows of older versions have it) names none, and without the package `psutil` none is known.
    """
    if not job.pid or not job.begun:
        return False
    with suppress(ImportError):
        import psutil

        with suppress(ValueError, psutil.Error):
            process = psutil.Process(job.pid)
            if abs(process.create_time() - float(job.begun)) <= _DRIFT:
                process.kill() if force else process.terminate()
                return True
    return False
