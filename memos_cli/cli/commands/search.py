"""`memos search`, `show`, `list`, `stats`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import MANY, Command, filter_of, filters, in_snapshot, nothing_passes, reveal
from memos_cli.cli.pager import paged
from memos_cli.cli.terminal import document
from memos_cli.errors import NothingFound, UsageError
from memos_cli.operation.results import Found, Hit, Query, covered, page
from memos_cli.times import parse_iso, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memos_cli.model import Filter, Memory
    from memos_cli.times import Zone

_ORDERS = click.Choice(["newest", "oldest", "updated", "occurred", "used", "priority"])
_NOTHING_YET = 'nothing here; remember something with: memos add "I am vegan now"'
_PLAN = 'nothing is to come; plan something with: memos add "Dentist" --kind event --occurred-at "tomorrow 9:40"'
_fail_empty = click.option("--fail-empty", is_flag=True, help="Exit with 4 when nothing is found.")


@click.command(cls=Command)
@click.argument("query", nargs=-1)
@click.option("-k", "--limit", "k", type=click.IntRange(1, 10_000), help="How many hits.  [default: 10]")
@click.option("--jsonl", metavar="FILE|-", help="Answer a batch: a query a line, a JSON object a line.")
@click.option("--lexical", is_flag=True, help="By words alone.")
@click.option("--explain", is_flag=True, help="Show what moved each score.")
@click.option("--all-hits", is_flag=True, help="Show the nearest memories also where nothing really fits.")
@_fail_empty
@filters
@in_snapshot
@reveal
@pass_app
def search(app: App, /, query: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Find memories by words and by meaning.

    What is current is searched: not what was superseded, has expired or was forgotten (--all, --archived, --as-of
    widen). The score is the probability that the memory answers. Where nothing here really answers, nothing is found
    (--all-hits shows the nearest all the same). Memories that fit by themselves count as used, except in a look back
    (--as-of, --snapshot). What was said in `memos chat` is found with --turns or --conversation NAME alone.

    Hits that say the same take one place: the best of them is shown and counts as used, "and 3 like it" tells of the
    others, and -k counts those that are shown. Of a long memory a terminal gets the passage that answers best.

    A batch (--jsonl) takes {"query": …, "as_of": …} a line and answers {"query": …, "hits": […]} a line, in order. With
    --json and --jsonl a hit names those that say the same in "alike", and of a memory of 800 characters or more the
    passage in "passage": its text, and where it starts and ends in "content", counted in characters.

    With the setting search.reranker a cross-encoder or an endpoint reorders the best hits (search.reranker_best): the hit
    that it puts at a place moves towards the score of the hit that memos puts there (search.reranker_share). "mode" then
    ends with "+reranker". Whether anything is found, and what counts as used, is decided without it. An endpoint is sent
    the query and these memories, secrets hidden; where it fails, a line says so and the order stays.

    \b
    Examples:
      memos search "what do I eat?"
      memos search dentist --since 2026-03-01 --kind event -k 3
      memos search diet --as-of "last year" --explain
      memos search diet --snapshot before-the-move
      memos --cube work --cube home search "door code"
      memos search --jsonl questions.jsonl -k 20 > answers.jsonl
      memos config set search.reranker http://localhost:8080/v1

    \b
    Exit status:
      0  done, also when nothing was found
      2  a bad value or a bad line
      4  nothing was found, with --fail-empty
      10 no such cube or snapshot
      14 the embedder that is set cannot be used
    """
    options = {name: given[name] for name in ("k", "lexical", "all_hits", "explain")}
    wanted = filter_of(app, given)
    if given["jsonl"]:
        if query:
            raise UsageError("QUERY and --jsonl exclude each other")
        _batch(app, given, {**options, "wanted": wanted})
        return
    text = " ".join(query).strip()
    if not text:
        raise UsageError("what should be searched for?", hint='memos search "what do I eat?"')
    found = app.mos.search(text, wanted=wanted, **options)
    said = "" if found.hits else _nothing(app, found, wanted, reveal=given["reveal"])
    _show(app, found, explain=given["explain"], reveal=given["reveal"])
    if given["fail_empty"] and not found.hits:
        raise NothingFound(f"nothing found for {text[:60]!r}", hint=said)
    if said:
        app.note(said)


def _show(app: App, found: Found, *, explain: bool, reveal: bool) -> None:
    render.require_reveal((hit.memory for hit in found.hits), reveal=reveal)
    if app.json:
        app.data(_found_json(found, reveal=reveal, parts=explain))
    for notice in found.notices:
        app.note(notice)
    if app.json:
        return
    with paged(app) as out:
        for hit in found.hits:
            for line in render.hit_lines(hit, found.query, reveal=reveal, parts=explain):
                out(line)
    if found.hits and app.verbose:
        app.note(f"{len(found.hits)} hits, {found.mode}, {found.seconds * 1000:.0f} ms")


def _nothing(app: App, found: Found, wanted: "Filter", *, reveal: bool) -> str:
    """What to say where nothing is shown: what is nearest, what nothing passes, or where to look."""
    if not found.nearest:
        otherwise = "nothing found; memos list shows what there is, --all what is no longer current"
        return otherwise if app.mos.memories.has(wanted) else nothing_passes(app, wanted, otherwise)
    nearest = render.one_line(render.content(found.nearest[0].memory, reveal=reveal), 60)
    return f"nothing really fits; nearest: {nearest} (--all-hits shows more)"


def _found_json(found: Found, *, reveal: bool, parts: bool) -> dict[str, Any]:
    """The answer to one query, as `json.dumps` takes it: a batch writes thousands."""
    hits = [_hit_json(hit, found.query, reveal=reveal, parts=parts) for hit in found.hits]
    return {"query": found.query, "hits": hits, "mode": found.mode, "answers": round(found.answers, 6)}


def _hit_json(hit: Hit, query: str, *, reveal: bool, parts: bool) -> dict[str, Any]:
    memory, passage = hit.memory, render.passage(hit.memory, query, reveal=reveal)
    told = memory if reveal else covered(memory)
    fields = {
        "id": memory.id,
        "external_id": memory.external_id,
        "content": render.content(memory, reveal=reveal),
        "score": round(hit.score, 6),
        "fits": hit.fits,
        "kind": memory.kind,
        "occurred_at": shown(memory.occurred_at),
        "created_at": shown(memory.created_at),
        "state": memory.state,
        "tags": memory.tags,
        "key": memory.key,
        "speaker": told.source.speaker,
        "cube": memory.cube,
        "alike": hit.alike,
        "passage": passage._asdict() if passage else None,
        "title": told.title,
        "file": told.source.file,
        "page": page(told),
    }
    return {**fields, "parts": hit.parts._asdict() if hit.parts else None} if parts else fields


def _batch(app: App, given: dict[str, Any], options: dict[str, Any]) -> None:
    queries = _queries(given["jsonl"], app.zone)
    if options["wanted"].snapshot and any(query.as_of for query in queries):
        raise UsageError("--snapshot and as_of exclude each other", hint="leave as_of out of the lines")
    told: set[str] = set()
    answers = app.mos.search_many(queries, **options)
    render.require_reveal((hit.memory for found in answers for hit in found.hits), reveal=given["reveal"])
    for found in answers:
        line = _found_json(found, reveal=given["reveal"], parts=given["explain"])
        app.out(document(line))
        for notice in found.notices:
            if notice not in told:
                told.add(notice)
                app.note(notice)
    if given["fail_empty"] and not any(found.hits for found in answers):
        raise NothingFound("nothing found for any of the queries")


def _queries(name: str, zone: "Zone") -> list[Query]:
    try:
        lines = (sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).split(b"\n")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None
    return [_query(number, line, zone) for number, line in enumerate(lines, start=1) if line.strip()]


def _query(number: int, line: bytes, zone: "Zone") -> Query:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UsageError(f"line {number}: not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("query"), str) or not row["query"].strip():
        raise UsageError(f'line {number}: not of the form {{"query": "…"}}')
    if row.get("as_of") is None:
        return Query(row["query"])
    try:
        return Query(row["query"], parse_iso(str(row["as_of"]), zone))
    except UsageError as error:
        raise UsageError(f"line {number}: as_of: {error.message}") from None


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=completions.IDS)
@in_snapshot
@reveal
@pass_app
def show(app: App, ids: tuple[str, ...], snapshot: str | None, *, reveal: bool) -> None:
    """Show memories in full.

    ID is an id, the beginning of one, or your own external id.

    \b
    Examples:
      memos show k3f9
      memos show k3f9 --json
      memos show D1:3 --reveal
      memos show k3f9 --snapshot before-the-move

    \b
    Exit status:
      2  the beginning of several ids
      10 no such memory or snapshot
    """
    memories = app.mos.snapshots.look(ids, snapshot) if snapshot is not None else [app.mos.get(identity) for identity in ids]
    render.require_reveal(memories, reveal=reveal)
    if app.json:
        app.data(memories[0] if len(memories) == 1 else {"memories": memories}, reveal=reveal)
        return
    for number, memory in enumerate(memories):
        if number:
            app.out()
        for line in render.card(memory, reveal=reveal):
            app.out(line)
    _dealt_with(app, memories)


def _dealt_with(app: App, memories: "Sequence[Memory]") -> None:
    """Vouch for the untrusted memories that a person looked at on purpose; output for a program does not count as a look."""
    for memory in memories:
        if memory.untrusted:
            app.mos.cube_merge.confirm(memory)


@click.command("list", cls=Command)
@filters
@in_snapshot
@click.option("--upcoming", is_flag=True, is_eager=True, help="What is to come, the soonest first, each by its next date.")
@click.option("-n", "--limit", type=MANY, help="How many.")
@click.option("--order", type=_ORDERS, help="What comes first.  [default: newest]")
@click.option("--ids", "only_ids", is_flag=True, help="Only the ids, a line each.")
@_fail_empty
@reveal
@pass_app
def list_(app: App, /, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """List memories, the newest first.

    The second column is what the list is in the order of: when each was recorded, unless --order says otherwise; a day on
    which it happens stands behind it then. What does not fit a terminal is shown in a pager: $PAGER, else less (--no-pager,
    the setting pager).

    With --upcoming it lists what is to come: what happens or begins to hold later, and the next occurrence of what recurs,
    birthdays among it, until --until if that is given. A day without a time is to come until it ends.

    \b
    Examples:
      memos list --tag health -n 20
      memos list --upcoming
      memos list --upcoming --until "next month" --kind event
      memos list --kind event --order occurred
      memos list --state expired --ids | xargs memos restore
      memos list --snapshot before-the-move
      memos list --turns --kind episode --since today

    \b
    Exit status:
      2  a bad value, such as a time with two meanings
      4  there is nothing, with --fail-empty
      10 no such cube or snapshot
    """
    if given["upcoming"]:
        _list_upcoming(app, given)
        return
    wanted = filter_of(app, given)
    order = given["order"] or "newest"
    memories = app.mos.list(wanted, order=order, limit=given["limit"])
    render.require_reveal(memories, reveal=given["reveal"] and not given["only_ids"])
    if app.json:
        app.data({"memories": memories}, reveal=given["reveal"])
    else:
        with paged(app) as out:
            if memories and not given["only_ids"] and render.width():
                out(render.listed_head(order))
            for memory in memories:
                out(memory.id if given["only_ids"] else render.listed_line(memory, order, reveal=given["reveal"]))
    if not memories:
        said = nothing_passes(app, wanted, _NOTHING_YET)
        if given["fail_empty"]:
            raise NothingFound("there is nothing to list", hint=said)
        app.note(said)


def _list_upcoming(app: App, given: dict[str, Any]) -> None:
    for option in ("order", "snapshot"):
        if given[option]:
            raise UsageError(f"--upcoming and --{option} exclude each other", hint="what is to come is listed by its next date")
    wanted = filter_of(app, given)
    found = app.mos.upcoming(wanted, limit=given["limit"])
    render.require_reveal((one.memory for one in found.coming), reveal=given["reveal"] and not given["only_ids"])
    for notice in found.notices:
        app.note(notice)
    if app.json:
        from memos_cli.cli.documents import to_json

        told = [{**to_json(one.memory, reveal=given["reveal"]), "next_at": shown(one.next_at)} for one in found.coming]
        app.data({"memories": told})
    else:
        with paged(app) as out:
            if found.coming and not given["only_ids"] and render.width():
                out(render.listed_head("", "comes".ljust(render.WHEN)))
            for one in found.coming:
                when = render.day_and_time(one.next_at)
                out(one.memory.id if given["only_ids"] else render.memory_line(one.memory, reveal=given["reveal"], when=when))
    if not found.coming:
        said = _PLAN if app.mos.memories.has(wanted) else nothing_passes(app, wanted, _PLAN)
        if given["fail_empty"]:
            raise NothingFound("nothing is to come", hint=said)
        app.note(said)


@click.command(cls=Command)
@pass_app
def stats(app: App) -> None:
    """Count what is there.

    \b
    Examples:
      memos stats
      memos --cube work stats --json
    """
    counted = app.mos.memories.stats()
    if app.json:
        app.data({"cubes": counted})
        return
    from memos_cli.cli.tables import statistics

    for place, (name, numbers) in enumerate(counted.items()):
        if place:
            app.out()
        statistics(name, numbers)
    if not counted:
        app.note('nothing here yet; begin with: memos add "I am vegan now"')
