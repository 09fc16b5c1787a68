"""Whatever memos accepts, through whichever door, can be exported, verified, imported, and exported again to the same bytes."""

import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
from memos_cli.infra.vault.check import check
from memos_cli.interface.reader import intake
from memos_cli.model import LinkType
from tests.conftest import Clock
from tests.fakes import Scripted
from tests.trials import trials

ANY = st.text(st.characters(), max_size=40)
"""Texts with every character that Python has, half surrogates and controls among them."""
NAMES = st.one_of(ANY, st.sampled_from(["", " ", "x" * 1001, "gar\x07den", "a\nb", "\x9b31m", "\u202eabc", "caf\u00e9", "\0"]))
LINES = st.one_of(NAMES, st.sampled_from(["---", "tags: [a, \x07]", "# ", "```", "commit abcdef1", "Author: \x1b <a@b.c>"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)


class Doors(RuleBasedStateMachine):
    """A cube that is written to by all that writes; what is refused has to leave it as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory(prefix="memos-", dir=os.environ.get("TMPDIR"))
        self.mos, self.other = (self._home(name) for name in ("here", "there"))
        self.ids: list[str] = []

    def _home(self, name: str) -> MOS:
        home = Path(self.folder.name) / name
        chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
        return MOS(home, settings=chosen, clock=self.clock)

    def _try(self, do: Any, *arguments: Any, **given: Any) -> Any:
        """What it answers; `None` if memos refuses it with one of its own errors. Any other error is a fault of memos."""
        try:
            return do(*arguments, **given)
        except MemosError:
            return None

    @initialize()
    def begin(self) -> None:
        self.ids += self.mos.add("where it began").ids

    @rule(text=LINES, fields=st.dictionaries(st.sampled_from(["key", "title", "task", "external_id"]), NAMES, max_size=2))
    def add(self, text: str, fields: dict[str, str]) -> None:
        if added := self._try(self.mos.add, text, **fields):
            self.ids += added.ids

    @rule(text=LINES, number=st.integers(0, 50), mode=st.sampled_from(["overwrite", "append", "merge"]))
    def edit(self, text: str, number: int, mode: str) -> None:
        self._try(self.mos.update, self.ids[number % len(self.ids)], text, mode=mode)

    @rule(name=NAMES, number=st.integers(0, 50))
    def tag(self, name: str, number: int) -> None:
        self._try(self.mos.switch, [self.ids[number % len(self.ids)]], "tag", {f"tag:{name}": True})

    @rule(kind=st.sampled_from(list(LinkType)), one=st.integers(0, 50), other=st.integers(0, 50))
    def link(self, kind: LinkType, one: int, other: int) -> None:
        self._try(self.mos.link, self.ids[one % len(self.ids)], kind, self.ids[other % len(self.ids)])

    @rule(
        row=st.dictionaries(
            st.sampled_from(["kind", "tags", "key", "source", "metadata", "ttl", "priority"]), VALUES, max_size=3
        ),
        text=LINES,
    )
    def add_lines(self, row: dict[str, Any], text: str) -> None:
        line = json.dumps({"content": text, **row}).encode()
        drafts = list(intake.from_lines([line], self.mos.now, {}, lambda *_: None))
        if drafts:
            self._try(self.mos.add, drafts=drafts)

    @rule(lines=st.lists(LINES, min_size=1, max_size=6), name=st.sampled_from(["a.md", "b.txt", "\x07.md", None]))
    def add_file(self, lines: list[str], name: str | None) -> None:
        content = "\n".join(lines).encode("utf-8", "replace")
        if drafts := self._try(self.mos.pipeline.read, content, name=name):
            self._try(self.mos.add, drafts=drafts)

    @rule(author=NAMES, message=LINES)
    def add_commits(self, author: str, message: str) -> None:
        log = f"commit {'ab' * 20}\nAuthor: {author} <a@b.c>\nDate:   Mon Nov 2 10:00:00 2026 +0100\n\n    {message}\n"
        if drafts := self._try(self.mos.pipeline.read, log.encode("utf-8", "replace"), name=None):
            self._try(self.mos.add, drafts=drafts)

    @rule(question=st.sampled_from(["Where did it begin?", "I am vegan now", "My sister Ana lives in Leeds."]), answer=LINES)
    def chat(self, question: str, answer: str) -> None:
        self._try(self.mos.conversation(Scripted(f"{answer} .", answer, answer)).ask, question)

    @rule(name=NAMES, tags=st.lists(NAMES, max_size=2))
    def view(self, name: str, tags: list[str]) -> None:
        self._try(self.mos.pipeline.save_record, "view", name, {"tags": tags})

    @rule(name=NAMES)
    def snapshot(self, name: str) -> None:
        self._try(self.mos.snapshots.create, name)

    @rule(text=LINES, number=st.integers(0, 50))
    def merge(self, text: str, number: int) -> None:
        self._try(self.other.add, text)
        self._try(self.mos.edit, self.ids[number % len(self.ids)], {"title": text})
        content = io.BytesIO()
        if self._try(self.other.transfer.export, target=content) is not None:
            content.seek(0)
            self.mos.cube_merge.merge_file(content, "there")

    @rule()
    def undo(self) -> None:
        self._try(self.mos.undo)

    @rule(number=st.integers(1, 50))
    def purge(self, number: int) -> None:
        if len(self.ids) > 1:
            self._try(self.mos.purge, self.ids[number % (len(self.ids) - 1) + 1])

    @invariant()
    def travels(self) -> None:
        if not self.ids:
            return
        first = io.BytesIO()
        self.mos.transfer.export(target=first)
        first.seek(0)
        assert self.mos.transfer.verify(first).digest
        first.seek(0)
        back = self._home("back")
        try:
            back.transfer.receive(first, "default")
            second = io.BytesIO()
            back.transfer.export(target=second)
            assert second.getvalue() == first.getvalue()
            assert not [fault for one in check(back.vault("default")) for fault in one.faults]
        finally:
            back.close()
            self._remove("back")

    def _remove(self, name: str) -> None:
        import shutil

        shutil.rmtree(Path(self.folder.name) / name)

    def teardown(self) -> None:
        self.mos.close()
        self.other.close()
        self.folder.cleanup()


TestDoors = pytest.mark.slow(Doors.TestCase)
TestDoors.settings = settings(
    max_examples=trials(3, 200), stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
