"""Views of generations: as a table, one in detail, its measurement, as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.documents import fields_of
from memos_cli.errors import Refused

if TYPE_CHECKING:
    from memos_cli.model import Adapter
    from memos_cli.operation.parametric.parametric import ListedGeneration

_SCORES = ("closed_book", "base", "rag", "both", "negatives_refused", "drift")


def tabulate(app: App, found: Sequence["ListedGeneration"]) -> None:
    """A table of all generations, and why some are out of use."""
    from memos_cli.cli.tables import table

    headings = ("no", "id", "model", "made", "facts", "right", "refused", "drift", "status")
    table(headings, [_row(one) for one in found], right=(0, 4, 5, 6, 7))
    for one in found:
        if one.why and one.status in {"detached", "interrupted"}:
            app.note(f"{one.adapter.number}: {one.why}")


def _row(one: "ListedGeneration") -> tuple[str, ...]:
    it, scores = one.adapter, one.adapter.scores
    shares = (render.percent(scores.get(name)) for name in ("closed_book", "negatives_refused", "drift"))
    name = render.one_line(it.model, 14)
    return (
        str(it.number),
        it.id[: render.SHORT_ID],
        name,
        render.day_of(it.created_at),
        str(len(it.covers)),
        *shares,
        one.status,
    )


def show(app: App, one: "ListedGeneration") -> None:
    """One generation: its origin, its status, its measurement."""
    if app.json:
        app.data(listed_json(one))
        return
    it = one.adapter
    from memos_cli.cli.tables import human_bytes

    app.out(f"generation {it.number} ({it.id[: render.SHORT_ID]}) of {it.model}: {one.status}")
    if one.why:
        app.out(f"  {one.why}")
    took = it.trained.get("seconds")
    app.out(f"  made {render.moment(it.created_at)}, {render.many(len(it.covers))}, {human_bytes(one.bytes)}")
    if took:
        peak = human_bytes(it.trained.get("peak_bytes", 0))
        head = f"  trained for {render.duration(took)} on {it.trained.get('device')}"
        app.out(f"{head}, {it.trained.get('steps')} steps, {peak} at most")
    if it.gone.get("asked"):
        app.out(f"  of {it.gone['asked']} questions to what was forgotten, {it.gone['gone']} get no answer from it")
    _table(app, it)


def tell_measured(app: App, one: "Adapter", more: dict[str, Any]) -> None:
    """Print the result of a measurement; `more` is added to the JSON."""
    if app.json:
        app.data({**measured_json(one), **more})
        return
    _table(app, one)
    for line in one.failures:
        app.note(line)
    if one.status == "promoted":
        app.out(f"chat uses generation {one.number} of {one.model}")


def _table(app: App, one: "Adapter") -> None:
    """A table of the same questions in four conditions, and of what must not get worse."""
    scores = one.scores
    if not scores:
        return
    from memos_cli.cli.tables import table

    app.out()
    table(
        (f"{scores['questions']:,} questions to {render.many(scores['facts'], 'fact')}", "base", "adapter"),
        [
            ("nothing in the prompt", render.percent(scores["base"]), render.percent(scores["closed_book"])),
            ("the memory in the prompt", render.percent(scores["rag"]), render.percent(scores["both"])),
            ("other memories asked for", render.percent(scores["in_context_base"]), render.percent(scores["in_context"])),
            (
                f"refused of {scores['negatives']:,} that nothing answers",
                render.percent(scores["negatives_refused_base"]),
                render.percent(scores["negatives_refused"]),
            ),
        ],
        right=(1, 2),
    )


def measured_json(one: "Adapter | None") -> dict[str, Any]:
    """The scores of a generation, and whether they passed; `None` for a run that found nothing new to learn."""
    scores = one.scores if one else {}
    found: dict[str, Any] = {"facts": len(one.covers) if one else 0}
    found |= {name: scores.get(name) for name in _SCORES}
    found["promoted"] = one is not None and one.status == "promoted"
    if one is not None:
        found |= fields_of(one, only=("number", "id", "failures", "scores", "gone", "trained"), number="generation")
    return found


def listed_json(one: "ListedGeneration") -> dict[str, Any]:
    """All that `show` knows of a generation."""
    it = one.adapter
    return {
        **measured_json(it),
        "promoted": one.status == "promoted",
        **fields_of(one, only=("status", "why")),
        **fields_of(it, only=("model", "base"), base="base_digest"),
        "covers": [{"id": identity, "version": version} for identity, version in it.covers.items()],
        **fields_of(it, only=("settings", "files")),
        "bytes": one.bytes,
        **fields_of(it, only=("created_at", "promoted_at")),
    }


def refused(one: "Adapter") -> Refused:
    """The error of `run` and `eval` when a generation does not pass."""
    used = "it is used all the same" if one.status == "promoted" else "what was used before stays in use"
    return Refused(
        f"generation {one.number} does not pass: {'; '.join(one.failures)}; {used}",
        hint=f"look at it: memos consolidate show {one.number}",
    )
