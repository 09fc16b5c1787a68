"""Cubes with a history, for the tests of cube files: made by the commands' own flows, at random."""

import contextlib
import io
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.transfer import dumper
from memos_cli.infra.vault import search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Kind, LinkType
from memos_cli.operation.policy import set_policy
from tests.conftest import Clock

DIMENSIONS = 8
EVER = Filter(at="", everything=True)
TEXTS = ("I eat no meat", "the wine is in the cellar", "昨日は雨だった", "a tab\tand a \x1b[31mcolour", "x" * 3000, "{}")


def opened(home: Path, clock: Clock) -> MOS:
    """A home of its own, without a model."""
    folders = paths({"MEMOS_HOME": str(home)})
    return MOS(home, settings=Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, folders), clock=clock)


def embed(vault: Vault, fingerprint: str = "fake-1", most: int = 1000) -> None:
    """Vectors that follow from the text, under a name of an embedder."""
    from struct import pack

    def vector(text: str) -> bytes:
        chance = random.Random(text)
        values = [chance.uniform(-1, 1) for _ in range(DIMENSIONS)]
        return pack(f"<{DIMENSIONS}e", *(value / math.hypot(*values) for value in values))

    with vault.derive():
        pending = search.pending(vault, most)
        search.store_vectors(vault, fingerprint, DIMENSIONS, [(n, text, vector(text)) for n, text in pending])


def dumped(vault: Vault, **options: Any) -> bytes:
    """The cube file of a cube."""
    out = io.BytesIO()
    dumper.dump(vault, out, vault.folder.parent.parent / "cache", dumper.Extent(**options))
    return out.getvalue()


def sound_file(folder: Path) -> bytes:
    """A cube file with something of everything, made in a folder of its own."""
    clock = Clock()
    with opened(folder, clock) as mos:
        return dumped(rich(mos, clock))


def live(mos: MOS, clock: Clock, chance: random.Random, steps: int) -> None:
    """So many commands at random, each as a person could give it."""
    mos.add("where it began", tags=["first"])
    vault = mos.vault("default")

    def one() -> str:
        return chance.choice([memory.id for memory in mos.list(EVER)] or [mos.add("again").ids[0]])

    doings: tuple[Callable[[], object], ...] = (
        lambda: mos.add(f"{chance.choice(TEXTS)} {chance.random()}", metadata={"n": [chance.random(), None, {"é": True}]}),
        lambda: mos.add(f"number {chance.random()}", key="diet", tags=["food", f"t{chance.randrange(3)}"]),
        lambda: mos.add(f"kept {chance.random()}", external_id=f"e{chance.randrange(4)}", kind=Kind.FACT, task="move"),
        lambda: mos.edit(one(), {"content": f"{chance.choice(TEXTS)} {chance.random()}", "title": "a title"}),
        lambda: mos.switch([one()], "tag", {f"tag:t{chance.randrange(3)}": chance.random() < 0.6}),
        lambda: mos.switch([one()], "pin", {"pinned": chance.random() < 0.6}),
        lambda: mos.link(one(), LinkType.RELATES, mos.add(f"a friend {chance.random()}").ids[0]),
        lambda: mos.delete(one(), thaw=True),
        lambda: mos.restore([one()]),
        lambda: mos.edit(one(), {"state": "archived", "since": mos.now}),
        lambda: mos.purge(one(), thaw=True),
        lambda: mos.undo() if vault.position() else None,
        lambda: mos.snapshots.create(f"s{chance.random()}", "a note"),
        lambda: mos.pipeline.save_record("view", f"v{chance.randrange(3)}", {"tags": ["food"], "pinned": True}),
        lambda: set_policy(vault, mos.author("policy"), {"archive.decay": chance.choice((0.4, 0.5, 0.6))}),
        lambda: mos.tasks.end("move") if any(task.current for task in mos.tasks.list()) else None,
        lambda: embed(vault, chance.choice(("fake-1", "fake-2")), 3),
        lambda: mos.add(
            drafts=mos.pipeline.read(f"# Notes\n\nThe {chance.choice(TEXTS)} {chance.random()}.\n".encode(), name="n.md")
        ),
    )
    for _ in range(steps):
        clock.forward(minutes=chance.randrange(1, 500))
        with_refusals(chance.choice(doings))


def with_refusals(doing: Callable[[], object]) -> None:
    """Do it, unless memos refuses: what was purged has no way back, and what ended is over."""
    from memos_cli.errors import NotFound, Refused, UsageError

    with contextlib.suppress(Refused, NotFound, UsageError):
        doing()


def rich(mos: MOS, clock: Clock) -> Vault:
    """A small cube with something of everything."""
    live(mos, clock, random.Random(11), 40)
    vault = mos.vault("default")
    kept, gone, other = (mos.add(text, tags=["food"]).ids[0] for text in ("a plum a day", "a pear a day", "an apple a day"))
    mos.link(kept, LinkType.RELATES, other)
    mos.purge(gone)
    mos.add(drafts=mos.pipeline.read(b"# Bread\n\nThe oven needs an hour.\n", name="bread.md"))
    mos.snapshots.create("here")
    mos.pipeline.save_record("view", "eating", {"tags": ["food"]})
    set_policy(vault, mos.author("policy"), {"archive.decay": 0.7})
    embed(vault, "fake-1", 2)
    embed(vault, "fake-2")
    return vault
