"""What `memos chat` shows of an answer: as JSON, as notes beside it, as a line of tokens and times. Nothing is asked here."""

from typing import Any

from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.documents import fields_of
from memos_cli.operation.results import Answered


def answered_json(result: Answered) -> dict[str, Any]:
    """The answer of `chat -m`."""
    told = ("answer", "mode", "cited", "tokens", "seconds", "kept", "intent", "stopped", "notices", "reason")
    return {**fields_of(result, only=told), "seconds": {name: round(value, 4) for name, value in result.seconds.items()}}


def tell_rest(app: App, result: Answered) -> None:
    """Print what accompanies an answer: how it was made, what it rests on, what was saved."""
    for notice in dict.fromkeys(result.notices):
        app.note(notice)
    if app.json:
        return
    if (
        result.mode == "extractive"
        and result.intent == "ask"
        and result.memories
        and not result.tokens["prompt"]
        and not result.kept
        and result.reason is None
    ):
        from memos_cli.operation import models

        app.note(f"your memories, word for word: no model is chosen ({models.to_choose(app.paths)})")
    kept = set(result.kept)
    for memory in result.memories:
        if memory.id not in kept:
            app.note(f"  {render.day(memory)}  {memory.id[: render.SHORT_ID]}  {render.gist(memory, 72)}")
    for identity in result.kept:
        app.note(f"  kept {identity[: render.SHORT_ID]}")


def stats_line(result: Answered) -> str:
    """Tokens and times of one answer."""
    tokens, seconds = result.tokens, result.seconds
    parts = [f"{tokens['prompt']} + {tokens['answer']} tokens"] if tokens["prompt"] else []
    if "evaluated" in tokens and tokens["prompt"]:
        parts += [f"{tokens['slot']} from a slot", f"{tokens['evaluated']} evaluated"]
        if held := tokens["prompt"] - tokens["slot"] - tokens["evaluated"]:
            parts.append(f"{held} still held")
    if "spared" in tokens:
        parts.append(f"{tokens['spared']} spared by what was learnt")
    times = [f"{name} {seconds[name]:.2f} s" for name in ("recall", "first", "answer", "extract", "total") if name in seconds]
    return "\n".join(", ".join(line) for line in (parts, times) if line)
