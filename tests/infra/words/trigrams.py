"""The recipe of `memos_cli/data/trigrams.txt`: groups of three letters that tell English from other languages in Latin script.

Made of the word lists that simplemma (MIT licence) carries: of each word of at most twelve letters every group of three, blanks
at both ends. A group counts by the logarithm of how much more often words of the other languages have it than English ones;
kept are the groups that tell most. Run it with: python -m tests.infra.words.trigrams FILE. The index of a cube is made with the
help of this table, so a new one needs a migration that makes all indexes anew.
"""

import math
import re
import sys
from collections import Counter
from pathlib import Path

MEANT = ("nl", "de", "fr", "es", "it", "pt")
BESIDES = ("sv", "da", "cs", "ro")
SHARE = 0.15
"""What the languages of `BESIDES` count together."""
KEPT = 1500
LONGEST = 12
SMALLEST = 1e-5
"""Added to each share, so that a group that one side lacks says little if it is rare on the other."""
STEPS = 2.5
"""Steps of the table in one unit of the natural logarithm; `languages` divides by it."""
MOST = 6


def groups(word: str) -> list[str]:
    edged = f" {word} "
    return [edged[place : place + 3] for place in range(len(edged) - 2)]


def shares(language: str) -> dict[str, float]:
    """How often each group occurs in the words of a language, of all groups."""
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    entries = DefaultDictionaryFactory().get_dictionary(language)
    words = {word.lower() for word in entries}
    counts = Counter(group for word in words if re.fullmatch(rf"[^\W\d_]{{2,{LONGEST}}}", word) for group in groups(word))
    whole = sum(counts.values())
    return {group: count / whole for group, count in counts.items()}


def table() -> dict[str, int]:
    """The steps of each kept group: above nought where it tells another language than English."""
    english = shares("en")
    others: Counter[str] = Counter()
    for names, share in ((MEANT, 1 - SHARE), (BESIDES, SHARE)):
        for name in names:
            for group, part in shares(name).items():
                others[group] += part * share / len(names)
    told: dict[str, tuple[float, float]] = {}
    for group in {*english, *others}:
        if re.fullmatch("[a-z ]{3}", group):
            here, there = others[group] + SMALLEST, english.get(group, 0.0) + SMALLEST
            told[group] = math.log(here / there), (here + there) * abs(math.log(here / there))
    best = sorted(told, key=lambda group: (-told[group][1], group))[:KEPT]
    steps = {group: max(-MOST, min(MOST, round(told[group][0] * STEPS))) for group in sorted(best)}
    return {group: step for group, step in steps.items() if step}


if __name__ == "__main__":
    found = table()
    lines = (
        f"{step} {','.join(group.replace(' ', '_') for group, one in found.items() if one == step)}"
        for step in sorted(set(found.values()))
    )
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="ascii")
