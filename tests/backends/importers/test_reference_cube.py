"""Cubes of the reference implementation: lists and graphs of texts, and pickles that stay shut."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.model import Kind
from tests.contracts.importer import ImporterContract, retyped

ITEMS: list[dict[str, Any]] = [
    {
        "id": "9f1c",
        "memory": "I prefer window seats",
        "metadata": {
            "type": "opinion",
            "memory_time": "2025-07-02",
            "source": "conversation",
            "confidence": 91.0,
            "entities": ["seat"],
            "tags": ["travel"],
            "visibility": "private",
            "updated_at": "2025-07-02T10:00:00",
            "user_id": "kim",
            "embedding": [0.1, 0.2],
        },
    },
    {"id": "8a", "memory": "Old flat", "metadata": {"type": "fact", "status": "archived", "memory_time": "last spring"}},
    {"id": "7b", "memory": "Gone", "metadata": {"status": "deleted"}},
]
CONFIG = {
    "model_schema": "memos.configs.mem_cube.GeneralMemCubeConfig",
    "user_id": "kim",
    "text_mem": {"backend": "general_text", "config": {"memory_filename": "textual_memory.json"}},
    "act_mem": {"backend": "kv_cache", "config": {"memory_filename": "activation_memory.pickle"}},
}
BOMB = b"cos\nsystem\n(S'touch opened'\ntR."
"""A pickle that runs a command when it is opened."""


def cube(folder: Path, items: object = ITEMS, config: object = CONFIG) -> Path:
    made = folder / "mem_cube"
    made.mkdir()
    (made / "config.json").write_text(json.dumps(config))
    (made / "textual_memory.json").write_text(json.dumps(items))
    (made / "activation_memory.pickle").write_bytes(BOMB)
    return made


class TestReferenceCube(ImporterContract):
    name = "memos-reference"

    def sample(self, folder: Path) -> Path:
        return cube(folder)

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        items = json.loads(json.dumps(ITEMS))
        place = chance.randrange(len(items))
        items[place] = retyped(items[place], chance)
        return cube(folder, items)

    def test_texts_become_memories(self, tmp_path: Path) -> None:
        seats, flat = self.drafts(cube(tmp_path))
        assert (seats.content, seats.external_id, seats.kind) == (
            "I prefer window seats",
            "memos-reference:9f1c",
            Kind.PREFERENCE,
        )
        assert (seats.occurred_at, seats.confidence, seats.tags) == ("2025-07-02T00:00:00.000Z", 0.91, ("travel",))
        assert seats.metadata["user_id"] == "kim"
        assert "embedding" not in seats.metadata
        assert (flat.occurred_at, flat.metadata["memory_time"], flat.metadata["status"]) == (None, "last spring", "archived")

    def test_the_pickle_is_never_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made = cube(tmp_path)
        opened: list[str] = []
        plain = Path.open
        monkeypatch.setattr(Path, "open", lambda path, *rest, **more: (opened.append(path.name), plain(path, *rest, **more))[1])
        assert self.skipped(made) == {"a pickle, which is never opened": 1, "deleted there": 1}
        assert "activation_memory.pickle" not in opened
        assert not (tmp_path / "opened").exists()

    def test_a_graph_has_its_texts_in_nodes(self, tmp_path: Path) -> None:
        made = cube(tmp_path, {"nodes": ITEMS, "edges": [{"source": "9f1c", "target": "8a", "type": "PARENT"}] * 2})
        assert len(self.drafts(made)) == 2
        assert self.skipped(made)["a relation between two texts"] == 2

    def test_the_texts_lie_in_the_cube_whatever_its_settings_say(self, tmp_path: Path) -> None:
        (tmp_path / "secret.json").write_text(json.dumps(ITEMS))
        text_mem = {"backend": "general_text", "config": {"memory_filename": "../secret.json"}}
        made = cube(tmp_path, [ITEMS[1]], CONFIG | {"text_mem": text_mem})
        assert [one.content for one in self.drafts(made)] == ["Old flat"]

    def test_the_file_alone_will_do(self, tmp_path: Path) -> None:
        texts = cube(tmp_path) / "textual_memory.json"
        assert self.importer().matches(texts)
        assert len(self.drafts(texts)) == 2

    def test_a_cube_without_texts_is_refused(self, tmp_path: Path) -> None:
        made = cube(tmp_path)
        (made / "textual_memory.json").unlink()
        with pytest.raises(UsageError, match="no texts"):
            self.read(made)
