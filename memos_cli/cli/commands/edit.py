"""`memos edit`, `forget`, `restore`, `pin`, `unpin`, `freeze`, `unfreeze`, `tag`, `link`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, header_options, render, terminal
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Command, dry_run, filter_of, filters, yes
from memos_cli.cli.terminal import plain
from memos_cli.errors import NothingFound, Refused, UsageError
from memos_cli.model import LinkType
from memos_cli.operation import changes
from memos_cli.operation.results import Changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memos_cli.model import Memory

_ids = click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=completions.IDS)


def changed_json(result: Changed) -> dict[str, Any]:
    """The document of what was changed."""
    return fields_of(result, only=("command", "ids", "memories", "txn", "dry_run", "superseded"), ids="changed")


def tell(app: App, result: Changed, word: str) -> None:
    """Print what was changed."""
    if app.json:
        app.data(changed_json(result))
        return
    ahead = f"would have {word}" if result.dry_run else word
    for memory in result.memories:
        known = "" if memory.id in result.ids else "unchanged "
        app.out(render.memory_line(memory, before=known or f"{ahead} "))
    tell_superseded(app, result.superseded)


def tell_superseded(app: App, ids: "Sequence[str]") -> None:
    """Say which memories ended, since their attribute has another value."""
    for identity in ids[:5]:
        app.note(render.memory_line(app.mos.get(identity), before="superseded "))


@click.command(cls=Command)
@click.argument("identity", metavar="ID", shell_complete=completions.IDS)
@click.argument("text", nargs=-1)
@click.option("--append", is_flag=True, help="Add TEXT on a new line.")
@click.option("--merge", is_flag=True, help="Add TEXT on a new line unless it is said already.")
@header_options.to_edit
@pass_app
def edit(app: App, /, identity: str, text: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Change a memory.

    TEXT is its new content; `-` reads it from standard input. With neither TEXT nor an option, on a terminal, your editor
    opens. The version before stays in its history.

    Each field of its header has an option that sets it, and one with --no- before the name that takes it off; `none` as the
    value of a time, a duration or a number takes it off as well. `memos show` shows them all.

    \b
    Examples:
      memos edit k3f9 "Dentist on Friday at 10"
      memos edit k3f9 --append "Bring the X-ray"
      memos edit k3f9 --kind event --occurred-at 2026-03-06
      memos edit k3f9 --no-ttl --no-valid-to --confidence 0.8
      memos edit k3f9 --source speaker=Ana --metadata '{"colour": "blue"}'

    \b
    Exit status:
      2  a value that the field cannot have
      3  it is frozen, or belongs to somebody else
      10 no such memory
    """
    fields = header_options.taken(app, given)
    if not text and not fields and not given["append"] and not given["merge"]:
        _edit_by_hand(app, identity)
        return
    content = _content(text)
    if (given["append"] or given["merge"]) and content is None:
        raise UsageError("--append and --merge need TEXT")
    if content is not None:
        fields["content"] = content
    mode = "append" if given["append"] else "merge" if given["merge"] else "overwrite"
    result = app.mos.edit(identity, fields, mode=mode, within=("metadata", "source"))
    tell(app, result, "edited")
    if "content" in fields and result.ids and "secret" in result.memories[0].labels:
        app.note("it holds a secret: labelled, and masked when shown (--reveal)")


def _edit_by_hand(app: App, identity: str) -> None:
    """Open the editor with a memory's content; another process may change the memory as long as it is open."""
    if not sys.stdin.isatty():
        raise UsageError("nothing to change", hint=f'memos edit {identity} "the new text"')
    was = app.mos.get(identity).content
    written = click.edit(was, extension=".md")
    if written is None:
        raise UsageError("nothing was written, so nothing is changed")
    try:
        changed = app.mos.edit(identity, {"content": written.strip()}, was=was)
    except Refused as error:
        terminal.echo(written, err=True)
        raise Refused(f"{error.message}; what you wrote stands above", hint=error.hint) from None
    tell(app, changed, "edited")


def _content(text: tuple[str, ...]) -> str | None:
    if text == ("-",):
        try:
            return sys.stdin.buffer.read().decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise UsageError(f"standard input is not UTF-8 (byte {error.start + 1})") from None
    if text:
        return " ".join(text)
    return None


@click.command(cls=Command)
@click.argument("ids", nargs=-1, metavar="[ID...]", shell_complete=completions.IDS)
@click.option("--purge", is_flag=True, help="Let nothing be left of them; there is no way back.")
@click.option("--derived", is_flag=True, help="With --purge: also what came from them and what they came from.")
@filters
@dry_run
@yes
@pass_app
def forget(app: App, /, ids: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Forget memories; they can be restored.

    They are out of every answer at once, and come back with `memos restore` or `memos undo`. Several at a time by filter
    (--tag, --kind, --until, …) ask first, and so does one that is frozen. Questions and answers of `memos chat` that repeat
    them go with them, and come back with `memos undo`.

    With --purge they do not come back: what they said is erased from the log, the indexes, the vectors, the files they were
    read from, the conversations and the chat history, and only their ids stay. It asks first. The receipt says what was
    removed where, and what else still says the same: other memories, by id. Files that you keep outside of memos are not
    looked at.

    \b
    Examples:
      memos forget k3f9
      memos forget --tag trip --until 2026-01-01 --dry-run
      memos forget --conversation trial --yes
      memos forget k3f9 --purge --dry-run
      memos forget k3f9 --purge --derived --yes

    \b
    Exit status:
      3  the answer was no, or there was nobody to ask; with --purge also: another process is reading the cube, so that the
         purge is not finished yet
      10 no such memory
    """
    dry, sure, purge, derived = (given.pop(name) for name in ("dry_run", "yes", "purge", "derived"))
    if derived and not purge:
        raise UsageError("--derived needs --purge")
    narrowed = any(value for name, value in given.items() if name != "turns")  # which widens
    if bool(ids) == narrowed:
        raise UsageError(
            "name memories, or narrow which are meant with filters", hint="memos forget ID, memos forget --tag TAG"
        )
    if narrowed:
        wanted = filter_of(app, given)
        memories = list(app.mos.list(wanted))
        if not memories:
            from memos_cli.cli.options import nothing_passes

            hint = nothing_passes(app, wanted, "there is nothing here")
            raise NothingFound("no memory is meant by these filters", hint=hint)
    else:
        memories = [app.mos.get(identity) for identity in ids]
    frozen = [memory for memory in memories if memory.frozen]
    if purge:
        _purge(app, memories, derived=derived, dry=dry, sure=sure)
        return
    if frozen and not dry:
        app.confirm(f"{len(frozen)} of them frozen. Forget all the same?", yes=sure)
    elif narrowed and not dry:
        app.confirm(f"Forget {render.many(len(memories))}?", yes=sure)
    tell(app, app.mos.delete([memory.id for memory in memories], thaw=bool(frozen), dry_run=dry), "forgot")
    if not dry:
        app.note("bring back with: memos undo")


def _purge(app: App, memories: "Sequence[Memory]", *, derived: bool, dry: bool, sure: bool) -> None:
    ids = [memory.id for memory in memories]
    meant = app.mos.erasure.kin(ids) if derived else memories
    frozen = sum(memory.frozen for memory in meant)
    if not dry:
        app.confirm(f"Purge {render.many(len(meant))}? There is no way back.", yes=sure)
        if frozen:
            app.confirm(f"{frozen} of them frozen. Purge all the same?", yes=sure)
    receipt = app.mos.purge(ids, derived=derived, thaw=bool(frozen), dry_run=dry)
    if app.json:
        app.data(fields_of(receipt, ids="purged", hidden="hidden_holders"))
    else:
        for line in render.receipt_lines(receipt):
            app.out(line)
    if receipt.unfinished:
        raise Refused(receipt.unfinished[0], hint="what is left to wipe is wiped by: memos doctor")


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=completions.COLD_IDS)
@pass_app
def restore(app: App, ids: tuple[str, ...]) -> None:
    """Bring forgotten memories back.

    \b
    Examples:
      memos restore k3f9
      memos list --state expired --ids | xargs memos restore

    \b
    Exit status:
      10 no such memory, or it was purged: there is nothing left
    """
    tell(app, app.mos.restore(ids), "restored")


def _switch(name: str, register: str, word: str, line: str, more: str, *, on: bool) -> click.Command:
    @click.command(
        name,
        cls=Command,
        help=f"{line}\n\n{more}\n\n\b\nExamples:\n  memos {name} k3f9\n\n\b\nExit status:\n  10 no such memory",
    )
    @_ids
    @pass_app
    def command(app: App, ids: tuple[str, ...]) -> None:
        tell(app, app.mos.switch(ids, name, {register: on}), word)

    return command


pin = _switch("pin", "pinned", "pinned", "Pin memories: they do not fade.", "A time to live still ends them.", on=True)
unpin = _switch("unpin", "pinned", "unpinned", "Take the pin off memories.", "From then on they fade like others.", on=False)
freeze = _switch(
    "freeze", "frozen", "froze", "Freeze memories: nothing changes them.",
    "Neither an edit nor time does; an explicit forget asks first.", on=True,
)  # fmt: skip
unfreeze = _switch(
    "unfreeze", "frozen", "thawed", "Let frozen memories change again.", "Edits and time take hold of them again.", on=False
)


@click.command(cls=Command)
@_ids
@click.option("-a", "--add", "added", multiple=True, metavar="TAG", help="Put this tag on.")
@click.option("-r", "--remove", "removed", multiple=True, metavar="TAG", help="Take this tag off.")
@pass_app
def tag(app: App, ids: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Put tags on memories, or take them off.

    \b
    Examples:
      memos tag k3f9 -a work -a urgent
      memos tag k3f9 m2xq -r urgent

    \b
    Exit status:
      3  it is frozen
      10 no such memory
    """
    if not added and not removed:
        raise UsageError("which tag?", hint="memos tag ID -a TAG, memos tag ID -r TAG")
    registers = {f"tag:{changes.checked_name(name, 'a tag')}": True for name in added}
    registers |= {f"tag:{name.strip()}": False for name in removed}
    tell_marks(app, app.mos.switch(ids, "tag", registers), "tags")


def tell_marks(app: App, result: Changed, field: str) -> None:
    """Print the memories that were changed, with the `tags` or `labels` that each has now."""
    if app.json:
        app.data(changed_json(result))
        return
    for memory in result.memories:
        app.out(render.memory_line(memory, behind=f"  ({plain(', '.join(getattr(memory, field))) or f'no {field}'})"))


@click.command(cls=Command)
@click.argument("source", metavar="FROM", shell_complete=completions.IDS)
@click.argument("kind", metavar="TYPE", type=click.Choice([kind.value for kind in LinkType]))
@click.argument("target", metavar="TO", shell_complete=completions.IDS)
@click.option("--remove", is_flag=True, help="Remove the link.")
@pass_app
def link(app: App, source: str, kind: str, target: str, *, remove: bool) -> None:
    """Link one memory to another.

    TYPE is one of supersedes, contradicts, derived_from, merged_into, part_of, follows, mentions, relates, and is read from
    FROM to TO. What is superseded ends where the other begins: it is kept, but no longer current.

    \b
    Examples:
      memos link k3f9 supersedes m2xq
      memos link k3f9 relates m2xq --remove

    \b
    Exit status:
      3  it is frozen
      10 no such memory
    """
    result = app.mos.link(source, LinkType(kind), target, on=not remove)
    if app.json:
        app.data(changed_json(result))
        return
    word = "unchanged" if not result.ids else "removed" if remove else "linked"
    app.out(f"{word} {result.memories[0].id[:8]} {kind} {app.mos.get(target).id[:8]}")
    tell_superseded(app, result.superseded)
