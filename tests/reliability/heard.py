"""What writers said before they were killed, and whether the cube agrees."""

import re

BATCH = 3
"""Memories that a writer adds in one transaction now and then."""
_PART = re.compile(r"(writer \S+ batch \d+) part \d+")


class Heard:
    """What writers said before they were killed."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.edits: dict[str, str] = {}
        self.adds: set[str] = set()

    def take(self, said: str) -> None:
        """The lines of one writer; the last may be torn, and then it was not said."""
        open_edit: tuple[str, str] | None = None
        for line in said.split("\n")[:-1]:
            word, identity, content = line.split(" ", 2)
            if word == "ack":
                self.acknowledged[identity] = content
                open_edit = None
                self.adds.discard(content)
            elif identity == "-":
                self.adds.add(content)
            else:
                open_edit = identity, content
        if open_edit:  # it may have been committed and not acknowledged
            self.edits[open_edit[0]] = open_edit[1]

    def kept(self, found: dict[str, str]) -> None:
        """Nothing acknowledged is missing or different."""
        for identity, content in self.acknowledged.items():
            assert identity in found
            assert found[identity] in {content, self.edits.get(identity, content)}

    def compare(self, found: dict[str, str]) -> None:
        """Nothing acknowledged is missing or different, nothing is there that nobody wrote, and of no batch a part alone."""
        self.kept(found)
        assert {content for identity, content in found.items() if identity not in self.acknowledged} <= self.adds
        parts = [part[1] for content in found.values() if (part := _PART.match(content))]
        assert {parts.count(one) for one in set(parts)} <= {BATCH}
