"""`memos lifecycle`: run the tick, show what it will do and when. The policy has a module of its own."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.lifecycle_policy import policy
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import POSITIVE, TEXT_FILE, WHEN_ON_EITHER_SIDE, Family, dry_run, yes
from memos_cli.cli.sealing import sealing
from memos_cli.cli.terminal import style
from memos_cli.errors import MemosError, Refused, UsageError
from memos_cli.operation.lifecycle.transitions import TABLE
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.operation.lifecycle.lifecycle import Ahead, LifecycleStanding
    from memos_cli.operation.lifecycle.tick import Ticked

_SHOWN = 20
_TABLE = "\n".join(f"  {start} -> {to}: {reason}\n      {when}" for start, to, reason, when in TABLE)


@click.group(
    cls=Family,
    help=f"""Let memories fade, expire and come back, by policy.

A tick carries out what is due: it is made for cron, says nothing when all is well, and can be stopped at any instant and
run again. Frozen memories are left alone by every transition, pinned ones by all but a TTL. Fusions come on top: the
product of one is merged, its sources are archived.

\b
Transitions:
{_TABLE}

\b
Examples:
  memos lifecycle plan --days 30
  memos lifecycle tick
  memos lifecycle install --cron
""",
)
def lifecycle() -> None:
    """The family."""


lifecycle.add_command(policy)


@lifecycle.command("tick")
@click.option("--all", "everything", is_flag=True, help="In all cubes of the home that are yours, not the current one alone.")
@click.option(
    "--now",
    "instant",
    type=WHEN_ON_EITHER_SIDE,
    help="Decide as of this time; earlier than the last tick: nothing; ahead of the clock: --yes.",
)
@click.option("--max-seconds", type=POSITIVE, help="Stop after so long; the next tick goes on.")
@click.option("--limit", type=click.IntRange(1), help="Make at most so many transitions.")
@click.option("--allow-mass", is_flag=True, help="Also where a large share of the cube fades at once.")
@click.option("--compare-all", is_flag=True, help="Look for duplicates among all memories, not the new ones alone.")
@yes
@dry_run
@pass_app
def tick(app: App, /, *, everything: bool, instant: str | None, dry_run: bool, **given: Any) -> None:  # noqa: ANN401 -- options
    """Carry out what is due.

    What has a TTL that passed expires, what faded or was superseded is archived, what was recalled from the archive comes
    back, standing sources (memos source) are brought in step, duplicates are fused, and what waits for its vector is embedded.
    One tick is one step of `memos undo`, and so is all that one source brought in. It only reads what is due, so it costs the
    same in a large cube as in a small one.

    If more than a share of the cube (policy: brake.share) were to be retired for idleness at once, it is not, and the exit
    status is 3: look at it with --dry-run, then use --allow-mass.

    --all leaves a cube alone that was imported, that no key you trust has signed, and that you have not accepted: see memos
    cube accept.

    A purge is what nothing takes back, and a clock can be wrong. So a tick over 31 days after the last one does all else, says
    so, and leaves purges to the next one a day later; and one for a time ahead of this machine's clock that would purge wants
    --yes. Where the last tick lies ahead of the clock, ticks say so and go on from now.

    \b
    Examples:
      memos lifecycle tick
      memos lifecycle tick --all
      memos lifecycle tick --dry-run
      memos lifecycle tick --max-seconds 60 --json
      memos lifecycle tick --now 2027-12-01 --dry-run

    \b
    Exit status:
      0  done, or nothing was due
      3  too much would be retired for idleness; all else was done. Or a purge is ahead of the clock, and nothing was done
      75 a tick is under way already
    """
    from memos_cli.operation.lifecycle.tick import Limits

    limits = Limits(
        given["max_seconds"], given["limit"], given["allow_mass"], dry_run, given["compare_all"], purge_ahead=given["yes"]
    )
    failed: dict[str, MemosError] = {}
    skipped: list[str] = []
    if everything:
        if app.cubes:
            raise UsageError("--all is every cube, and --cube names some", hint="leave one of them out")
        done, failed = app.mos.lifecycle.tick_all(instant, limits)
        skipped = app.mos.lifecycle.unaccepted()
    else:
        done = app.mos.lifecycle.tick(instant, limits)
    if app.json:
        found = [_ticked_json(one) for one in done]
        app.data({**_sum(found, instant or app.mos.now), "cubes": found, "skipped": skipped})
    elif dry_run or app.verbose:
        for one in done:
            _show(app, one)
    for name in skipped:
        app.note(f"{name} was left alone: {sealing.unaccepted(name)}")
    for name, error in list(failed.items())[1:]:
        app.note(f"{name}: {error}")
    for one in done:
        for note in one.notes:
            app.note(f"{one.cube}: {app.zone.retold(note)}")
    _complain(done, failed)


def _complain(done: "list[Ticked]", failed: dict[str, MemosError]) -> None:
    """After all else is done, end with the status of the first failure."""
    for error in failed.values():
        raise error
    if braked := sum(one.braked for one in done):
        raise Refused(
            f"{braked} memories were to be retired for idleness at once; that is more than the policy lets a tick do alone",
            hint="see which: memos lifecycle tick --dry-run --allow-mass; then let it: memos lifecycle tick --allow-mass",
        )


def _ticked_json(one: "Ticked") -> dict[str, Any]:
    found = {**fields_of(one, without=("moves",)), "now": shown(one.now), "purges_from": shown(one.purges_from)}
    if one.dry_run:
        found["moves"] = [{"id": move.id, **fields_of(move.way, only=("to", "reason"))} for move in one.moves]
    return found


def _sum(found: list[dict[str, Any]], now: str) -> dict[str, Any]:
    transitions: dict[str, int] = {}
    for one in found:
        for state, count in one["transitions"].items():
            transitions[state] = transitions.get(state, 0) + count
    return {
        "now": shown(now),
        "due": sum(one["due"] for one in found),
        "transitions": transitions,
        "seconds": sum(one["seconds"] for one in found),
        "unfinished": any(one["unfinished"] for one in found),
        "dry_run": any(one["dry_run"] for one in found),
    }


def _show(app: App, one: "Ticked") -> None:
    counts = {
        "taken in": sum(read.taken + read.facts for read in one.sources), **one.transitions, "superseded": one.superseded,
        "questions": one.asked, "slots built": one.slots_built, "slots let go": one.slots_dropped,
    }  # fmt: skip
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
    app.out(f"{one.cube}: {one.due} due; {'would be ' if one.dry_run else ''}{said}")
    if one.asked and not one.dry_run:
        app.note("answer the questions with: memos review")
    if not one.dry_run:
        return
    from memos_cli.cli.tables import table

    rows = [
        (move.id[:8], move.way.to.value, move.way.reason, render.gist(memory, 48))
        for move, memory in zip(one.moves, app.mos.lifecycle.of_moves(one, _SHOWN), strict=False)
    ]
    if rows:
        table(("id", "becomes", "because", "what it says"), rows)
    if len(one.moves) > _SHOWN:
        app.out(f"… and {len(one.moves) - _SHOWN} more; all of them: --json")


@lifecycle.command("status")
@pass_app
def status(app: App) -> None:
    """Tell how many memories are in each state, and when the next tick has something to do.

    \b
    Examples:
      memos lifecycle status
    """
    from memos_cli.operation.lifecycle.lifecycle import standing

    found = [standing(vault, app.mos.now, app.principal) for vault in app.mos.vaults()]
    if app.json:
        app.data({"cubes": [_standing_json(one) for one in found]})
        return
    for one in found:
        states = ", ".join(f"{count} {state}" for state, count in one.states.items() if count) or "nothing yet"
        app.out(f"{style(one.cube, bold=True)}: {states}")
        app.out(f"  last tick: {render.moment(one.ticked) or 'never'}")
        app.out(f"  due now: {one.due}; next: {render.moment(one.next) or 'nothing is planned'}")
        if not one.accepted:
            app.out(f"  {sealing.unaccepted(one.cube)}")
        if one.questions:
            app.out(f"  questions: {one.questions}, see: memos review")
        if one.pending:
            app.out(f"  waiting for their vectors: {one.pending}")
        for name, value in one.policy.items():
            app.out(f"  policy: {name} = {value}")
    if found and not any(one.ticked for one in found):
        app.note("let it run by itself: memos lifecycle install --cron")


def _standing_json(one: "LifecycleStanding") -> dict[str, Any]:
    return {**fields_of(one), "ticked": shown(one.ticked), "next": shown(one.next)}


@lifecycle.command("plan")
@click.option("--days", type=POSITIVE, default=30.0, show_default=True, help="How far to look ahead.")
@click.option("--now", "instant", type=WHEN_ON_EITHER_SIDE, help="Look ahead from this time.")
@pass_app
def plan(app: App, *, days: float, instant: str | None) -> None:
    """Tell what ticks will do, and when.

    It holds if nothing is used or told meanwhile; a memory that is used lasts longer.

    \b
    Examples:
      memos lifecycle plan
      memos lifecycle plan --days 365 --json
    """
    now = instant or app.mos.now
    found = app.mos.lifecycle.plan(now, days)
    if app.json:
        app.data({"now": shown(now), "days": days, "transitions": [_ahead_json(one) for one in found]})
        return
    if not found:
        app.out(f"nothing happens within {days:g} days")
        return
    from memos_cli.cli.tables import table

    rows = [
        (render.day_of(one.at), one.memory.id[:8], one.to.value, one.reason, render.gist(one.memory, 36))
        for one in found[:_SHOWN]
    ]
    table(("day", "id", "becomes", "because", "what it says"), rows)
    if len(found) > _SHOWN:
        app.out(f"… and {len(found) - _SHOWN} more until {render.day_of(found[-1].at)}; all of them: --json")
    app.note("a memory is kept by using it, or for good with: memos pin ID")


def _ahead_json(one: "Ahead") -> dict[str, Any]:
    return {**fields_of(one.memory, only=("id", "cube")), **fields_of(one, without=("memory",))}


@lifecycle.command("run")
@click.argument("path", metavar="FILE", type=TEXT_FILE, shell_complete=completions.FILES)
@dry_run
@pass_app
def run_chain(app: App, *, path: str, dry_run: bool) -> None:
    """Run a chain of steps over memories as one transaction.

    A chain is a TOML file of steps, each a table [[step]] with what it is to `do`: retrieve (query, k, and filters as tags,
    labels, kinds, states, since, until, task, key), filter (the same filters, older = "30d", unused = "30d", without =
    [tags], without_labels = [labels], matching = "a regular expression"), augment (tags, links to the memories before by a
    type), update (kind, key, title, priority, valid_to, append), archive or expire. Every step works on what the one before
    it left over; nothing is written before the last one has been through, and `memos undo` takes it all back. A query finds
    what fits by itself, as in `memos search`, and words can fit what is not meant: --dry-run names each memory that would
    be changed.

    \b
    Examples:
      memos lifecycle run tidy.toml --dry-run
      memos lifecycle run tidy.toml

    \b
    A chain that archives old shopping lists:
      [[step]]
      do = "retrieve"
      query = "shopping list"
      k = 50
      [[step]]
      do = "filter"
      matching = "^shopping list"
      older = "30d"
      without = ["keep"]
      [[step]]
      do = "archive"

    \b
    Exit status:
      2  it is no chain; the message says where
      3  a memory is frozen, or somebody else's; nothing was changed
    """
    from memos_cli.interface.pipeline import chains

    done = chains.run(app.mos, app.mos.memories, chains.read(path, app.zone), dry_run=dry_run)
    if app.json:
        touched = [{"id": one.memory.id, "content": render.content(one.memory, reveal=False), "becomes": one.becomes}
                   for one in done.touched]  # fmt: skip
        app.data({**fields_of(done, without=("touched",)), "touched": touched})
        return
    for step in done.steps:
        app.out(f"{step['do']:<9} {render.many(step['memories'])}")
    for one in done.touched if dry_run else ():
        app.out(render.memory_line(one.memory, before="  ", behind=style(f"  ({', '.join(one.becomes)})", dim=True)))
    app.out(f"{len(done.changed)} {'would be changed' if dry_run else 'changed'}")
    if done.command_id:
        app.note(f"take it back with: memos undo {done.command_id}")


@lifecycle.command("install")
@click.option("--cron", "how", flag_value="cron", help="As a line of your crontab.")
@click.option("--systemd", "how", flag_value="systemd", help="As a timer of your systemd user session.")
@click.option("--print", "printed", is_flag=True, help="Print it instead.")
@click.option("--remove", is_flag=True, help="Take it out again.")
@dry_run
@pass_app
def install(app: App, *, how: str | None, printed: bool, remove: bool, dry_run: bool) -> None:
    """Let a tick run by itself, once an hour.

    \b
    Examples:
      memos lifecycle install --cron
      memos lifecycle install --systemd --print
      memos lifecycle install --cron --remove

    \b
    Exit status:
      1  there is no crontab or systemctl here, or it failed
      2  the path of the home has a line end or another control character in it
    """
    from memos_cli.cli import timer

    if how is None:
        raise UsageError("by what?", hint="memos lifecycle install --cron, or --systemd")
    made = timer.Cron() if how == "cron" else timer.Systemd()
    if printed:
        app.data({"how": how, "text": made.text()}) if app.json else app.out(made.text(), nl=False)
        return
    did = ("would be " if dry_run else "") + ("taken out" if remove else "installed")
    if not dry_run:
        made.remove() if remove else made.install()
    app.data({"how": how, "place": made.place, "removed": remove, "dry_run": dry_run}) if app.json else app.out(
        f"{did}: {made.place}"
    )
