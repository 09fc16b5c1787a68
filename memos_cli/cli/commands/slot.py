"""`memos slot`: activation memory, the states of a model on disk."""

from typing import Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family, dry_run, yes
from memos_cli.cli.terminal import style
from memos_cli.errors import FingerprintMismatch, IntegrityError, UsageError
from memos_cli.model import Slot
from memos_cli.operation.activation.slots import Built, ListedSlot, Wanted

_ID = 8
_MOST = 5
"""Slots whose reasons stand in one error."""
_REPAIR = "remove what is damaged with: memos slot rm ID; chat makes it anew"


@click.group(cls=Family)
def slot() -> None:
    """Keep states of a model on disk, for answers to begin from.

    A slot is what a model computed for the beginning of a prompt: the core (pinned memories and rules), a set of memories, or
    a conversation so far. Chat puts the longest one that fits in place instead of computing it again, and keeps them by
    itself; a slot that is damaged, of another model, or of a memory that was changed since is never used. They are a cache:
    removing them loses nothing but time. The settings slots.bytes and slots.least bound them.

    \b
    Examples:
      memos slot build
      memos slot list
      memos chat -m "What do I eat?" --stats
    """


@slot.command("build")
@click.option("--core", is_flag=True, help="For the core: pinned memories and rules. It is what is made without options.")
@click.option("--conversation", "conversations", multiple=True, metavar="ID", help="For this conversation.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="For the memories with this tag; several times, with all.")
@pass_app
def build(app: App, *, core: bool, conversations: tuple[str, ...], tags: tuple[str, ...]) -> None:
    """Make slots ahead of their use.

    A slot that is there already is left as it is. Where the model can keep no state that is said, and is no error.

    \b
    Examples:
      memos slot build
      memos slot build --tag work
      memos slot build --core --conversation chat-2026-03-02-1a2b3c4d

    \b
    Exit status:
      10 no such conversation, or no memory with these tags
      14 no model is chosen, or it cannot be used
      75 another process is writing a slot
    """
    from memos_cli.cli.progress import progress

    wanted = [Wanted()] if core or not (conversations or tags) else []
    wanted += [Wanted("conversation", name) for name in conversations]
    wanted += [app.mos.activation.tagged(tags)] if tags else []
    with progress(app, "evaluating") as tell:
        made = app.mos.activation.build(wanted, tell=lambda done: tell(done, len(wanted)))
    if app.json:
        app.data({"slots": [_built_json(one) for one in made]})
        return
    for one in made:
        app.out(_built_line(one))
        for notice in one.notices:
            app.note(notice)


@slot.command("list")
@pass_app
def list_(app: App) -> None:
    """List the slots, the last used first.

    \b
    Examples:
      memos slot list
      memos slot list --json
    """
    _show(app, app.mos.activation.list())


@slot.command("verify")
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completions.SLOTS)
@pass_app
def verify(app: App, ids: tuple[str, ...]) -> None:
    """Check slots: file and record against what they were, memories against what they are now.

    Without ids every slot is looked at, and the model is not loaded. A stale slot, or one of another model, is no fault then:
    it is never used, and a stale one is removed when somebody comes upon it.

    With ids (or beginnings of them) just these are, and each has to be one that the next answer can begin from. Compared is
    all that a state depends on: the model's file, the KV type, the context, batch and threads, the build of llama.cpp and the
    processor, the chat template and the adapter that chat would use now. The model is loaded for it and the state put back,
    unless what is known without the model tells already. No slot is changed or removed.

    \b
    Examples:
      memos slot verify
      memos slot verify --json
      memos slot verify 1a2b && memos cube export work

    \b
    Exit status:
      2  with ids: several slots begin with one
      10 with ids: no such slot
      13 a slot, or the index of all, is damaged
      14 with ids: no model is chosen, or it cannot be used
      15 with ids: one is stale, of a cube that is not in use, or differs from the model chosen
    """
    from memos_cli.cli.progress import progress

    if ids:
        with progress(app, "checking") as tell:
            demanded = app.mos.activation.check(ids, lambda done: tell(done, 0))
        _show(app, demanded, notes=False)  # the error says it
        _require_ready(demanded)
        return
    with progress(app, "checking") as tell:
        found = app.mos.activation.verify(lambda done: tell(done, 0))
    _show(app, found)
    if damaged := [one for one in found if one.state == "damaged"]:
        names = " ".join(one.slot.id[:_ID] for one in damaged[:10])
        raise IntegrityError(f"{len(damaged)} of {len(found)} slots damaged: {names}", hint=_REPAIR)


@slot.command("rm")
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completions.SLOTS)
@click.option("--all", "every", is_flag=True, help="All of them, also where their index is damaged.")
@dry_run
@yes
@pass_app
def rm(app: App, ids: tuple[str, ...], *, every: bool, dry_run: bool, yes: bool) -> None:  # noqa: ARG001 -- nothing is lost
    """Remove slots. They are a cache, so nothing is asked and nothing is lost but time.

    \b
    Examples:
      memos slot rm 1a2b
      memos slot rm --all --dry-run

    \b
    Exit status:
      2  neither an id nor --all
      10 no such slot
    """
    if bool(ids) == every:
        raise UsageError("name slots by their ids, or say --all", hint="see what there is with: memos slot list")
    removed = app.mos.activation.remove(ids, every=every, dry_run=dry_run)
    size = sum(one.bytes for one in removed)
    if app.json:
        app.data({"removed": [one.id for one in removed], "bytes": size, "dry_run": dry_run})
        return
    word = "would remove" if dry_run else "removed"
    app.out(f"{word} {render.many(len(removed), 'slot')}, {_size(size)}")


def _require_ready(found: tuple[ListedSlot, ...]) -> None:
    """Let each be ready.

    Raises:
        IntegrityError: one is damaged.
        FingerprintMismatch: none is, and one cannot be used.
    """
    if damaged := [one for one in found if one.state == "damaged"]:
        raise IntegrityError(_whys(damaged), hint=_REPAIR)
    if unfit := [one for one in found if one.state != "ready"]:
        raise FingerprintMismatch(_whys(unfit), hint=_next(unfit[0]))


def _whys(found: list[ListedSlot]) -> str:
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(f"slot {one.slot.id[:_ID]}: {one.why or one.state}" for one in found[:_MOST]) + more


def _next(one: ListedSlot) -> str:
    """What to do about a slot that cannot be used."""
    if one.state == "elsewhere":
        return f"use that cube, too: memos --cube NAME slot verify {one.slot.id[:_ID]}"
    options = {"conversation": f" --conversation {one.slot.name}", "topics": " --tag TAG"}.get(one.slot.covers, "")
    made = f"make it anew with: memos slot build{options}"
    return made if one.state == "stale" else f"{made}; or choose its model: memos model use NAME|PATH"


def _show(app: App, found: tuple[ListedSlot, ...], *, notes: bool = True) -> None:
    taken, quota = app.mos.activation.bytes
    if app.json:
        app.data({"slots": [_json(one) for one in found], "bytes": taken, "quota": quota})
        return
    if not found:
        app.note("no slots; chat keeps them by itself, or: memos slot build")
        return
    from memos_cli.cli.tables import table

    headings = ("slot", "of", "name", "tokens", "size", "uses", "used", "state")
    table(headings, [_row(one) for one in found], right=(3, 4, 5))
    for one in found:
        if one.why and notes:
            app.note(f"{one.slot.id[:_ID]}: {one.why}")
    app.out(f"{_size(taken)} of {_size(quota)}")


def _row(one: ListedSlot) -> tuple[str, ...]:
    it = one.slot
    name = render.one_line(it.name.removeprefix("chat-"), 19)
    used = render.day_of(it.last_used_at)
    return it.id[:_ID], _SHORT[it.covers], name, f"{len(it.ids):,}", _size(it.bytes), str(it.uses), used, one.state


_SHORT = {"core": "core", "topics": "topics", "conversation": "talk"}


def _json(one: ListedSlot) -> dict[str, Any]:
    it = one.slot
    return {
        **fields_of(it, only=("id", "covers", "name", "principal")),
        "tokens": len(it.ids),
        "bytes": it.bytes,
        "memories": [fields_of(part, memory="id") for part in it.parts],
        **fields_of(it, only=("fingerprint", "identity", "digest", "created_at", "last_used_at", "uses")),
        **fields_of(one, only=("state", "why")),
    }


def _built_json(one: Built) -> dict[str, Any]:
    return {
        "covers": one.wanted.layer,
        "name": one.slot.name if one.slot else one.wanted.name,
        "id": one.slot.id if one.slot else None,
        "made": one.made,
        "tokens": len(one.slot.ids) if one.slot else 0,
        "bytes": one.slot.bytes if one.slot else 0,
        "evaluated": one.evaluated,
        "seconds": round(one.seconds, 4),
        "why": one.why,
        "notices": one.notices,
    }


def _built_line(one: Built) -> str:
    what = f"{one.wanted.layer} {one.wanted.name}".strip()
    if one.slot is None:
        return f"no slot for {what}: {one.why}"
    word = "made" if one.made else "there already:"
    name = style(one.slot.id[:_ID], fg="yellow")
    return f"{word} slot {name} for {what}, {_tokens(one.slot)}"


def _tokens(it: Slot) -> str:
    return f"{len(it.ids):,} tokens of {render.many(len(it.parts))}, {_size(it.bytes)}"


def _size(count: int) -> str:
    from memos_cli.cli.tables import human_bytes

    return human_bytes(count)
