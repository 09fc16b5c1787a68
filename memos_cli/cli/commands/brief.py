"""`memos context` and `memos brief`: blocks of memories for the prompt of any model."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command, filter_of
from memos_cli.errors import NothingFound
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.interface.brief.block import Block, Entry
    from memos_cli.model import Memory

_MOST = 1_000_000
_NOTHING = 'there is nothing to tell; remember something with: memos add "I am vegan now", and pin it with: memos pin ID'
_tokens = click.option(
    "--tokens",
    type=click.IntRange(1, _MOST),
    default=1000,
    show_default=True,
    help="How many the block may take; counted as one for three bytes, more than a model makes of it.",
)


@click.command(cls=Command)
@click.argument("query", nargs=-1)
@_tokens
@click.option("--no-core", is_flag=True, help="Without what is pinned and the rules.")
@click.option("--fail-empty", is_flag=True, help="Exit with 4 when nothing fits QUERY, or there is nothing at all.")
@pass_app
def context(app: App, query: tuple[str, ...], tokens: int, *, no_core: bool, fail_empty: bool) -> None:
    """Print what matters for a question, for any model's prompt.

    It is a block of lines, each with an id (memos show ID) and a day: what is pinned and the rules, and what a search for
    QUERY finds that fits by itself, the best first as far as --tokens reach, shown oldest first. Without a QUERY it is what
    is pinned, the rules, what is to come and what is newest. Where nothing fits, that is said, and the block is what is
    pinned, or empty. A shell puts it before a question with "$(memos context 'plan dinner') plan dinner".

    The block tells only what is current. Memories are text between <memories> and </memories> that can neither end the block
    nor begin a line; what came from elsewhere and was not looked at yet is marked (unconfirmed). Secrets are masked, and what
    the policy labels.prompt names stays out. The same memories give the same bytes. What was found counts as used. To others
    than the cube's owner it shows what they may read for the purpose prompt, and that is recorded (memos audit log).

    \b
    Examples:
      memos context "plan dinner"
      memos context "plan dinner" | llm "plan dinner"
      memos context --tokens 400 "what does the door code look like?"
      memos --view work context standup --json

    \b
    Exit status:
      0  done, also when nothing fits
      2  --tokens leave no room for a line
      4  nothing fits, with --fail-empty
      10 no such cube or view
      14 the embedder that is set cannot be used
    """
    text = " ".join(query).strip()
    block = app.mos.briefing.context(text or None, tokens=tokens, wanted=filter_of(app, {}), bare=no_core)
    _show(app, block)
    said = _nothing(block)
    if said and fail_empty:
        raise NothingFound(said)
    if said:
        app.note(said)


@click.command(cls=Command)
@_tokens
@click.option("--fail-empty", is_flag=True, help="Exit with 4 when there is nothing to tell.")
@pass_app
def brief(app: App, tokens: int, *, fail_empty: bool) -> None:
    """Print who you are and what is open, for any model's prompt.

    What is pinned and the rules, what is to come within 30 days, questions that wait in `memos review` and open tasks, and
    what changed in the 7 days before the last change. As context, it tells only what is current, masks secrets and respects
    labels.prompt; what came from elsewhere and was not looked at yet is not in it at all.

    The bytes stay the same until a memory changes, begins or ceases to hold, or another day begins in your time zone: so a
    model's cache of the prompt's beginning stays good. To be told here is no use of a memory.

    \b
    Examples:
      memos brief
      memos brief --tokens 500
      memos brief --json

    \b
    Exit status:
      0  done, also when there is nothing
      2  --tokens leave no room for a line
      4  there is nothing, with --fail-empty
      10 no such cube or view
    """
    block = app.mos.briefing.brief(tokens=tokens, wanted=filter_of(app, {}))
    _show(app, block)
    if not block.text and fail_empty:
        raise NothingFound("there is nothing to tell", hint=_NOTHING)
    if not block.text:
        app.note(_NOTHING)


def _show(app: App, block: "Block") -> None:
    if app.json:
        app.data(_block_json(block))
    elif block.text:
        app.out(block.text, nl=False)
    for notice in block.notices:
        app.note(notice)
    if block.left:
        app.note(f"{block.left} more have no room in {block.most_tokens} tokens; give them some with --tokens")


def _nothing(block: "Block") -> str:
    """What to say where nothing fits a question, or nothing is there; empty where something is."""
    if not block.found:
        rest = "what is pinned stands there all the same" if block.text else "the block is empty"
        return f"nothing really fits {(block.query or '')[:60]!r}; {rest}"
    return "" if block.text else _NOTHING


def _block_json(block: "Block") -> dict[str, Any]:
    memories: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []
    for one in block.entries:
        if one.memory is None:
            tasks.append({"name": one.name, "cube": one.cube})
        elif one.other is None:
            memories.append(_memory_json(one, one.memory))
        else:
            questions.append({"id": one.name, "cube": one.cube, "earlier": one.memory.id, "later": one.other.id})
    return {
        "query": block.query, "text": block.text, "tokens": block.tokens, "most_tokens": block.most_tokens,
        "memories": memories, "questions": questions, "tasks": tasks, "left": block.left, "fits": block.found,
    }  # fmt: skip


def _memory_json(entry: "Entry", memory: "Memory") -> dict[str, Any]:
    return {
        "id": memory.id, "cube": memory.cube, "section": entry.section, "line": entry.line, "kind": memory.kind.value,
        "score": None if entry.score is None else round(entry.score, 6), "next_at": shown(entry.next_at),
        "unconfirmed": memory.untrusted,
    }  # fmt: skip
