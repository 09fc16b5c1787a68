"""Results as lines for people. What came from outside is never let loose on a terminal."""

import json
import re
import sys
from collections.abc import Iterable

import click

from memos_cli.cli.terminal import NARROW, plain, room_of, style, unstyle, wrapped
from memos_cli.model import Link, Memory, State
from memos_cli.operation.results import Hit, Passage, Provenance, Receipt, Version, covered, masked, page, page_mark
from memos_cli.times import Zone

SHORT_ID = 8
_TIMES = frozenset({"occurred_at", "valid_from", "valid_to", "expires_at", "since"})  # the registers that are instants
_WORDS = 0.6  # the share of a line's room that has to stay where it is cut between words; else a word is cut


def one_line(text: str, width: int | None = None) -> str:
    """The text on one line, cut to `width` columns with an ellipsis, between words where that leaves most of the line.

    Else the cut is between graphemes, what a reader takes for one character: a family emoji of five characters stays whole or
    goes.
    """
    line = " ".join(plain(text).split())
    kept = None if width is None else _kept(line, width)
    if kept is None or width is None:
        return line
    if not line[len(kept) :].startswith(" ") and (blank := kept.rfind(" ")) >= _WORDS * width:
        kept = kept[:blank]
    return kept.rstrip() + "\u2026"


def _kept(line: str, width: int) -> str | None:
    """The beginning of a line that is too long, as far as an ellipsis fits behind it; `None` of a line that fits."""
    if re.fullmatch(NARROW, line):
        return None if len(line) <= width else line[: max(1, width - 1)]
    from wcwidth import iter_graphemes, wcswidth

    used = end = kept = 0
    for one in iter_graphemes(line):
        used += max(0, wcswidth(one))  # it is -1 of a control character
        if used > width:
            return line[:kept]
        end += len(one)
        if used < width:
            kept = end
    return None


def width() -> int | None:
    """The greatest width of a line; `None` where the output is no terminal, so that a pipe gets whole lines."""
    return room_of(sys.stdout)


def content(memory: Memory, *, reveal: bool) -> str:
    """The content, masked if it is labelled secret.

    Raises:
        Refused: the principal may read the memory, but not its secrets.
    """
    if reveal and "secret" in memory.labels:
        require_reveal((memory,), reveal=True)
    return memory.content if reveal else masked(memory)


def require_reveal(memories: Iterable[Memory], *, reveal: bool) -> None:
    """Let secrets be shown, if they are to be, to those alone who may see them (`Session.require_reveal`).

    A command asks this before it prints anything, so that one that is refused has printed nothing; each text asks again.

    Raises:
        Refused: the principal may read one of the memories, but not its secrets.
    """
    context = click.get_current_context(silent=True)
    if reveal and context is not None and hasattr(context.obj, "mos"):
        context.obj.mos.require_reveal(memories)


def with_versions(memory: Memory, versions: Iterable[Version]) -> Memory:
    """The memory, labelled secret where it or one of its versions holds a secret: a version has no labels of its own."""
    if "secret" in memory.labels or not any(version.masked != version.operation.change for version in versions):
        return memory
    return memory._replace(labels=(*memory.labels, "secret"))


def gist(memory: Memory, width: int) -> str:
    """A memory's content for a cell of a table: on one line, cut to `width` columns, a secret masked."""
    return one_line(content(memory, reveal=False), width)


def memory_line(
    memory: Memory, *, reveal: bool = False, ahead: str = "", before: str = "", behind: str = "", when: str = ""
) -> str:
    """One line: id, date, kind, content, and its special properties.

    Args:
        memory: what the line is of.
        reveal: leave secrets unmasked.
        ahead: what stands behind the id.
        before: what the line begins with; the content is cut so that all of the line fits a terminal.
        behind: what it ends with.
        when: its date; empty for the day of its occurrence or recording.
    """
    head = f"{before}{style(memory.id[:SHORT_ID], fg='yellow')}{ahead}  {when or day(memory)}  {memory.kind.value:<10}  "
    room = width()
    used = len(unstyle(head))
    marks = "".join(f" [{mark}]" for mark in _marks(memory))
    text = one_line(content(memory, reveal=reveal), max(20, room - used - len(marks) - len(unstyle(behind))) if room else None)
    return head + text + style(marks, dim=True) + behind


def _marks(memory: Memory) -> list[str]:
    marks = [name for name in ("pinned", "frozen") if getattr(memory, name)]
    if memory.state in {State.ARCHIVED, State.EXPIRED, State.PURGED}:
        marks.append(memory.state.value)
    if memory.untrusted:
        marks.append("from elsewhere")
    if memory.valid_to:
        from memos_cli.cli import times_told

        marks.append(f"until {times_told.end(memory.valid_to, zone())}")
    return marks


DATES = {
    "newest": "recorded", "oldest": "recorded", "updated": "changed", "occurred": "happened", "used": "uses",
    "priority": "priority",
}  # fmt: skip
"""By the order of a list, what its second column shows: what it is in the order of."""


def listed_line(memory: Memory, order: str, *, reveal: bool) -> str:
    """A line of a list in an order, with what that order goes by; a day on which it happens that is not shown so is behind."""
    shown = {
        "recorded": day_of(memory.created_at), "changed": day_of(memory.updated_at),
        "happened": _happened(memory) or "-", "uses": f"{memory.access_count:,}",
        "priority": str(memory.priority),
    }[DATES[order]]  # fmt: skip
    on = _happened(memory) or shown  # a month or a week is shorter than a day
    behind = "" if on == shown or order == "occurred" else style(f" [{'on' if len(on) > 8 else 'in'} {on}]", dim=True)
    return memory_line(memory, reveal=reveal, when=f"{shown:<10}", behind=behind)


def listed_head(order: str, date: str = "") -> str:
    """The head of such a list, for a terminal."""
    return style(f"{'id':<{SHORT_ID}}  {date or DATES[order]:<10}  {'kind':<10}  what it says", bold=True)


def zone() -> Zone:
    """Where the person of this invocation is."""
    context = click.get_current_context(silent=True)
    found = getattr(context.obj, "zone", None) if context else None
    return found if isinstance(found, Zone) else Zone()


def moment(text: str | None) -> str | None:
    """An instant of a cube as the clock on the person's wall says it; `None` stays `None`. All output for people goes by it."""
    return zone().shown(text) if text else None


def _happened(memory: Memory, *, clock: bool = False) -> str | None:
    """The day of its occurrence, with the time of day where that is wanted; or the week, the month or the year."""
    if not memory.metadata.get("times") or not memory.occurred_at:
        return (moment if clock else day_of)(memory.occurred_at) if memory.occurred_at else None
    from memos_cli.cli import times_told

    return times_told.happened(memory, zone(), clock=clock)


def day_of(text: str) -> str:
    """The day on which an instant falls where the person is."""
    return str(zone().day(text))


WHEN = len("Fri 2026-12-04 09:40")  # columns of `day_and_time`


def day_and_time(text: str) -> str:
    """An instant with its weekday, such as `Fri 2026-12-04 09:40`, in a column of its own; of a whole day without a time."""
    return f"{zone().local(text):%a} {moment(text)}".ljust(WHEN)


def day(memory: Memory) -> str:
    """The day of its occurrence, as closely as it is known, else of its recording: in a column of its own."""
    return f"{_happened(memory) or day_of(memory.created_at):<10}"


def card(memory: Memory, *, reveal: bool = False) -> list[str]:
    """All of a memory, for `show`."""
    text = content(memory, reveal=reveal)
    memory = memory if reveal else covered(memory)
    lines = [style(memory.id, fg="yellow") + f"  {memory.kind.value}, {memory.state.value}, version {memory.version}"]
    facts = {
        "title": memory.title,
        "key": memory.key,
        "tags": ", ".join(memory.tags),
        "labels": ", ".join(memory.labels),
        "task": memory.task,
        "external id": memory.external_id,
        "happened": _happened(memory, clock=True),
        "valid from": moment(memory.valid_from),
        "valid to": moment(memory.valid_to),
        "expires": moment(memory.expires_at),
        "recorded": moment(memory.created_at),
        "changed": moment(memory.updated_at) if memory.version > 1 else None,
        "owner": _owner(memory),
        "from": _origin(memory),
        "used": f"{memory.access_count} times, last {moment(memory.last_access_at)}" if memory.access_count else "never",
        "priority": str(memory.priority),
        "pinned": "yes" if memory.pinned else None,
        "frozen": "yes" if memory.frozen else None,
        "confidence": f"{memory.confidence:g}",
        "trust": f"{memory.trust:g}" + (": it came from elsewhere" if memory.untrusted else ""),
        "metadata": json.dumps(dict(memory.metadata), ensure_ascii=False) if memory.metadata else None,
        "cube": memory.cube,
    }
    lines += [f"{style(f'{name:>12}', dim=True)}  {one_line(str(value))}" for name, value in facts.items() if value]
    return [*lines, "", plain(text)]


def _owner(memory: Memory) -> str:
    if memory.unverified:
        return f"{owned_by(memory.owner or '', unverified=True)}, {memory.visibility.value}"
    return f"{memory.owner} ({memory.visibility.value})"


def owned_by(name: str, *, unverified: bool) -> str:
    """An owner's name; what came in a file that no trusted key signed only claims it."""
    return f"{plain(name)} (unverified)" if unverified else plain(name)


def _origin(memory: Memory) -> str:
    source = memory.source
    named = {name: getattr(source, name) for name in ("conversation", "session", "turn", "speaker", "model")}
    place = [f"{name} {value}" for name, value in named.items() if value is not None]
    on = page(memory)
    at = [source.file, *([f"page {on}"] if on else [])] if source.file else []
    return ", ".join([memory.origin.value, *at, *place])


_PLAIN = ("bm25", "cosine")
"""The parts of a score that are numbers by themselves, and not a gain or a loss."""


def passage(memory: Memory, query: str, *, reveal: bool) -> Passage | None:
    """The passage of a long memory that answers a query best, in its content as it is shown; `None` where there is none."""
    from memos_cli.operation.operator.ranking import passages

    return passages.passage(query, content(memory, reveal=reveal))


def hit_lines(hit: Hit, query: str, *, reveal: bool, parts: bool) -> list[str]:
    """One hit of a search for a query, with `parts` the composition of its score.

    On a terminal its text gets two lines of its own, and of a long one the passage that answers best gets up to four.
    """
    memory, room = hit.memory, width()
    score, at = style(f"{hit.score:.2f}", fg="cyan"), plain(page_mark(memory if reveal else covered(memory)))
    if room is None:
        lines = [memory_line(memory, reveal=reveal, ahead=f"  {score}", behind=style(at, dim=True))]
    else:
        head = f"{style(memory.id[:SHORT_ID], fg='yellow')}  {score}  {day(memory)}  {memory.kind.value}"
        marks = "".join(f" [{mark}]" for mark in _marks(memory))
        said_by = (memory if reveal else covered(memory)).source.speaker
        speaker = f"  {one_line(said_by, 20)}" if said_by else ""
        lines = [head + speaker + style(marks + at, dim=True), *_text(memory, query, max(20, room - 2), reveal=reveal)]
    if hit.alike:
        lines.append(style(f"  and {len(hit.alike)} like it", dim=True))
    if parts and hit.parts is not None:
        named = {name: value for name, value in hit.parts._asdict().items() if value and name != "total"}
        numbers = ", ".join(
            f"{name} {value:.2f}" if name in _PLAIN else f"{name} {value:+.2f}" for name, value in named.items()
        )
        lines.append(style(f"  {numbers}", dim=True))
    return lines


def _text(memory: Memory, query: str, room: int, *, reveal: bool) -> list[str]:
    """The text of a hit on indented lines: its beginning, or its passage, with an ellipsis where more stands around it."""
    shown = content(memory, reveal=reveal)
    found = passage(memory, query, reveal=reveal)
    if found is None or not shown[: found.start].strip():
        return _folded(shown, room)
    behind = " \u2026" if shown[found.end :].strip() else ""
    return _folded(f"\u2026 {found.text}{behind}", room, 4)


def _folded(text: str, room: int, most: int = 2) -> list[str]:
    """The text on at most so many indented lines."""
    lines = wrapped(one_line(text), room - 2)
    first, rest = lines[: most - 1], lines[most - 1 :]
    return [f"  {line}" for line in (*first, *([one_line(" ".join(rest), room - 2)] if rest else []))]


def many(count: int, noun: str = "memory") -> str:
    """A count with its noun: `1 memory`, `1,200 slots`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def percent(share: float | None) -> str:
    """A share, `-` where there is none."""
    return "-" if share is None else f"{share:.1%}"


def duration(seconds: float) -> str:
    """A duration, in one unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def receipt_lines(receipt: Receipt) -> list[str]:
    """The receipt of a purge for people."""
    ids = " ".join(one[:SHORT_ID] for one in receipt.ids)
    lines = [f"{'would purge' if receipt.dry_run else 'purged'} {many(len(receipt.ids))}: {ids}"]
    lines += [f"{style(f'{name:>15}', dim=True)}  {number:,}" for name, number in receipt.removed.items()]
    if receipt.holders:
        lines.append("the same is still said by:")
        for one in receipt.holders:
            name = plain(one.id)[: SHORT_ID if one.noun == "memory" else None]
            lines.append(f"  {style(name, fg='yellow')}  {one.noun}, {one.how}")
        if others := [one.id[:SHORT_ID] for one in receipt.holders if one.noun == "memory"]:
            lines.append(f"purge them too: memos forget {' '.join(others[:10])} --purge")
    return lines


def version_lines(version: Version, *, reveal: bool) -> list[str]:
    """One version: who did what when, and each register that changed."""
    operation = version.operation
    number, txn = style(f"version {version.number}", fg="yellow"), style(f"({operation.txn})", dim=True)
    lines = [f"{number}  {moment(version.at)}  {operation.command} by {operation.principal}  {txn}"]
    for name, value in sorted(((operation.change if reveal else version.masked) or {}).items()):
        if name == "seen":  # `why` tells how often it was told
            continue
        known = name in version.before and name != "content"
        was = f"{one_line(_value(name, version.before[name]), 40)} \u2192 " if known else ""
        lines.append(f"  {one_line(name)}: {was}{one_line(_value(name, value))}")
    if version.erased:
        lines.append("  erased by a repair: no cube file could carry it")
    return lines


def _value(name: str, value: object) -> str:
    if value is None:
        return "(nothing)"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(moment(value) if name in _TIMES and isinstance(value, str) else value)


def _seen(result: Provenance) -> list[str]:
    """How often the text of a memory was told, and where last."""
    if not result.sightings:
        return []
    last = result.sightings[-1]
    place = last.place.file or last.place.conversation
    where = f", from {one_line(place)}" if place else ""
    by = f"{last.command} by {one_line(last.principal)}"
    return [f"seen {1 + len(result.sightings)} times, last on {moment(last.at)} ({by}{where})"]


def _set_by(result: Provenance, link: Link) -> str:
    """Who set a link, when and by which command."""
    step = next((one for one in result.evidence if one.link == link), None)
    return f"  ({step.command} by {plain(step.principal or '')} on {moment(step.at)})" if step and step.at else ""


def provenance_lines(result: Provenance, *, reveal: bool) -> list[str]:
    """`why` for people."""
    memory = result.memory
    first = result.versions[0]
    lines = [memory_line(memory, reveal=reveal), ""]
    memory = memory if reveal else covered(memory)
    who = f"{first.operation.command} by {owned_by(first.operation.principal, unverified=memory.unverified)}"
    lines.append(f"{who} on {moment(first.at)}, from {one_line(_origin(memory))}")
    lines += [
        f"version {version.number}: {version.operation.command} by {version.operation.principal} on {moment(version.at)}"
        for version in result.versions[1:]
    ]
    for links, arrow in ((result.outgoing, "\u2192"), (result.incoming, "\u2190")):
        for link, other in links:
            text = one_line(content(other, reveal=reveal), 48) if other else "(not in this cube)"
            end = link.target if arrow == "\u2192" else link.source
            lines.append(f"{arrow} {link.type.value:<12} {end[:SHORT_ID]}  {text}{_set_by(result, link)}")
    for step in result.evidence:
        if step.depth > 1:
            ends = f"{step.link.source[:SHORT_ID]} {step.link.type.value} {step.link.target[:SHORT_ID]}"
            text = one_line(content(step.other, reveal=reveal), 48) if step.other else "(not in this cube)"
            lines.append(f"{'  ' * step.depth}{ends}  {text}{_set_by(result, step.link)}")
    lines += _seen(result)
    if memory.access_count:
        lines.append(f"used {memory.access_count} times, last {moment(memory.last_access_at)}")
    if result.verbatim is not None and (reveal or "secret" not in memory.labels):
        where = f"{memory.source.file or 'the file'}, bytes {memory.source.start} to {memory.source.end}"
        lines += ["", style(f"verbatim, from {one_line(where)}:", dim=True), plain(result.verbatim)]
    return lines + ([result.note] if result.note else [])
