"""What a message states in the present is kept; what only was, or was on another day, answers no question about this one."""

import re
from collections.abc import Sequence

from memos_cli.interface.chat import days
from memos_cli.interface.chat.answers import answer_questions, answer_words
from memos_cli.interface.reader import dates, intents
from memos_cli.interface.reader.extraction import Known, by_rules, plain
from memos_cli.interface.reader.mention import MONTHS, Mention, last_of
from memos_cli.interface.reader.reader import Reader
from memos_cli.interface.reader.told_times import RECURRENCE
from memos_cli.model import Draft, Kind, Memory
from memos_cli.operation.operator.dedupe import change
from memos_cli.operation.operator.dedupe import change_wordings as wordings
from memos_cli.operation.operator.dedupe.normal_form import read
from memos_cli.operation.operator.dedupe.verdicts import in_line
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.results import Hit
from memos_cli.times import Zone, noted

_OWN = re.compile(r"(?i)^(?:(?:actually|well|so|and|but|by the way|btw|also|now)[,\s]+)*(?:i|we|my|our)(?:'m|'ve|'re)?\b")
_TALK = re.compile(
    r"(?i)\b(?:you|your|yours|this|that|it|there|here|these|those|them|so|think|thought|guess|hope|see|mean|wonder|know|understand"
    r"|agree|sorry|thanks?|try|will|'ll|would|could|should|may|might|maybe|perhaps|if|let|going|want)\b"
)
_LEAST_WORDS = 4
_WHO = frozenset(("i", "we", "he", "she", "they"))
_MOVES = 12
"""The most memories that are looked at for a move."""
_MOST_CHARACTERS = 400
"""The characters of a memory in which its verb is looked for."""
_ASKS_NOW = re.compile(r"(?i)\b(?:do|does|am|is|are|have|has|can|live|work|what|where|who|which|wo|où|dónde|waar|dove)\b")
_ASKS_HOME = re.compile(
    r"(?i)\b(?:where (?:do|are) (?:i|we) (?:now )?(?:live|living|reside)|(?:which|what) (?:city|town|country) do (?:i|we) live"
    r"|wo (?:wohne|lebe) ich|wo (?:wohnen|leben) wir|waar woon ik|waar wonen (?:we|wij)"
    r"|où (?:est-ce que )?(?:j.habite|on habite)"
    r"|où (?:habité-je|habitons-nous)|dónde (?:vivo|vivimos))\b|我们?(?:现在)?住在?哪"
)
_ASKS_ONCE = re.compile(
    r"(?i)\b(?:did|was|were|had|used to|before|earlier|previous(?:ly)?|former(?:ly)?|once|ever|past|last|until"
    r"|any ?more|longer|over|change[ds]?|früher|avant|antes|vroeger|prima)\b"
)


def told(message: str, now: str, known: Known, reader: Reader) -> list[Draft]:
    """The sentences of a message that are worth keeping: those that the rules find, changes, and plain statements of oneself.

    Args:
        now: when it is said.
        known: whether a text was just shown, or said by the assistant.
        reader: what reads a sentence, in the zone of who says it.
    """
    found = {plain(draft.content): draft for draft in by_rules(message, now, reader)}
    drafts = []
    for sentence in intents.sentences(message):
        draft = found.pop(plain(sentence), None)
        if draft is None and _states(sentence):
            draft = reader.read_one(sentence, now=now)
        if draft is not None and not known(draft.content):
            drafts.append(draft)
    return [*drafts, *(draft for draft in found.values() if not known(draft.content))]


def _states(sentence: str) -> bool:
    """Whether a sentence says that something changed, or states something of the speaker as a whole sentence."""
    said = sentence.replace("\u2019", "'")
    if intents.asks(said):
        return False
    if change.is_told(read(said)):
        return True
    return len(said.split()) >= _LEAST_WORDS and _OWN.match(said) is not None and not _TALK.search(said)


def answering(message: str, found: Recalled, recalling: Recall) -> Recalled:
    """What was recalled, without what cannot answer a message: what only was for one that asks what is, and another day's.

    Who asks for a day alone gets what is dated then.
    """
    session = recalling.session
    holding = _at_home(message, _holding(message, found), recalling)
    return days.answering(message, _on_its_day(message, holding, session.now, session.zone), recalling)


def _holding(message: str, found: Recalled) -> Recalled:
    """What was recalled, without what only was, for a message that asks what is: "I used to live in York" tells no home.

    What a later memory denies is left out as well, whether or not a person has answered the question about the two.
    """
    if not intents.asks(message) or not _ASKS_NOW.search(message) or _ASKS_ONCE.search(message):
        return found
    everything = (*found.core, *found.topics, *(hit.memory for hit in found.hits))
    denying = [memory for memory in everything if change.denies(read(memory.content))]
    past = {
        memory.id for memory in everything if not _holds(memory) or _is_denied(memory, denying) or _only_was(message, memory)
    }
    core, topics = (tuple(one for one in part if one.id not in past) for part in (found.core, found.topics))
    return found._replace(core=core, topics=topics, hits=tuple(hit for hit in found.hits if hit.memory.id not in past))


def _at_home(message: str, found: Recalled, recalling: Recall) -> Recalled:
    """What was recalled, with the last move of the one who asks where they live: "I moved to Leeds" has no word of it."""
    if not _ASKS_HOME.search(message) or _ASKS_ONCE.search(message):
        return found
    lines = [line for block in wordings.blocks() if block.name == "home" for line in block.lines if line.sign == "m"]
    told = " ".join(sorted(frozenset().union(*(line.words for line in lines))))
    moves = [hit.memory for hit in recalling.search(told, _MOVES, all_hits=True).hits if _is_move(hit.memory, lines)]
    if not moves:
        return found
    last = max(moves, key=in_line)
    rest = [hit for hit in found.hits if hit.memory.id != last.id]
    if any(in_line(hit.memory) > in_line(last) and not _is_move(hit.memory, lines) for hit in rest):
        return found
    return found._replace(hits=(Hit(last, 1.0), *rest))


def _is_move(memory: Memory, lines: Sequence[wordings.Wording]) -> bool:
    """Whether a memory says that the one who told it moved to a place."""
    for clause in change.clauses(read(memory.content)):
        for match in filter(None, (line.match(clause.short, clause.words) for line in lines)):
            who, where = match.groupdict().get("s") or "", match["v"]
            place = not where[:1].islower() and where.casefold().split()[0] not in wordings.words("no places")
            if who.casefold() in {"", "i", "we"} and place:
                return True
    return False


def _only_was(message: str, memory: Memory) -> bool:
    """Whether a memory says in the past what an English question asks of the present: "I lived in York" tells no home."""
    asked = answer_questions.read(message)
    verb = asked.verb or asked.light
    if asked.opener not in {"do", "does"} or asked.once or verb is None:
        return False
    said = answer_words.words(memory.content[:_MOST_CHARACTERS])
    places = [place for place, word in enumerate(said) if word.stem == verb.stem]
    return bool(places) and all(
        place and answer_words.is_past(said[place].low) and (said[place - 1].low in _WHO or said[place - 1].name)
        for place in places
    )


def _on_its_day(message: str, found: Recalled, now: str, zone: Zone) -> Recalled:
    """What was recalled, without what names the day that is asked for in the same words, told on another day.

    "I went to the gym yesterday", told a week ago, is no answer to what was done yesterday.
    """
    if not intents.asks(message) or not dates.may_name_a_time(message):
        return found
    named = [one for one in dates.mentions(message, zone.local(now)) if _is_relative(one)]
    if len(named) != 1:
        return found
    return found._replace(hits=tuple(hit for hit in found.hits if not _was_another_day(hit.memory, named[0], zone)))


def _is_relative(asked: Mention) -> bool:
    """Whether the words mean another day on another day, or name a year."""
    last = asked.text.casefold().split()[-1]
    return last[:3] not in MONTHS and (last.isdigit() or not any(map(str.isdigit, asked.text)))


def _was_another_day(memory: Memory, asked: Mention, zone: Zone) -> bool:
    times = noted(memory.metadata)
    last = asked.text.casefold().split()[-1:]
    if RECURRENCE in memory.metadata or not any(one.text.casefold().split()[-1:] == last for one in times):
        return False
    spans = [(one.day, last_of(one.day, one.unit)) for one in times]
    spans += [(day, day) for at in (memory.occurred_at, memory.valid_from) if at and (day := zone.day(at))]
    return all(end < asked.day or first > (asked.last or asked.day) for first, end in spans)


def _is_denied(memory: Memory, denying: Sequence[Memory]) -> bool:
    later = (read(one.content) for one in denying if in_line(one) > in_line(memory))
    return any(change.between(read(memory.content), one) is not None for one in later)


def _holds(memory: Memory) -> bool:
    return memory.kind in {Kind.RULE, Kind.PROCEDURE} or not change.is_over(read(memory.content))
