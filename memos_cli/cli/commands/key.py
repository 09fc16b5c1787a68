"""`memos key`: one's own keys, and those of others that are trusted."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Family, dry_run, passphrase_sources, yes
from memos_cli.cli.sealing import passphrase
from memos_cli.errors import UsageError
from memos_cli.signer import PublicKey


@click.group(cls=Family)
def key() -> None:
    """Make keys, and list those you trust.

    A key signs the cube files that you hand out, and opens those that were encrypted to it. Its public line is for others:
    they name it to trust what you sign and to encrypt to you. Fingerprints are there to be compared, on the phone for one.

    \b
    Examples:
      memos key new
      memos key show
      memos key trust "memos-key age1… BASE64 kim"
      memos key list
    """


@key.command("new")
@click.argument("name", required=False)
@click.option("--passphrase", "by_passphrase", is_flag=True, help="Protect it with a passphrase; it asks, twice.")
@passphrase_sources
@pass_app
def new(
    app: App, name: str | None, *, by_passphrase: bool, passphrase_file: str | None, passphrase_command: str | None
) -> None:
    """Make a key; NAME is yours when none is given. Its public line goes to stdout.

    The private part stays on this machine, in a file that only you can read; keep a copy where you keep your backups. Where it
    is protected by a passphrase, that is asked for when the key is used; for scripts, the setting key.passphrase_file (or
    MEMOS_KEY_PASSPHRASE_FILE) names a file that has it.

    \b
    Examples:
      memos key new
      memos key new work --passphrase
      memos key new backup --passphrase-command "pass show memos"

    \b
    Exit status:
      3  there is one of that name, or no terminal to ask on
    """
    protect = by_passphrase or passphrase_file or passphrase_command
    tell = passphrase.source(passphrase_file, passphrase_command, twice=True)
    made = app.mos.keys.new(name, passphrase=tell("the new key") if protect else None)
    if app.json:
        app.data(_json(app, made, own=True))
        return
    app.out(app.mos.keys.line(made))
    app.note(f"made key {made.name}, fingerprint {app.mos.keys.fingerprint(made)}; keep a copy of {app.paths.keys}")
    app.note("hand the line above to others; they say: memos key trust LINE")


@key.command("list")
@pass_app
def list_(app: App) -> None:
    """List your own keys and those you trust, with their fingerprints.

    \b
    Examples:
      memos key list
      memos key list --json

    \b
    Exit status:
      13 a key or the list of trusted ones is damaged
    """
    own, trusted = app.mos.keys.own(), app.mos.keys.trusted()
    if app.json:
        app.data(
            {"own": [_json(app, one, own=True) for one in own], "trusted": [_json(app, one, own=False) for one in trusted]}
        )
        return
    if own or trusted:
        from memos_cli.cli.tables import table

        keys = app.mos.keys
        rows = [("own, protected" if keys.is_protected(one.name) else "own", one.name, keys.fingerprint(one)) for one in own]
        rows += [("trusted", one.name, keys.fingerprint(one)) for one in trusted]
        table(("", "key", "fingerprint"), rows)
    if not own:
        app.note("no key of your own yet; make one with: memos key new")


@key.command("show")
@click.argument("name", required=False, shell_complete=completions.KNOWN_KEYS)
@pass_app
def show(app: App, name: str | None) -> None:
    """Print the public line of a key: your own, or a trusted one by name.

    \b
    Examples:
      memos key show
      memos key show | ssh laptop memos key trust - --name desktop

    \b
    Exit status:
      2  you have several keys, and none of your name: say which
      10 no such key
    """
    found = app.mos.keys.show(name)
    if app.json:
        app.data(_json(app, found, own=found in app.mos.keys.own()))
        return
    app.out(app.mos.keys.line(found))
    app.note(f"fingerprint {app.mos.keys.fingerprint(found)}")


@key.command("trust")
@click.argument("line", nargs=-1, required=True, metavar="PUBLIC-LINE|FILE|-", shell_complete=completions.FILES)
@click.option("--name", metavar="NAME", help="What to call the key here.")
@click.option("--rm", "remove", is_flag=True, help="Trust it no longer: give its name or its fingerprint.")
@dry_run
@pass_app
def trust(app: App, line: tuple[str, ...], name: str | None, *, remove: bool, dry_run: bool) -> None:
    """Trust somebody's key: what it signs is taken in as yours is, and NAME serves to encrypt to it.

    Compare the fingerprint with the one that its owner sees, on a way that nobody else could have changed. What came in before
    stays as it is: merge the file again (memos cube merge), and what it has is trusted.

    \b
    Examples:
      memos key trust "memos-key age1… BASE64 kim"
      memos key trust kim.pub --name kim-at-work
      memos key trust --rm kim

    \b
    Exit status:
      2  it is no public line
      3  another key has that name
      10 with --rm: no such key
    """
    if remove:
        gone = app.mos.keys.distrust(" ".join(line), dry_run=dry_run)
        said = f"{'would trust' if dry_run else 'trusts'} {gone.name} no longer, fingerprint {app.mos.keys.fingerprint(gone)}"
        app.data({"name": gone.name, "removed": not dry_run}) if app.json else app.out(said)
        return
    if dry_run:
        raise UsageError("--dry-run goes with --rm", hint="memos key trust --rm NAME --dry-run")
    from memos_cli.interface.cubes.origin import with_untrusted

    found, added = app.mos.keys.trust(_given(line), name=name)
    before = with_untrusted(app.mos, app.mos.keys, found.verifier)
    if app.json:
        app.data({**_json(app, found, own=False), "added": added, "came_before": before})
        return
    app.out(f"{'trusts' if added else 'trusted already:'} {found.name}, fingerprint {app.mos.keys.fingerprint(found)}")
    app.note("compare the fingerprint with its owner's: memos key show")
    for cube in before:
        again = f"memos cube merge {shlex.quote(cube)} FILE"
        app.note(f"what it signed and came into {cube} before is trusted once you merge the file again: {again}")


@key.command("rm")
@click.argument("name", shell_complete=completions.KNOWN_KEYS)
@dry_run
@yes
@pass_app
def rm(app: App, name: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a key of your own, for good: what was encrypted to it alone can never be opened again.

    \b
    Examples:
      memos key rm trial --dry-run
      memos key rm trial --yes

    \b
    Exit status:
      3  the answer was no, or there was nobody to ask
      10 no such key
    """
    app.mos.keys.remove(name, dry_run=True)
    if not dry_run:
        app.confirm(f"Remove key {name}? What was encrypted to it alone can never be opened again.", yes=yes)
        app.mos.keys.remove(name)
    said = f"{'would remove' if dry_run else 'removed'} key {name}"
    app.data({"name": name, "removed": not dry_run}) if app.json else app.out(said)


def _given(words: tuple[str, ...]) -> str:
    """The public line from the arguments, with or without quotes, from a file, or from stdin."""
    if words == ("-",):
        return sys.stdin.readline(1 << 16)
    if len(words) == 1 and " " not in words[0] and Path(words[0]).is_file():
        with Path(words[0]).open(encoding="utf-8", errors="replace") as file:
            return file.readline(1 << 16)
    return " ".join(words)


def _json(app: App, found: PublicKey, *, own: bool) -> dict[str, Any]:
    keys = app.mos.keys
    return {
        "name": found.name,
        "fingerprint": keys.fingerprint(found),
        "recipient": found.recipient,
        "key": found.verifier,
        "own": own,
        "protected": keys.is_protected(found.name) if own else None,
        "line": keys.line(found),
    }
