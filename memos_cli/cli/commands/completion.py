"""`memos completion`: the script for a shell, put where that shell finds it, and tried there before it is said to work."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.manual import NAMES, SHELLS, completions, install
from memos_cli.cli.options import Family, dry_run, yes
from memos_cli.errors import MemosError, UsageError

PATIENCE = 20
"""Seconds that a shell has to start, with all that its owner lets it do then, and to answer."""
_BEGIN, _END = "# >>> memos completion >>>", "# <<< memos completion <<<"
_BLOCK = re.compile(rf"{re.escape(_BEGIN)}\n.*?{re.escape(_END)}\n", re.DOTALL)
_ASK = {
    # Either of bash-completion's loaders: its older and its newer name.
    "bash": "{ complete -p memos || __load_completion memos || _comp_load memos; } >/dev/null 2>&1; complete -p memos",
    "zsh": "print -r -- ${_comps[memos]-}",
    "fish": "complete -C 'memos completio'",
}
_KNOWN = {"bash": "_memos_completion", "zsh": "_memos", "fish": "completion"}
"""What a shell answers to that, where it knows how to complete memos."""
_PARTLY = 3


class Place(NamedTuple):
    """Where a shell's script goes, and what makes the shell find it if it does not by itself.

    Attributes:
        script: the file with the script.
        start: the file that the shell reads when it starts.
        line: what has to stand in that.
    """

    script: Path
    start: Path
    line: str


def place(shell: str) -> Place:
    """Where the script for a shell goes, by the variables that move the shells' own folders."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    if shell == "bash":
        user = Path(os.environ.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion")
        script = user / "completions/memos"
        return Place(script, home / ".bashrc", f"source {_quoted(script)}")
    if shell == "zsh":
        folder = data / "zsh/site-functions"
        line = f"fpath=({_quoted(folder)} $fpath); autoload -Uz compinit && compinit"
        return Place(folder / "_memos", Path(os.environ.get("ZDOTDIR") or home) / ".zshrc", line)
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish"
    script = folder / "completions/memos.fish"
    return Place(script, folder / "config.fish", f"source {_quoted(script)}")


def _quoted(path: Path) -> str:
    """A path for a line of a shell, below `~` where it lies in the home, so that it is the same on other machines."""
    if path.is_relative_to(Path.home()):
        rest = shlex.quote(str(path.relative_to(Path.home())))
        return f"~/{rest}"
    return shlex.quote(str(path))


def works(shell: str) -> bool | None:
    """Whether the shell, started as a person starts it, completes memos; `None` where it is not on this machine."""
    program = shutil.which(shell)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-ic", _ASK[shell]], capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _KNOWN[shell] in done.stdout


def _begun(start: Path) -> str:
    try:
        return start.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise MemosError(f"cannot read {start}: {error}", hint="put the line in by hand") from None


def _chosen(shell: str | None) -> str:
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise UsageError(f"which shell? {chosen or '$SHELL'} is not one of {', '.join(SHELLS)}", hint="name it with --shell")
    return chosen


_shell = click.option("--shell", type=click.Choice(SHELLS), help="Which shell; the one in $SHELL when not given.")


@click.group(cls=Family)
def completion() -> None:
    """Complete commands in your shell."""


@completion.command("install")
@_shell
@click.option("--print", "printed", is_flag=True, help="Print the script instead.")
@yes
@dry_run
@pass_app
def completion_install(app: App, shell: str | None, *, printed: bool, yes: bool, dry_run: bool) -> None:
    """Install the completion of your shell, and try it there.

    Commands and options are completed, and names of your own: ids, cubes, tags, keys, tasks, views, snapshots, settings and
    their values, models. Where the shell does not find the script, a line in the file that it starts with makes it: you are
    asked before that is written, between marks by which it is found again.

    \b
    Examples:
      memos completion install
      memos completion install --shell zsh --yes
      memos completion install --shell zsh --print

    \b
    Exit status:
      3  the script is written, and the shell does not find it yet: it says which line is missing
    """
    chosen = _chosen(shell)
    script = completions()[NAMES[chosen]]
    if printed:
        app.out(script, nl=False)
        return
    at = place(chosen)
    if dry_run:
        app.data({"path": str(at.script), "works": None, "start": str(at.start), "line": at.line, "dry_run": True}) if (
            app.json
        ) else app.out(f"would write {at.script}; and, if {chosen} does not find it, to {at.start}: {at.line}")
        return
    install(at.script, script)
    found = works(chosen)
    if found is False and _BEGIN not in _begun(at.start) and _may_write(app, at, yes=yes):
        before = _begun(at.start)
        install(at.start, f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{_BEGIN}\n{at.line}\n{_END}\n")
        found = works(chosen)
    if app.json:
        line = at.line if found is False else None
        app.data({"path": str(at.script), "works": found, "start": str(at.start), "line": line, "dry_run": False})
    else:
        app.out(f"installed {at.script}")
        _tell(app, chosen, at, found=found)
    if found is False:
        click.get_current_context().exit(_PARTLY)


def _may_write(app: App, at: Place, *, yes: bool) -> bool:
    if yes:
        return True
    if app.json or not app.watched:
        return False
    return app.asked(f"{at.script.name} is not found yet. Add to {at.start}: {at.line}\nAdd it?")


def _tell(app: App, shell: str, at: Place, *, found: bool | None) -> None:
    """Say what came of the trial."""
    if found:
        app.out(f"tried in {shell}: it works in a new shell")
    elif found is None:
        app.out(f"{shell} is not on this machine, so that it could not be tried")
    elif _BEGIN in _begun(at.start):
        app.out(f"tried in {shell}: it does not work, though {at.start} has the line")
        app.out(f"see what {shell} says when it starts, and whether memos is on the PATH there: {shell} -ic 'command -v memos'")
    else:
        app.out(f"tried in {shell}: it does not work yet. Add this line to {at.start}:")
        app.out(f"  {at.line}")
        app.out(f"or let memos do it: memos completion install --shell {shell} --yes")


@completion.command("uninstall")
@_shell
@dry_run
@pass_app
def completion_uninstall(app: App, shell: str | None, *, dry_run: bool) -> None:
    """Take the completion of your shell away again.

    The script goes, and so do the lines that memos put into the file that the shell starts with.

    \b
    Examples:
      memos completion uninstall
      memos completion uninstall --shell zsh --dry-run
    """
    at = place(_chosen(shell))
    begun = _begun(at.start)
    rest = _BLOCK.sub("", begun)
    gone = [str(path) for path, there in ((at.script, at.script.exists()), (at.start, rest != begun)) if there]
    if not dry_run:
        try:
            at.script.unlink(missing_ok=True)
        except OSError as error:
            raise MemosError(f"cannot remove {at.script}: {error.strerror}") from None
        if rest != begun:
            install(at.start, rest)
    if app.json:
        app.data({"changed": gone, "dry_run": dry_run})
    elif gone:
        app.out(f"{'would take it out of' if dry_run else 'took it out of'} {', '.join(gone)}")
    else:
        app.note(f"nothing to take away: there is no {at.script}")
