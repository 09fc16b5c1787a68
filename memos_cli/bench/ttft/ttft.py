"""`memos bench ttft`: how soon the first token of an answer comes, with the prompt's state on disk and without.

A prompt is a context and a question after it, random tokens both: their cost does not depend on what they say. The full run
evaluates all of it. The restored run reads the context's state from a file, and evaluates only the question. That can save at
most the share of the context in the prompt, the ceiling, unless the context's tokens cost more than the question's.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from memos_cli import modes
from memos_cli.bench import child
from memos_cli.bench.ttft.timing import Job
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.infra import files

CONTEXTS = (256, 512, 1024, 2048, 4096)
QUESTIONS = (16, 64, 256)
_PLACE = "ttft-"
_FLASH = {"0": "off", "1": "on"}
"""llama.cpp's numbers for flash attention; with another one it chooses by itself."""

Tell = Callable[[int, int], None]


class Subject(NamedTuple):
    """The model that is measured.

    Attributes:
        name: what a person calls it.
        path: its file.
        digest: the file's SHA-256.
        limit: the longest context that it was trained with.
        threads: as the setting `llm.threads`.
        kv: as the setting `llm.kv`.
        flash: as the setting `llm.flash`, or `both` to compare.
    """

    name: str
    path: Path
    digest: str
    limit: int
    threads: int
    kv: str
    flash: str = "auto"


def fitting(contexts: Sequence[int], questions: Sequence[int], limit: int) -> tuple[dict[int, list[int]], list[int]]:
    """For each context the questions that fit after it, and the contexts that no question fits after.

    Raises:
        UsageError: none fits at all.
    """
    asked = {context: [one for one in sorted(set(questions)) if context + one <= limit] for context in sorted(set(contexts))}
    if not any(asked.values()):
        raise UsageError(f"no context and question fit the model's {limit:,} tokens", hint="choose a smaller --context")
    return {context: those for context, those in asked.items() if those}, [one for one, those in asked.items() if not those]


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """The folder to measure in, for one run at a time; what a killed run left there is removed first.

    Raises:
        Busy: another run is at work there.
    """
    modes.make_folder(folder)
    with files.only_one(folder / "ttft.lock", "another bench ttft"):
        sweep(folder)
        yield folder


def sweep(folder: Path) -> None:
    """Remove what a killed run left: states, and weights that nobody asked to keep. No other run may be at work there."""
    import shutil

    for place in folder.glob(f"{_PLACE}*"):
        shutil.rmtree(place, ignore_errors=True)
    unkept = (file for file in folder.glob("*.gguf") if not file.with_suffix(".json").exists())
    for file in [*unkept, *folder.glob(".*.gguf.*")]:  # the latter are half-written (`files.replaced`)
        file.unlink()


def run(
    subject: Subject, asked: dict[int, list[int]], repeat: int, folder: Path, tell: Tell = lambda *_: None
) -> dict[str, Any]:
    """Measure each length of context in a process of its own, one after the other.

    Args:
        subject: the model.
        asked: for each length of context the lengths of questions.
        repeat: how often each is timed; medians are reported.
        folder: where states are written meanwhile, on the disk to be measured.
        tell: called with how many tokens were evaluated, and of how many.

    Returns:
        The report; times in seconds.

    Raises:
        ModelUnavailable: the model cannot be run, or keeps no state.
    """
    room = max(context + max(questions) for context, questions in asked.items())
    flashes = ("off", "on") if subject.flash == "both" else (subject.flash,)
    done, total = 0, len(flashes) * _work(asked, repeat, subject.kv)
    report: dict[str, Any] = {"model": subject.name, "kv": subject.kv, "room": room, "repeat": repeat, "rows": []}
    report["load_average"] = [load_average()]
    with TemporaryDirectory(prefix=_PLACE, dir=folder) as place:
        for context, questions, flash in ((*one, flash) for one in asked.items() for flash in flashes):
            given = (str(subject.path), subject.digest, room, subject.threads, subject.kv, flash)
            job = Job(*given, context, questions, repeat, place)
            exact = job._replace(kv="f16", repeat=0)
            found: dict[str, Any] = {}
            rows = []
            for part in (job,) if subject.kv == "f16" else (exact, job):
                for line in child.objects("memos_cli.bench.ttft.timing", part._asdict(), failed):
                    done += line.pop("done", 0)
                    tell(min(done, total), total)
                    rows += [line.pop("row")] if "row" in line else []
                    found.update(line)
            report["facts"] = found.pop("facts")
            used = _FLASH.get(report["facts"]["flash_attention"], "auto")
            report["rows"] += [rounded({**row, **found, "flash": used}) for row in rows]
            for file in Path(place).iterdir():
                file.unlink()
    report["load_average"].append(load_average())
    return report


def _work(asked: dict[int, list[int]], repeat: int, kv: str) -> int:
    """How many tokens will be evaluated, for the bar."""
    total = 0
    for context, questions in asked.items():
        split = context + sum(questions)
        timed = repeat * sum(context + 2 * question for question in questions)
        total += timed + split * (1 if kv == "f16" else 2)
    return total


def failed(said: str) -> ModelUnavailable:
    """The error where a measuring process failed."""
    return ModelUnavailable(said, hint="choose another model: memos model list")


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Times to the microsecond, shares to six places; differences unrounded, since the question is whether they are 0."""
    places = 6
    return {
        name: round(value, places)
        if isinstance(value, float) and name.endswith(("_s", "_share", "_ratio", "ceiling"))
        else value
        for name, value in row.items()
    }


def load_average() -> float | None:
    """The system's load: how many processes wanted to compute in the last minute, for readers of the times."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
