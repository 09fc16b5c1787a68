"""`memos bench ttft`: how soon the first token comes, with a prompt's state on disk and without."""

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.cli.terminal import echo, styled_by_memos
from memos_cli.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from memos_cli.bench.ttft.ttft import Subject

_WIDEST, _HEIGHT = 100, 16
_PLOT_WIDTH = 80
"""Columns where the output is no terminal."""
_MARKS = "abcdefgh"
_COUNTS = click.IntRange(1, 1 << 20)


@click.command("ttft", cls=Command)
@click.option("--model", metavar="NAME|PATH", help="Measure this model.  [default: llm.model]")
@click.option("--shape", type=click.Choice(["0.5B", "1.5B", "tiny"]), help="Measure random weights in a known model's shape.")
@click.option("--weights", type=click.Choice(["q8_0", "f16"]), default="q8_0", show_default=True, help="Numbers of --shape.")
@click.option("--context", "contexts", type=_COUNTS, multiple=True, metavar="N", help="Tokens before the question.")
@click.option("--question", "questions", type=_COUNTS, multiple=True, metavar="N", help="Tokens of the question.")
@click.option("--kv", type=click.Choice(["f16", "q8_0"]), help="How keys and values are kept.  [default: llm.kv]")
@click.option("--flash", type=click.Choice(["auto", "on", "off", "both"]), help="Flash attention.  [default: llm.flash]")
@click.option("--chat", is_flag=True, help="Time `memos chat -m` as a whole, beside loading the model.")
@click.option("--serve", is_flag=True, help="Time `memos serve` beside a server without slots.")
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True, help="Time each so often; medians count.")
@click.option("--keep", is_flag=True, help="Keep the weights of --shape in the cache folder for the next time.")
@click.option("--plot/--no-plot", default=None, help="Draw the share that is saved.  [default: on a terminal]")
@pass_app
def ttft(app: App, /, contexts: "Sequence[int]", questions: "Sequence[int]", **given: Any) -> None:  # noqa: ANN401 -- click's
    """Time the first token of an answer, with the prompt's state on disk and without.

    A prompt is a context (memories, the conversation) and a question after it. In full, all of it is evaluated. Restored, the
    context's state is loaded from a file and only the question is evaluated: that is what a slot of memos chat does. Shown are
    both times, the share saved, the ceiling context/(context+question), and the largest difference of the logits from those
    of the same two steps without the disk, which has to be 0.

    Measured is the model of your settings, or with --shape one with random weights in the shape of Qwen2.5: what it costs to
    compute depends on the shape alone. Its file, 0.5 to 3 GB, is written into the cache folder in seconds, and removed at the
    end; with --keep it stays, is checked by its digest and used again, and only removing the file ends that. Each length of
    context is measured in a process of its own, whose peak memory is shown; the model's file, mapped, counts in it.

    Contexts are 256, 512, 1,024, 2,048 and 4,096 tokens if you name none, and questions 16, 64 and 256: minutes, on a
    small machine. What does not fit the model is left out. With --kv q8_0 a row tells, too, how large the slot is with f16,
    and how far the logarithms of probability are from those with f16.

    With --flash both, each is measured with flash attention and without, one after the other; the setting llm.flash chooses.

    With --chat, what is timed is `memos chat -m` with a real model, in a home of its own with a few memories and a slot: from
    its start until the model's first word, and until it has ended; beside it a program that imports llama_cpp, loads the model
    and ends, and the ratios of the two, which say the same on a busy machine.

    With --serve, what is timed is the first word of `memos serve` to a question about a text of 1,024 and 4,096 tokens that it
    was asked about before, with another conversation in between, and again after a restart; beside it llama-cpp-python's own
    server over the same library, without a cache (pip install 'llama-cpp-python[server]'). It needs a real model.

    Times are medians. The digest of the file is verified before each restore and timed apart, and so is reading the file
    plainly, from the system's cache and, cold, after the system was told to forget it.

    \b
    Examples:
      memos bench ttft
      memos bench ttft --shape 0.5B --question 16
      memos bench ttft --shape tiny --context 256 --question 16 --kv q8_0
      memos bench ttft --model memos-mini --flash both --context 1024 --question 16
      memos bench ttft --chat --repeat 5
      memos bench ttft --serve --model smollm2 --context 4096 --repeat 1
      memos --json bench ttft | jq '.data.rows[] | {context_tokens, saved_share, ceiling}'

    \b
    Exit status:
      0  measured
      2  nothing of what was asked for fits the model; --model, --chat or --serve with --shape; --chat with lengths
      14 no model is chosen and no --shape given, or it cannot be run, or it keeps no state
      75 another bench ttft is under way; two would disturb each other
    """
    from memos_cli.bench.ttft import ttft as bench

    if given["shape"] is not None and (given["model"] or given["chat"] or given["serve"]):
        raise UsageError(
            "--shape has random weights, so it excludes --model, --chat and --serve", hint="memos bench ttft --shape 0.5B"
        )
    if given["serve"]:
        if given["chat"] or questions or given["flash"] == "both":
            raise UsageError("--serve has questions of its own, and one way of attention", hint="memos bench ttft --serve")
        _time_serve(app, given, contexts)
        return
    if given["chat"]:
        if contexts or questions or given["flash"] == "both":
            raise UsageError("--chat has a question of its own, and one way of attention", hint="memos bench ttft --chat")
        _time_chat(app, given)
        return
    with bench.workshop(app.paths.cache / "bench") as folder, _subject(app, folder, given) as subject:
        asked, left = bench.fitting(contexts or bench.CONTEXTS, questions or bench.QUESTIONS, subject.limit)
        with progress(app, "evaluating") as tell:
            report = bench.run(subject, asked, given["repeat"], folder, tell)
    if app.json:
        app.data({**report, "left_out": left})
        return
    flashes = dict.fromkeys(row["flash"] for row in report["rows"])
    for flash in flashes:
        if len(flashes) > 1:
            app.out(f"flash attention {flash}")
        _show([row for row in report["rows"] if row["flash"] == flash])
    if sys.stdout.isatty() if given["plot"] is None else given["plot"]:
        app.out()
        first = [row for row in report["rows"] if row["flash"] == next(iter(flashes))]
        app.out(styled_by_memos(_plot(first, render.width() or _PLOT_WIDTH)), nl=False)
    _tell_rest(app, report, left)


def _time_chat(app: App, given: dict[str, Any]) -> None:
    """Time the one-shot command, and show its figures."""
    import os

    from memos_cli.bench.ttft import one_shot
    from memos_cli.bench.ttft import ttft as bench

    length = app.settings.get("llm.context")
    with ExitStack() as stack:
        folder = stack.enter_context(bench.workshop(app.paths.cache / "bench"))
        subject = stack.enter_context(_subject(app, folder, given))
        tell = stack.enter_context(progress(app, "processes"))
        report = one_shot.run(subject, length, given["repeat"], folder, os.environ, tell)
    if app.json:
        app.data(report)
        return
    _table(
        [report],
        ("only loading", lambda row: f"{row['load_s']:.3f}"),
        ("first word", lambda row: f"{row['first_s']:.3f}"),
        ("ratio", lambda row: f"{row['first_ratio']:.2f}"),
        ("in all", lambda row: f"{row['all_s']:.3f}"),
        ("ratio", lambda row: f"{row['all_ratio']:.2f}"),
        ("processor", lambda row: f"{row['cpu_s']:.3f}"),
        title="memos chat -m: seconds, and their ratio to those of a program that only loads the model",
    )
    tokens = report["tokens"]
    app.note(
        f"{report['model']}; {tokens['prompt']} tokens, {tokens.get('slot', 0)} from a slot; medians of {report['repeat']};"
        f" load average {report['load_average'][0]} before, {report['load_average'][1]} after"
    )


def _time_serve(app: App, given: dict[str, Any], contexts: "Sequence[int]") -> None:
    """Time the endpoint beside another server, and show the figures."""
    import os

    from memos_cli.bench.ttft import served
    from memos_cli.bench.ttft import ttft as bench

    with ExitStack() as stack:
        folder = stack.enter_context(bench.workshop(app.paths.cache / "bench"))
        subject = stack.enter_context(_subject(app, folder, given))
        asked, left = bench.fitting(contexts or served.CONTEXTS, [served.ROOM], subject.limit)
        tell = stack.enter_context(progress(app, "requests"))
        report = served.run(subject, list(asked), given["repeat"], folder, os.environ, tell)
    if app.json:
        app.data({**report, "left_out": left})
        return
    _table(
        report["rows"],
        ("context", lambda row: f"{row['tokens']:,}"),
        ("without", lambda row: f"{row['peer_s']:.3f}"),
        ("slot", lambda row: f"{row['slot_s']:.3f}"),
        ("sooner", lambda row: f"{row['ratio']:.1f}"),
        ("processor", lambda row: "-" if row["cpu_ratio"] is None else f"{row['cpu_ratio']:.1f}"),
        ("restarted", lambda row: f"{row['restart_s']:.3f}"),
        ("with memory", lambda row: f"{row['memory_s']:.3f}"),
        title="memos serve: seconds to the first word, and how many times sooner than llama-cpp-python's server without slots",
    )
    app.note(
        f"{report['model']}; medians of {report['repeat']}; processor: the ratio of processor time; load average"
        f" {report['load_average'][0]} before, {report['load_average'][1]} after"
    )


@contextmanager
def _subject(app: App, folder: "Path", given: dict[str, Any]) -> "Iterator[Subject]":
    """The model of the settings, or one of a shape, which is written first."""
    from memos_cli.bench.ttft.ttft import Subject

    settings, shape, weights = app.settings, given["shape"], given["weights"]
    how = {name: given.get(name) or settings.get(f"llm.{name}") for name in ("threads", "kv", "flash")}
    if shape is not None:
        from memos_cli.bench.ttft import shapes

        with ExitStack() as stack:
            with progress(app, "writing weights") as tell:
                made = stack.enter_context(shapes.written(shape, weights, folder, keep=given["keep"], tell=tell))
            yield Subject(f"{shape} ({weights}, random)", *made, limit=shapes.CONTEXT, **how)
        return
    from memos_cli.operation import model_files, models

    name = given["model"] or settings.get("llm.model")
    if name == models.NONE:
        raise ModelUnavailable("no model is chosen", hint="memos model use NAME|PATH, or memos bench ttft --shape 0.5B")
    if settings.get("llm.endpoint") and not given["model"]:
        raise ModelUnavailable("a model behind an endpoint keeps no state here", hint="memos bench ttft --shape 0.5B")
    path = model_files.locate(name, app.paths)
    facts = model_files.check(path, app.settings, app.paths)
    yield Subject(name, path, facts["sha256"], limit=facts["context"] or settings.get("llm.context"), **how)


def _show(rows: "Sequence[dict[str, Any]]") -> None:
    """The tables, each at most 80 columns wide."""
    from memos_cli.cli.tables import human_bytes

    _table(
        rows,
        ("context", lambda row: f"{row['context_tokens']:,}"),
        ("question", lambda row: str(row["question_tokens"])),
        ("full", lambda row: f"{row['full_s']:.3f}"),
        ("restored", lambda row: f"{row['restore_s']:.3f}"),
        ("saved", lambda row: f"{100 * row['saved_share']:.2f}%"),
        ("ceiling", lambda row: f"{100 * row['ceiling']:.2f}%"),
        ("logit diff", lambda row: f"{row['max_logit_diff']:.2g}"),
        ("from whole", lambda row: f"{row['whole_logit_diff']:.2g}"),
        title="seconds to the first token, and the largest difference of a logit",
    )
    echo()
    _table(
        list({row["context_tokens"]: row for row in rows}.values()),
        ("context", lambda row: f"{row['context_tokens']:,}"),
        ("slot", lambda row: human_bytes(row["slot_bytes"])),
        ("save", lambda row: _milliseconds(row["save_s"])),
        ("load", lambda row: _milliseconds(row["load_s"])),
        ("read", lambda row: _milliseconds(row["read_s"])),
        ("cold load", lambda row: _milliseconds(row.get("cold_load_s"))),
        ("cold read", lambda row: _milliseconds(row.get("cold_read_s"))),
        ("digest", lambda row: _milliseconds(row["digest_s"])),
        ("memory", lambda row: human_bytes(row["peak_bytes"]) if row["peak_bytes"] else "-"),
        title="the slot's file; times in milliseconds",
    )
    if any("f16_slot_bytes" in row for row in rows):
        echo()
        _table(
            rows,
            ("context", lambda row: f"{row['context_tokens']:,}"),
            ("question", lambda row: str(row["question_tokens"])),
            ("slot", lambda row: human_bytes(row["slot_bytes"])),
            ("with f16", lambda row: human_bytes(row["f16_slot_bytes"])),
            ("likeliest", lambda row: f"{row['likeliest_logprob_diff']:+.5f}"),
            ("divergence", lambda row: f"{row['divergence']:.2g}"),
            title="against f16: log-probability, KL divergence",
        )


def _table(rows: "Sequence[dict[str, Any]]", *columns: "tuple[str, Callable[[dict[str, Any]], str]]", title: str = "") -> None:
    from memos_cli.cli.tables import table

    lines = [[cell(row) for _, cell in columns] for row in rows]
    table([heading for heading, _ in columns], lines, title=title or None, right=range(len(columns)))


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.1f}"


def _plot(rows: "Sequence[dict[str, Any]]", width: int) -> str:
    """The share that is saved over the length of the context, a line for each question."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(width, _WIDEST), _HEIGHT)
    plotext.title("share of the time to the first token that a restored slot saves, %")
    plotext.xlabel("tokens of context")
    contexts = sorted({row["context_tokens"] for row in rows})
    for mark, question in zip(_MARKS, sorted({row["question_tokens"] for row in rows}), strict=False):
        those = [row for row in rows if row["question_tokens"] == question]
        places = [contexts.index(row["context_tokens"]) for row in those]
        label = f"{question} tokens asked"
        plotext.plot(places, [100 * row["saved_share"] for row in those], label=label, marker=mark)
    plotext.xticks(range(len(contexts)), [f"{context:,}" for context in contexts])
    return str(plotext.build())


def _tell_rest(app: App, report: dict[str, Any], left: "Sequence[int]") -> None:
    """Notes on what the figures are based on."""
    facts = report["facts"]
    threads = facts["threads"].partition("/")[0]
    where = "no GPU" if facts["gpu_layers"] == "0" else "layers on a GPU, whose memory is not counted"
    app.note(
        f"{report['model']}, keys and values as {report['kv']}, threads: {threads}, {where}; medians of {report['repeat']};"
        f" load average {report['load_average'][0]} before, {report['load_average'][1]} after"
    )
    app.note(
        "load and read: out of the system's cache; cold: after it was told to forget the file; memory counts the model's file"
    )
    if left:
        app.note(f"left out, since the model has no room for it: a context of {', '.join(f'{one:,}' for one in left)}")
