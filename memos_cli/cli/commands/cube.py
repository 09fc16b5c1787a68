"""`memos cube`: the cubes of a home."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import cube_transfer
from memos_cli.cli.commands.cube_accept import accept
from memos_cli.cli.commands.cube_diff import diff
from memos_cli.cli.commands.cube_given import given as given_
from memos_cli.cli.commands.cube_merge import is_file, merge, split
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family, dry_run, yes
from memos_cli.cli.sealing import sealing
from memos_cli.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memos_cli.interface.cubes.origin import Fitting
    from memos_cli.interface.cubes.used_cube import CubeNamed
    from memos_cli.model import Cube


@click.group(cls=Family)
def cube() -> None:
    """Make, list, rename and remove cubes, and carry them between machines.

    A MemCube is a folder that holds memories with their log; it is named by its name or its path. What travels is a cube
    file, NAME.memcube: one file that vouches for every byte in it. man memos-cube.5 describes it.
    """


for _command in (cube_transfer.export, cube_transfer.import_, cube_transfer.verify, accept, given_, merge, split, diff):
    cube.add_command(_command)


@cube.command("create")
@click.argument("name")
@click.option("--use", is_flag=True, help="Use it from now on.")
@pass_app
def create(app: App, name: str, *, use: bool) -> None:
    """Make an empty cube.

    \b
    Examples:
      memos cube create work --use
      memos cube create ./project-memory

    \b
    Exit status:
      3  there is one of that name already
    """
    if not app.mos.create_cube(name):
        raise Refused(f"there is a cube {name!r} already", hint=f"use it: memos cube use {name}")
    if use:
        app.mos.use_cube(name)
    made = app.mos.memories.information(app.mos.vault(name))
    app.data(made) if app.json else app.out(f"made cube {made.name} at {made.path}")


@cube.command("list")
@pass_app
def list_(app: App) -> None:
    """List the cubes of this home.

    \b
    Examples:
      memos cube list
      memos cube list --json
    """
    from memos_cli.errors import MemosError

    cubes: list[Cube] = []
    broken: list[tuple[str, str]] = []
    for name in app.mos.shelf.names():
        try:
            cubes.append(app.mos.memories.information(app.mos.vault(name)))
        except MemosError as error:
            broken.append((name, error.message))
    used = app.settings.get("cube")
    if app.json:
        found = [{**fields_of(one), "used": one.name == used} for one in cubes]
        app.data({"cubes": found, "unreadable": [{"name": name, "message": message} for name, message in broken]})
        return
    if cubes:
        from memos_cli.cli.render import day_of
        from memos_cli.cli.tables import table

        rows = [
            ("*" if one.name == used else "", one.name, f"{one.memories:,}", _size(one), day_of(one.created_at))
            for one in cubes
        ]
        table(("", "cube", "memories", "size", "made"), rows, right=(2, 3))
    for name, message in broken:
        app.note(f"{name} cannot be read: {message}")
    if not cubes and not broken:
        app.note('no cubes yet; the first "memos add" makes one called default')


def _size(one: "Cube") -> str:
    """The size of a cube; a hyphen for whom it is not told."""
    from memos_cli.cli.tables import human_bytes

    return "-" if one.bytes is None else human_bytes(one.bytes)


@cube.command("use")
@click.argument("name", shell_complete=completions.CUBES)
@pass_app
def use(app: App, name: str) -> None:
    """Use a cube from now on, when no --cube is given.

    \b
    Examples:
      memos cube use work

    \b
    Exit status:
      10 no such cube
    """
    app.mos.require("cube use")
    app.mos.vault(name)
    app.mos.use_cube(name)
    app.data({"cube": name}) if app.json else app.out(f"using cube {name}")
    where = app.settings.origin("cube").origin
    if where not in {"default", str(app.paths.user_file)}:
        app.note(f"here another one is used all the same: {where} says so")


@cube.command("info")
@click.argument("name", required=False, metavar="[NAME|FILE|-]", shell_complete=completions.CUBES_OR_FILES)
@sealing.to_open
@pass_app
def info(app: App, /, name: str | None, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Tell about a cube, and what of it fits this machine; or what is in a cube file.

    Whose it was where it was made; whether its vectors are of the embedder that searches here, and its slots and adapters of
    the model that chats here; what is made anew, what is kept and not loaded, and the command that changes that; what came in
    from elsewhere, who had signed it, and how many of its memories nobody has used here yet.

    Where it came of what you gave away with memos cube export --to NAME, in a file or in a cube made of one, the marks in it
    name who was given it: by the manifest, which is the very file, or by so many salts, which are in any copy of a
    publication. Of a name that the marks do not tell, a salt would tell by chance once in 2 to the power of 128.

    \b
    Examples:
      memos cube info
      memos cube info work --json
      memos cube info leaked.memcube

    \b
    Exit status:
      10 no such cube
      12 no key opens the file, the passphrase is wrong, or nobody whom you trust has signed it (--require-signed)
      13 what lies there is not a cube that this memos can read, or the list of recipients is damaged
    """
    if name is not None and is_file(app, name):
        cube_transfer.tell_file(app, name, given)
        return
    if any(given.values()):
        raise UsageError("only a cube file is encrypted or signed", hint="name a file, or leave these options out")
    from memos_cli.interface.cubes.origin import fitting

    vault = app.mos.vault(name or app.mos.cube_names[0])
    facts: dict[str, Any] = {
        **fields_of(app.mos.memories.information(vault)),
        "owner": vault.meta["owner"],
        "replica": vault.meta["replica"],
    }
    numbers, fits = app.mos.memories.statistics(vault), fitting(app.mos, app.mos.keys, vault)
    traces = app.mos.transfer.traces(vault)
    if app.json:
        told_of = cube_transfer.traces_json(traces)
        app.data({**facts, "statistics": numbers, **_fitting_json(fits), "given_to": told_of["given_to"]})
        return
    from memos_cli.cli import tables
    from memos_cli.cli.render import moment

    apart = {"memories", "operations", "created_at"}
    told = [(key, value) for key, value in facts.items() if key not in apart and value is not None]
    told.insert(2, ("made", moment(facts["created_at"])))
    tables.table(("", ""), [*told, *_fitting(vault.name, fits), *cube_transfer.told_traces(traces)])
    app.out()
    tables.statistics(vault.name, numbers)


def _fitting_json(fits: "Fitting") -> dict[str, Any]:
    arrived = [{**fields_of(one), "at": one.at} for one in fits.arrived]  # published with its milliseconds, whatever they are
    return {**fields_of(fits, untrusted="strangers"), "arrived": arrived}


def _fitting(cube: str, fits: "Fitting") -> "Iterator[tuple[str, str]]":
    from memos_cli.cli.render import day_of, many, one_line, owned_by
    from memos_cli.cli.sealing.sealing import named, unaccepted

    yield "made by", owned_by(fits.maker, unverified=fits.maker_unverified)
    said = {True: "as searched with here", False: "of another embedder; new ones: memos doctor --embed", None: "no model here"}
    for one in fits.vectors:
        yield "vectors", f"{one.memories:,} of {one.embedder}: {said[one.fits]}"
    which = {True: "of the model that is chosen", False: "of another model, not used", None: "of no use: no model is chosen"}
    for state in fits.slots:
        yield "slots", f"{state.slots:,} {which[state.fits]}{f'; new ones: {state.next}' if state.next else ''}"
    for it in fits.adapters:
        what = f"generation {it.generation} of {one_line(it.model, 40)}, {many(it.memories)}"
        kept = "used by chat" if it.used else f"kept, not loaded: {it.why}{f'; {it.next}' if it.next else ''}"
        yield "adapter", f"{what}: {kept}"
    for came in fits.arrived:
        who = ", ".join(map(named, came.signers)) or "nobody"
        what = "a file" if came.file else f"cube {came.cube}"
        yield "came in", f"{day_of(came.at)}: {came.operations:,} operations of {what}, signed by {who}"
    if not fits.accepted:
        yield "accepted", unaccepted(cube)
    if fits.untrusted:
        yield "trusted less", f"{many(fits.untrusted)} from elsewhere that nobody used here yet"
    if fits.foreign_policy:
        yield "policy", "one from elsewhere does not rule: memos lifecycle policy show --merged"


@cube.command("rename")
@click.argument("old", shell_complete=completions.CUBES)
@click.argument("new")
@pass_app
def rename(app: App, old: str, new: str) -> None:
    """Give a cube another name.

    \b
    Examples:
      memos cube rename default home

    \b
    Exit status:
      3  the new name is taken
      10 no such cube
    """
    from memos_cli.interface.cubes import used_cube

    was = used_cube.who_names(app.mos, old)
    path = used_cube.rename(app.mos, old, new)
    using = was.settle(app.mos, new)
    app.data({"name": path.name, "path": str(path), "using": using}) if app.json else app.out(f"renamed cube {old} to {new}")
    _tell_used(app, was, using)


@cube.command("rm")
@click.argument("name", shell_complete=completions.CUBES)
@dry_run
@yes
@pass_app
def rm(app: App, name: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a cube with all its memories, for good.

    \b
    Examples:
      memos cube rm trial --dry-run
      memos cube rm trial --yes

    \b
    Exit status:
      3  the answer was no, or there was nobody to ask
      10 no such cube
    """
    from memos_cli.cli.render import many
    from memos_cli.interface.cubes import used_cube

    app.mos.require("cube rm", app.mos.vault(name))
    found, was = app.mos.vault(name).info(), used_cube.who_names(app.mos, name)
    said = f"cube {name} with {many(found.memories)} at {found.path}"
    if not dry_run:
        app.confirm(f"Remove {said}? It cannot be undone.", yes=yes)
        app.mos.activation.forget_cube(used_cube.remove(app.mos, name))
    using = was.settle(app.mos, dry_run=dry_run)
    app.data({"name": name, "removed": not dry_run, "using": using}) if app.json else app.out(
        f"{'would remove' if dry_run else 'removed'} {said}"
    )
    _tell_used(app, was, using, dry_run=dry_run)


def _tell_used(app: App, was: "CubeNamed", using: str, *, dry_run: bool = False) -> None:
    """Say which cube is used now, where the one that was is gone."""
    if was.stored and not app.json:
        app.out(f"{'then using' if dry_run else 'using'} cube {using}")
    if was.elsewhere and not dry_run:
        app.note(f"{was.elsewhere} still names the old one: name another there")
