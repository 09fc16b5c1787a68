"""What speaks for a memory's saying yes or no to a question, and what against it: numbers for `answer_scores`. Pure."""

from memos_cli.interface.chat.answers.answer_clauses import ME
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_signs import DAYS, Signs
from memos_cli.interface.chat.answers.answer_words import as_set, is_mark, opposites, tongue
from memos_cli.interface.chat.answers.told_memories import Told, digits_of, match

_CUES = (
    "not", "never", "no", "only", "instead", "now", "without", "left", "sold", "gave", "up", "off", "out", "stopped", "quit",
    "back", "still", "too", "but", "until", "again", "can", "must", "may", "will", "would", "than", "failed", "passed",
    "cancelled", "lost", "broke", "moved", "changed", "finished", "paid", "came", "and", "if", "wants", "says", "negative",
    "free", "closed", "none", "nothing", "was", "since", "from", "scared", "hates", "over", "postponed", "works", "has",
)  # fmt: skip
_ASKED = (
    "still", "yet", "any", "ever", "already", "allowed", "can", "may", "new", "only", "not", "own", "have", "has", "did", "was",
    "will", "is", "does", "do", "are", "am", "like", "eat", "come", "coming", "open", "work", "go", "and", "or", "than", "the",
)  # fmt: skip
_NEGATED = as_set("not never no without nobody nothing none neither nor hardly negative")


def closed_signs(signs: Signs, told: Told) -> tuple[dict[str, float], bool]:
    """The signs of a memory for a question that wants a yes or no, and whether the memory is of the one who is asked about."""
    asked = signs.asked
    hits = [(place, at, sure) for place, own in enumerate(told.hits) for at, sure in own]
    words = [(place, at, sure) for place, at, sure in hits if not asked.names[place]]
    chosen = _nearest(signs, told, words or hits)
    parts = {told.parts[at] for at in chosen}
    low = [word.low for word in told.words]
    beside = [one for one, part in zip(low, told.parts, strict=True) if part in parts]
    question = set(signs.low)
    shares = [signs.share(one) for one in signs.told]
    found = {name: value for name, value in signs.of_question().items() if not name.startswith(("q who", "q whom", "q whose"))}
    found |= signs.of_words(told, chosen, shares)
    people = signs.of_people(told, chosen, ())
    found |= people
    found |= signs.of_truth(told, chosen, ())
    found |= signs.of_age(told, shares, (), Figures())
    for cue in _CUES:
        found[f"c {cue}"] = float(cue in beside and cue not in question) + 0.5 * float(cue in low and cue not in beside)
    for cue in _ASKED:
        found[f"k {cue}"] = float(cue in question)
    start = min(chosen, default=0)
    before = [word for word, part in zip(told.words[:start], told.parts, strict=False) if part in parts]
    found["negated before"] = float(any(word.low in _NEGATED for word in before))
    found["negated behind"] = float(any(one in _NEGATED for one in low[start:]))
    found["opposite"] = float(any(one in opposites() for one in beside))
    numbers = {number for word in signs.said for number in digits_of(word)}
    theirs = {number for word in told.words for number in digits_of(word)}
    found["number asked"] = float(bool(numbers))
    found["number missing"] = float(bool(numbers - theirs))
    found["number else"] = float(bool(numbers - theirs) and bool(theirs - numbers))
    days, its = DAYS & question, DAYS & set(low)
    found["day asked"] = float(bool(days))
    found["day missing"] = float(bool(days - its))
    found["day else"] = float(bool(days - its) and bool(its - days))
    names = [at for at, name in enumerate(asked.names) if name]
    found["names missing"] = float(sum(not told.hits[at] for at in names))
    found["words missing"] = float(
        sum(not told.hits[at] for at, name in enumerate(asked.names) if not name and not asked.sorts[at])
    )
    verb = signs.reading.question.verb or signs.reading.question.light
    found["verb said"] = float(verb is not None and any(match(verb.stem, word.stem) for word in told.words))
    found["fragment"] = float(not told.people)
    found["exclaims"] = float("!" in told.source.line.text)
    mine = tongue("en").me | tongue("en").my
    first = any(word.low in mine for word in told.words)
    path = signs.reading.path
    if path == ME:
        of_whom = (first or not _others(told)) and (not told.source.line.speaker or people["first asked"] > 0)
    else:
        of_whom = not found["names missing"] and (path is None or people["asked there"] > 0)
    return found, bool(of_whom)


def _others(told: Told) -> bool:
    return any(who != ME and not (0 <= start < len(told.words) and is_mark(told.words[start])) for start, _, who in told.people)


def _nearest(signs: Signs, told: Told, hits: list[tuple[int, int, float]]) -> list[int]:
    """Of each word that is asked for the place that is nearest to those of the others."""
    chosen: dict[int, int] = {}
    for place, at, _ in sorted(hits, key=lambda hit: -hit[2]):
        if place not in chosen or _away(signs, told, at, chosen, place) < _away(signs, told, chosen[place], chosen, place):
            chosen[place] = at
    return sorted(set(chosen.values()))


def _away(signs: Signs, told: Told, at: int, chosen: dict[int, int], place: int) -> int:
    return sum(signs.distance(told, at, other) for one, other in chosen.items() if one != place)
