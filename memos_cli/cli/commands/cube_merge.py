"""`memos cube merge` and `split`: merging and splitting cubes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import review_held
from memos_cli.cli.commands.cube_transfer import opened_file, tell_learnt
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Command, dry_run, filter_of, filters, nothing_passes, yes
from memos_cli.cli.progress import progress
from memos_cli.cli.sealing import sealing
from memos_cli.errors import Refused, UsageError

if TYPE_CHECKING:
    from memos_cli.interface.cubes.merge import Merged, Plan

_SHOWN = 20
"""Most lines of one sort on a terminal; `--json` has them all."""


def _with_default(cubes: tuple[str, ...]) -> tuple[str | None, str]:
    """Two cubes, of which the first may be left out."""
    if len(cubes) > 2:
        raise UsageError(f"{len(cubes)} cubes are too many", hint="one is written to, and one is read or made")
    return cubes[-2] if len(cubes) == 2 else None, cubes[-1]


@click.command("merge", cls=Command)
@click.argument("cubes", nargs=-1, required=True, metavar="[INTO] OTHER|FILE|-", shell_complete=completions.CUBES_OR_FILES)
@sealing.to_open
@dry_run
@yes
@pass_app
def merge(app: App, /, cubes: tuple[str, ...], *, dry_run: bool, yes: bool, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Take over what another cube has and this one lacks.

    OTHER, a cube's name, the path of its folder, or a cube file, is only read. Both may have gone on apart: every memory
    ends with all that was done to it on either side. Where both set the same thing differently the later shows, both stay
    in the history, and memos review asks. What was purged on one side is gone on both. A merge the other way round makes
    the two cubes equal; a second one changes nothing.

    What comes from outside of this home, and is not signed by a key that you trust, is trusted less until you use it: it
    ranks lower, and does not steer what chat answers; and a policy that comes with it does not rule here. What it changes of
    what is your own (edits, states, links, purges) is one question a file: take all, look, leave. On a terminal you are
    asked at once; elsewhere the rest is merged, the exit status is 3, and the question waits in memos review. --yes takes
    all. To be asked no more, trust the key that signs: memos key trust.

    Adapters come along and are kept, but chat computes with none of a stranger's; none comes back that knows what was purged
    here. With --dry-run all of this is told and nothing is done. One merge is one step of memos undo.

    \b
    Examples:
      memos cube merge laptop
      memos cube merge laptop.memcube --require-signed
      memos cube merge default /mnt/stick/memos/cubes/default --dry-run
      memos cube merge work home --json
      memos cube merge from-kim.memcube --yes

    \b
    Exit status:
      2  a cube and itself
      3  the rest was merged, and a stranger's changes to your own wait in memos review; or the cube belongs to somebody else;
         or a stranger's file goes on in the name of this very cube
      10 no such cube
      12 no key opens the file, the passphrase is wrong, or nobody whom you trust has signed it (--require-signed)
      13 the other cube is damaged or forged, or both went on as one (a folder was copied, and both were written to),
         or the other has operations over a day ahead of this machine's clock
    """
    into, other = _with_default(cubes)
    asked = not (yes or dry_run or app.json) and review_held.somebody_is_there()
    terms: dict[str, Any] = {"dry_run": dry_run, "take": yes, "ask": review_held.asking(app) if asked else None}
    if is_file(app, other):
        required = given["require_signed"]
        with opened_file(app, other, given) as (stream, _), progress(app, "verifying") as tell:
            result = app.mos.cube_merge.merge_file(stream, other, into, require_signed=required, tell=tell, **terms)
    elif any(given.values()):
        raise UsageError("only a cube file is encrypted or signed", hint="name a file, or leave these options out")
    else:
        result = app.mos.cube_merge.merge(other, into, **terms)
    if app.json:
        app.data(merged_json(result))
    else:
        tell_merged(app, result)
    for line in result.unfinished:
        app.note(f"a purge is not finished: {line}")
    if result.held and not asked:
        raise Refused(
            f"{review_held.line_of(result.held)}, wait for your answer; all else is merged",
            hint=f"decide with: memos review; or take all at once with --yes; {review_held.TRUST}",
        )


def is_file(app: App, other: str) -> bool:
    """Whether this names a cube file; a cube of this home comes before a file of the same name."""
    return other == "-" or (other not in app.mos.shelf.names() and Path(other).is_file())


def _counts(plan: "Plan") -> dict[str, int]:
    return {
        "new": len(plan.new), "newer": len(plan.newer), "older": len(plan.older), "conflicting": len(plan.conflicting),
        "same": plan.same, "erased": len(plan.erased), "withheld": len(plan.withheld),
    }  # fmt: skip


def merged_json(result: "Merged") -> dict[str, Any]:
    """What a merge brought, for a document."""
    plan = result.plan
    told = ("untrusted", "signers", "foreign_policy", "adapters", "slots", "now_trusted", "dry_run", "txn")
    return {
        **fields_of(result, only=("cube", "other")),
        "counts": _counts(plan),
        "operations": plan.operations,
        "ids": fields_of(plan, only=("new", "newer", "older", "conflicting", "erased", "withheld", "rivals")),
        "records": [{"noun": noun, "name": name} for noun, name in plan.records],
        "unlinked": [link._asdict() for link in result.opened],
        **fields_of(result, only=told, untrusted="from_elsewhere", slots="slots_kept", now_trusted="familiar"),
        "held": review_held.document(result.held, result.touched),
        "accepted": result.accepted,
    }


_WORDS = {
    "new": "new",
    "newer": "changed there",
    "older": "changed here only",
    "conflicting": "set differently on both sides",
    "same": "the same",
    "erased": "purged there",
    "withheld": "purged here",
}


def _tell_held(app: App, result: "Merged") -> None:
    touched = result.touched
    if not touched.changes:
        return
    app.out(f"{touched.changes:>8,}  held: changes to your own, by nobody whom you trust")
    if result.held:
        app.note(f"decide about what is held with: memos review {result.held.id[: render.SHORT_ID]}")
    elif not result.dry_run:
        app.note("you left what is held: it is not asked about again")


def tell_merged(app: App, result: "Merged") -> None:
    """Print what a merge brought."""
    for one in result.signers:
        app.note(f"signed by {sealing.named(one)}")
    for name, count in _counts(result.plan).items():
        if count:
            app.out(f"{count:>8,}  {_WORDS[name]}")
    for noun, name in result.plan.records[:_SHOWN]:
        app.out(f"{'':>8}  {noun} {name}")
    tell_learnt(app, result.cube, result.adapters, result.slots, dry_run=result.dry_run)
    _tell_held(app, result)
    if result.now_trusted:
        verb = "would trust" if result.dry_run else "trusts"
        app.note(f"{verb} {render.many(result.now_trusted)} that came from elsewhere before as your own")
    if not result.plan.operations:
        more = (
            "nothing else"
            if result.adapters or result.slots.kept or result.now_trusted or result.touched.changes
            else "nothing"
        )
        has = "all else" if result.touched.changes else "all"
        app.out(f"{more} to take over: cube {result.cube} has {has} that {result.other} has")
        return
    done = "would merge" if result.dry_run else "merged"
    app.out(f"{done} {result.other} into {result.cube}: {result.plan.operations:,} operations")
    _tell_settled(app, result)
    if result.dry_run:
        return
    if result.plan.conflicting or result.plan.rivals:
        app.note("what was set differently shows as it was set later; decide with: memos review")
    app.note(f"take it back with: memos undo {result.txn}")


def _tell_settled(app: App, result: "Merged") -> None:
    """What of the other cube does not hold here."""
    for link in result.opened:
        source, target = link.source[: render.SHORT_ID], link.target[: render.SHORT_ID]
        app.note(f"{source} {link.type} {target} closed a circle of such links, so that link, the last one set, is taken out")
    if result.foreign_policy:
        look = "does not rule here; look at it with: memos lifecycle policy show --merged"
        app.note(f"the policy that came with it {'would not rule here' if result.dry_run else look}")


@click.command("split", cls=Command)
@click.argument("cubes", nargs=-1, required=True, metavar="[NAME] NEW", shell_complete=completions.CUBES_OR_FILES)
@filters
@click.option("--keep", is_flag=True, help="Leave the memories in the old cube too.")
@dry_run
@pass_app
def split(app: App, /, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Move memories to a new cube of their own, with all of their history.

    NEW is the new cube's name or path; which memories, the options of memos list tell. In the old cube they are
    forgotten: memos undo brings all of them back, memos restore some.

    \b
    Examples:
      memos cube split garden --tag garden
      memos cube split default work --task launch --dry-run
      memos cube split archive-2025 --until 2026-01-01 --archived --keep

    \b
    Exit status:
      2  no memory is so
      3  there is such a cube, or a memory is frozen
      10 no such cube
    """
    keep, dry = given.pop("keep"), given.pop("dry_run")
    name, new = _with_default(given.pop("cubes"))
    app.cubes = [name] if name else app.cubes
    wanted = filter_of(app, given)
    try:
        result = app.mos.cube_merge.split(new, name, wanted, keep=keep, dry_run=dry)
    except UsageError:
        if app.mos.memories.has(wanted):
            raise
        said = nothing_passes(app, wanted, "the cube is empty")
        raise UsageError(f"no memory is so: {said}", hint=f"make an empty cube with: memos cube create {new}") from None
    if app.json:
        app.data(fields_of(result, only=("cube", "new", "path", "kept", "dry_run", "ids", "txn")))
        return
    verb = "copy" if result.kept else "move"
    done = f"would {verb}" if result.dry_run else {"copy": "copied", "move": "moved"}[verb]
    app.out(f"{done} {render.many(len(result.ids))} from cube {result.cube} to {result.new} at {result.path}")
    if result.txn:
        app.note(f"they are forgotten in {result.cube}; bring them back with: memos undo {result.txn}")
