"""Runs consolidation jobs: in the foreground, from the queue in a separate process, or by a tick if the policy says so."""

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import Busy, CubeNotFound, MemosError, Refused
from memos_cli.infra.local import adapters
from memos_cli.infra.local.jobs import ATTEMPTS, Job, Jobs, Pulse, Stopped, began
from memos_cli.model import Adapter
from memos_cli.operation.parametric import base_model, eligibility, generations
from memos_cli.operation.parametric.generations import Status
from memos_cli.operation.parametric.training import RunStep, Tell, Training, TrainingOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

_NICE = 15
_WAIT = 5.0
_TOLD = 15.0
"""Seconds between two lines of a job's log in the same phase."""


class Outcome(NamedTuple):
    """The result of a run; no adapter where there was nothing to learn, or nothing new."""

    job: Job
    adapter: Adapter | None
    seconds: float


def jobs_of(session: "Session") -> Jobs:
    """The jobs of a home."""
    return Jobs(session.paths.data)


def _job(session: "Session", vault: "Vault", options: TrainingOptions, kind: str = "run") -> Job:
    model = str(session.settings.get("llm.model"))
    return Job(
        "", str(vault.folder), vault.meta["id"], kind, model, session.principal, session.now,
        device=options.device, seconds=options.seconds, rank=options.rank, again=options.again,
    )  # fmt: skip


def queue(session: "Session", vault: "Vault", options: TrainingOptions, kind: str = "run") -> Job:
    """Queue a run for `start` or a tick; returns the one that waits already, where one does."""
    return jobs_of(session).queue(_job(session, vault, options, kind))


def start(session: "Session") -> bool:
    """Start a separate process that runs the waiting jobs; returns whether one was started.

    Raises:
        MemosError: no process could be started.
    """
    jobs = jobs_of(session)
    if not jobs.waiting() or jobs.busy():
        return False
    import sys

    environ = dict(os.environ)
    if session.paths.config == session.paths.data:
        environ["MEMOS_HOME"] = str(session.paths.data)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        jobs.launch([sys.executable, "-P", "-m", "memos_cli", "consolidate", "work"], environ)
    except OSError as error:
        raise MemosError(f"no process could be started: {error.strerror}") from None
    return True


def work(session: "Session") -> int:
    """Run all waiting jobs at low priority; returns how many those were.

    Raises:
        Busy: another process runs jobs.
    """
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICE)
    jobs, count = jobs_of(session), 0
    with jobs.working(_WAIT):
        while session.paths.data.is_dir() and (waiting := jobs.waiting() or _killed(jobs)):
            count += 1
            job = waiting[0]
            settings = session.settings.given({"llm.model": job.model})
            with session.twin(cubes=[job.cube], principal=job.principal, settings=settings) as twin:
                try:
                    _do(twin, jobs, job, lambda _: None)
                except MemosError:
                    continue  # the row says what went wrong
    return count


def _killed(jobs: Jobs) -> list[Job]:
    """Jobs whose process was killed. The caller holds the lock of running jobs, so no job with state `running` is running."""
    return [job for job in jobs.all() if job.state == "running"]


def run_now(session: "Session", vault: "Vault", options: TrainingOptions, tell: Tell) -> Outcome:
    """Run a job in the foreground.

    Raises:
        Busy: another job is running. Otherwise as `Training.make`.
    """
    base_model.require_tools()
    base_model.base_of(session)
    jobs = jobs_of(session)
    with jobs.working(1.0):
        mine = [one for one in _killed(jobs) if one.cube_id == vault.meta["id"]]
        for one in mine:  # this run goes on with what they had begun
            jobs.save(one._replace(state="stopped", message="gone on with by another run"))
        job = jobs.queue(_job(session, vault, options))
        return _do(session, jobs, job, tell)


def _do(session: "Session", jobs: Jobs, job: Job, tell: Tell) -> Outcome:
    """Run one job; its row says how it ended."""
    started = time.monotonic()
    pulse = Pulse(jobs, job._replace(state="running"), lambda: session.now)
    if job.attempts >= ATTEMPTS:
        pulse.set(state="failed", message=f"it was begun {job.attempts} times and killed each time")
        raise MemosError(f"job {job.id} failed: {pulse.job.message}")
    pulse.set(
        attempts=job.attempts + 1, pid=os.getpid(), begun=began(os.getpid()), phase="preparing", message=None, done=0, total=0
    )
    log = _Log(jobs, job, session)

    def told(step: RunStep) -> None:
        trained: dict[str, Any] = {}
        if step.phase == "training":
            trained = {"step": step.done, "steps": step.total, "loss": step.loss}
        elif step.generation != pulse.job.generation:  # progress of another generation says nothing about this one
            trained = {"step": 0, "steps": 0, "loss": None}
        now = {"phase": step.phase, "done": step.done, "total": step.total, "left": step.left}
        pulse.beat(generation=step.generation, **now, **trained)
        log.step(step)
        tell(step)

    try:
        vault = _cube(session, job)
        options = TrainingOptions(job.device, job.seconds, job.rank, job.again)
        one = Training(session, vault, base_model.base_of(session), options, told).make()
    except Stopped:
        _end(pulse, log, "stopped", "stopped; the next run goes on with it")
        raise Refused(f"job {job.id} was stopped", hint="go on with it: memos consolidate run") from None
    except MemosError as error:
        _end(pulse, log, "failed", error.message)
        raise
    generation = one.id if one else pulse.job.generation
    pulse.job = pulse.job._replace(generation=generation, left=None)
    _end(pulse, log, "done", _said(one))
    return Outcome(pulse.job, one, time.monotonic() - started)


def _said(one: Adapter | None) -> str:
    if one is None:
        return "nothing new to learn"
    return "promoted" if one.status == Status.PROMOTED else f"not promoted: {'; '.join(one.failures)}"


def _end(pulse: Pulse, log: "_Log", state: str, message: str) -> None:
    """Write how a job ended, unless its row is gone: then nobody wants to know."""
    if pulse.wanted:
        log.line(f"{state}: {message}")
        pulse.set(state=state, message=message)


def _cube(session: "Session", job: Job) -> "Vault":
    vault = session.vaults()[0]
    if vault.meta["id"] != job.cube_id:
        raise CubeNotFound(f"another cube lies at {job.cube} now")
    return vault


class _Log:
    """The log of a running job: numbers, and no word of a memory."""

    def __init__(self, jobs: Jobs, job: Job, session: "Session") -> None:
        self._path, self._session, self._last, self._phase = jobs.log(job), session, 0.0, ""

    def step(self, step: RunStep) -> None:
        now = time.monotonic()
        if step.phase != self._phase or now - self._last > _TOLD:
            self._last, self._phase = now, step.phase
            loss = "" if step.loss is None else f", loss {step.loss:.3f}"
            left = "" if step.left is None else f", {step.left:.0f} s left"
            done = f" {step.done}/{step.total}" if step.total else ""
            self.line(f"{step.phase}{done}{loss}{left}")

    def line(self, text: str) -> None:
        modes.make_file(self._path)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{self._session.now} {text}\n")


# -- what queues, starts and stops jobs


def changed(session: "Session", ids: "Iterable[str]") -> None:
    """Queue a rebuild where a promoted adapter knows a memory that was just changed. Best effort.

    Without a rebuild the adapter just stays out of use: see `operation.parametric.generations`.
    """
    touched = set(ids)
    for vault in session.opened:
        if not adapters.exist(vault):
            continue
        with suppress(MemosError, OSError):
            for one in generations.of(vault):
                if one.status != Status.PROMOTED or touched.isdisjoint(one.covers):
                    continue
                if generations.detached(vault, one, session.now):
                    queue(session, vault, TrainingOptions(), "rebuild")


def due(session: "Session", vault: "Vault", now: str) -> str | None:
    """A tick's part: queue a job if there is enough new, start it in a quiet hour; returns a line about it, or `None`."""
    from memos_cli.operation.policy import policy_of

    rules, jobs = policy_of(vault), jobs_of(session)
    if (
        not rules.get("steps.consolidate")
        or session.settings.get("llm.model") == "none"
        or session.settings.get("llm.endpoint")
    ):
        return None
    least = rules.get("consolidate.facts")
    if least and len(fresh(session, vault, now)) >= least:
        queue(session, vault, TrainingOptions())
    mine = [job for job in jobs.waiting() if job.cube_id == vault.meta["id"]]
    local = session.zone.local(now)
    if not mine or not generations.quiet(local, rules.get("consolidate.from_hour"), rules.get("consolidate.to_hour")):
        return None
    try:
        base_model.require_tools()
        return "a consolidation was started: memos consolidate jobs" if start(session) else None
    except MemosError as error:
        return f"a consolidation waits: {error.message}"


def fresh(session: "Session", vault: "Vault", now: str) -> list[str]:
    """The memories that would be learnt and that the promoted generation does not know."""
    try:
        base = base_model.base_of(session)
    except MemosError:
        return []
    used = next(iter(generations.promoted(generations.of(vault), base.digest)), None)
    known = set(used.covers) if used else set()
    return [one.memory.id for one in eligibility.of_cube(vault, now).chosen if one.memory.id not in known]


def halt(jobs: Jobs, cube_id: str) -> list[Job]:
    """Stop the running jobs of a cube; returns them, so that the caller can queue them anew.

    Raises:
        Busy: a job did not end in time.
    """
    running = [job for job in jobs.all() if job.state == "running" and job.cube_id == cube_id]
    for job in running:
        if not jobs.stop(job):
            raise Busy("a consolidation is under way and does not end", hint="try again later")
    return running
