"""`memos consolidate`: parametric memory, the adapters trained on a cube's memories."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import consolidate_views
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import NAMED, POSITIVE, Family, dry_run, yes
from memos_cli.cli.progress import training
from memos_cli.cli.terminal import style
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from memos_cli.operation.parametric.parametric import Job, Planned

_SHOWN = 20


@click.group(cls=Family)
def consolidate() -> None:
    """Let a model learn your memories by heart.

    A run chooses stable, certain, current memories, writes questions about them, trains an adapter (LoRA) for the model that
    chat answers with, and measures it as chat runs it. Only what passes is used, and the memories stay as text. When one is
    forgotten, changed, superseded or labelled, the adapter that knows it is out of use at once, and a rebuild without it is
    queued. Training needs the extra lora; all else works without.

    \b
    Examples:
      memos consolidate plan
      memos consolidate run --now
      memos chat --no-recall -m "Where do I live?"
      memos consolidate rollback
    """


@consolidate.command("plan")
@pass_app
def plan(app: App) -> None:
    """Tell what a run would learn, what not and why, and how long it would take.

    The policy bounds what is learnt: see the keys consolidate.* in memos lifecycle policy show.

    \b
    Examples:
      memos consolidate plan
      memos consolidate plan --json

    \b
    Exit status:
      3  the cube is somebody else's
      10 there is no cube yet
    """
    found = app.mos.parametric.plan()
    if app.json:
        app.data(_plan_json(found))
        return
    chosen, left = found.selection
    new = [one for one in chosen if one.memory.id not in found.known]
    app.out(f"{render.many(len(chosen))} to learn, {len(new):,} of them new; {render.many(len(left))} not")
    if found.base is not None:
        app.out(f"model: {found.base.name}")
    if found.tokens is not None and found.seconds is not None:
        most = render.duration(found.seconds)
        app.out(f"{found.examples:,} examples, {found.tokens:,} tokens an epoch; at most about {most}")
    if found.why:
        app.note(found.why)
    from memos_cli.cli.tables import table

    marks = {True: "known", False: "new"}
    rows = [
        (one.memory.id[: render.SHORT_ID], marks[one.memory.id in found.known], render.gist(one.memory, 58))
        for one in chosen[:_SHOWN]
    ]
    if rows:
        table(("learnt", "", "what it says"), rows)
    rows = [
        (one.memory.id[: render.SHORT_ID], render.one_line(one.reason, 34), render.gist(one.memory, 28))
        for one in left[:_SHOWN]
    ]
    if rows:
        table(("not learnt", "because", "what it says"), rows)
    if max(len(chosen), len(left)) > _SHOWN:
        app.note("all of them: --json")
    if left and not chosen:
        app.note("a memory has to stand for a day first; to change that: memos lifecycle policy set consolidate.settled_days 0")


def _plan_json(found: "Planned") -> dict[str, Any]:
    chosen, left = found.selection
    return {
        "facts": len(chosen),
        "new": sum(one.memory.id not in found.known for one in chosen),
        "model": found.base.name if found.base else None,
        **fields_of(found, only=("why", "examples", "tokens")),
        "seconds": None if found.seconds is None else round(found.seconds, 1),
        "chosen": [
            {
                **fields_of(one.memory, only=("id", "content", "kind")),
                "known": one.memory.id in found.known,
                "values": [fact.value for fact in one.facts],
            }
            for one in chosen
        ],
        "left": [{"id": one.memory.id, "reason": one.reason} for one in left],
    }


@consolidate.command("run")
@click.option("--now", "at_once", is_flag=True, help="Do it here, with progress, and wait for it.")
@click.option("--queue", "later", is_flag=True, help="Only put it on the list; a tick starts it in a quiet hour.")
@click.option("--device", type=click.Choice(["auto", "cuda", "mps", "cpu"]), default="auto", show_default=True)
@click.option("--max-seconds", type=POSITIVE, help="Train for no longer than this.")
@click.option("--rank", type=click.IntRange(1, 256), help="The rank of the adapter; 16 where it is not given.")
@click.option("--again", is_flag=True, help="Also where there is nothing new.")
@pass_app
def run(app: App, /, *, at_once: bool, later: bool, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Learn what the plan says, measure it, and use it if it passes.

    Without --now it is done by a process of its own, at low priority, one at a time in a home; memos consolidate jobs shows how
    far it is. A run that was killed is gone on with by the next one.

    \b
    Examples:
      memos consolidate run --now
      memos consolidate run --device cuda --max-seconds 600
      memos consolidate run --queue

    \b
    Exit status:
      0  it passed and is used; or nothing is new; or it was started, or queued
      3  it did not pass, and is not used; or a memory was taken back meanwhile
      14 no model that can be trained, or training needs the extra lora
      75 another run is under way
    """
    from memos_cli.operation.parametric.training import TrainingOptions

    if at_once and later:
        raise UsageError("--now and --queue exclude each other")
    options = TrainingOptions(given["device"], given["max_seconds"], given["rank"], given["again"])
    family = app.mos.parametric
    if not at_once:
        job = family.queue(options)
        started = not later and family.start()
        if app.json:
            app.data({"job": job, "started": started})
            return
        app.out(f"{'started' if started else 'queued'} job {style(job.id, fg='yellow')}")
        app.note("see how far it is with: memos consolidate jobs")
        return
    with training(app) as tell:
        outcome = family.run(options, tell)
    if outcome.adapter is None:
        if app.json:
            app.data({**consolidate_views.measured_json(None), "seconds": round(outcome.seconds, 1)})
        else:
            app.out("nothing new to learn")
            app.note("why each memory is left out: memos consolidate plan")
        return
    consolidate_views.tell_measured(app, outcome.adapter, {"seconds": round(outcome.seconds, 1)})
    if outcome.adapter.failures:
        raise consolidate_views.refused(outcome.adapter)


@consolidate.command("work", hidden=True)
@pass_app
def work(app: App) -> None:
    """Work on what is queued; what run starts.

    \b
    Examples:
      memos consolidate work

    \b
    Exit status:
      75 another process does
    """
    from memos_cli.operation.parametric import job_runner

    job_runner.work(app.mos)


@consolidate.command("jobs")
@click.option("--stop", type=NAMED, metavar="ID", help="Stop this job, and take it from the list.")
@pass_app
def jobs(app: App, *, stop: str | None) -> None:
    """List the jobs: what waits, what goes on and how far it is, what came of the others.

    A run prepares (it writes the data set, and asks the model what it says without an adapter), trains, and evaluates. Steps
    and loss are those of the training, which ends before its last step where nothing more is gained; behind evaluating stands
    how many of its questions were asked.

    \b
    Examples:
      memos consolidate jobs
      memos consolidate jobs --stop 1a2b

    \b
    Exit status:
      10 no such job
      75 it does not end
    """
    found = (app.mos.parametric.stop(stop),) if stop else app.mos.parametric.jobs()
    if app.json:
        app.data({"jobs": found})
        return
    if not found:
        app.note("no jobs; begin one with: memos consolidate run")
        return
    from memos_cli.cli.tables import table

    table(("job", "state", "phase", "steps", "loss", "left", "came of it"), [_job_row(job) for job in found], right=(3, 4, 5))


def _job_row(job: "Job") -> tuple[str, ...]:
    steps = f"{job.step}/{job.steps}" if job.steps else ""
    running = job.state == "running"
    phase, left = (job.phase or "", render.duration(job.left) if job.left is not None else "") if running else ("", "")
    if job.total and phase not in {"", "training"}:
        phase = f"{phase} {job.done}/{job.total}"
    loss = "" if job.loss is None else f"{job.loss:.3f}"
    return job.id, job.state, phase, steps, loss, left, render.one_line(job.message or "", 24)


@consolidate.command("show")
@click.argument("generation", required=False, shell_complete=completions.GENERATIONS)
@pass_app
def show(app: App, generation: str | None) -> None:
    """List the generations, or show one: what it knows, how it was measured, why it is not used.

    GENERATION is a number, or the beginning of an id.

    \b
    Examples:
      memos consolidate show
      memos consolidate show 2

    \b
    Exit status:
      10 no such generation
    """
    family = app.mos.parametric
    if generation is not None:
        consolidate_views.show(app, family.listed(family.get(generation)))
        return
    found = family.list()
    if app.json:
        app.data({"generations": [consolidate_views.listed_json(one) for one in found]})
        return
    if not found:
        app.note("no model has learnt anything of this cube yet; see: memos consolidate plan")
        return
    consolidate_views.tabulate(app, found)


@consolidate.command("eval")
@click.argument("generation", required=False, shell_complete=completions.GENERATIONS)
@pass_app
def evaluate(app: App, generation: str | None) -> None:
    """Measure a generation again: by heart, with the memories in the prompt, and what it must not do.

    \b
    Examples:
      memos consolidate eval
      memos consolidate eval 2 --json

    \b
    Exit status:
      3  it does not pass
      10 no such generation
      13 its files are not what they were
      14 another model is chosen than the one it is for
    """
    with training(app) as tell:
        found = app.mos.parametric.evaluate(generation, tell)
    consolidate_views.tell_measured(app, found, {})
    if found.failures:
        raise consolidate_views.refused(found)


@consolidate.command("promote")
@click.argument("generation", shell_complete=completions.GENERATIONS)
@yes
@pass_app
def promote(app: App, generation: str, *, yes: bool) -> None:
    """Let chat use a generation.

    One that did not pass takes a yes, and so does one that came from elsewhere and was signed by nobody whom you trust. One
    that knows what was forgotten or changed since is never used. It is one step of memos undo.

    \b
    Examples:
      memos consolidate promote 2

    \b
    Exit status:
      3  it did not pass, or a memory of it was taken back, or it is a stranger's
      10 no such generation
      13 its files are not what was measured
      14 it came from elsewhere and is for another model than the one chosen
    """
    family = app.mos.parametric
    one = family.get(generation)
    if one.failures:
        app.confirm(f"Generation {one.number} did not pass: {'; '.join(one.failures)}. Use it all the same?", yes=yes)
    if untrusted := family.is_untrusted(one):
        app.confirm(f"Generation {one.number} came from elsewhere, signed by nobody whom you trust. Let chat use it?", yes=yes)
    done = family.promote(one.id, failed=bool(one.failures), untrusted=untrusted)
    if app.json:
        app.data(consolidate_views.measured_json(done))
        return
    app.out(f"chat uses generation {done.number} of {done.model}")


@consolidate.command("rollback")
@dry_run
@pass_app
def rollback(app: App, *, dry_run: bool) -> None:
    """Use the generation before the present one again.

    It is not done if a memory of that one was forgotten or changed since. It is one step of memos undo.

    \b
    Examples:
      memos consolidate rollback --dry-run
      memos consolidate rollback

    \b
    Exit status:
      3  a memory of the one before was taken back
      10 there is none before it
      13 its files are not what was measured
    """
    used, earlier = app.mos.parametric.rollback(dry_run=dry_run)
    if app.json:
        app.data({"from": used.number, "to": earlier.number, "id": earlier.id, "dry_run": dry_run})
        return
    word = "would use" if dry_run else "uses"
    app.out(f"chat {word} generation {earlier.number} again, and {used.number} no longer")


@consolidate.command("rm")
@click.argument("names", nargs=-1, metavar="[GENERATION]...", shell_complete=completions.GENERATIONS)
@click.option("--all", "every", is_flag=True, help="All of them.")
@dry_run
@yes
@pass_app
def rm(app: App, names: tuple[str, ...], *, every: bool, dry_run: bool, yes: bool) -> None:
    """Remove generations: data set, adapter and all. The memories stay, and so does what the log says of them.

    \b
    Examples:
      memos consolidate rm 1
      memos consolidate rm --all --dry-run

    \b
    Exit status:
      2  neither a generation nor --all
      3  nobody said yes
      10 no such generation
      75 one of them is being made
    """
    if bool(names) == every:
        raise UsageError("name generations, or say --all", hint="see what there is with: memos consolidate show")
    family = app.mos.parametric
    doomed = family.remove(names, every=every, dry_run=True)
    if not dry_run:
        numbers = ", ".join(str(one.adapter.number) for one in doomed) or "files"
        app.confirm(f"Remove generation {numbers}? To have it back it has to be made anew.", yes=yes)
        family.remove([] if every else [one.adapter.id for one in doomed], every=every)
    size = sum(one.bytes for one in doomed)
    if app.json:
        app.data({"removed": [one.adapter.id for one in doomed], "bytes": size, "dry_run": dry_run})
        return
    from memos_cli.cli.tables import human_bytes

    app.out(f"{'would remove' if dry_run else 'removed'} {render.many(len(doomed), 'generation')}, {human_bytes(size)}")
