"""`memos cube given`: what was given to whom."""

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Command
from memos_cli.cli.terminal import plain


@click.command("given", cls=Command)
@pass_app
def given(app: App) -> None:
    """List what was given to whom with memos cube export --to NAME, the last first.

    The list is kept in this home alone, beside your keys. It is what memos cube info goes by when it names the recipient of a
    leaked copy.

    \b
    Examples:
      memos cube given
      memos cube given --json

    \b
    Exit status:
      3  the list is somebody else's
      13 the list is damaged
    """
    found = tuple(reversed(app.mos.transfer.given()))
    if app.json:
        app.data({"given": [fields_of(one) for one in found]})
        return
    if not found:
        app.note("nothing was given to anybody by name; do so with: memos cube export --to NAME")
        return
    from memos_cli.cli.render import moment, one_line
    from memos_cli.cli.tables import table

    rows = [
        (
            moment(one.at) or "", plain(one.recipient), plain(one.cube), "published" if one.redacted else "copied",
            one_line(one.selection or "the whole cube", 60),
        )
        for one in found
    ]  # fmt: skip
    table(("when", "to", "cube", "how", "what"), rows)
