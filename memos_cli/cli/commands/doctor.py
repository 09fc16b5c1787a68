"""`memos doctor`."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli import __version__, modes
from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command, dry_run, yes
from memos_cli.cli.sealing import sealing
from memos_cli.cli.terminal import style
from memos_cli.errors import IntegrityError, MemosError, ModelUnavailable, UsageError, extra

if TYPE_CHECKING:
    from memos_cli.interface.cubes.doctor import Lost, Mended
    from memos_cli.operation.operator.unread import Sample

_DAMAGED = "state and index are made anew by: memos doctor --rebuild; the rest comes from a backup"
_CUT = "restore a newer backup, or merge a copy that has the end, or go on without it: memos doctor --accept-loss"
_AHEAD = (
    "its log has clocks over a day ahead of this machine's, so nobody can import what is exported of it; see that the clock of "
    "this machine is right (date), then mend the log: memos doctor --repair"
)
_POISONED = "an older memos let that in; mend it with: memos doctor --repair"
_EXTRAS = {
    "semantic": ("llama_cpp", "gguf", "safetensors"),
    "llm": ("llama_cpp", "huggingface_hub"),
    "bulk": ("sentence_transformers", "torch"),
    "lora": ("peft", "transformers"),
}


@click.command(cls=Command)
@click.option("--rebuild", is_flag=True, help="Derive state, index and links anew from the log.")
@click.option("--embed", is_flag=True, help="Embed what waits for its vectors.")
@click.option("--reembed", is_flag=True, help="Embed anew what another model embedded.")
@click.option("--accept-loss", is_flag=True, help="Go on without the end that a log has lost.")
@click.option("--repair", is_flag=True, help="Mend what an older memos stored and no cube file can carry.")
@dry_run
@yes
@pass_app
def doctor(app: App, /, **given: bool) -> None:
    """Check the cubes and mend what can be mended.

    Looks at the program, the models, and every cube from the pages of its file to the state that its log amounts to, and
    whether the embedder can read the languages of the newest memories.
    What is derived (state, index, links, vectors) can be made anew from the log. The log itself is changed by --repair alone.
    On the way it removes what commands left that were killed: half a cube or file, a file that no memory names, and the last
    traces of what was purged; and it sees that nobody else can read or write in the home.

    A log that has lost its end, because a write-ahead log was damaged or an older copy of the file came back, holds together
    all the same; the file "heads" beside it tells. Until that is settled, nothing is written to the cube. Restore a newer
    backup, or merge a copy that has the end. With --accept-loss the cube goes on without it, as a new replica; a copy that is
    found later can still be merged.

    Older versions stored what no cube file can carry (a control character in a tag, a clock after the year 2099, links in a
    circle), so that the cube could not be exported. With --repair a bad change is erased for good, as a purge does, and what
    can be kept of it is written anew; from a bad header on, all operations of that replica are written again by a new one.
    So are those that a wrong clock put over a day ahead, as long as the clock of this machine can be right.
    All else stays as it is. The log records what was done, so that merges with copies that were not repaired go well.

    \b
    Examples:
      memos doctor
      memos --cube work doctor --rebuild
      memos doctor --reembed
      memos --cube work doctor --accept-loss --yes
      memos doctor --repair --dry-run
      memos --cube work doctor --repair --yes

    \b
    Exit status:
      0  all is well, or mended
      3  the cube is somebody else's; or --accept-loss or --repair: the answer was no, or there was nobody to ask
      10 no such cube
      13 something is damaged; a log that is damaged is not repaired
      14 --embed or --reembed without a model; nothing was done, not by --rebuild either
    """
    _narrow(app)
    made_anew = {name: given[name] for name in ("rebuild", "embed", "reembed")}
    if given["dry_run"] and not given["repair"]:
        raise UsageError("--dry-run goes with --repair", hint="memos doctor --repair --dry-run")
    for name, do in (("accept_loss", _accept_loss), ("repair", partial(_repair, dry_run=given["dry_run"]))):
        if given[name]:
            option = f"--{name.replace('_', '-')}"
            if any(made_anew.values()) or (given["accept_loss"] and given["repair"]):
                raise UsageError(f"{option} goes alone", hint=f"memos doctor {option}, and then the rest")
            do(app, sure=given["yes"])
            return
    if any(made_anew.values()):
        _mend(app, **made_anew)
        return
    _look(app)


def _look(app: App) -> None:
    """Look at all there is, and say what was found.

    Raises:
        IntegrityError: something is damaged.
    """
    surroundings = _surroundings(app)
    app.mos.doctor.sweep()
    names = app.mos.shelf.names()
    mine = app.cubes or app.mos.doctor.mine(names)
    cubes = {name: _examine(app, name) for name in mine}
    faults = sum(len(check["faults"]) for checks in cubes.values() for check in checks)
    unaccepted = [name for name in app.mos.lifecycle.unaccepted() if name in cubes]
    ahead = [] if faults else [name for name in cubes if app.mos.doctor.is_ahead(name)]
    unread = {} if faults else _unread(app, cubes)
    sources = [] if faults else [one for name in cubes for one in app.mos.sources.of_cube(name) if one.fault]
    if app.json:
        said = {"surroundings": surroundings, "cubes": cubes, "faults": faults, "unaccepted": unaccepted, "ahead": ahead}
        told = [{"cube": one.cube, "path": one.path, "fault": one.fault} for one in sources]
        app.data({**said, "unread": {name: sample._asdict() for name, sample in unread.items()}, "sources": told})
    else:
        _show(app, surroundings, cubes)
    for name, sample in unread.items():
        if sample.is_much:
            app.note(f"cube {name}: {sample.words()}")
    for name in names if not app.cubes else ():
        if name not in mine:
            app.note(f"cube {name} was not looked over: it belongs to somebody else")
    for name in unaccepted:
        app.note(f"cube {name}: {sealing.unaccepted(name)}")
    for one in sources:
        app.note(f"cube {one.cube}: the source {one.path} is not read: {one.fault}; see: memos source list")
    for name in ahead:
        app.note(f"cube {name}: {_AHEAD}")
    if faults:
        from memos_cli.interface.cubes.doctor import END, PORTABLE

        found = {check["check"] for checks in cubes.values() for check in checks if check["faults"]}
        hint = _CUT if END in found else _POISONED if found == {PORTABLE} else _DAMAGED
        raise IntegrityError(f"{faults} {'fault' if faults == 1 else 'faults'} found", hint=hint)


def _narrow(app: App) -> None:
    """Take from others what they may do in the home: one made by an older memos, or by hand, can be open to them."""
    if changed := modes.mend(app.paths.config, app.paths.data, app.paths.cache):
        app.note(f"others could read or write {render.many(changed, 'file')} or folders of the home; now only you can")


def _surroundings(app: App) -> dict[str, str]:
    """The program and what it runs on."""
    from memos_cli.interface.cubes.doctor import SQLITE

    facts = {"memos": f"{__version__} at {Path(__file__).parents[2]}", "on PATH": _on_path()}
    facts["python"] = f"{sys.version.split()[0]} at {sys.executable}"
    facts["sqlite"] = SQLITE
    for name, packages in _EXTRAS.items():
        missing = [package for package in packages if find_spec(package) is None]
        facts[f"extra {name}"] = f"lacks {', '.join(missing)}; {extra(name)}" if missing else "installed"
    facts["embedder"] = _embedder(app)
    facts["slots"] = _slots(app)
    facts["home"] = str(app.paths.data)
    return facts


def _slots(app: App) -> str:
    """The cache of slots. A damaged slot is no fault of the home: it is never used, and made again."""
    from memos_cli.cli.tables import human_bytes

    try:
        app.mos.activation.sweep()
        found = app.mos.activation.verify()
        taken, quota = app.mos.activation.bytes
    except MemosError as error:
        return f"{error.message}; {error.hint}"
    damaged = sum(one.state == "damaged" for one in found)
    more = f", {damaged} damaged: memos slot verify" if damaged else ""
    return f"{len(found)}, {human_bytes(taken)} of {human_bytes(quota)}{more}"


def _on_path() -> str:
    """The `memos` that a shell would start: the package MemoryOS installs one of that name too."""
    found = shutil.which("memos")
    if found is None:
        return "no memos on PATH"
    mine = Path(sys.argv[0]).resolve()
    if Path(found).resolve() == mine:
        return found
    return f"{found}, which is not the one that is running ({mine})"


def _embedder(app: App) -> str:
    try:
        weights = app.mos.embeddings.weights
    except MemosError as error:
        return error.message
    return f"{weights.fingerprint} from {weights.gguf}" if weights else "none; search is by words alone"


def _unread(app: App, names: Iterable[str]) -> dict[str, "Sample"]:
    """How many of the memories of each cube the embedder cannot read; empty where it cannot be run, which is told above."""
    try:
        return {name: app.mos.doctor.unread(name) for name in names}
    except ModelUnavailable:
        return {}


def _examine(app: App, name: str) -> list[dict[str, Any]]:
    return [{"check": one.name, "faults": list(one.faults)} for one in app.mos.doctor.examine(name, app.note)]


def _show(app: App, surroundings: dict[str, str], cubes: dict[str, list[dict[str, Any]]]) -> None:
    for name, value in surroundings.items():
        app.out(f"{style(f'{name:>15}', dim=True)}  {value}")
    for name, checks in cubes.items():
        app.out()
        app.out(f"cube {name}")
        for check in checks:
            mark = style("damaged", fg="red") if check["faults"] else style("well", fg="green")
            app.out(f"{check['check']:>15}  {mark}")
            for fault in check["faults"]:
                app.out(f"{'':>17}{fault}")
    if not cubes:
        app.out("no cubes yet")


_DID = {
    "erased": ("erased", "would erase"),
    "moved": ("wrote again", "would write again"),
    "shortened": ("shortened", "would shorten"),
    "unlinked": ("unlinked", "would unlink"),
    "position": ("placed anew", "would place anew"),
}
"""For each thing that a repair does, what it did and what it would do."""


def _to_mend(app: App) -> Sequence[str]:
    """The cubes that are to be mended: those that were named, else all that are the principal's own.

    Raises:
        Refused: there are cubes, and all of them are somebody else's.
    """
    there = app.mos.shelf.names()
    mine = app.cubes or app.mos.doctor.mine(there)
    if there and not mine:
        app.mos.require("doctor", app.mos.vault(there[0]))
    return mine


def _repair(app: App, *, dry_run: bool, sure: bool) -> None:
    names = _to_mend(app)
    planned = {name: app.mos.doctor.repair(name, dry_run=True) for name in names}
    found = {name: done for name, done in planned.items() if done}
    if found and not dry_run:
        count = sum(len(done) for done in found.values())
        app.confirm(f"Erase for good what no cube file can carry in {' and '.join(found)}, {count:,} in all?", yes=sure)
        found = {name: app.mos.doctor.repair(name, app.note) for name in found}
    if app.json:
        app.data({"cubes": {name: found.get(name, []) for name in names}, "dry_run": dry_run})
        return
    for name, done in found.items():
        for one in done:
            app.out(f"cube {name}: {_what_was_mended(one, dry_run=dry_run)}")
    if not found:
        app.out("there is nothing to repair" if names else "no cubes yet")


def _what_was_mended(one: "Mended", *, dry_run: bool) -> str:
    count = render.many(one.operations, "operation")
    what = {"erased": f"what {count} said of", "moved": f"{count} of"}.get(one.what, "")
    to = f", as replica {one.replica}" if one.replica else ""
    lost = f"; lost: {', '.join(map(render.one_line, one.dropped))}" if one.dropped else ""
    parts = (_DID[one.what][dry_run], what, one.noun, render.one_line(one.subject, 24) + to)
    return f"{' '.join(part for part in parts if part)}: {one.why}{lost}"


def _mend(app: App, *, rebuild: bool, embed: bool, reembed: bool) -> None:
    names = _to_mend(app)
    acts = [act for act, wanted in (("doctor rebuild", rebuild), ("doctor reembed", reembed)) if wanted]
    for name in names:  # one that is not there, or not one's own, ends it before anything is changed
        vault = app.mos.vault(name)
        for act in acts:
            app.mos.require(act, vault)
    if names and (embed or reembed):
        app.mos.doctor.require_embedder(rebuild=rebuild)
    done: dict[str, dict[str, int]] = {}
    for name in names:
        done[name] = {"memories": app.mos.doctor.rebuild(name)} if rebuild else {}
        if embed or reembed:
            done[name]["embedded"] = _embed(app, name, anew=reembed)
    if app.json:
        app.data({"cubes": done})
        return
    for name, counts in done.items():
        told = (render.many(count) if what == "memories" else f"{count:,} {what}" for what, count in counts.items())
        app.out(f"cube {name}: {', '.join(told)}")
    if not done:
        raise UsageError("there are no cubes yet")


def _accept_loss(app: App, *, sure: bool) -> None:
    names = _to_mend(app)
    known = {name: found for name in names if (found := app.mos.doctor.lost(name))}
    for name, found in known.items():
        for one in found:
            app.note(f"cube {name}: {_what_is_lost(one)}")
    if known:
        app.confirm(f"Go on without what {' and '.join(known)} lost?", yes=sure)
    done = {name: app.mos.doctor.accept_loss(name) for name in known}
    if app.json:
        app.data(
            {"cubes": {name: {"lost": found, "replica": app.mos.vault(name).meta["replica"]} for name, found in done.items()}}
        )
        return
    for name in done:
        app.out(f"cube {name} goes on as replica {app.mos.vault(name).meta['replica']}")
    if not done:
        app.out("no cube has lost anything")


def _what_is_lost(one: "Lost") -> str:
    if one.last + 1 == one.seq:
        return f"operation {one.seq:,} of replica {one.replica} is lost"
    if one.last < one.seq:
        return f"operations {one.last + 1:,} to {one.seq:,} of replica {one.replica} are lost"
    return f"operation {one.seq:,} of replica {one.replica} is lost, and another one has its number"


def _embed(app: App, name: str, *, anew: bool) -> int:
    from memos_cli.cli.progress import progress

    with progress(app, "embedding") as tell:
        return app.mos.doctor.embed(name, tell, anew=anew)
