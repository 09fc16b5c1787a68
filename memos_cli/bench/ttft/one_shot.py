"""`memos bench ttft --chat`: how soon `memos chat -m` answers, beside what any program pays to load the same model.

Each repetition runs two processes, one after the other, so that what else the machine does slows both: one imports llama_cpp,
loads the model, makes the context and ends; the other is the command, in a home of its own with a few memories. The ratio of
the two tells what memos adds, and says the same on a busy machine.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from memos_cli.bench.ttft.ttft import Subject, Tell, failed, load_average, rounded
from memos_cli.config import variable

_PLACE = "ttft-chat-"
MEMORIES = (
    "My dog is called Biscuit.",
    "My dentist appointment is on 12 May at 9:30.",
    "My favourite colour is teal.",
    "I live in Utrecht.",
    "My sister Anna is allergic to penicillin.",
    "I work as a gardener.",
)
QUESTION = "What is my dog's name?"
_LOAD = (
    "import sys, llama_cpp\n"
    "llama_cpp.Llama(sys.argv[1], n_ctx=int(sys.argv[2]), n_batch=256, n_threads=1, verbose=False, logits_all=False)\n"
)
"""The program that only loads the model."""
_WARM = 2
"""Commands before the first that is timed: one tries the model and writes the slot, one fills the system's cache."""


class Run(NamedTuple):
    """A process that has ended: its output, the seconds that it took, its processor seconds, and when output came."""

    out: str
    seconds: float
    cpu: float
    said: float


def run(
    subject: Subject, length: int, repeat: int, folder: Path, environ: Mapping[str, str], tell: Tell = lambda *_: None
) -> dict[str, Any]:
    """Measure the command with a model.

    Args:
        subject: the model.
        length: tokens of the context, as the setting `llm.context`.
        repeat: how often each process is timed; medians are reported.
        folder: where the home lies meanwhile.
        environ: the environment, of which variables of memos other than those of this measurement are left out.
        tell: called with how many processes have ended, and of how many.

    Returns:
        The report; times in seconds. `load_s` is the program that only loads the model; `first_s` and `all_s` are the command,
        from its start until the model's first word and until it has ended; the ratios are to `load_s`.

    Raises:
        ModelUnavailable: a process fails, or the command answers without the model.
    """
    report: dict[str, Any] = {"model": subject.name, "repeat": repeat, "load_average": [load_average()]}
    total = _WARM + 2 * repeat
    with TemporaryDirectory(prefix=_PLACE, dir=folder) as home:
        given = {
            "llm.model": str(subject.path), "llm.context": length, "llm.threads": subject.threads, "llm.kv": subject.kv,
            "llm.flash": subject.flash,
        }  # fmt: skip
        kept = {name: value for name, value in environ.items() if not name.startswith("MEMOS_")}
        env = {**kept, "MEMOS_HOME": home, **{variable(name): str(value) for name, value in given.items()}}
        memos = (sys.executable, "-P", "-m", "memos_cli", "--json")
        for memory in MEMORIES:
            _ended([*memos, "add", memory], env)
        _ended([*memos, "model", "use", str(subject.path), "--trust"], env)  # its speed is measured, whatever it answers
        ask, load = [*memos, "chat", "-m", QUESTION], [sys.executable, "-P", "-c", _LOAD, str(subject.path), str(length)]
        loads: list[Run] = []
        asked: list[tuple[Run, dict[str, Any]]] = []
        for number in range(total):
            if number < _WARM:
                _answered(_ended(ask, env))
            elif (number - _WARM) % 2:
                done = _ended(ask, env)
                asked.append((done, _answered(done)))
            else:
                loads.append(_ended(load, env))
            tell(number + 1, total)
    report["load_average"].append(load_average())
    return rounded({**report, **_figures(loads, asked)})


def _figures(loads: Sequence[Run], asked: Sequence[tuple[Run, dict[str, Any]]]) -> dict[str, Any]:
    load = median(one.seconds for one in loads)
    # What the command prints comes when it is done with the message, of which it tells how long it took.
    first = median(done.said - (told["seconds"]["total"] - told["seconds"]["word"]) for done, told in asked)
    whole = median(done.seconds for done, _ in asked)
    return {
        "load_s": load,
        "first_s": first,
        "all_s": whole,
        "first_ratio": first / load,
        "all_ratio": whole / load,
        "load_cpu_s": median(one.cpu for one in loads),
        "cpu_s": median(done.cpu for done, _ in asked),
        "tokens": asked[-1][1]["tokens"],
        "answer": asked[-1][1]["answer"],
    }


def _answered(done: Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done.out)["data"]
    if "word" not in told["seconds"]:
        raise failed(f"it was asked nothing: {' '.join(told['notices']) or told['answer']}")
    return told


def _ended(command: Sequence[str], env: Mapping[str, str]) -> Run:
    """Run a process to its end.

    Raises:
        ModelUnavailable: it fails.
    """
    begun, before = time.perf_counter(), _cpu()
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            first = process.stdout.readline() if process.stdout else b""
            said = time.perf_counter() - begun
            rest, errors = process.communicate()
        finally:
            process.kill()
    seconds = time.perf_counter() - begun
    if process.returncode:
        wrong = errors.decode("utf-8", "replace").strip().splitlines()[:1]
        raise failed((wrong or [f"a process ended with status {process.returncode}"])[0])
    return Run((first + rest).decode("utf-8", "replace"), seconds, _cpu() - before, said)


def _cpu() -> float:
    """Processor seconds of all child processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system
