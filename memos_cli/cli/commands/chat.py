"""`memos chat`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.chat_views import answered_json, stats_line, tell_rest
from memos_cli.cli.options import Command, reveal
from memos_cli.cli.progress import waiting
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from memos_cli.interface.chat.chat import Chat


@click.command(cls=Command)
@click.argument("said", metavar="[-]", nargs=-1)
@click.option("-m", "--message", metavar="TEXT", help="Answer this once; `-` reads it from standard input.")
@click.option("--continue", "resume", is_flag=True, help="Go on with the last conversation.")
@click.option("--no-save", is_flag=True, help="Do not keep the conversation, nor what it tells.")
@click.option("--no-recall", is_flag=True, help="Do not look up memories: ask the model alone.")
@click.option("--require-slot", is_flag=True, help="Answer only from a slot: refuse where none fits the prompt.")
@click.option("--stats", is_flag=True, help="Show tokens (of the prompt, from a slot, evaluated) and times.")
@reveal
@pass_app
def chat(app: App, /, said: tuple[str, ...], message: str | None, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Talk with your memories.

    On a terminal it goes on until you leave (/help lists what can be typed; Ctrl-C stops an answer, Ctrl-D leaves). With -m,
    or with a pipe, one message is answered. Memories that fit are looked up; a model answers from them where one was chosen
    (memos model use), else the memories themselves are the answer. What the model has learnt (memos consolidate) it answers
    without the memories in its prompt, where it is sure and a memory says the same.

    An answer of a model is shown only if it is sure of it and memories bear it out: each word and number is in a memory that
    says what was asked, of the one who was asked about; a yes or no needs one that says so of them; of two that disagree the
    later counts. Otherwise the memories are the answer, and a notice says why (`reason` with --json).

    What you tell ("I am vegan now") becomes a memory, and the conversation is kept; with --no-save neither. What it certainly
    ends is superseded, and said; where it may end something, chat asks ("Shall this replace …?"): answer yes or no, or later
    with memos review. Rules find what is worth keeping, and so does a model that is fit for it (setting llm.extract,
    `memos model info`). "Remember that …", "forget …" and "what do you know about …" are understood, and done in any case.

    The conversation itself is no memory: only --turns and --conversation NAME find it (`memos list --turns`). What repeats a
    memory in it is forgotten, superseded and purged with that memory.

    With --require-slot one message is answered only if its prompt begins from a slot (memos slot), so that no script waits
    for a whole prompt unawares; else the model is asked nothing and nothing is kept. What is done without the model
    ("remember that …") needs no slot.

    \b
    Examples:
      memos chat
      memos chat -m "What do I eat?"
      memos --json chat -m "Where do I live?" | jq -r .data.answer
      echo "remember that the key is under the mat" | memos chat
      memos chat --continue --stats
      memos slot build && memos chat --require-slot -m "What do I eat?"

    \b
    Exit status:
      0  answered, also when the memories do not say
      2  an empty message, or one that is too long for the model; --require-slot without a message
      14 the model that is set cannot be used; with --require-slot also: none is chosen
      15 with --require-slot: no slot fits, or what it gave was not used
      130 stopped by Ctrl-C, with -m
    """
    if said not in {(), ("-",)}:
        import shlex

        raise UsageError("what is asked stands behind -m", hint=f"memos chat -m {shlex.quote(' '.join(said))}")
    once = message is not None or bool(said) or not (sys.stdin.isatty() and sys.stderr.isatty())
    if app.json and not once:
        raise UsageError("--json answers one message", hint='memos --json chat -m "What do I eat?"')
    if given["require_slot"] and not once:
        raise UsageError("--require-slot is for one message", hint='memos chat --require-slot -m "What do I eat?"')
    text = _once(message, piped=bool(said)) if once else ""
    from memos_cli.operation.parametric import active_adapter

    llm, attached, notices = active_adapter.chosen(app.mos)
    for notice in notices:
        app.note(notice)
    save, recall = not given["no_save"], not given["no_recall"]
    if once and llm is not None:
        from memos_cli.interface.chat import preloader, trust

        if trust.refusal(app.mos, llm, trust.card(app.mos)) is None:  # else it is asked nothing
            preloader.begin(llm, text)
    try:
        shown, resume, slot = given["reveal"], given["resume"], given["require_slot"]
        talk = app.mos.conversation(llm, attached, save=save, recall=recall, reveal=shown, resume=resume, require_slot=slot)
        if once:
            _answer(app, talk, text, stats=given["stats"])
            return
        from memos_cli.cli.commands.chat_repl import Repl

        Repl(app, talk, stats=given["stats"]).run()
    finally:
        if llm is not None:
            llm.close()


def _once(message: str | None, *, piped: bool) -> str:
    """The one message, from `-m` or from standard input.

    Raises:
        UsageError: both are given, or it is not UTF-8.
    """
    if message not in {None, "-"}:
        if piped:
            raise UsageError("-m TEXT and - exclude each other")
        return str(message)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start + 1})") from None


def _answer(app: App, talk: "Chat", text: str, *, stats: bool) -> None:
    with waiting(app, f"{talk.llm.name} reads your memories" if talk.llm else "searching your memories"):
        result = talk.ask(text)
    if app.json:
        app.data(answered_json(result))
    else:
        app.out(result.answer)
    tell_rest(app, result)
    if stats:
        app.note(stats_line(result))
    talk.settle(end=True)
