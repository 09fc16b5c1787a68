"""`memos doctor`."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli import __version__, modes
from memos_cli.cli import render, sealing
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command, yes
from memos_cli.cli.terminal import style
from memos_cli.errors import IntegrityError, MemosError, UsageError, extra

if TYPE_CHECKING:
    from memos_cli.interface.cubes.doctor import Lost

_DAMAGED = "state and index are made anew by: memos doctor --rebuild; the rest comes from a backup"
_CUT = "restore a newer backup, or merge a copy that has the end, or go on without it: memos doctor --accept-loss"
_EXTRAS = {"llm": ("llama_cpp", "gguf"), "semantic": ("sentence_transformers", "torch"), "lora": ("peft", "transformers")}


@click.command(cls=Command)
@click.option("--rebuild", is_flag=True, help="Derive state, index and links anew from the log.")
@click.option("--embed", is_flag=True, help="Embed what waits for its vectors.")
@click.option("--reembed", is_flag=True, help="Embed anew what another model embedded.")
@click.option("--accept-loss", is_flag=True, help="Go on without the end that a log has lost.")
@yes
@pass_app
def doctor(app: App, *, rebuild: bool, embed: bool, reembed: bool, accept_loss: bool, yes: bool) -> None:
    """Check the cubes and mend what can be mended.

    Looks at the program, the models, and every cube from the pages of its file to the state that its log amounts to.
    What is derived (state, index, links, vectors) can be made anew from the log; the log itself is never changed.
    On the way it removes what commands left that were killed: half a cube or file, a file that no memory names, and the last
    traces of what was purged; and it sees that nobody else can read or write in the home.

    A log that has lost its end, because a write-ahead log was damaged or an older copy of the file came back, holds together
    all the same; the file "heads" beside it tells. Until that is settled, nothing is written to the cube. Restore a newer
    backup, or merge a copy that has the end. With --accept-loss the cube goes on without it, as a new replica; a copy that is
    found later can still be merged.

    \b
    Examples:
      memos doctor
      memos --cube work doctor --rebuild
      memos doctor --reembed
      memos --cube work doctor --accept-loss --yes

    \b
    Exit status:
      0  all is well
      3  --accept-loss: the answer was no, or there was nobody to ask
      10 no such cube
      13 something is damaged
      14 --embed or --reembed without a model; nothing was done, not by --rebuild either
    """
    _narrow(app)
    if accept_loss:
        if rebuild or embed or reembed:
            raise UsageError("--accept-loss goes alone", hint="memos doctor --accept-loss, and then the rest")
        _accept_loss(app, sure=yes)
        return
    if rebuild or embed or reembed:
        _mend(app, rebuild=rebuild, embed=embed, reembed=reembed)
        return
    surroundings = _surroundings(app)
    app.mos.doctor.sweep()
    cubes = {name: _examine(app, name) for name in (app.cubes or app.mos.shelf.names())}
    faults = sum(len(check["faults"]) for checks in cubes.values() for check in checks)
    unaccepted = [name for name in app.mos.lifecycle.unaccepted() if name in cubes]
    if app.json:
        app.data({"surroundings": surroundings, "cubes": cubes, "faults": faults, "unaccepted": unaccepted})
    else:
        _show(app, surroundings, cubes)
    for name in unaccepted:
        app.note(f"cube {name}: {sealing.unaccepted(name)}")
    if faults:
        from memos_cli.interface.cubes.doctor import END

        cut = any(check["faults"] and check["check"] == END for checks in cubes.values() for check in checks)
        raise IntegrityError(f"{faults} {'fault' if faults == 1 else 'faults'} found", hint=_CUT if cut else _DAMAGED)


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


def _mend(app: App, *, rebuild: bool, embed: bool, reembed: bool) -> None:
    names = app.cubes or app.mos.shelf.names()
    for name in names:  # one that is not there ends it before anything is changed
        app.mos.vault(name)
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
    names = app.cubes or app.mos.shelf.names()
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
