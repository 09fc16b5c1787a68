"""Reads the hand-written conversations and small cubes that the ranking is trained and measured with.

A conversation: `@ DAY TIME` begins a session, `NUMBER NAME: text` is a turn, `? CATEGORY | question | numbers` a question and
the turns that answer it. A small cube: `KIND | DAY or - | text` is a memory, `? | question | numbers` a question and the
memories that answer it, counted from one; `?en` is one in English, `?!` one that nothing answers.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.ranker.extraction import Asked

_SESSION = re.compile(r"@ (\d{4}-\d\d-\d\d) (\d\d:\d\d)")
_TURN = re.compile(r"(\d+) ([^:]{1,40}): (.+)")
_QUESTION = re.compile(r"\?\s*(\w*!?)\s*\|(.+)\|([\d\s,]*)")
_MEMORY = re.compile(r"(note|fact|preference|event|rule|skill)\s*\|\s*(-|\d{4}-\d\d-\d\d)\s*\|\s*(.+)")

_KINDS = {"skill": "procedure"}


class Told(NamedTuple):
    """Memories as lines for `memos add --jsonl`, and what is asked of them."""

    memories: tuple[dict[str, Any], ...]
    asked: tuple[Asked, ...]

    def lines(self) -> str:
        """The memories as JSON, a line each."""
        return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in self.memories)


def read(path: Path) -> Told:
    """What this file holds.

    Raises:
        ValueError: a line is none of those described above, or a question names a turn that isn't there.
    """
    memories: list[dict[str, Any]] = []
    asked: list[Asked] = []
    session, occurred, known = 0, "", set()
    for line in path.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith(("#", "//")):
            continue
        if found := _SESSION.fullmatch(line.strip()):
            session, occurred = session + 1, f"{found[1]}T{found[2]}:00Z"
        elif found := _QUESTION.fullmatch(line.strip()):
            numbers = tuple(re.findall(r"\d+", found[3]))
            asked.append(Asked(found[2].strip(), numbers, found[1]))
        elif found := _MEMORY.fullmatch(line.strip()):
            dated = {} if found[2] == "-" else {"occurred_at": f"{found[2]}T00:00:00Z"}
            memories.append(
                {"external_id": str(len(memories) + 1), "kind": _KINDS.get(found[1], found[1]), "content": found[3], **dated}
            )
        elif found := _TURN.fullmatch(line.strip()):
            source = {"conversation": path.stem, "session": str(session), "turn": len(memories), "speaker": found[2]}
            memories.append(
                {"external_id": found[1], "kind": "episode", "content": found[3], "source": source, "occurred_at": occurred}
            )
        else:
            raise ValueError(f"{path.name}: cannot read: {line[:80]}")
    known = {one["external_id"] for one in memories}
    for one in asked:
        if not known.issuperset(one.relevant):
            raise ValueError(f"{path.name}: no such turn: {one.query}: {one.relevant}")
    return Told(tuple(memories), tuple(asked))
