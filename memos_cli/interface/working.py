"""Consolidation as work: in the foreground, queued, apart from the command, or by a tick when policy says so."""

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import Busy, CubeNotFound, MemosError, Refused
from memos_cli.infra import adapters
from memos_cli.infra.jobs import ATTEMPTS, Job, Jobs, Pulse, Stopped, began
from memos_cli.interface import generating
from memos_cli.interface.generating import Maker, Options, Step, Tell
from memos_cli.model import Adapter
from memos_cli.operation import generations
from memos_cli.operation.generations import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS

_NICE = 15
_WAIT = 5.0
_TOLD = 15.0
"""Seconds between two lines of a job's log."""


class Outcome(NamedTuple):
    """What came of a run; no adapter where there was nothing to learn, or nothing new."""

    job: Job
    adapter: Adapter | None
    seconds: float


def jobs_of(mos: "MOS") -> Jobs:
    """The jobs of a home."""
    return Jobs(mos.paths.data)


def _job(mos: "MOS", vault: "Vault", options: Options, kind: str = "run") -> Job:
    model = str(mos.settings.get("llm.model"))
    return Job(
        "", str(vault.folder), vault.meta["id"], kind, model, mos.principal, mos.now,
        device=options.device, seconds=options.seconds, rank=options.rank, again=options.again,
    )  # fmt: skip


def queue(mos: "MOS", vault: "Vault", options: Options, kind: str = "run") -> Job:
    """Put a run on the list, for `start` or a tick; the one that waits already, where one does."""
    return jobs_of(mos).queue(_job(mos, vault, options, kind))


def start(mos: "MOS") -> bool:
    """Let what waits be worked on by a process apart from this one; whether one was started.

    Raises:
        MemosError: no process could be started.
    """
    jobs = jobs_of(mos)
    if not jobs.waiting() or jobs.busy():
        return False
    import sys

    environ = dict(os.environ)
    if mos.paths.config == mos.paths.data:
        environ["MEMOS_HOME"] = str(mos.paths.data)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        jobs.launch([sys.executable, "-m", "memos_cli", "consolidate", "work"], environ)
    except OSError as error:
        raise MemosError(f"no process could be started: {error.strerror}") from None
    return True


def work(mos: "MOS") -> int:
    """Work on all that waits, at low priority; how many jobs that were.

    Raises:
        Busy: another process does.
    """
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICE)
    jobs, count = jobs_of(mos), 0
    with jobs.working(_WAIT):
        while mos.paths.data.is_dir() and (waiting := jobs.waiting() or _killed(jobs)):
            count += 1
            with _fellow(mos, waiting[0]) as fellow:
                try:
                    _do(fellow, jobs, waiting[0], lambda _: None)
                except MemosError:
                    continue  # the row says what went wrong
    return count


def _killed(jobs: Jobs) -> list[Job]:
    """Jobs of processes that were killed. Whoever asks holds the lock, so no job that says `running` is."""
    return [job for job in jobs.all() if job.state == "running"]


def _fellow(mos: "MOS", job: Job) -> "MOS":
    """The home with the cube, the model and the principal of a job."""
    from memos_cli.interface.api import MOS

    home = mos.paths.data if mos.paths.config == mos.paths.data else None
    settings = mos.settings.given({"llm.model": job.model})
    return MOS(home, [job.cube], principal=job.principal, settings=settings, clock=mos._clock)  # noqa: SLF001 -- its own twin


def run_now(mos: "MOS", vault: "Vault", options: Options, tell: Tell) -> Outcome:
    """Do it here and now.

    Raises:
        Busy: another run is under way. And what `Maker.make` raises.
    """
    generating.require_tools()
    generating.base_of(mos)
    jobs = jobs_of(mos)
    with jobs.working(1.0):
        mine = [one for one in _killed(jobs) if one.cube_id == vault.meta["id"]]
        for one in mine:  # what it had begun is gone on with here
            jobs.save(one._replace(state="stopped", message="gone on with by another run"))
        job = jobs.queue(_job(mos, vault, options))
        return _do(mos, jobs, job, tell)


def _do(mos: "MOS", jobs: Jobs, job: Job, tell: Tell) -> Outcome:
    """Work on one job; its row tells how it ended."""
    started = time.monotonic()
    pulse = Pulse(jobs, job._replace(state="running"), lambda: mos.now)
    if job.attempts >= ATTEMPTS:
        pulse.set(state="failed", message=f"it was begun {job.attempts} times and killed each time")
        raise MemosError(f"job {job.id} failed: {pulse.job.message}")
    pulse.set(
        attempts=job.attempts + 1, pid=os.getpid(), begun=began(os.getpid()), phase="preparing", message=None, done=0, total=0
    )
    log = _Log(jobs, job, mos)

    def told(step: Step) -> None:
        trained: dict[str, Any] = {}
        if step.phase == "training":
            trained = {"step": step.done, "steps": step.total, "loss": step.loss}
        elif step.generation != pulse.job.generation:  # what another one was trained says nothing about this one
            trained = {"step": 0, "steps": 0, "loss": None}
        now = {"phase": step.phase, "done": step.done, "total": step.total, "left": step.left}
        pulse.beat(generation=step.generation, **now, **trained)
        log.step(step)
        tell(step)

    try:
        vault = _cube(mos, job)
        options = Options(job.device, job.seconds, job.rank, job.again)
        one = Maker(mos, vault, generating.base_of(mos), options, told).make()
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
    """Write how it ended, unless the row is gone: then nobody wants to know."""
    if pulse.wanted:
        log.line(f"{state}: {message}")
        pulse.set(state=state, message=message)


def _cube(mos: "MOS", job: Job) -> "Vault":
    vault = mos.vaults()[0]
    if vault.meta["id"] != job.cube_id:
        raise CubeNotFound(f"another cube lies at {job.cube} now")
    return vault


class _Log:
    """What a job writes down as it goes on: numbers, and no word of a memory."""

    def __init__(self, jobs: Jobs, job: Job, mos: "MOS") -> None:
        self._path, self._mos, self._last, self._phase = jobs.log(job), mos, 0.0, ""

    def step(self, step: Step) -> None:
        now = time.monotonic()
        if step.phase != self._phase or now - self._last > _TOLD:
            self._last, self._phase = now, step.phase
            loss = "" if step.loss is None else f", loss {step.loss:.3f}"
            left = "" if step.left is None else f", {step.left:.0f} s left"
            done = f" {step.done}/{step.total}" if step.total else ""
            self.line(f"{step.phase}{done}{loss}{left}")

    def line(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{self._mos.now} {text}\n")


# -- what brings work about


def changed(mos: "MOS", ids: "Iterable[str]") -> None:
    """Put a rebuild on the list where a promoted adapter knows a memory that was just changed. Best effort.

    The adapter is out of use without it: see `operation.generations`.
    """
    touched = set(ids)
    for vault in mos.opened:
        if not adapters.exist(vault):
            continue
        with suppress(MemosError, OSError):
            for one in generating.of(vault):
                if one.status != Status.PROMOTED or touched.isdisjoint(one.covers):
                    continue
                if generating.detached(vault, one, mos.now):
                    queue(mos, vault, Options(), "rebuild")


def due(mos: "MOS", vault: "Vault", now: str) -> str | None:
    """What a tick does about consolidation: queue it when there is enough new, start it when it is quiet; a line about it."""
    from datetime import UTC

    from memos_cli.interface.lifecycle import policy_of
    from memos_cli.times import from_text

    rules, jobs = policy_of(vault), jobs_of(mos)
    if not rules.get("steps.consolidate") or mos.settings.get("llm.model") == "none" or mos.settings.get("llm.endpoint"):
        return None
    least = rules.get("consolidate.facts")
    if least and len(fresh(mos, vault, now)) >= least:
        queue(mos, vault, Options())
    mine = [job for job in jobs.waiting() if job.cube_id == vault.meta["id"]]
    local = from_text(now).replace(tzinfo=UTC).astimezone()
    if not mine or not generations.quiet(local, rules.get("consolidate.from_hour"), rules.get("consolidate.to_hour")):
        return None
    try:
        generating.require_tools()
        return "a consolidation was started: memos consolidate jobs" if start(mos) else None
    except MemosError as error:
        return f"a consolidation waits: {error.message}"


def fresh(mos: "MOS", vault: "Vault", now: str) -> list[str]:
    """The memories that would be learnt and that no usable generation knows."""
    try:
        base = generating.base_of(mos)
    except MemosError:
        return []
    used = next(iter(generations.promoted(generating.of(vault), base.digest)), None)
    known = set(used.covers) if used else set()
    return [one.memory.id for one in generating.select(vault, now).chosen if one.memory.id not in known]


def halt(jobs: Jobs, cube_id: str) -> list[Job]:
    """Stop what is under way for a cube, and put it on the list again to be begun anew; what that was.

    Raises:
        Busy: it did not end in time.
    """
    running = [job for job in jobs.all() if job.state == "running" and job.cube_id == cube_id]
    for job in running:
        if not jobs.stop(job):
            raise Busy("a consolidation is under way and does not end", hint="try again later")
    return running
