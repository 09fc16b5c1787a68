"""The help of a command on a terminal: what a block keeps line by line wraps with an indent where the terminal is too narrow.

click fills paragraphs and leaves the lines of a block that begins with a backspace alone: one that is too long would go on in
the terminal's first column. Here it goes on below its own text: a meaning below the meaning, a command of the shell as one that
can be copied.
"""

import re
import sys

import click

from memos_cli.records import NamedTuple

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Memories": {
        "add": ("add", "Remember something."),
        "search": ("search", "Find memories by words and by meaning."),
        "show": ("search", "Show memories in full."),
        "list": ("search", "List memories, the newest first."),
        "edit": ("edit", "Change a memory."),
        "forget": ("edit", "Forget memories; they can be restored."),
        "restore": ("edit", "Bring forgotten memories back."),
        "pin": ("edit", "Pin memories: they do not fade."),
        "unpin": ("edit", "Take the pin off memories."),
        "freeze": ("edit", "Freeze memories: nothing changes them."),
        "unfreeze": ("edit", "Let frozen memories change again."),
        "tag": ("edit", "Put tags on memories, or take them off."),
        "label": ("label", "Put sensitivity labels on memories, or take them off."),
        "link": ("edit", "Link one memory to another."),
        "why": ("why", "Tell where a memory comes from."),
        "review": ("review", "Decide about memories that may contradict each other."),
    },
    "Conversation": {
        "chat": ("chat", "Talk with your memories."),
        "model": ("model", "Choose, pull and remove models, to chat and to search with."),
        "scheduler": ("scheduler", "Choose which form each memory takes, and see what comes next."),
        "consolidate": ("consolidate", "Let a model learn your memories by heart."),
        "slot": ("slot", "Keep states of a model on disk, for answers to begin from."),
    },
    "History": {
        "undo": ("history", "Take back the last command that wrote."),
        "history": ("history", "List the versions of a memory."),
        "rollback": ("history", "Make a memory what it was at a version."),
        "lifecycle": ("lifecycle", "Let memories fade, expire and come back, by policy."),
        "snapshot": ("snapshot", "Name the cube's present state, compare with it, go back to it."),
    },
    "Scopes and cubes": {
        "view": ("view", "Saved filters, used as --view NAME."),
        "task": ("task", "List tasks, and end one."),
        "cube": ("cube", "Make, list, rename and remove cubes, and carry them between machines."),
    },
    "Agents": {
        "context": ("brief", "Print what matters for a question, for any model's prompt."),
        "brief": ("brief", "Print who you are and what is open, for any model's prompt."),
        "mcp": ("mcp", "Let agents use your memory, by the Model Context Protocol."),
        "serve": ("serve", "Serve your model and your memories by OpenAI's protocol."),
        "setup": ("setup", "Enter memos into the settings of an agent's program."),
        "hook": ("hook", "Give a session its briefing, and take its transcript in."),
    },
    "Governance": {
        "audit": ("audit", "See who read and wrote what, and prove it."),
        "principal": ("principal", "Register people and agents, and make tokens for agents."),
        "grant": ("grant", "Let somebody read, write, share or erase memories."),
        "revoke": ("grant", "Let somebody do something with memories no longer."),
        "access": ("grant", "Tell who may do what, and by which rule."),
    },
    "Sharing": {
        "key": ("key", "Make keys, and list those you trust."),
    },
    "In and out": {
        "import": ("imports", "Bring in what other programs exported."),
        "source": ("source", "Files and folders that each tick brings in step."),
        "export": ("export", "Write memories in formats that other programs read."),
        "mip": ("mip", "Check documents in the memory interchange format."),
    },
    "Housekeeping": {
        "config": ("config", "Show and change settings."),
        "doctor": ("doctor", "Check the cubes and mend what can be mended."),
        "stats": ("search", "Count what is there."),
        "bench": ("bench", "Measure memos, on material of yours or on a made-up year."),
        "demo": ("demo", "Watch memos at work on two weeks of a life."),
        "completion": ("completion", "Complete commands in your shell."),
        "man": ("manual", "Install the man pages."),
        "generate": ("manual", "Write man pages and completions."),
    },
}
"""The commands by family, each with its module and its line of help; a test compares the lines with the commands' own."""
_BLOCK = re.compile(r"^\x08\n((?:.+\n?)+)", re.MULTILINE)
_ITEM = re.compile(r"(\d+ +|\S+(?: \S+)*? {2,})(?=\S)")
"""A term and the room behind it: a number such as an exit status, or words that two spaces part from their meaning."""
_SHELL_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|\S)+")
EXAMPLES = ("Examples:", "Start here:")
"""Titles of the blocks whose lines are commands of a shell."""
_HANG = 4
"""Columns that a line without a term goes on to the right of where it began."""


class Formatter(click.HelpFormatter):
    """click's formatter, but for the lines of blocks."""

    def write_text(self, text: str) -> None:
        """Write a text, the lines of its blocks wrapped."""
        room = self.width - self.current_indent
        super().write_text(_BLOCK.sub(lambda found: "\b\n" + "\n".join(wrapped(found[1].splitlines(), room)) + "\n", text))


class HelpContext(click.Context):
    """A context whose help is written by `Formatter`."""

    formatter_class = Formatter


class PagedHelp(click.Command):
    """A command that shows its help in a pager where it does not fit the terminal."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option `--help`."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show
        return option


def _show(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 -- click's signature
    if not value or ctx.resilient_parsing:
        return
    from memos_cli.cli.app import App

    app = ctx.ensure_object(App)
    if sys.stdout.isatty():
        from memos_cli.cli.pager import paged

        with paged(app) as out:
            out(ctx.get_help())
    else:
        app.out(ctx.get_help())
    ctx.exit()


class Entry(NamedTuple):
    """A line of a block.

    Attributes:
        indent: the columns ahead of it.
        term: the term that it begins with, and the spaces behind that; empty for a line of text.
        text: the meaning of the term, or the line.
    """

    indent: int
    term: str
    text: str

    @property
    def hang(self) -> int:
        """The column in which its text begins."""
        return self.indent + len(self.term)


def entries(lines: list[str]) -> list[Entry]:
    """The lines of a block, its title left out; a meaning that goes on in the next line is put together."""
    found: list[Entry] = []
    for line in lines:
        text = line.strip()
        indent = len(line.rstrip()) - len(text)
        matched = _ITEM.match(text)
        term = matched[1] if matched else ""
        if found and found[-1].term and indent == found[-1].hang:
            found[-1] = found[-1]._replace(text=f"{found[-1].text} {text}")
        else:
            found.append(Entry(indent, term, text[len(term) :]))
    return found


def glossary(lines: list[str]) -> list[tuple[str, str]] | None:
    """The terms of a block and their meanings, in the same line or in an indented one below; `None` if it is none."""
    found = entries(lines)
    if all(one.term for one in found):
        return [(one.term.rstrip(), one.text) for one in found]
    pairs = list(zip(found[::2], found[1::2], strict=False))
    if len(found) % 2 or any(one.term for one in found) or any(meaning.indent <= word.indent for word, meaning in pairs):
        return None
    return [(word.text, meaning.text) for word, meaning in pairs]


def wrapped(block: list[str], room: int) -> list[str]:
    """The lines of a block, its title first, none of them wider than `room` columns unless a word is."""
    title, *lines = block
    folded = [title]
    if title in EXAMPLES:
        for line in lines:
            indent = len(line) - len(line.lstrip())
            folded += [line] if len(line) <= room else _fill(_SHELL_WORD.findall(line), indent, indent + _HANG, room, " \\")
        return folded
    found = entries(lines)
    outer = min((one.indent for one in found), default=0)
    for indent, term, text in found:
        line = " " * indent + term + text
        first, *rest = text.split()
        hang = indent + (len(term) or _HANG * (indent == outer))
        folded += [line] if len(line) <= room else _fill([term + first, *rest], indent, hang, room)
    return folded


def _fill(words: list[str], indent: int, hang: int, room: int, mark: str = "") -> list[str]:
    """The words on lines; the first has `indent` columns ahead, the others `hang`, and all but the last end with `mark`."""
    lines = [" " * indent + words[0]]
    for number, word in enumerate(words[1:], start=2):
        longer = f"{lines[-1]} {word}"
        if len(longer) + (len(mark) if number < len(words) else 0) <= room:
            lines[-1] = longer
        else:
            lines[-1] += mark
            lines.append(" " * hang + word)
    return lines
