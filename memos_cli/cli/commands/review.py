"""`memos review`: questions about two memories, or about a stranger's file, each answered with one key."""

from typing import TYPE_CHECKING

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import review_agents, review_held
from memos_cli.cli.commands.cube_diff import comparison_json, tell_comparison
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Command, reveal
from memos_cli.cli.terminal import echo, plain, style
from memos_cli.errors import NotFound, Refused, UsageError

if TYPE_CHECKING:
    from memos_cli.interface.cubes.merge import HeldChanges
    from memos_cli.operation.governance.requests import AgentRequest
    from memos_cli.operation.operator.dedupe.review import Decided, Item

DECISIONS = ("keep", "supersede", "fuse", "older")
_KEYS = {"k": "keep", "s": "supersede", "f": "fuse", "o": "older"}
_HELP = "k keep both, s the second replaces the first, o the first is right,\nf they are the same, x skip, u undo, q quit"
_DONE = {"keep": "kept both", "supersede": "superseded", "older": "kept the older", "fuse": "fused"}


@click.command(cls=Command)
@click.argument("item", required=False, shell_complete=completions.QUESTIONS)
@click.option("--decide", type=click.Choice((*DECISIONS, *review_held.DECISIONS)), help="Answer the question ITEM.")
@click.option("--all", "everything", is_flag=True, help="Also questions that are decided, or that settled themselves.")
@reveal
@pass_app
def review(app: App, item: str | None, *, decide: str | None, everything: bool, reveal: bool) -> None:
    """Decide about memories that may contradict each other.

    What an agent asks for (to confirm what it remembered, to replace or forget what is yours) is one question an agent and
    session: `take` all of it, or `leave` it. What a merge held, since no key that you trust has signed it, is one question a
    file: `take` all of it, look at it (memos review ITEM), or `leave` it for good. To be asked no more about somebody's files:
    memos key trust.

    A tick fuses only what certainly says the same, and supersedes only what certainly no longer holds, as `memos add` and chat
    do with what says so ("I moved to York"); where it is not certain they ask here. After a merge it also asks about a memory
    that two machines set differently: what shows now stands second. On a terminal each question is shown and waits for one
    key. Elsewhere they are listed, and scripts answer with --decide: `keep` both, the later one does `supersede` the earlier,
    the `older` one is right, or `fuse` them into one. An answer is a command of its own: `memos undo` takes it back, and the
    question is open again.

    \b
    Examples:
      memos review
      memos review --json
      memos review k3f9 --decide supersede
      memos review 4f1c --decide take

    \b
    Exit status:
      2  an answer that the question does not have
      3  decided already, frozen, or not the same and so never fused
      10 no such question
    """
    held, agents = _held(app, item), review_agents.asked(app, item)
    if decide is not None:
        _decide(app, item, decide, held, agents, reveal=reveal)
        return
    if item is not None and held:
        _look(app, held[0], reveal=reveal)
        return
    found = [] if item is not None and agents else _about_memories(app, item, everything=everything)
    if app.json:
        still = sum(one.decision is None for one in found) + len(held) + len(agents)
        told = {"held": [review_held.item(one) for one in held], "agents": [review_agents.item(one) for one in agents]}
        app.data({"items": found, "open": still, **told}, reveal=reveal)
    elif item is None and not everything and (found or held or agents) and review_held.somebody_is_there():
        _ask_about_files(app, held, reveal=reveal)
        review_agents.ask(app, agents, reveal=reveal)
        if found:
            Session(app, found, reveal=reveal).run()
    else:
        _list(app, held, agents, found, reveal=reveal)


def _list(app: App, held: "list[HeldChanges]", agents: "list[AgentRequest]", found: "list[Item]", *, reveal: bool) -> None:
    for question in held:
        review_held.show(app, question)
    for agent in agents:
        review_agents.show(app, agent, reveal=reveal)
    if held or agents:
        app.note("answer with: memos review ID --decide take, or leave" + (f"; {review_held.TRUST}" if held else ""))
    for one in found:
        show(app, one, reveal=reveal)
    if not found and not held and not agents:
        app.note("no questions: nothing contradicts anything, as far as can be told")


def _about_memories(app: App, item: str | None, *, everything: bool) -> "list[Item]":
    return [app.mos.review.question(item)] if item is not None else list(app.mos.review.list(decided=everything))


def _held(app: App, item: str | None) -> "list[HeldChanges]":
    """The questions about files; the one that is meant, if one is."""
    if item is None:
        return list(app.mos.held.list())
    try:
        return [app.mos.held.question(item)]
    except NotFound:
        return []


def _decide(
    app: App, item: str | None, decision: str, held: "list[HeldChanges]", agents: "list[AgentRequest]", *, reveal: bool
) -> None:
    if item is None:
        raise UsageError("--decide needs the question", hint="memos review lists them")
    answers = review_held.DECISIONS if held or agents else DECISIONS
    if decision not in answers:
        about = "a file" if held else "an agent" if agents else "two memories"
        raise UsageError(f"{item} is about {about}, so {decision} is no answer", hint=f"there are: {', '.join(answers)}")
    if held:
        _decide_about_file(app, held[0], decision)
    elif agents:
        review_agents.decide(app, agents[0], decision)
    else:
        tell(app, app.mos.review.decide(item, decision), reveal=reveal)


def _decide_about_file(app: App, held: "HeldChanges", decision: str) -> str | None:
    """Carry out an answer; the transaction that it wrote."""
    from memos_cli.cli.commands.cube_merge import merged_json, tell_merged

    result = app.mos.held.take(held) if decision == "take" else None
    if result is None:
        app.mos.held.leave(held)
    if app.json:
        app.data({"item": held.id, "decision": decision, "command_id": result.txn if result else None,
                  "merged": merged_json(result) if result else None})  # fmt: skip
    elif result:
        tell_merged(app, result)
    else:
        app.out(f"left {held.changes:,} changes of {render.one_line(held.other, 60)}; they are not asked about again")
    for line in result.unfinished if result else ():
        app.note(f"a purge is not finished: {line}")
    return result.txn if result else None


def _look(app: App, held: "HeldChanges", *, reveal: bool) -> None:
    found = app.mos.held.look(held)
    if app.json:
        app.data(
            {"items": [], "open": 1, "held": [{**review_held.item(held), "differences": comparison_json(found)}]}, reveal=reveal
        )
        return
    review_held.show(app, held)
    tell_comparison(app, found, reveal=reveal)


def _ask_about_files(app: App, held: "list[HeldChanges]", *, reveal: bool) -> None:
    for one in held:
        review_held.show(app, one)
        chosen = review_held.choice(app, lambda one=one: _look(app, one, reveal=reveal))  # type: ignore[misc]
        if chosen in review_held.DECISIONS:
            _decide_about_file(app, one, chosen)


def show(app: App, item: "Item", *, reveal: bool) -> None:
    """A question as a block: its reason, and both memories."""
    head = style(item.id[: render.SHORT_ID], fg="cyan")
    said = f"decided: {item.decision}" if item.decision else f"suggested: {item.suggested}" if item.suggested else ""
    app.out(f"{head}  {render.one_line(', '.join(item.reasons))}" + style(f"  ({said})" if said else "", dim=True))
    for number, memory in ((1, item.earlier), (2, item.later)):
        app.out(render.memory_line(memory, reveal=reveal, before=f"  {number}  "))


def asked_line(item: "Item") -> str:
    """A question as one line, with the command that answers it; secrets are masked."""
    known = render.gist(item.earlier, 60)
    return f"does this replace \u201c{known}\u201d? memos review {item.id[: render.SHORT_ID]} --decide supersede, or keep"


def tell(app: App, result: "Decided", *, reveal: bool) -> None:
    """Print what a decision did."""
    decision = result.item.decision or ""
    if app.json:
        answer = {"item": result.item.id, "decision": decision, **fields_of(result, only=("memories", "product", "txn"))}
        app.data(answer, reveal=reveal)
        return
    stays = {"supersede": result.memories[1:], "older": result.memories[:1]}.get(decision, result.memories)
    for memory in (result.product,) if result.product else stays:
        app.out(render.memory_line(memory, reveal=reveal, before=f"{_DONE[decision]} "))


class Session:
    """Asks one question after the other, until there is none left or the person leaves."""

    def __init__(self, app: App, items: "list[Item]", *, reveal: bool) -> None:
        self._app = app
        self._items = items
        self._reveal = reveal
        self._done: list[tuple[int, Decided]] = []

    def run(self) -> None:
        """Ask the questions."""
        self._app.note(_HELP)
        place = 0
        while place < len(self._items):
            item = self._items[place]
            self._app.out(style(f"{place + 1} of {len(self._items)}", dim=True))
            show(self._app, item, reveal=self._reveal)
            place = self._answered(place, item)
        decided = len(self._done)
        self._app.note(f"{decided} decided" + ("; take the last one back with: memos undo" if decided else ""))

    def _answered(self, place: int, item: "Item") -> int:
        """Wait for a valid key; the index of the next question."""
        while True:
            key = self._key()
            if key == "q":
                return len(self._items)
            if key == "x":
                return place + 1
            if key == "u":
                if self._done:
                    return self._undo()
                self._app.note("nothing was decided yet")
            elif key in _KEYS:
                if self._decide(place, item, _KEYS[key]):
                    return place + 1
            else:
                self._app.note(_HELP)

    def _key(self) -> str:
        echo("k s o f x u q? ", err=True, nl=False)
        try:
            key = click.getchar().lower()
        except EOFError:
            key = "q"
        echo(plain(key[:1]), err=True)
        return key[:1]

    def _decide(self, place: int, item: "Item", decision: str) -> bool:
        try:
            result = self._app.mos.review.decide(item.id, decision)
        except Refused as error:
            self._app.note(f"{error.message}" + (f" ({error.hint})" if error.hint else ""))
            return False
        self._done.append((place, result))
        tell(self._app, result, reveal=self._reveal)
        return True

    def _undo(self) -> int:
        place, last = self._done.pop()
        self._app.mos.undo(last.txn, cube=last.item.cube)
        self._app.out("took that back")
        return place
