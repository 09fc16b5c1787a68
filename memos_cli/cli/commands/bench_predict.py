"""`memos bench predict`: how well the scheduler foresees which memories come next, beside LRU, LFU and an oracle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.errors import UsageError
from memos_cli.times import to_text

if TYPE_CHECKING:
    from memos_cli.bench.predict.predict import Rates


@click.command("predict", cls=Command)
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
                    *(f"{total.rates[name][index]:,.3f}" for name in STRATEGIES),
                    *(f"{count} of {len(logs)}" for count in above),
                )
            )  # fmt: skip
    headings = ("log", "recalls", "ready", *STRATEGIES, "over LRU", "over LFU")
    table(headings, rows, right=range(1, len(headings)))
