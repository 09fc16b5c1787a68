"""`memos cube export`, `import` and `verify`: cubes as files."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import FILTER_NAMES, NAMED, Command, dry_run, filter_of, filters, nothing_passes, yes
from memos_cli.cli.progress import progress
from memos_cli.cli.render import many, moment, one_line, owned_by, zone
from memos_cli.cli.sealing import sealing
from memos_cli.cli.terminal import plain
from memos_cli.errors import Refused, UsageError
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.interface.cubes.transfer import Contents, Exported, Received, Traces
    from memos_cli.operation.activation.travel import Taken
    from memos_cli.operation.parametric.foreign_adapters import Came

_OPTIONS = {"kinds": "kind", "tags": "tag", "labels": "label", "states": "state", "everything": "all"}
_LONGEST = 1000
_DID = ("came along", "uses", "is not", "dropped, and made anew here")
_WOULD = ("would come along", "would use", "would not be", "would be dropped")
"""Words for adapters and slots in a dry run: copied, used, not used, dropped."""


@click.command("export", cls=Command)
@click.argument("name", required=False, shell_complete=completions.CUBES)
@click.option("-o", "--output", type=NAMED, metavar="FILE|-", help="The file; - is standard output.  [default: NAME.memcube]")
@filters
@click.option("--no-vectors", is_flag=True, help="Leave the vectors out; they can be computed again.")
@click.option("--adapters/--no-adapters", "adapters", default=None, help="What a model learnt.  [default: with a whole cube]")
@click.option("--slots", is_flag=True, help="What a model computed, too, with a whole cube: large, and for the same machine.")
@click.option("--redact", is_flag=True, help="To publish: no history, other ids, secrets masked, what is labelled withheld.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--to", "recipient", metavar="NAME", help="Who is given it: marks in the file name them, for you alone.")
@sealing.to_seal
@pass_app
def export(app: App, /, name: str | None, output: str | None, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Write a cube to one file that another machine can import.

    The whole cube, with its log, versions, links, views and policy; or, with a filter, the memories that pass, each with its
    whole history. Uses and what came in last are not part of it: the same cube gives the same bytes.

    A filter and --redact leave out what was said in `memos chat`, unless --turns or --conversation NAME asks for it. The whole
    cube has it, since it has the whole log, and nothing finds it there unasked.

    Of a whole cube the adapters that are in use go along, each with its data set, unless --no-adapters is given; with --slots
    also the slots that hold this cube's memories alone. A filter or --redact leaves both here: they hold what it leaves out.
    Who receives them uses them only if the file is signed by a key that they trust, or by a promotion of their own.

    It can be encrypted, to others (their keys open it) or with a passphrase, and signed. Encrypted files are age files: the
    program age opens them too.

    With --to NAME the file is marked as the copy of NAME, under a secret that never leaves this home: nobody else can read
    the name, or make the mark of somebody else. memos cube info FILE finds it here, and memos cube given lists to whom what
    was given. The mark of the file itself is gone once it was imported. With --redact the salts of all its operations are
    marks as well, which stay through imports, merges, splits and exports of a part; so five memories of a leaked copy still
    name who was given them. Of a whole cube and a selection the operations stay what they are, without a mark. Whoever
    knows of a mark can take it off: by publishing the copy again, or by writing its texts anew.

    \b
    Examples:
      memos cube export
      memos cube export work -o /media/stick/work.memcube
      memos cube export --tag recipe -o recipes.memcube
      memos cube export --redact --tag talk -o talk.memcube
      memos cube export --encrypt-to kim --sign
      memos cube export --redact --tag talk --to kim -o kim.memcube
      memos cube export --no-adapters -o small.memcube
      memos cube export --slots --sign -o laptop.memcube
      memos cube export --passphrase -o backup.memcube
      memos cube export -o - | ssh laptop memos cube import - --name work

    \b
    Exit status:
      3  the file is there already, the cube is somebody else's, or nothing passes the filter
      10 no such cube, or no such key
      12 the passphrase of your key is wrong
      13 the cube is damaged
    """
    from memos_cli.interface.cubes.transfer import Extent

    app.cubes = [name] if name else app.cubes
    app.mos.require("cube export", app.mos.vault(app.mos.cube_names[0]))
    wanted, words = _selection(app, given)
    if wanted is not None and not app.mos.memories.has(wanted):
        said = nothing_passes(app, wanted, "the cube is empty")
        raise Refused("there is nothing to export: no memory passes the filter", hint=f"{said}; what there is shows memos list")
    target: Path | BinaryIO | None = None if output is None else sys.stdout.buffer if output == "-" else Path(output)
    if output == "-" and sys.stdout.isatty():
        raise UsageError("a cube file is not for a terminal", hint="name a file with -o, or send it into a pipe")
    if output == "-" and app.json:
        raise UsageError("-o - and --json exclude each other: both write to standard output")
    sign, seal = sealing.chosen(app, given)
    extent = Extent(
        wanted, words, vectors=not given["no_vectors"], redacted=given["redact"], adapters=given["adapters"] is not False,
        to=given["recipient"],
    )  # fmt: skip
    options = {name: given[name] for name in ("slots", "force")}
    with progress(app, "exporting") as tell:
        done = app.mos.transfer.export(name, target, extent, **options, sign=sign, seal=seal, tell=tell)
    asked = [name for name in ("adapters", "slots") if given[name] and not extent.whole]
    if asked:
        app.note(f"{' and '.join(asked)} stay here: they hold what a selection or a publication leaves out")
    _tell_export(app, done, encrypted=seal is not None, signed=sign is not None)


def _selection(app: App, given: dict[str, Any]) -> tuple[Any, str | None]:
    """The filter of the options, and the same in words; `None` for the whole cube."""
    if given.get("as_of"):
        raise UsageError("an export takes each memory with all its history, so --as-of has no meaning here")
    chosen = {name: given[name] for name in FILTER_NAMES if given.get(name)}
    wanted = filter_of(app, given)
    if not chosen and not app.view:
        return None, None
    parts = [f"view {app.view}"] if app.view else []
    for option, value in chosen.items():
        name = _OPTIONS.get(option, option)
        parts += [name if one is True else f"{name} {one}" for one in (value if isinstance(value, tuple) else (value,))]
    if not (chosen.get("everything") or chosen.get("states")):
        parts.append(f"current at {app.mos.now}")
    return wanted, ", ".join(parts)[:_LONGEST]


def _tell_export(app: App, done: "Exported", *, encrypted: bool, signed: bool) -> None:
    dumped = done.dumped
    if app.json:
        app.data(
            {
                **fields_of(done, only=("cube", "path")),
                **fields_of(dumped, only=("bytes", "digest", "counts", "vectors", "blobs", "absent")),
                **fields_of(done, only=("redacted", "left_out"), left_out="withheld"), **fields_of(done, only=("notices",)),
                **fields_of(dumped, only=("adapters", "slots")),
                "adapters_left": [{"id": one, "reason": why} for one, why in dumped.kept.items()],
                "encrypted": encrypted, "signed": signed, "to": done.to,
            }
        )  # fmt: skip
        return
    from memos_cli.cli.tables import human_bytes

    what = f"{many(dumped.counts['memories'])}, {dumped.counts['operations']:,} operations, {human_bytes(dumped.bytes)}"
    how = "".join((", encrypted" if encrypted else "", ", signed" if signed else ""))
    said = f"exported cube {done.cube}{f' to {done.path}' if done.path else ''}: {what}{how}"
    app.out(said) if done.path else app.note(said)
    if dumped.adapters or dumped.slots:
        app.note(f"with {many(dumped.adapters, 'adapter')} and {many(dumped.slots, 'slot')}")
    for one, why in dumped.kept.items():
        app.note(f"adapter {plain(one)[:8]} stays here: {why}")
    if done.to is not None:
        how = "in every salt" if done.redacted else "in its manifest alone: an import takes it off"
        app.note(f"marked as the copy of {plain(done.to)}, {how}")
    if dumped.absent:
        app.note(f"{dumped.absent} files that memories were read from are not in it: they are gone, or hold what others say")
    for notice in done.notices:
        app.note(notice)


@click.command("import", cls=Command)
@click.argument("file", type=NAMED, metavar="FILE|-", shell_complete=completions.FILES)
@click.option("--name", type=NAMED, metavar="TEXT", help="What the cube is to be called here.  [default: the file's name]")
@click.option("--accept", is_flag=True, help="Accept it, whoever has signed it: its policy and hooks rule.")
@sealing.to_open
@dry_run
@yes
@pass_app
def import_(app: App, /, file: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Make a cube of a cube file.

    All of the file is verified before anything is changed, and the cube is there whole or not at all. Memories keep their
    ids, times, versions and links. What no key that you trust has signed is trusted less until you use it. A cube that is
    there already is not touched: memos cube merge puts two together. memos undo in the new cube takes the import back.

    A cube that no key you trust has signed keeps its policy as data, but it does not rule, none of its hooks runs, and
    memos lifecycle tick --all leaves it alone, until you accept it: with --accept, or memos cube accept NAME. Where memories
    in the file were purged in a cube of this home, you are asked before they come back; --yes says so beforehand.

    Adapters that come along are kept. Chat computes with one only if the file is signed by a key that you trust, or you
    promote it (memos consolidate promote), and only with the very model that it was made for; slots are kept only of the
    model chosen here and from somebody whom you trust. All else works without: chat goes on with the text.

    An encrypted file is opened with your keys, or those in --identity FILE; a passphrase is asked for. Whose the signatures
    are is told; a forged one is refused.

    \b
    Examples:
      memos cube import work.memcube
      memos cube import work.memcube --name work-laptop --dry-run
      memos cube import from-kim.memcube --require-signed
      memos cube import my-old-laptop.memcube --accept
      ssh laptop memos cube export work -o - | memos cube import - --name laptop

    \b
    Exit status:
      3  there is a cube of that name, or nobody agreed that what was purged here comes back
      12 no key opens it, the passphrase is wrong, or nobody whom you trust has signed it (--require-signed)
      13 the file is damaged, forged, no cube file, of a newer memos, or has operations over a day ahead of this machine's
         clock; nothing was changed
    """
    from memos_cli.interface.cubes.transfer import proposed_name

    chosen = given["name"] or proposed_name(file)
    if chosen is None:
        raise UsageError("what is the cube to be called?", hint="give it a name: --name NAME")

    def agree(gone: Mapping[str, str]) -> None:
        app.hush()
        where, were = ", ".join(sorted(set(gone.values()))), "was" if len(gone) == 1 else "were"
        question = f"{many(len(gone))} in it {were} purged in this home ({where}). Import it all the same?"
        app.confirm(question, yes=given["yes"])

    terms = {name: given[name] for name in ("dry_run", "require_signed", "accept")}
    with opened_file(app, file, given) as (stream, encrypted), progress(app, "verifying") as tell:
        done = app.mos.transfer.receive(stream, chosen, **terms, agree=agree, tell=tell)
    _tell_import(app, done, encrypted=encrypted)


def _tell_import(app: App, done: "Received", *, encrypted: bool) -> None:
    counts = done.contents.manifest["counts"]
    plan = {"new": counts["memories"], "same": 0, "newer": 0, "older": 0, "conflicting": 0}
    if app.json:
        app.data({"cube": done.cube, "dry_run": done.dry_run, "command_id": done.txn, "plan": plan,
                  "slots_kept": done.slots, **_json(done.contents, encrypted=encrypted),
                  **fields_of(done, only=("accepted", "purged_here"))})  # fmt: skip
        return
    said = "would import" if done.dry_run else "imported"
    app.out(f"{said} cube {done.cube}: {many(counts['memories'])}, all new; {counts['operations']:,} operations")
    for one in done.contents.signers:
        app.note(f"signed by {sealing.named(one)}")
    if done.contents.absent:
        app.note(f"{done.contents.absent} files that memories were read from did not come with them")
    tell_learnt(app, done.cube, done.contents.adapters, done.slots, dry_run=done.dry_run)
    if done.purged_here:
        are = "would be here again" if done.dry_run else "are here again"
        app.note(f"{many(len(done.purged_here))} {are} that you purged: {', '.join(one[:8] for one in done.purged_here[:5])}")
    if not done.dry_run:
        if not done.accepted:
            app.note("it is trusted less until you use it")
        app.note(f"take it back with: memos --cube {done.cube} undo")
        app.note(f"look at it with: memos --cube {done.cube} list; use it from now on: memos cube use {done.cube}")
    if not done.accepted:
        app.note(sealing.unaccepted(done.cube))


def tell_learnt(app: App, cube: str, adapters: "Sequence[Came]", slots: "Taken", *, dry_run: bool = False) -> None:
    """Print what became, or would become, of the adapters and slots in a file."""
    came, used, unused, dropped = _WOULD if dry_run else _DID
    for one in adapters:
        what = f"generation {one.generation} of {one_line(one.model, 40)} {came}, which knows {many(one.memories)}"
        if one.trusted:
            app.note(f"{what}; chat {used} it with that model")
        else:
            app.note(f"{what}, and {unused} used: memos --cube {cube} consolidate promote {one.generation} lets chat use it")
    if slots.kept:
        app.note(f"{many(slots.kept, 'slot')} {came}")
    if slots.dropped:
        app.note(f"{many(slots.dropped, 'slot')} {dropped}: {slots.why}")


@click.command("verify", cls=Command)
@click.argument("file", type=NAMED, metavar="FILE|-", shell_complete=completions.FILES)
@sealing.to_open
@pass_app
def verify(app: App, /, file: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Verify a cube file to its last byte, and tell what is in it; nothing is changed.

    \b
    Examples:
      memos cube verify work.memcube
      memos cube verify work.memcube --json
      memos cube verify leaked.memcube

    \b
    Exit status:
      12 no key opens it, the passphrase is wrong, or nobody whom you trust has signed it (--require-signed)
      13 the file is damaged, forged, no cube file, of a newer memos, or has operations over a day ahead of this machine's
         clock
    """
    tell_file(app, file, given)


def tell_file(app: App, file: str, given: dict[str, Any]) -> None:
    """Verify a cube file, and print what is in it and to whom this home gave it."""
    with opened_file(app, file, given) as (stream, encrypted), progress(app, "verifying") as tell:
        found = app.mos.transfer.verify(stream, require_signed=given["require_signed"], tell=tell)
    if app.json:
        app.data({"sound": True, **_json(found, encrypted=encrypted), **traces_json(found.traces)})
        return
    from memos_cli.cli.tables import table

    told = [*_facts(found), ("encrypted", "yes" if encrypted else "no"), *told_traces(found.traces)]
    table(("", ""), told)


def traces_json(found: "Traces") -> dict[str, Any]:
    """The recipients whose marks were found, for a document."""
    return {"given_to": [fields_of(one) for one in found.found], "marked": found.marked, "marked_salts": found.salts}


def told_traces(found: "Traces") -> Iterator[tuple[str, str]]:
    """The recipients whose marks were found, a line each."""
    for one in found.found:
        where = ["by its manifest"] if one.manifest else []
        where += [f"by {one.salts:,} of {found.salts:,} salts"] if one.salts else []
        yield "given to", f"{plain(one.recipient)}, {' and '.join(where)}"
    if found.marked and not any(one.manifest for one in found.found):
        yield "marked", "for somebody to whom another home, or a name that is not on the list here, gave it"


def _facts(found: "Contents") -> Iterator[tuple[str, str]]:
    told = found.manifest
    counts, blobs = told["counts"], [one for one in told["members"] if one["name"].startswith("blobs/")]
    yield "cube", told["cube"]
    yield "made", f"{moment(told['created'])} by {owned_by(told['owner'], unverified=not found.trusted)}"
    yield "holds", zone().retold(told["selection"] or "the whole cube")
    if told["redacted"]:
        yield "redacted", "a publication: no history, other ids, secrets masked"
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(found.states.items()))
    yield "memories", f"{counts['memories']:,}" + (f": {states}" if states else "")
    yield "links, rules", f"{counts['links']:,}, {counts['rules']:,}"
    yield "vectors", f"{found.vectors:,}"
    for one in found.adapters:
        yield "adapter", f"generation {one.generation} of {one_line(one.model, 40)}, which knows {many(one.memories)}"
    for model, count in found.models.items():
        yield "slots", f"{count:,} of the model {plain(model)[:12]}"
    yield "files", f"{len(blobs):,}" + (f", {found.absent:,} did not come along" if found.absent else "")
    missing = sum(head["seq"] - head["count"] for head in told["heads"].values())
    replicas = many(len(told["heads"]), "replica") + (f"; {missing:,} operations of theirs stayed behind" if missing else "")
    yield "operations", f"{counts['operations']:,} of {replicas}"
    yield "signed by", ", ".join(map(sealing.named, found.signers)) or "nobody"
    yield "digest", found.digest


def _json(found: "Contents", *, encrypted: bool) -> Mapping[str, Any]:
    told = found.manifest
    heads = [{"replica": name, "operations": head["count"], "last": head["seq"]} for name, head in told["heads"].items()]
    return {
        "id": told["cube"], "format": told["format"], "created_at": shown(told["created"]), "owner": told["owner"],
        "owner_unverified": not found.trusted,
        "selection": told["selection"], "redacted": told["redacted"], "counts": told["counts"],
        **fields_of(found, only=("states", "vectors", "absent")), "replicas": heads, "members": told["members"],
        **fields_of(found, only=("signatures", "digest", "signers")), "encrypted": encrypted, "adapters": found.adapters,
        "slots": [{"model": model, "slots": count} for model, count in found.models.items()],
    }  # fmt: skip


@contextmanager
def opened_file(app: App, file: str, given: dict[str, Any]) -> Iterator[tuple[BinaryIO, bool]]:
    """The file, or standard input, decrypted if it is encrypted; and whether it was."""
    from memos_cli.interface.cubes import transfer

    with (
        nullcontext(sys.stdin.buffer) if file == "-" else transfer.opened(Path(file)) as stream,
        sealing.opened(app, stream, given) as inner,
    ):
        yield inner
