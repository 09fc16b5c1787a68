"""`memos cube accept`: letting an imported cube count as one's own."""

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command


@click.command("accept", cls=Command)
@click.argument("name", shell_complete=completions.CUBES)
@pass_app
def accept(app: App, name: str) -> None:
    """Accept a cube that was imported, and that no key you trust has signed.

    From now on its own policy rules, with its hooks, memos lifecycle tick --all takes care of it, and its memories count as
    your own. Look at it first: memos --cube NAME list, and memos --cube NAME lifecycle policy show --merged. What is signed by
    a key that you trust, or by one of yours, is accepted as it comes in.

    \b
    Examples:
      memos cube accept laptop
      memos cube accept laptop --json

    \b
    Exit status:
      0  accepted, now or before
      3  the cube belongs to somebody else
      10 no such cube
    """
    done = app.mos.transfer.accept(name)
    if app.json:
        app.data({"cube": name, "accepted": True, "changed": done})
    else:
        app.out(f"accepted cube {name}" if done else f"cube {name} was accepted already, or is your own")
