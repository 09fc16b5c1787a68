"""What agents were told before their servers were killed, and whether the cube agrees."""

from typing import Any

Call = dict[str, str]


class Known:
    """What the cube has to hold of a memory: one of these contents, alive or forgotten."""

    def __init__(self, content: str) -> None:
        self.contents = {content}
        self.lives = {True}

    def allows(self, content: str, life: object) -> bool:
        """Whether the memory may be so."""
        return content in self.contents and life in self.lives


class Heard:
    """What agents were told, over all rounds on one home.

    Attributes:
        kills, struck, within: servers killed; those that left a call without an answer; those that held the write lock.
        saved: answers that said that something is stored, changed or forgotten.
        false: of these, those that were not so for the process that looked first.
        lost: what was so for it, and was not at the end.
    """

    def __init__(self) -> None:
        self.kills = self.struck = self.within = self.saved = 0
        self.false: list[str] = []
        self.lost: list[str] = []
        self._known: dict[str, Known] = {}
        self._untold: set[str] = set()

    def take(self, line: dict[str, Any]) -> None:
        """Take in a round, and what the process that looked first has found."""
        for calls, within in zip(line["calls"], line["within"], strict=True):
            self.kills += 1
            self.within += within
            self.struck += any(said is None for _, said in calls)
            for call, said in calls:
                if said is None:
                    self._not_answered(call)
                else:
                    self._answered(call, said)
        named = {said["id"] for calls in line["calls"] for _, said in calls if said}
        named |= {call["id"] for calls in line["calls"] for call, _ in calls}
        for identity in named & set(self._known):
            known, there = self._known[identity], line["found"].get(identity)
            if there is None or not known.allows(*there):
                self.false.append(f"{identity}: {there}, not {known.contents} {known.lives}")
            else:  # what was under way is decided now
                known.contents, known.lives = {there[0]}, {there[1]}

    def _answered(self, call: Call, said: dict[str, Any]) -> None:
        status = said["status"]
        if status == "asked":  # nothing of the person's was changed; the new words wait beside
            self._untold.add(call["text"])
            return
        self.saved += 1
        if status == "forgotten":
            self._known[said["id"]].lives = {False}
            return
        if said["text"] != call["text"]:
            self.false.append(f"{said['id']}: said {said['text']!r} of {call['text']!r}")
        if status == "added":
            self._known[said["id"]] = Known(call["text"])
        else:
            self._known[said["id"]].contents = {call["text"]}

    def _not_answered(self, call: Call) -> None:
        known = self._known.get(call["id"])
        if known is None:
            self._untold.add(call["text"])
        elif call["tool"] == "forget":
            known.lives = {True, False}
        else:
            known.contents.add(call["text"])

    def end(self, found: dict[str, tuple[str, bool]], theirs: str) -> None:
        """Compare with all that is there at the end.

        Args:
            found: content and life of each memory, by the beginning of its id.
            theirs: the memory of the person, which no agent may have changed.
        """
        for identity, known in self._known.items():
            there = found.get(identity)
            if there is None or not known.allows(*there):
                self.lost.append(f"{identity}: {there}, not {known.contents} {known.lives}")
        strange = {content for identity, (content, _) in found.items() if identity not in self._known} - self._untold - {theirs}
        assert not strange, f"nobody told {strange}"
        assert theirs in {content for content, life in found.values() if life}
