"""`memos scheduler`: the scenes, which of them are likely next, and the form of each memory in a prompt."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family
from memos_cli.cli.terminal import plain
from memos_cli.operation.scheduler.decision import Do, Why
from memos_cli.times import from_millis, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memos_cli.operation.scheduler.reports import Explained, SceneStanding
    from memos_cli.operation.scheduler.scheduler import MemScheduler

_SHOWN = 20
_NAMED, _WIDE = 3, 80
_NAME, _RULE, _WHAT, _BECAUSE = 24, 12, 24, 26
"""Widths of columns in characters: with all of them a table is as wide as a terminal of 80."""
_TELLING = 5
"""The number of recalls from which shares of them are shown."""
_FORMS = {"plaintext": "text", "activation": "slot", "parametric": "adapter", None: "left out"}


@click.group(cls=Family)
def scheduler() -> None:
    """Choose which form each memory takes, and see what comes next.

    A memory can be text in the prompt, lie in a slot (the state of the model after the prompt's beginning, which saves its
    evaluation), or be known to an adapter. Memories that are needed together are a set: those of one task, tag, key,
    conversation or topic. From the history of recalls it is foreseen which sets come next, and a tick makes their slots.

    \b
    Examples:
      memos scheduler status
      memos scheduler explain "what can I cook tonight?"
    """


@scheduler.command("status")
@pass_app
def status(app: App) -> None:
    """Show budgets, sets, slots, what is likely to come, and what a tick would do.

    Hit rates are those that the prediction would have had on your own recalls so far, each foreseen from those before it
    alone: how often a set that was needed was among the 1, 3 and 5 foreseen. Nothing of it leaves this machine.

    \b
    Examples:
      memos scheduler status
      memos scheduler status --json | jq '.data.sets[] | {name, probability, next}'
    """
    run = app.mos.scheduler
    seen = run.picture()
    found = run.standing(seen)
    rates = run.hit_rates(seen)
    if app.json:
        app.data(_status_json(run, found, rates))
        return
    _show_budgets(app, run)
    if not found:
        app.note('no sets yet; they come with what you tell: memos add "I am vegan now" --key diet')
        return
    from memos_cli.cli.tables import human_bytes, table

    rows = [
        (
            render.one_line(one.scene.name, _NAME), render.one_line(one.scene.rule, _RULE), len(one.scene.ids),
            f"{one.scene.tokens:,}", one.recalls, _percent(one.probability) if one.step else "-",
            human_bytes(one.slot.bytes) if one.slot else "-", one.step.do.value if one.step else "-",
        )
        for one in found[:_SHOWN]
    ]  # fmt: skip
    table(("set", "by its", "n", "tokens", "14 d", "next", "slot", "tick"), rows, right=(2, 3, 4, 5, 6))
    if len(found) > _SHOWN:
        app.out(f"… and {len(found) - _SHOWN} more; all of them: --json")
    if run.budgets.kv_bytes:
        for line in _reasons(found):
            app.out(line)
    if rates["recalls"] >= _TELLING:
        said = ", ".join(f"{_percent(rates[f'at_{most}'])} among {most}" for most in (1, 3, 5))
        app.out(f"\nforeseen of {rates['recalls']} recalls: {said}")
    if any(one.step and one.step.do in {Do.BUILD, Do.DROP} for one in found):
        app.note("let it be done: memos lifecycle tick")


def _show_budgets(app: App, run: "MemScheduler") -> None:
    from memos_cli.cli.tables import human_bytes

    budgets, kept = run.budgets, run.kept()
    app.out(f"context: {budgets.tokens:,} tokens for memories; adapters: {budgets.adapters}")
    used = human_bytes(sum(one.bytes for one in kept))
    app.out(
        f"slots: {len(kept)} ready, {used} of {human_bytes(budgets.kv_bytes)}" if budgets.kv_bytes else f"slots: {_none(app)}"
    )
    known = run.speed()
    if known.prefill:
        back = f", {human_bytes(int(1 / known.restore))} of slots put back" if known.restore else ""
        app.out(f"in a second, by the last answers: {1 / known.prefill:,.0f} tokens evaluated{back}")


def _none(app: App) -> str:
    """Why there are no slots."""
    settings = app.settings
    if settings.get("llm.endpoint"):
        return "none, since a model elsewhere keeps its state to itself (llm.endpoint)"
    if settings.get("llm.model") == "none":
        return "none without a model, such as: memos model use memos-mini"
    return "none, since slots.bytes is 0"


def _reasons(found: "Sequence[SceneStanding]") -> Iterator[str]:
    """Why a tick would leave scenes without a slot, in lines of a terminal."""
    import textwrap

    names: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one.step and one.step.do in {Do.LEAVE, Do.DROP}:
            names.setdefault((one.step.do.value, one.step.reason), []).append(render.one_line(one.scene.name, _NAME))
    for (do, reason), sets in names.items():
        more = f" and {len(sets) - _NAMED} more" if len(sets) > _NAMED else ""
        yield from textwrap.wrap(f"{do} {', '.join(sets[:_NAMED])}{more}: {reason}", _WIDE, subsequent_indent="  ")


def _status_json(run: "MemScheduler", found: "tuple[SceneStanding, ...]", rates: dict[str, Any]) -> dict[str, Any]:
    kept = run.kept()
    return {
        "budgets": run.budgets,
        "costs": run.costs(kept),
        "slots": {"ready": len(kept), "bytes": sum(one.bytes for one in kept)},
        "sets": [_set_json(one) for one in found],
        "hit_rates": rates,
    }


def _set_json(one: "SceneStanding") -> dict[str, Any]:
    step = one.step
    return {
        "name": one.scene.name, "rule": one.scene.rule, "memories": len(one.scene.ids), "tokens": one.scene.tokens,
        "recalls": one.recalls, "last": shown(from_millis(one.last)) if one.last is not None else None,
        "probability": round(one.probability, 4),
        "slot": fields_of(one.slot, only=("id", "tokens", "bytes")) if one.slot else None,
        "next": {**fields_of(step, without=("name",)), "saved": round(step.saved, 3)} if step else None,
    }  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


@scheduler.command("explain")
@click.argument("request", required=False)
@pass_app
def explain(app: App, *, request: str | None) -> None:
    """Tell what would go in which form for a request, and why.

    Nothing is answered, noted or changed. Without REQUEST it tells what became of the last one that chat decided about: chat
    has something to decide where a slot is ready, or an adapter knows some of it.

    \b
    Examples:
      memos scheduler explain "what can I cook tonight?"
      memos scheduler explain "when does the train leave?" --json
      memos scheduler explain
    """
    run = app.mos.scheduler
    found = run.explain(request) if request else run.last()
    if app.json:
        app.data(_explained_json(run, found))
    elif found is None or not found.plan.decisions:
        app.note("nothing fits that" if request else f"nothing was decided yet: {_undecided(app, run)}")
    else:
        _show_explained(app, run, found)


def _undecided(app: App, run: "MemScheduler") -> str:
    """Why chat has had nothing to decide yet, and what to do about it."""
    if not run.budgets.kv_bytes:
        return f"slots: {_none(app)}"
    return "chat chooses a form where slots are ready; make them: memos lifecycle tick"


def _show_explained(app: App, run: "MemScheduler", found: "Explained") -> None:
    from memos_cli.cli.tables import human_bytes, table

    if found.request is None:
        app.out(f"decided {render.moment(found.at)}")
    rows = [
        (
            one.id[:8],
            _FORMS[one.form.value if one.form else None],
            one.tokens,
            render.gist(found.memories[one.id], _WHAT),
            _wrapped(one.reason),
        )
        for one in found.plan.decisions
    ]
    table(("id", "form", "tokens", "what it says", "because"), rows, right=(2,))
    plan = found.plan
    slot = f"; slot of {render.one_line(plan.slot, _NAME)}: {human_bytes(plan.kv_bytes)}" if plan.slot else ""
    app.out(f"\n{plan.tokens:,} of {run.budgets.tokens:,} tokens{slot}")
    if plan.slot:
        app.out(f"saved: about {1000 * plan.saved:.0f} ms until the first word")
    elif not run.budgets.kv_bytes:
        app.note(f"slots: {_none(app)}")
    elif any(one.why is Why.NO_SLOT for one in plan.decisions):
        app.note("slots of what is likely to come are made by: memos lifecycle tick")


def _wrapped(text: str) -> str:
    """The text in lines as wide as the room that the other columns leave."""
    import textwrap

    return "\n".join(textwrap.wrap(plain(text), _BECAUSE))


def _explained_json(run: "MemScheduler", found: "Explained | None") -> dict[str, Any]:
    if found is None:
        return {"request": None, "decisions": []}
    plan, told = found.plan, ("id", "form", "why", "reason", "tokens", "scene", "adapter")
    return {
        **fields_of(found, only=("request", "at")),
        "budgets": run.budgets,
        **fields_of(plan, only=("slot", "tokens", "kv_bytes", "adapters")),
        "saved": round(plan.saved, 4),
        "decisions": [fields_of(one, only=told, scene="set") for one in plan.decisions],
    }
