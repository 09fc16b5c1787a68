"""The question about what an agent asks for, as `memos review` asks it."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.documents import fields_of
from memos_cli.cli.terminal import echo, plain, style
from memos_cli.errors import NotFound

if TYPE_CHECKING:
    from memos_cli.operation.operator.dedupe.requests import AgentRequest, RequestDecision, Wish

_KEYS = {"t": "take", "n": "leave", "x": "later", "q": "later"}
_HELP = "t take all, n leave all, x decide later"
_SHOWN = 10
"""Wishes that are shown one by one; `--json` has all."""
_VERBS = {"confirm": "confirm", "revise": "replace", "forget": "forget"}


def asked(app: App, prefix: str | None) -> "list[AgentRequest]":
    """The open entries, or the one that is meant; none where this is no id of one."""
    if prefix is None:
        return list(app.mos.requests.list())
    try:
        return [app.mos.requests.question(prefix)]
    except NotFound:
        return []


def item(one: "AgentRequest") -> dict[str, Any]:
    """An entry for the document of `review`."""
    wishes = [{"act": wish.act, "memory": wish.memory, "new": wish.new} for wish in one.wishes]
    return {**fields_of(one, only=("id", "cube", "agent", "session", "at")), "wishes": wishes}


def show(app: App, one: "AgentRequest", *, reveal: bool) -> None:
    """An entry as a block."""
    head = style(one.id[: render.SHORT_ID], fg="cyan")
    agent = plain(one.agent)
    what = (
        f"wrote {render.many(len(one.wishes))} that nobody confirmed"
        if one.session is None
        else f"asks for {len(one.wishes):,}"
    )
    leave = "leave (forgets them, or what they say now)" if one.session is None else "leave"
    app.out(f"{head}  {agent} {what}: take all, {leave}")
    for wish in one.wishes[:_SHOWN]:
        _show_wish(app, wish, reveal=reveal)
    if (more := len(one.wishes) - _SHOWN) > 0:
        app.out(f"  and {more:,} more: memos review {one.id[: render.SHORT_ID]} --json")


def _show_wish(app: App, wish: "Wish", *, reveal: bool) -> None:
    app.out(render.memory_line(wish.memory, reveal=reveal, before=f"  {_VERBS.get(wish.act, wish.act):<8}"))
    if wish.new is not None:
        app.out(render.memory_line(wish.new, reveal=reveal, before=f"  {'by':<8}"))


def decide(app: App, one: "AgentRequest", decision: str) -> "RequestDecision":
    """Carry out an answer, and say what it did."""
    done = app.mos.requests.take(one) if decision == "take" else app.mos.requests.leave(one)
    if app.json:
        app.data({"item": one.id, "decision": decision, "command_id": done.txn, "ids": list(done.ids)})
    else:
        app.out(f"{'took' if decision == 'take' else 'left'} {len(one.wishes):,} of {plain(one.agent)}")
    return done


def ask(app: App, some: "list[AgentRequest]", *, reveal: bool) -> None:
    """Ask a person at the terminal, one entry after the other."""
    for one in some:
        show(app, one, reveal=reveal)
        if (chosen := _choice(app)) != "later":
            decide(app, one, chosen)


def _choice(app: App) -> str:
    while True:
        echo("t n x? ", err=True, nl=False)
        try:
            key = click.getchar().lower()[:1]
        except EOFError:
            key = "x"
        echo(plain(key), err=True)
        if key in _KEYS:
            return _KEYS[key]
        app.note(_HELP)
