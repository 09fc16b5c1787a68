"""`memos demo`: the main uses, step by step, on two weeks of one person's life. Every step is a command that one could type."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click

from memos_cli import modes
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.terminal import style, styled_by_memos
from memos_cli.errors import MemosError, Refused, extra
from memos_cli.operation import embedders, model_files

_MARK = ".memos-demo"
_LIFE = ("notes.md", "transcript.txt")
_DEPTH = 3
_ASKED = ("Where does my brother Jonas live?", "Which fuse belongs to the oven?", "Which car does Joris drive?")
"""What is asked in the chat: what was just told, what stands in the notes, and what nobody said."""


@click.command(cls=Command)
@click.option("--home", type=click.Path(path_type=Path), help="The folder to work in.  [default: one in the cache folder]")
@pass_app
def demo(app: App, home: Path | None) -> None:
    """Watch memos at work on two weeks of a life.

    Two weeks of one person's talk and notes are put into a home of their own: your memories are left alone. Each step is a
    command that is really run, with what it printed and how long it took. Two dozen questions are asked, and it is counted how
    often the expected memory came first. In the chat SmolLM2 answers where it is installed, with the adapter that memos
    brings for it, else memos-mini; without llama.cpp the memories answer, word for word.

    \b
    Examples:
      memos demo
      memos demo --home /tmp/demo

    \b
    Exit status:
      3  the folder is there and is not a demo's
    """
    folder = (home or app.paths.cache / "demo").absolute()
    _clear(folder)
    with as_file(files("memos_cli.data") / "demo") as life:
        for name in (*_LIFE, "questions.json"):
            _put(folder / name, (life / name).read_bytes())
    run = _Runner(app, folder)
    run.say("Maren plans cargo-bike routes in Utrecht. Here are her notes, and two weeks of what she said to her assistant.")
    run.step("add", "--file", "notes.md", "--tag", "notes")
    run.step("add", "--file", "transcript.txt")
    run.say("The same file again adds nothing: what is known is not stored twice.")
    run.step("add", "--file", "notes.md", "--tag", "notes", "--no-embed")
    run.say("Words need not match: no word of this is in the memory that it finds.")
    run.step("search", "pet canine phobias", "-k", "1")
    run.say("Secrets are labelled when they come in and masked when they are shown (--reveal shows them).")
    run.step("search", "wifi password", "-k", "1")
    run.say("What a key names is superseded, not lost: one attribute, one current value, and the past can still be asked.")
    run.step("add", "I eat meat", "--key", "diet", "--valid-from", "2026-03-01")
    run.step("add", "I am vegan now", "--key", "diet", "--valid-from", "2026-03-14")
    run.step("list", "--key", "diet")
    run.step("list", "--key", "diet", "--as-of", "2026-03-05")
    run.say("Every command that wrote can be taken back, as a whole.")
    run.step("undo")
    run.step("list", "--key", "diet")
    figures = _questions(run, folder)
    figures["chat"] = _chat(run, _reader(app))
    run.say("Memories fade unless they are used or pinned. What the next ticks will do:")
    run.step("add", "The bike shop has a sale this week", "--ttl", "7d", "--tag", "shopping")
    run.step("lifecycle", "plan", "--days", "10")
    run.say("Nothing was damaged on the way: the state is what the log amounts to.")
    run.step("doctor", show=False)
    _close(app, folder, figures)


def _clear(folder: Path) -> None:
    """An empty folder that is marked as a demo's, so that the next run may empty it again.

    Raises:
        Refused: another program's files are there.
    """
    if folder.exists():
        if not (folder / _MARK).exists() and any(folder.iterdir()):
            raise Refused(f"{folder} is not empty and not a demo's", hint="choose another folder with --home")
        shutil.rmtree(folder)
    modes.make_folder(folder)
    _put(folder / _MARK, b"")


def _put(path: Path, content: bytes) -> None:
    """Write a file for its owner alone: the demo lies in the home unless another folder was named."""
    modes.make_file(path)
    path.write_bytes(content)


class _Runner:
    """Runs memos as a person would, and shows the output."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._env = {**os.environ, "MEMOS_HOME": str(folder / "home"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        # The demo chooses a model of its own, and asks no endpoint.
        for name in ("MEMOS_CUBE", "_MEMOS_COMPLETE", "MEMOS_LLM_MODEL", "MEMOS_LLM_ENDPOINT"):
            self._env.pop(name, None)
        here = [info for info in embedders.installed(app.settings, app.paths) if Path(info.path).parent == app.paths.models]
        if here:
            modes.make_folder(folder / "home" / "models")
            shutil.copy(next((info for info in here if info.used), here[0]).path, folder / "home" / "models")
            modes.mend(folder / "home")

    def say(self, text: str) -> None:
        """A line of explanation."""
        if not self._app.json:
            self._app.out()
            self._app.out(style(text, bold=True))

    def step(self, *arguments: str, show: bool = True) -> str:
        """Run one command and return what it printed.

        Raises:
            MemosError: the command failed.
        """
        if not self._app.json:
            self._app.out(style(f"$ memos {shlex.join(arguments)}", fg="green"))
        color = {"FORCE_COLOR": "1", "COLUMNS": "100"} if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else {}
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-P", "-m", "memos_cli", *arguments],
            cwd=self._folder,
            env={**self._env, **color},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            raise MemosError(f"memos {shlex.join(arguments)} failed: {done.stderr.strip()}")
        if not self._app.json:
            if show:
                shown = styled_by_memos(done.stdout + done.stderr)
                self._app.out("".join(f"  {line}\n" for line in shown.splitlines()), nl=False)
            self._app.out(style(f"  ({seconds:.2f} s)", dim=True))
        return done.stdout

    def ask(self, question: str) -> dict[str, Any]:
        """Ask in chat; the answer, and with --json who gave it."""
        if self._app.json:
            answered = json.loads(self.step("chat", "-m", question, "--no-save", "--json"))["data"]
            return {name: answered[name] for name in ("answer", "mode")}
        return {"answer": self.step("chat", "-m", question, "--no-save").strip()}


def _questions(run: _Runner, folder: Path) -> dict[str, Any]:
    """Ask the demo's questions, by words alone and by words and meaning, and count how often the expected memory is first."""
    asked = [
        question
        for question in json.loads((folder / "questions.json").read_text(encoding="utf-8"))["questions"]
        if question["expect"]
    ]
    lines = "".join(json.dumps({name: one[name] for name in ("query", "as_of") if name in one}) + "\n" for one in asked)
    _put(folder / "questions.jsonl", lines.encode())
    run.say(f"{len(asked)} questions about the two weeks, by words alone and then by words and meaning:")
    figures: dict[str, Any] = {"questions": len(asked)}
    for mode, more in (("lexical", ("--lexical",)), ("search", ())):
        output = run.step("search", "--jsonl", "questions.jsonl", "-k", str(_DEPTH), "--reveal", *more, show=False)
        answers = [json.loads(line) for line in output.splitlines()]
        places = [_place(one["expect"], answer["hits"]) for one, answer in zip(asked, answers, strict=True)]
        figures[mode] = {
            "mode": answers[0]["mode"],
            "first": sum(place == 0 for place in places),
            f"among_{_DEPTH}": sum(place is not None for place in places),
        }
    return figures


class _Reader(NamedTuple):
    """The model that answers in the chat.

    Attributes:
        title: what a person calls it, and how large it is.
        use: what `memos model use` is given.
    """

    title: str
    use: str


def _reader(app: App) -> _Reader | None:
    """The best model that is here without a download; `None` where none can run."""
    if not find_spec("llama_cpp"):
        return None
    found = model_files.carried(model_files.SMOLLM2, app.paths)
    if found is None:
        return _Reader(
            "memos-mini ships with memos, 3 MB: its exam finds it no better than your memories, so these answer",
            model_files.MINI,
        )
    # The demo's home has pulled nothing, so a model that was pulled is named by its path.
    use = str(found) if found.is_relative_to(app.paths.models) else model_files.SMOLLM2
    return _Reader("SmolLM2, a model of 98 MB, answers from your memories, on this machine", use)


def _chat(run: _Runner, reader: _Reader | None) -> dict[str, Any]:
    """State a fact, ask for it and for others in separate commands, and report who answers: a model where one can run."""
    if reader is not None:
        run.say(f"Talk with it. {reader.title}.")
        run.step("model", "use", reader.use)
    else:
        run.say("Talk with it. Without a model the best memories answer, word for word.")
    run.step("chat", "-m", "My brother Jonas lives in Leeds")
    answers = [run.ask(query) for query in _ASKED]
    told = [{"query": query, **answer} for query, answer in zip(_ASKED, answers, strict=True)]
    return {**answers[0], "model": reader and reader.use, "answers": told}


def _place(expected: str, hits: list[dict[str, Any]]) -> int | None:
    return next((index for index, hit in enumerate(hits) if expected in hit["content"]), None)


def _close(app: App, folder: Path, figures: dict[str, Any]) -> None:
    if app.json:
        app.data({"home": str(folder / "home"), **figures})
        return
    app.out()
    for mode in ("lexical", "search"):
        found = figures[mode]
        app.out(
            f"{found['mode']:>8}: the expected memory first for {found['first']} of {figures['questions']} questions, "
            f"among the first {_DEPTH} for {found[f'among_{_DEPTH}']}"
        )
    app.out()
    app.out(style("Go on:", bold=True))
    app.out(f"  export MEMOS_HOME={shlex.quote(str(folder / 'home'))}   # Maren's memories; unset it for your own")
    for command in (
        "chat",
        'search "who is allergic to what?"',
        "list --kind event --order occurred",
        "why ID",
        "stats",
        "--help",
    ):
        app.out(f"  memos {command}")
    if figures["search"]["mode"] == "lexical":
        app.out(f"Search by meaning is not installed; {extra('semantic')}")
