"""`memos bench`: `qa`, and `lifecycle`; `ttft` has a module of its own."""

import json
import sys
from contextlib import closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.bench_ttft import ttft
from memos_cli.cli.options import TEXT_FILE, Family
from memos_cli.cli.progress import progress
from memos_cli.errors import UsageError
from memos_cli.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from memos_cli.bench.predict.predict import Rates
    from memos_cli.bench.qa.qa import Outcome
    from memos_cli.bench.qa.sets import Conversation
    from memos_cli.ports import LLM

_NAME_WIDTH = 12
"""Characters of a name in the table: with all columns it is as wide as a terminal of 80."""
_PLOT_WIDTH = 80
"""Columns, where nobody looks."""


@click.group(cls=Family)
def bench() -> None:
    """Measure memos, on material of yours or on a made-up year.

    What is measured is loaded into a temporary home, which is removed at the end: your own memories are neither read nor
    changed. The models are those of your settings, unless you choose another.
    """


bench.add_command(ttft)


@bench.command("qa")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-k", "k", type=click.IntRange(1, 10_000), help="How many memories are looked up.  [default: chat.memories]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Ask N of all the questions, drawn at random.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed draws others.")
@click.option("--out", metavar="FILE|-", help="Write each answer as it comes, a JSON object a line; - in place of the table.")
@pass_app
def qa(app: App, /, folder: Path, k: int | None, limit: int | None, seed: int, out: str | None) -> None:
    """Ask questions about conversations, and score the answers.

    FOLDER holds, for each conversation, NAME.memories.jsonl (what memos add --jsonl reads) and NAME.queries.jsonl, a question
    a line: {"query": …, "answer": …, "relevant": [external ids], "category": …}. For a single conversation, memories.jsonl and
    queries.jsonl do. An answer is a text, a number, or a list of these, any of which is right; where it is missing or empty,
    or the line says "answerable": false, the right answer is that it is not known. `question` and `evidence` are other names
    of query and relevant; other fields are passed over.

    Each question is asked as memos chat -m would be, also where it resembles an order, and nothing of it is kept. Answers
    come from the model of your settings (memos model use), or without one from the memories, word for word. Shown are token
    F1 (words without case, punctuation and articles, as in SQuAD), exact matches, how much of the evidence was in the
    prompt, and the tokens of the prompt beside those of the whole conversation, as the model counts them; by estimate (a
    token for three bytes) without a model, or with an endpoint.

    A judge grades the answers too if you name one: bench.judge.model, and for an endpoint bench.judge.endpoint and, in the
    environment, MEMOS_BENCH_JUDGE_KEY. Questions and answers are sent there.

    \b
    Examples:
      memos bench qa ~/sets/locomo --limit 100
      memos bench qa ~/sets/locomo -k 20 --out answers.jsonl
      memos --json bench qa ~/sets/longmemeval | jq .data.total
      memos config set bench.judge.model ~/models/judge.gguf

    \b
    Exit status:
      0  all questions were asked, however they were answered
      2  no such folder, or a bad line; file and line are named
      3  the folder that you are in names an endpoint, and may not
      14 a model that is set cannot be used
      130 stopped by Ctrl-C; what was answered stands in the file of --out
    """
    if out == "-" and app.json:
        raise UsageError("--out - and --json exclude each other", hint="write the answers to a file")
    from memos_cli.bench import homes
    from memos_cli.bench.qa import sets
    from memos_cli.bench.qa.qa import run

    asked = sets.draw(_with_answers(folder, sets.read(folder)), limit, seed)
    for conversation in asked:
        homes.check(conversation.memories, to_text(app.now()))
    given = {} if k is None else {"chat.memories": k}
    total = sum(len(conversation.questions) for conversation in asked)
    with _model(app, "llm") as llm, _model(app, "bench.judge") as judge:
        with _answers(out) as write, progress(app, "asking") as tell:
            numbers = count(1)

            def answered(outcome: "Outcome") -> None:
                write(outcome)
                tell(next(numbers), total)

            tell(0, total)
            with homes.thrown_away(app.settings, app.paths, app.now, given) as home:
                outcomes = run(home, asked, llm, judge, answered)
        report = _report(outcomes, folder, llm, judge, home.settings.get("chat.memories"))
    if app.json:
        app.data(report)
    elif out != "-":
        _show(report)
    _tell_rest(app, outcomes, report)


def _with_answers(folder: Path, conversations: "list[Conversation]") -> "list[Conversation]":
    """The conversations, if any question says what is expected: a set for retrieval alone has nothing to score here."""
    if not any(question.answers for conversation in conversations for question in conversation.questions):
        raise UsageError(f'no question in {folder} has an "answer"', hint="memos bench qa --help tells what a line looks like")
    return conversations


@contextmanager
def _model(app: App, role: str) -> "Iterator[LLM | None]":
    from memos_cli.operation import models

    chosen = models.chosen(app.settings, app.paths, role=role)
    with closing(chosen) if chosen else nullcontext():
        yield chosen


@contextmanager
def _answers(name: str | None) -> "Iterator[Callable[[Outcome], None]]":
    """Writes outcomes where they are wanted, each at once: a run with a model takes hours, and may be stopped."""
    if name is None:
        yield lambda _: None
        return
    try:
        file = nullcontext(sys.stdout) if name == "-" else Path(name).open("w", encoding="utf-8")  # noqa: SIM115 -- below
    except OSError as error:
        raise UsageError(f"cannot write {name}: {error.strerror}") from None
    with file as opened:

        def write(outcome: "Outcome") -> None:
            opened.write(json.dumps(_line(outcome), ensure_ascii=False) + "\n")
            opened.flush()

        yield write


def _line(outcome: "Outcome") -> dict[str, Any]:
    """One answer, for the file."""
    question = outcome.question
    expected: list[str] | str | None = list(question.answers)
    if len(question.answers) < 2:
        expected = question.answers[0] if question.answers else None
    return {
        "conversation": outcome.conversation,
        "question": question.text,
        "category": question.category,
        "expected": expected,
        "answer": outcome.answer,
        "mode": outcome.mode,
        "f1": round(outcome.f1, 4),
        "exact": outcome.exact,
        "judged": outcome.judged,
        "recall": None if outcome.recall is None else round(outcome.recall, 4),
        "cited": list(outcome.cited),
        "tokens": {"prompt": outcome.prompt_tokens, "full": outcome.full_tokens},
        "seconds": round(outcome.seconds, 4),
    }


def _report(outcomes: "list[Outcome]", folder: Path, llm: "LLM | None", judge: "LLM | None", k: int) -> dict[str, Any]:
    from memos_cli.bench.qa.qa import grouped, summary

    rows = grouped(outcomes, lambda one: one.conversation)
    categories = grouped(outcomes, lambda one: one.question.category)
    return {
        "folder": str(folder),
        "model": llm.name if llm else None,
        "judge": judge.name if judge else None,
        "k": k,
        "tokens": "model" if llm and llm.local else "estimate",
        "rows": [{"conversation": name, **_rounded(figures)} for name, figures in rows.items()],
        "categories": [{"category": name, **_rounded(categories[name])} for name in sorted(categories)],
        "total": _rounded(summary(outcomes)),
    }


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}


def _show(report: dict[str, Any]) -> None:
    from memos_cli.cli.tables import table

    total = report["total"]
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("n", lambda row: str(row["questions"])),
        ("F1", lambda row: _number(row["f1"], 3)),
        ("exact", lambda row: _number(row["exact"], 3)),
        ("judged", lambda row: _number(row["judged"], 3)),
        ("recall", lambda row: _number(row["recall"], 3)),
        ("prompt", lambda row: _number(row["prompt_tokens"], 0)),
        ("full", lambda row: _number(row["full_tokens"], 0)),
        ("share", lambda row: render.percent(row["share"])),
        ("s", lambda row: _number(row["seconds"], 2 if row["seconds"] < 10 else 1)),
    ]
    absent = {"judged"} if report["judge"] is None else set()
    absent |= {"recall"} if total["recall"] is None else set()
    columns = [column for column in columns if column[0] not in absent]

    def draw(heading: str, rows: list[dict[str, Any]]) -> None:
        lines = [(render.one_line(row[heading], _NAME_WIDTH), *(cell(row) for _, cell in columns)) for row in rows]
        table((heading, *(name for name, _ in columns)), lines, right=range(1, len(columns) + 1))

    draw("conversation", [*report["rows"], {"conversation": "total", **total}])
    if report["categories"]:
        click.echo()
        draw("category", report["categories"])


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _tell_rest(app: App, outcomes: "list[Outcome]", report: dict[str, Any]) -> None:
    """What the figures rest on."""
    total = report["total"]
    if report["model"] is None:
        app.note("no model is chosen: memories answered, word for word (memos model use NAME|PATH)")
    else:
        rest = "; memories the others, word for word" if total["generated"] < total["questions"] else ""
        app.note(f"{report['model']} answered {total['generated']} of {total['questions']} questions{rest}")
    counted = "as the model counts them" if report["tokens"] == "model" else "by estimate, one for three bytes"
    app.note(f"tokens {counted}; recall of the evidence among k = {report['k']} memories")
    if report["judge"] is not None:
        app.note(f"{report['judge']} judged {total['judged_questions']} of {total['questions']} answers")
    for notice in dict.fromkeys(notice for one in outcomes for notice in one.notices):
        app.note(notice)


@bench.command("lifecycle")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long the year is.")
@click.option("--memories", type=click.IntRange(1, 20_000), default=600, show_default=True, help="How many are told in it.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed makes up another year.")
@click.option("--policy", type=TEXT_FILE, metavar="FILE", help="The policy to try, in TOML; - is stdin.")
@click.option("--plot/--no-plot", default=None, help="Draw hot memories over time.  [default: on a terminal]")
@pass_app
def lifecycle(app: App, *, days: int, memories: int, seed: int, policy: str | None, plot: bool | None) -> None:
    """Live through a made-up year, and compare what the policy archived with what was needed.

    Care notes, code notes and talk are told on the days of a year. Some are needed every week, some every month, once, never,
    or in bursts with months between; some have a TTL. When, is drawn at random and owes nothing to the formula by which
    memories fade. The year is lived in a temporary home: memories are added, searched for when they are needed, and every
    night there is a tick. A memory that is needed and not hot is a miss; it is then found in the archive, and comes back.

    Every night each memory has to be in the state in which the policy's transitions put it, worked out a second time from
    what was told and needed, and a second tick for the same instant must write nothing. If not, that is an error.

    Beside the policy stand other strategies on the same year: keep-all lets nothing go; LRU keeps what was used last, as many
    as the policy kept that night; TTL-only lets go at a fixed age, the one with as many hot memories on average; the oracle
    knows what is to come, and keeps what will be needed again in this year and nothing else.

    \b
    Examples:
      memos bench lifecycle
      memos bench lifecycle --seed 1 --days 730 --plot
      memos lifecycle policy show > policy.toml
      memos bench lifecycle --policy policy.toml
      memos --json bench lifecycle | jq '.data.strategies[] | {name, hot_mean, misses}'

    \b
    Exit status:
      0  the year is over; the figures are shown
      1  a memory was in another state than it has to be, or a second tick did something
      2  it is no policy; the message says where
    """
    from memos_cli.bench import homes
    from memos_cli.bench.lifecycle import year as years
    from memos_cli.bench.lifecycle.lifecycle import GIVEN, Clock, live, report
    from memos_cli.operation.policy import read

    fields = {} if policy is None else read(policy)
    year, clock = years.make(days, memories, seed), Clock()
    with progress(app, "living") as tell, homes.thrown_away(app.settings, app.paths, clock, GIVEN) as home:
        tell(0, days)
        lived = live(home, clock, year, fields, tell)
    found = report(year, lived)
    if app.json:
        app.data({**found, "seed": seed, "policy": fields})
        return
    from memos_cli.cli.commands.bench_year import plot as drawn
    from memos_cli.cli.commands.bench_year import show

    show(found)
    if sys.stdout.isatty() if plot is None else plot:
        app.out()
        app.out(drawn(found["strategies"], render.width() or _PLOT_WIDTH), nl=False)
    app.note(f"{lived.checked:,} states were as the policy says, and no second tick changed anything")
    app.note(f"TTL-only: {found['ttl_only_days']:g} days from when it was told or fetched")
    if lived.lost:
        app.note(f"{lived.lost} of the policy's misses had expired, so that the archive did not have them either")


@bench.command("predict")
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--persons", type=click.IntRange(0, 1000), default=5, show_default=True, help="How many persons of each kind are made up."
)
@click.option("--days", type=click.IntRange(7, 3650), default=60, show_default=True, help="How long they are followed.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Of the first person; the next ones count on from it.",
)
@click.option("--shuffle", is_flag=True, help="Also ask the questions in a random order, drawn by the seed.")
@pass_app
def predict(app: App, /, folders: tuple[Path, ...], *, persons: int, days: int, seed: int, shuffle: bool) -> None:
    """Compare the prediction of what is needed next with LRU, LFU and an oracle.

    A strategy has 1, 3 or 5 sets of memories ready before each recall; shown is how often what came was among them. The
    prediction learns from the log alone as it goes, recall by recall. LRU has those ready that were needed last, LFU those
    needed most often, the oracle knows what comes.

    Persons are made up. Those of habits have weeks with appointments, projects that come and go, interruptions, holidays; those
    of rosters work shifts, and their projects, errands and habits change. Of conversations in a
    FOLDER (see memos bench qa --help) there are two logs each: the sets that hold the evidence of the questions, in their
    order in the file; and, turn by turn, the set that a search for its words finds in the sessions before. Questions in a
    file often follow the conversation, which whoever goes on to the next set foresees; --shuffle shows what is left
    without it.

    The constants of the prediction were chosen on a part of LoCoMo and BEAM (the conversations whose name's SHA-256 begins with
    an even byte) and on the persons of habits with the seeds 0 to 3; nothing was chosen on rosters.

    \b
    Examples:
      memos bench predict
      memos bench predict ~/sets/locomo --persons 20
      memos --json bench predict ~/sets/beam --persons 0 | jq .data.total

    \b
    Exit status:
      2  no such folder, a bad line, or neither a folder nor a person
    """
    from memos_cli.bench import homes
    from memos_cli.bench.predict import predict as logs
    from memos_cli.bench.qa import sets

    conversations = [conversation for folder in folders for conversation in sets.read(folder)]
    if not conversations and not persons:
        raise UsageError("there is nothing to predict", hint="name a folder of conversations, or --persons 5")
    now, found = to_text(app.now()), []
    given = {"embedder": "none"}
    total = persons + len(conversations)
    with progress(app, "predicting") as tell, homes.thrown_away(app.settings, app.paths, app.now, given) as home:
        for number, conversation in enumerate(conversations):
            tell(number, total)
            found.append(logs.run(logs.of_conversation(conversation, now)))
            if shuffle:
                found.append(logs.run(logs.of_conversation(conversation, now, shuffle=seed)))
            found.append(logs.run(logs.of_turns(conversation, home)))
        for number in range(persons):
            tell(len(conversations) + number, total)
            found += [logs.run(made(days, seed + number)) for made in (logs.of_habits, logs.of_rosters)]
    kinds = dict.fromkeys(one.kind for one in found)
    totals = [logs.together(one for one in found if one.kind == kind) for kind in kinds]
    if app.json:
        rows = [_predicted(one) for one in found]
        app.data({"days": days, "seed": seed, "rows": rows, "total": [_predicted(one) for one in totals]})
        return
    _show_predicted(found, totals)


def _predicted(one: "Rates") -> dict[str, Any]:
    from memos_cli.bench.predict.predict import READY

    rates = {
        name: {f"at_{most}": round(rate, 4) for most, rate in zip(READY, found, strict=True)}
        for name, found in one.rates.items()
    }
    return {"log": one.log, "kind": one.kind, "recalls": one.recalls, "sets": one.scenes, "rates": rates}


def _show_predicted(found: "list[Rates]", totals: "list[Rates]") -> None:
    from memos_cli.bench.predict.predict import READY, STRATEGIES
    from memos_cli.cli.tables import table

    rows = []
    for total in totals:
        logs = [one for one in found if one.kind == total.kind]
        for index, most in enumerate(READY):
            above = [sum(one.rates["predictor"][index] > one.rates[other][index] for one in logs) for other in ("LRU", "LFU")]
            rows.append(
                (
                    total.kind if not index else "", f"{total.recalls:,}" if not index else "", most,
                    *(_number(total.rates[name][index], 3) for name in STRATEGIES),
                    *(f"{count} of {len(logs)}" for count in above),
                )
            )  # fmt: skip
    headings = ("log", "recalls", "ready", *STRATEGIES, "over LRU", "over LFU")
    table(headings, rows, right=range(1, len(headings)))
