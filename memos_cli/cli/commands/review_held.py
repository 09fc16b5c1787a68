"""The question about what a stranger's file changes of one's own, as `cube merge` and `review` ask it."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.commands.cube_diff import tell_comparison
from memos_cli.cli.documents import fields_of
from memos_cli.cli.terminal import echo, plain, style

if TYPE_CHECKING:
    from memos_cli.interface.cubes.merge import Answer, Ask, Asked, HeldChanges, Touched

DECISIONS = ("take", "leave")
"""Answers to `memos review ID --decide`, for a question about a file."""
TRUST = "to be asked no more, have its files signed (memos cube export --sign) and trust the key: memos key trust KEY"
_KEYS = {"t": "take", "l": "look", "n": "leave", "x": "later"}
_HELP = "t take all, l look, n leave, x decide later"
_SHOWN = 4
"""Letters of a replica's name that are shown; it has 16, and nobody types them."""


def somebody_is_there() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def line(changes: int, replicas: Sequence[str], signers: Sequence[str], erased: int) -> str:
    """What there is to decide, on one line.

    Args:
        changes: how many changes there are.
        replicas: who made them.
        signers: the keys that signed the file, none of them trusted.
        erased: how many memories they purge.
    """
    who = ", ".join(plain(one)[:_SHOWN] for one in replicas[:3]) + (" and others" if len(replicas) > 3 else "")
    signed = f"signed by {', '.join(plain(one)[:12] for one in signers)}, whom you do not trust" if signers else "unsigned"
    purges = f", {render.many(erased)} purged there" if erased else ""
    word = "change" if changes == 1 else "changes"
    replica = "replica" if len(replicas) == 1 else "replicas"
    return f"{changes:,} {word} to your memories{purges}, {signed}, from {replica} {who}"


def line_of(held: "HeldChanges") -> str:
    """The same of a question that waits."""
    return line(held.changes, held.replicas, held.signers, len(held.erased))


def document(held: "HeldChanges | None", touched: "Touched") -> dict[str, Any] | None:
    """What a merge did not take over, for its document; `id` is that of the question, `null` where none is asked."""
    if not touched.changes:
        return None
    return {
        "id": held.id if held else None,
        **fields_of(touched, only=("changes", "replicas", "erased")),
        "memories": [name for noun, name in touched.subjects if noun == "memory"],
        "records": [{"noun": noun, "name": name} for noun, name in touched.subjects if noun != "memory"],
    }


def item(held: "HeldChanges") -> dict[str, Any]:
    """A question for the document of `review`."""
    told = ("id", "cube", "other", "at", "changes", "replicas", "signers", "file", "erased", "memories")
    return {**fields_of(held, only=told), "records": [{"noun": noun, "name": name} for noun, name in held.records]}


def show(app: App, held: "HeldChanges") -> None:
    """A question as a block."""
    app.out(f"{style(held.id[: render.SHORT_ID], fg='cyan')}  {line_of(held)}: take all, look, leave")
    app.out(style(f"  {render.one_line(held.other, 60)}, merged into {held.cube} on {render.moment(held.at)}", dim=True))


def asking(app: App) -> "Ask":
    """What asks a person who sits at the terminal, before a merge."""

    def ask(asked: "Asked") -> "Answer":
        from memos_cli.interface.cubes.merge import Answer

        app.hush()
        touched = asked.touched
        signers = [one.key for one in asked.signers]
        app.out(f"{line(touched.changes, touched.replicas, signers, len(touched.erased))}: take all, look, leave")
        chosen = choice(app, lambda: tell_comparison(app, asked.look(), reveal=False))
        return {"take": Answer.TAKE, "leave": Answer.LEAVE}.get(chosen, Answer.HOLD)

    return ask


def choice(app: App, look: Callable[[], None]) -> str:
    """Wait for a key that decides: `take`, `leave` or `later`; `look` is called as often as it is asked for."""
    while True:
        echo("t l n x? ", err=True, nl=False)
        try:
            key = click.getchar().lower()[:1]
        except EOFError:
            key = "x"
        echo(plain(key), err=True)
        chosen = _KEYS.get("x" if key == "q" else key)
        if chosen == "look":
            look()
        elif chosen:
            return chosen
        else:
            app.note(_HELP)
