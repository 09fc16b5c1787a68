"""What is particular to files that are notes of a notebook: their links, their tags, and those that memos wrote itself.

`file_changes` brings their paragraphs in step like those of any file, and asks this module about the rest.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold
from memos_cli.operation.operator import file_records
from memos_cli.operation.operator.notebook.mentions import WIKI, Mentions

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.model import Draft, Memory
    from memos_cli.operation.operator.file_pairs import Former
    from memos_cli.operation.operator.file_records import FileRecord

READ = ("front_matter", WIKI, "front_matter_fault", "observation", "relation")
"""What the reader of notes notes in the metadata of a memory."""


class Notebook:
    """The notes below some folders.

    Args:
        vault: the cube.
        author: who reads them.
        folders: the absolute paths of the folders.
        exported: the records of notes that memos wrote, whose links are not read.
    """

    def __init__(self, vault: "Vault", author: "Author", folders: Sequence[str], exported: Collection[str] = ()) -> None:
        self._vault, self._author, self._exported = vault, author, exported
        self._folders = [f"{folder.rstrip(os.sep)}{os.sep}" for folder in folders]

    def news(self, former: "Former", draft: "Draft") -> dict[str, Any]:
        """What a note says anew about a paragraph whose words stayed: tags that are gone, its links and its front matter."""
        known, tags = former.memory, set(map(compared, draft.tags))
        change: dict[str, Any] = {
            name: None
            for name, value in former.base.items()
            if name.startswith(fold.TAG)
            and value
            and compared(tag := name.removeprefix(fold.TAG)) not in tags
            and tag in known.tags
        }
        noted = {name: value for name, value in known.metadata.items() if name not in READ}
        noted |= {name: draft.metadata[name] for name in READ if name in draft.metadata}
        return change | ({"metadata": noted or None} if noted != known.metadata else {})

    def link(self, unit: "Unit", records: Mapping[str, "FileRecord"], untouchable: "Callable[[Memory], str | None]") -> None:
        """Set the links between the notes, as their records are now."""
        owner, notes = self._vault.meta["owner"], dict[str, Sequence[str]]()
        for name, record in records.items():
            if name in self._exported:
                continue
            path = file_records.path_of(name, self._author.principal, owner)
            root = next((one for one in self._folders if path and path.startswith(one)), None)
            if path and root:
                notes[path] = record.memories
        Mentions(self._vault, unit, notes, untouchable).settle()

    def written(self, records: Mapping[str, "FileRecord"]) -> dict[str, str]:
        """The memories of the notes that memos wrote, by the names of their files without the ending, as they compare."""
        found: dict[str, str] = {}
        for name in self._exported:
            record = records.get(name)
            if record is not None and len(record.memories) == 1:
                stem = name.rpartition(os.sep)[2].rpartition(".")[0]
                found.setdefault(compared(stem), record.memories[0])
        return found
