"""`memos add`."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import click

from memos_cli.cli import header_options, render, times_told
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import add_files
from memos_cli.cli.options import Command, dry_run, reveal
from memos_cli.cli.progress import embedded, progress
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError
from memos_cli.interface.reader import intake
from memos_cli.model import Draft
from memos_cli.operation.results import Added

_SHOWN = 20
"""How many memories that were edited are told one by one."""
_FORMATS = click.Choice(["auto", "prose", "transcript", "markdown"])


@click.command(cls=Command)
@click.argument("text", nargs=-1)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take texts and documents apart into memories, or all below a folder; more names may follow.",
)
@click.option("--jsonl", metavar="FILE|-", help="Read memories from JSON Lines, an object a line.")
@click.option("--format", "form", type=_FORMATS, default="auto", help="How --file and - are read.")
@header_options.to_add
@click.option("--no-embed", is_flag=True, help="Leave the vectors for later (--file and --jsonl embed at their end).")
@click.option("--extract", is_flag=True, help="Also extract facts from --file and -, with the model where one is fit for it.")
@click.option("--skip-bad", is_flag=True, help="Pass over bad lines of --jsonl instead of storing nothing.")
@dry_run
@reveal
@pass_app
def add(app: App, /, text: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 -- click's own types
    """Remember something.

    TEXT is one memory, word for word. `-` reads standard input, which is taken apart as --file takes a file apart:
    transcripts become episodes, Markdown and prose become notes. With nothing given, on a terminal, your editor opens.

    What the words say about time is taken as you mean it where you are (TZ, setting timezone): "tomorrow at noon" dates an
    event, "until Monday" says how long it is true, "every second Friday" that it comes back; what has two readings stays
    undated, and one line says so, with the command that settles it. A note of a file counts from its day heading, front
    matter, e-mail date, file name or the file's own time, and what a stamped talk says of another day becomes an event of its
    own, linked to its turn.

    A text that is known is not stored twice: what comes with it (--tag, --pin, --ttl, --title, a date, …) is set of the memory
    that says it, which `memos undo` takes back, and `memos why` tells how often it was told. An event counts for its day: the
    same on another day is another event.

    --file reads text and Markdown: one file or several (also the names behind it are files then), patterns, and folders with
    all that is below them, hidden files left out; what else is there is skipped and told. A file that is added again is brought
    in step by its path: a changed paragraph is an edit of its memory, one that was removed is archived, and a file that was
    moved within a given folder is followed. One that is gone is told, and its memories stay. What you changed, pinned or froze
    in memos, or told by hand as well, is not overwritten: `memos review` asks, or it stays. Talks and logs are only added to.
    One command is one step of `memos undo`.

    Documents (PDF, DOCX, PPTX, XLSX, ODT, EPUB, RTF, HTML) are read with the extra `documents`, each converted in a process of
    its own that reaches no network: in chunks that keep their page and headings, each part of a memory of the whole. What is
    neither text nor document (JSON, recordings, …) is refused by what it is, and mail is brought in by `memos import`. Of
    an image that you name the day and the place are taken from its EXIF. Where tesseract is installed it reads the words of
    images, and of pages of a PDF that are pictures, as a scan's are, in the (at most five) languages that it has data for: up
    to 500 pages of a document in half an hour. Without it a scan is refused with what to install, and of a document with some
    such pages the rest is read, and all of it again once tesseract is there.

    With --key, what stated that attribute until now is superseded: kept, but no longer current. So is what the text itself says
    to be over, in English or in a few words of other languages: "I moved to York", "upgraded to Debian 12", "I sold the Skoda",
    "I no longer smoke". Where whose it is or the value is not certain both stay, and one line names the question of `memos
    review`; a wording that memos does not know changes nothing. Secrets (keys, passwords) are labelled, and masked whenever
    they are shown.

    --extract also looks in a file or in standard input for facts, preferences, events and procedures, and stores each as a
    memory of its own, of lower confidence, linked to the one it was found in. The model that chat answers with finds them
    where it is fit for that (setting llm.extract, `memos model info`), else rules do. What a model adds is dropped. One behind
    llm.endpoint is sent the text, with its secrets masked.

    \b
    Examples:
      memos add "I am vegan now" --key diet
      memos add "The server was upgraded to Debian 12"
      memos add "Dentist on Friday at 9" --ttl 30d --tag health
      git log | memos add -
      memos add --file notes.md --tag garden
      memos add --file notes/ --dry-run
      memos add --file rental-agreement.pdf --tag flat
      memos add --file talk.txt --extract
      memos add "Took my pill" --kind event
      memos add "Penicillin makes me ill" --label medical --visibility shared --metadata '{"since": 1998}'
      memos add --jsonl export.jsonl --skip-bad

    \b
    Exit status:
      0  stored, or known already; what came with it is set
      2  a bad value, a bad line, or a file that is neither text nor a document that can be read; nothing of this run is stored
      3  stored, but lines were passed over (--skip-bad), or a frozen memory took nothing that came with its file; or nothing is
         stored, since a text that is known is said by a memory
         that is frozen, or somebody else's, and something else came with it
      11 another process held the cube for too long
      14 --extract, and the model that is set cannot be used; or a document, and the extra `documents` is not installed
    """
    names = add_files.named(app, text, given)
    if bool(names or text) + bool(given["jsonl"]) > 1:
        raise UsageError("TEXT, --file and --jsonl exclude each other")
    if given["skip_bad"] and not given["jsonl"]:
        raise UsageError("--skip-bad belongs to --jsonl")
    if given["dry_run"] and not names:
        raise UsageError("--dry-run belongs to --file", hint="memos add --file notes/ --dry-run")
    apart = bool(names) or text == ("-",) or not (text or given["jsonl"] or sys.stdin.isatty())
    if given["extract"] and not apart:
        raise UsageError("--extract belongs to --file and -", hint="memos add --file notes.md --extract")
    fields = {name: value for name, value in header_options.taken(app, given).items() if value is not None}
    doubt = ""
    if given["jsonl"]:
        result = _from_lines(app, given, fields)
    elif apart:
        result = _from_texts(app, names, given, fields)
    else:
        result = app.mos.add(" ".join(text) if text else _from_editor(), **fields)
        doubt = times_told.doubt(result.memory, app.mos.now, app.mos.zone)
    if (given["jsonl"] or names) and not (given["no_embed"] or given["dry_run"]):
        made, pending = embedded(app)
        result = result._replace(embedded=made, pending=pending)
    _tell(app, result, reveal=given["reveal"], doubt=doubt)
    return 3 if result.skipped or (result.files and result.files.refused) else 0


def _from_editor() -> str:
    written = click.edit("", extension=".md", require_save=True)
    if written is None or not written.strip():
        raise UsageError("nothing was written, so nothing is remembered")
    return written.strip()


def _from_texts(app: App, names: tuple[str, ...], given: dict[str, Any], fields: dict[str, Any]) -> Added:
    """Files or standard input, taken apart."""
    if "external_id" in fields:
        raise UsageError("--external-id belongs to one memory, and a text is taken apart into several")
    if names:
        return add_files.add(app, names, given, fields, lambda drafts: _extracted(app, drafts, dated=not given["extract"]))
    content = _stdin()
    add_files.require_text(content, given["form"])
    read = app.mos.pipeline.read(content, form=given["form"], occurred_at=fields.get("occurred_at"))
    drafts = [intake.with_fields(draft, fields) for draft in read]
    if not drafts:
        raise UsageError("there is nothing to remember: the input is empty", hint='memos add "I am vegan now"')
    return app.mos.add(drafts=drafts, derived=_extracted(app, drafts, dated=not given["extract"]))


def _extracted(app: App, drafts: Sequence[Draft], *, dated: bool) -> tuple[tuple[int, Draft], ...]:
    """The memories found in the drafts, or only the dated events of a talk; all are extracted before the cube is locked."""
    if dated:
        return app.mos.pipeline.extract(drafts, dated=True).derived
    with progress(app, "extracting") as tell:
        found = app.mos.pipeline.extract(drafts, lambda done: tell(done, len(drafts)))
    for notice in found.notices:
        app.note(notice)
    return found.derived


def _stdin() -> bytes:
    return sys.stdin.buffer.read()


def _from_lines(app: App, given: dict[str, Any], fields: dict[str, Any]) -> Added:
    """JSON Lines, in one transaction. A pipe is read to its end first, so that a slow writer does not keep the cube locked."""
    skipped: list[tuple[int, str]] = []

    def bad(number: int, reason: str) -> None:
        if not given["skip_bad"]:
            raise UsageError(f"line {number}: {reason}", hint="nothing was stored; pass over bad lines with --skip-bad")
        skipped.append((number, reason))

    with _lines(given["jsonl"]) as file, progress(app, "storing") as tell:
        drafts = intake.from_lines(file, app.mos.now, fields, bad, app.zone)
        result = app.mos.add(drafts=drafts, tell=lambda done: tell(done, 0))
    if not result.ids and not skipped:
        raise UsageError("there is nothing to remember: the input is empty")
    return result._replace(skipped=tuple(skipped))


@contextmanager
def _lines(name: str) -> Iterator[IO[bytes]]:
    """The lines of a file; those of a pipe (standard input, a named one, `<(…)`) once all of them are read."""
    try:
        file = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115 -- closed below
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None
    with nullcontext(file) if name == "-" else file:
        if name != "-" and Path(name).is_file():
            yield file
            return
        import shutil
        from tempfile import SpooledTemporaryFile

        with SpooledTemporaryFile(max_size=64 << 20) as spool:
            shutil.copyfileobj(file, spool)
            spool.seek(0)
            yield spool


def _tell(app: App, result: Added, *, reveal: bool, doubt: str) -> None:
    if app.json:
        app.data(_added_json(result) | ({"notices": [doubt]} if doubt else {}))
        return
    if result.memory is not None:
        word = "known already" if result.duplicates else "edited" if result.edited else "added"
        app.out(render.memory_line(result.memory, reveal=reveal, before=f"{word} ", behind=_applied(result)))
        if app.watched and (told := times_told.sentence(result.memory, app.mos.zone)):
            app.note(told)
        if doubt:
            app.note(doubt)
    else:
        counts = {"added": result.added, "edited": result.edited, "archived": len(result.archived)}
        counts["known already"] = result.duplicates
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count or word == "added")
        app.out(f"would be {said}" if result.dry_run else said)
        word = "would edit" if result.dry_run else "edited"
        for identity, names in result.applied[:_SHOWN]:
            app.out(render.memory_line(app.mos.get(identity), reveal=reveal, before=f"{word} ", behind=_set(names)))
        if (more := len(result.applied) - _SHOWN) > 0:
            app.out(f"and {more:,} more edited")
    add_files.tell(app, result, reveal=reveal)
    if result.extracted:
        app.out(f"{len(result.extracted):,} extracted")
    _tell_notes(app, result)


def _applied(result: Added) -> str:
    return "".join(_set(names) for _, names in result.applied)


def _set(names: tuple[str, ...]) -> str:
    """What was set of a memory that was there, as the end of its line."""
    return f"  ({plain(', '.join(names))})"


def _added_json(result: Added) -> dict[str, Any]:
    from memos_cli.cli.documents import fields_of

    return {
        **fields_of(result, only=("added", "edited", "duplicates")),
        "skipped": len(result.skipped),
        **fields_of(result, only=("ids", "superseded", "conflicts", "questions", "reopened")),
        "skipped_lines": [{"line": line, "reason": reason} for line, reason in result.skipped],
        **fields_of(result, only=("embedded", "pending", "extracted", "txn")),
        **times_told.fields(result.memory),
        "changed": [{"id": identity, "fields": list(names)} for identity, names in result.applied],
        **add_files.fields(result),
    }


def _tell_notes(app: App, result: Added) -> None:
    for identity in result.superseded[:5] if not result.dry_run else ():
        app.note(render.memory_line(app.mos.get(identity), before="superseded "))
    if result.conflicts:
        app.note(f"{len(result.conflicts)} frozen memories say otherwise and were left as they are: {result.conflicts[0][:8]}")
    from memos_cli.cli.commands.review import asked_line

    for question in result.questions[:5] if not result.dry_run else ():
        app.note(asked_line(app.mos.review.question(question)))
    for task in result.reopened:
        app.note(f"task {task} had ended; it is open again")
    if result.secrets:
        who = "it holds a secret" if len(result.ids) == 1 else f"{result.secrets} hold a secret"
        app.note(f"{who}: labelled, and masked when shown (--reveal)")
    for number, reason in result.skipped[:20]:
        app.note(f"line {number} passed over: {reason}")
    if result.embedded:
        app.note(f"{result.embedded:,} embedded")
