"""`memos generate`, `memos man`, `memos completion`: the manual, generated from the command tree so that both agree."""

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from textwrap import dedent
from typing import Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.help_page import EXAMPLES, glossary, wrapped
from memos_cli.cli.options import Command, Family
from memos_cli.errors import MemosError, UsageError

SHELLS = ("bash", "zsh", "fish")
_PLACES = {
    "bash": ".local/share/bash-completion/completions/memos",
    "zsh": ".local/share/zsh/site-functions/_memos",
    "fish": ".config/fish/completions/memos.fish",
}
_BY_HAND = ("memos-cube.5", "memos-internals.7")
"""Pages that no command's help can say; they lie in `memos_cli/data`."""
_NAMES = {"bash": "memos.bash", "zsh": "_memos", "fish": "memos.fish"}
_ROOM = 80 - 7 - 1
"""Columns of a line that `man` does not fill, on a terminal of 80 with the margin of `man`."""
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

    kinds = ((_NAMES[shell], KINDS[shell]) for shell in SHELLS)
    return {name: kind(memos, {}, "memos", "_MEMOS_COMPLETE").source().rstrip() + "\n" for name, kind in kinds}


def _families() -> list[str]:
    from memos_cli.cli.main import COMMANDS

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
def completion() -> None:
    """Complete commands in your shell."""


@completion.command("install")
@click.option("--shell", type=click.Choice(SHELLS), help="Which shell; the one in $SHELL when not given.")
@click.option("--print", "printed", is_flag=True, help="Print the script instead.")
@pass_app
def completion_install(app: App, shell: str | None, *, printed: bool) -> None:
    """Install the completion of your shell.

    \b
    Examples:
      memos completion install
      memos completion install --shell zsh --print
    """
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise UsageError(f"which shell? {chosen or '$SHELL'} is not one of {', '.join(SHELLS)}", hint="name it with --shell")
    script = completions()[_NAMES[chosen]]
    if printed:
        app.out(script, nl=False)
        return
    path = Path.home() / _PLACES[chosen]
    _install(path, script)
    app.data({"path": str(path)}) if app.json else app.out(f"installed {path}; it works in a new shell")


@click.group(cls=Family)
def man() -> None:
    """Install the man pages."""


@man.command("install")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="The man folder.  [default: ~/.local/share/man]")
@pass_app
def man_install(app: App, folder: Path | None) -> None:
    """Install the man pages, so that `man memos` works.

    \b
    Examples:
      memos man install
    """
    target = folder or Path.home() / ".local/share/man"
    pages: dict[str, Any] = manual_pages()
    for name, text in pages.items():
        _install(target / f"man{name[-1]}" / name, text)
    app.data({"folder": str(target), "pages": len(pages)}) if app.json else app.out(f"installed {len(pages)} pages in {target}")


def _install(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MemosError(f"cannot write {path}: {error.strerror}") from None
