"""`memos generate`, `memos man`: the manual and the completions, generated from the command tree so that both agree."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from textwrap import dedent
from typing import Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.help_page import EXAMPLES, glossary, wrapped
from memos_cli.cli.options import Command, Family, dry_run
from memos_cli.errors import MemosError

SHELLS = ("bash", "zsh", "fish")
_BY_HAND = ("memos-cube.5", "memos-governance.7", "memos-internals.7")
"""Pages that no command's help can say; they lie in `memos_cli/data`."""
NAMES = {"bash": "memos.bash", "zsh": "_memos", "fish": "memos.fish"}
_ROOM = 80 - 7 - 1
"""Columns of a line that `man` does not fill, on a terminal of 80 with the margin of `man`."""
_PATIENCE = 20
"""Seconds that `man` has to look for a page."""
_PARTLY = 3
_STATUSES = (
    ("0", "done; also: nothing was due, nothing was found"),
    ("1", "failure, such as a full disk"),
    ("2", "usage: a bad value, a malformed line, an ambiguous prefix"),
    ("3", "refused, or done only in part"),
    ("4", "no match, with --fail-empty"),
    ("10", "no such cube or memory, or one that the principal may not see"),
    ("11", "the cube stayed locked by another process"),
    ("12", "wrong key, or no access to a cube"),
    ("13", "integrity: damaged, foreign, or written by a newer memos"),
    ("14", "a model or its backend is missing or unusable"),
    ("15", "a fingerprint does not match where one was demanded"),
    ("75", "busy, try later"),
    ("130", "interrupted (SIGINT)"),
    ("143", "terminated (SIGTERM)"),
)


def manual_pages() -> dict[str, str]:
    """File name to roff for `memos` and each of its commands, and the pages that are written by hand."""
    from memos_cli.cli.main import memos

    context = click.Context(memos, info_name="memos", **memos.context_settings)
    pages = {"memos.1": _page("memos", memos, context, _families())}
    for name in memos.list_commands(context):
        command = memos.get_command(context, name)
        if command is not None:
            pages[f"memos-{name}.1"] = _page(
                f"memos {name}", command, click.Context(command, info_name=name, parent=context), []
            )
    data = resources.files("memos_cli.data")
    return pages | {name: data.joinpath(name).read_text(encoding="utf-8") for name in _BY_HAND}


def completions() -> dict[str, str]:
    """File name to script for each shell."""
    from memos_cli.cli.main import memos
    from memos_cli.cli.shells import KINDS

    kinds = ((NAMES[shell], KINDS[shell]) for shell in SHELLS)
    return {name: kind(memos, {}, "memos", "_MEMOS_COMPLETE").source().rstrip() + "\n" for name, kind in kinds}


def _families() -> list[str]:
    from memos_cli.cli.help_page import COMMANDS

    lines = [".SH COMMANDS"]
    for family, commands in COMMANDS.items():
        lines.append(f".SS {_roff(family)}")
        for name, (_, line) in commands.items():
            lines += [".TP", f"\\fBmemos\\-{_roff(name)}\\fR(1)", _roff(line)]
    lines.append(".SH EXIT STATUS")
    for status, meaning in _STATUSES:
        lines += [".TP", f"\\fB{status}\\fR", _roff(meaning)]
    lines += [".SH ENVIRONMENT", ".TP", "\\fBMEMOS_HOME\\fR", "Keep everything under this folder."]
    from memos_cli.config import SETTINGS, variable

    for name, setting in SETTINGS.items():
        lines += [".TP", f"\\fB{variable(name)}\\fR", _roff(f"{setting.help} (default: {setting.default})")]
    for name, line in (
        ("MEMOS_TOKEN", "The token of an agent: everything is done as that agent (memos\\-governance(7))."),
        ("NO_COLOR", "No colour."),
        ("FORCE_COLOR", "Colour also where nobody looks."),
        ("MEMOS_DEBUG", "Print the traceback of a failure."),
    ):
        lines += [".TP", f"\\fB{name}\\fR", line]
    return lines


def _page(title: str, command: click.Command, context: click.Context, more: list[str]) -> str:
    summary = command.get_short_help_str(limit=300)
    name = title.replace(" ", "-")
    lines = [f'.TH "{name.upper()}" "1" "" "memos" "memos manual"', ".SH NAME", f"{_roff(name)} \\- {_roff(summary)}"]
    lines += [".SH SYNOPSIS", f"\\fB{_roff(title)}\\fR {_roff(' '.join(command.collect_usage_pieces(context)))}"]
    lines += _text(command.help or "")
    lines += _options(command, context)
    if isinstance(command, click.Group) and not more:
        for sub in command.list_commands(context):
            lines += _subcommand(title, sub, command, context)
    return "\n".join([*lines, *more]) + "\n"


def _subcommand(title: str, name: str, group: click.Group, context: click.Context) -> Iterator[str]:
    command = group.get_command(context, name)
    if command is None:
        return
    inner = click.Context(command, info_name=name, parent=context)
    yield f".SH {_roff(f'{title} {name}'.upper())}"
    yield f"\\fB{_roff(title)} {_roff(name)}\\fR {_roff(' '.join(command.collect_usage_pieces(inner)))}"
    yield ".PP"
    yield from (line.replace(".SH ", ".SS ") for line in _text(command.help or "", heading=False))
    yield from (line.replace(".SH ", ".SS ") for line in _options(command, inner))


def _text(text: str, *, heading: bool = True) -> list[str]:
    """A docstring as roff: paragraphs are filled, blocks that begin with a backspace keep their lines."""
    lines = [".SH DESCRIPTION"] if heading else []
    # The first line is the summary, which is under NAME already.
    for block in text.replace("\r", "").strip().split("\n\n")[1 if heading else 0 :]:
        body = block.strip("\n").split("\n")
        if body[0].strip() == "\b":
            title, *rest = body[1:]
            lines += [f".SH {_roff(title.strip().rstrip(':').upper())}", *_block(title.strip(), rest)]
        else:
            lines += [".PP", *(_roff(line.strip()) for line in body)]
    return lines


def _block(title: str, lines: list[str]) -> list[str]:
    """A block as roff: terms with their meanings, which are filled, or lines as they stand."""
    terms = None if title in EXAMPLES else glossary(lines)
    if terms is None:
        kept = wrapped([title, *dedent("\n".join(lines)).split("\n")], _ROOM)[1:]
        return [".nf", *map(_roff, kept), ".fi"]
    return [line for term, meaning in terms for line in (".TP", f"\\fB{_roff(term)}\\fR", _roff(meaning))]


def _options(command: click.Command, context: click.Context) -> list[str]:
    lines = [".SH OPTIONS"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            lines += [".TP", f"\\fB{_roff(record[0])}\\fR", _roff(record[1])]
    return lines if len(lines) > 1 else []


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped[:1] in {".", "'"} else escaped


@click.command(cls=Command)
@click.argument("what", type=click.Choice(["man", "completions", "all"]), default="all")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path(), help="The folder that gets man/ and completions/."
)
@pass_app
def generate(app: App, what: str, folder: Path) -> None:
    """Write man pages and completions.

    They are made from the commands themselves, so that they say what the commands do.

    \b
    Examples:
      memos generate
      memos generate man --to /tmp
    """
    written = []
    for name, make in (("man", manual_pages), ("completions", completions)):
        if what in {name, "all"}:
            written += _write(folder / name, make())
    app.data({"files": written}) if app.json else app.out(f"wrote {len(written)} files")


def _write(folder: Path, files: dict[str, str]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in files]


@click.group(cls=Family)
def man() -> None:
    """Install the man pages."""


@man.command("install")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="The man folder.  [default: ~/.local/share/man]")
@dry_run
@pass_app
def man_install(app: App, folder: Path | None, *, dry_run: bool) -> None:
    """Install the man pages, so that `man memos` works, and see whether it does.

    \b
    Examples:
      memos man install
      memos man install --to /usr/local/share/man

    \b
    Exit status:
      3  the pages are written, and man does not find them yet: it says which line is missing
    """
    target = (folder or _man_folder()).absolute()
    pages: dict[str, Any] = manual_pages()
    for name, text in pages.items() if not dry_run else ():
        install(target / f"man{name[-1]}" / name, text)
    found = None if dry_run else man_finds(target)
    line = man_line(target) if found is False else None
    if app.json:
        app.data({"folder": str(target), "pages": len(pages), "works": found, "line": line, "dry_run": dry_run})
    else:
        app.out(f"{'would install' if dry_run else 'installed'} {len(pages)} pages in {target}")
        if found:
            app.out("tried: man finds them")
        elif line is not None:
            app.out("tried: man does not find them yet. Add this line to the file that your shell starts with:")
            app.out(f"  {line}")
    if found is False and folder is None:
        click.get_current_context().exit(_PARTLY)


def _man_folder() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "man"


def man_finds(folder: Path) -> bool | None:
    """Whether `man memos` shows the page in this folder; `None` where there is no `man`."""
    program = shutil.which("man")
    if program is None:
        return None
    try:
        done = subprocess.run([program, "-w", "memos"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    shown = done.stdout.strip()
    return bool(shown) and Path(shown).resolve().is_relative_to(folder.resolve())


def man_line(folder: Path) -> str:
    """The line with which `man` looks into a folder, too. The empty place behind the colon stands for where it looks anyway."""
    if Path(os.environ.get("SHELL", "")).name == "fish":
        return f'set -gx MANPATH {shlex.quote(str(folder))} ""'
    return f'export MANPATH={shlex.quote(str(folder))}:"$MANPATH"'


def install(path: Path, text: str) -> None:
    """Write a file, and the folders above it.

    Raises:
        MemosError: that cannot be.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MemosError(f"cannot write {path}: {error.strerror}") from None
