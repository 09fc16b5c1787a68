"""From an answer back to the memories that it rests on, and from memories to an answer without a model. Pure functions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from memos_cli.interface.chat.answers import answer_clauses, answer_forms, answer_questions, answer_words
from memos_cli.interface.chat.answers.answer_names import truecased
from memos_cli.interface.chat.answers.readings import Ground
from memos_cli.interface.chat.other_things import is_about_another_thing
from memos_cli.interface.reader import intents
from memos_cli.model import Memory
from memos_cli.operation.prompt.attribution import UNCONFIRMED, ages, is_by_person, other
from memos_cli.operation.prompt.fence import fenced
from memos_cli.operation.prompt.layout import Line, Prompt
from memos_cli.operation.prompt.model_request import UNKNOWN
from memos_cli.operation.results import Hit, Laid

MOST_EXTRACTS = 3
NEAR = 0.6
"""The share of the best hit's score that another hit needs to be part of an extractive answer."""
_OWN_WORDS = frozenset({"yes", "no", "you", "yet"})
"""Words that memos-mini's answers may end with although no memory contains them."""
_HIS = frozenset({"his", "her", "their"})
_NUMBERED = re.compile(r"[\[(](\d{1,2}(?:\s*,\s*\d{1,2})*)[\])]")


def broken_off(answer: str, prompt: Prompt) -> bool:
    """Whether an answer that should be a copy ends with only a part of a word of its prompt, as `garden` for `gardening`.

    memos-mini may take the beginning of an unknown word for a word that it knows, and be sure of it: it did so in 8 of 2,000
    questions with known wordings about an earlier file.
    """
    last = re.findall(r"\w+", answer.casefold())[-1:]
    told = {word for said in _said(prompt) for word in re.findall(r"\w+", said.casefold())}
    return any(word not in told | _OWN_WORDS and any(each.startswith(word) for each in told) for word in last)


def _said(prompt: Prompt) -> Iterator[str]:
    yield prompt.question
    yield from (turn.text for turn in prompt.conversation)
    yield from (part for each in prompt.lines for part in (each.text, each.date, each.speaker) if part)


def cited(answer: str, question: str, lines: Sequence[Line]) -> list[int]:
    """The indexes of the lines that an answer rests on: the lines it numbers, else the lines that share its own words.

    Words of the question count only where the answer has no others ("Yes.", "No, I don't.").
    """
    if answer.strip().startswith(UNKNOWN.rstrip(".")):
        return []
    numbers = [int(number) for found in _NUMBERED.findall(answer) for number in found.split(",")]
    if named := [number - 1 for number in dict.fromkeys(numbers) if 1 <= number <= len(lines)]:
        return named
    asked = intents.terms(question)
    words = intents.terms(answer) - asked
    shares = [(len(words & intents.terms(each.text)), len(asked & intents.terms(each.text))) for each in lines]
    most = max(shares, default=(0, 0))
    if most[0] == 0:
        # The answer has no words of its own: if it is short, the words of the question lead to the memory.
        most_asked = max((share[1] for share in shares), default=0)
        short = len(answer.split()) <= 6
        return [number for number, share in enumerate(shares) if short and most_asked and share[1] == most_asked][:1]
    best = [number for number, share in enumerate(shares) if share == most]
    covered = words & intents.terms(lines[best[0]].text)
    chosen = best[:1]
    for number, each in sorted(enumerate(lines), key=lambda pair: -shares[pair[0]][0]):
        if more := (words & intents.terms(each.text)) - covered:
            chosen.append(number)
            covered |= more
    return chosen


def extracts(hits: Sequence[Hit], person: str = "", question: str = "", most: int = MOST_EXTRACTS) -> list[Memory]:
    """The memories that answer a question by themselves, best first, unconfirmed ones last; none where no hit fits.

    What the person told is cited as if nothing else were there. What a file or a talk brought, and what nobody vouched for,
    stands beside it and takes no place of it. What is about somebody or something else than the question is not cited.

    Args:
        hits: the best first.
        person: who asks.
        question: what is asked.
        most: how many are cited of each.
    """
    fitting = [hit for hit in hits if hit.fits]
    others = _about_others(question, [hit.memory for hit in fitting])
    fitting = [
        hit
        for hit in fitting
        if hit.memory.id not in others and not (question and is_about_another_thing(question, hit.memory.content))
    ]
    trusted = [hit for hit in fitting if not hit.memory.untrusted]
    told = _near([hit for hit in trusted if is_by_person(hit.memory, person)], most)
    brought = [memory for memory in _near(trusted, most) if memory not in told][: max(1, most - len(told))]
    own = [hit.memory for hit in trusted if hit.memory in told or hit.memory in brought]
    strange = [memory for memory in _near(fitting, most) if memory.untrusted]
    return [*own, *strange[: max(1, most - len(own))]]


def _about_others(question: str, memories: Sequence[Memory]) -> set[str]:
    """The memories that are about somebody else than an English question: "Ben's birthday" where it asks for Anna's.

    One that names who is meant, or whose subject is nobody, the person, or may be who is meant, is none of these.
    """
    question, texts = truecased(
        question, [memory.content for memory in memories], english=answer_words.tongue_of(question) == "en"
    )
    asked = answer_questions.read(question)
    who = asked.path
    english = asked.opener or asked.closed or "'s" in question.replace("\u2019", "'")
    if not english or who is None or who == answer_clauses.NOBODY:
        return set()
    told = {memory.id: answer_clauses.clauses(text) for memory, text in zip(memories, texts, strict=True)}
    if who == answer_clauses.ME and not asked.owned:
        return _of_others(asked, told, {who})
    called = answer_clauses.names([clause for found in told.values() for clause in found])
    wanted = {who, *asked.others, *((name,) for name in called.get(who, ()))}
    wanted |= {kin for kin, names in called.items() if who[0] in names}
    others = {memory.id for memory in memories if _is_about_another(asked, wanted, memory.content, told[memory.id])}
    return others | _of_others(asked, told, wanted)


def _of_others(
    asked: answer_questions.Question, told: Mapping[str, Sequence[answer_clauses.Clause]], wanted: set[answer_clauses.Path]
) -> set[str]:
    """The memories that say of others alone what is asked of somebody, where another one says it of them."""
    verb = asked.verb or asked.light
    saying = {
        identity: {path for clause in found for path in clause.subjects}
        for identity, found in told.items()
        if verb is not None and any(word.stem == verb.stem for clause in found for word in clause.words)
    }
    if not any(wanted & subjects for subjects in saying.values()):
        return set()
    named = {identity: {path for clause in found for path in clause.mentions} for identity, found in told.items()}
    meant = {*wanted, *asked.others, answer_clauses.NOBODY}
    return {identity for identity, subjects in saying.items() if subjects and not meant & (subjects | named[identity])}


def _is_about_another(
    asked: answer_questions.Question,
    wanted: set[answer_clauses.Path],
    text: str,
    told: Sequence[answer_clauses.Clause],
) -> bool:
    subjects = {path for clause in told for path in clause.subjects}
    if not subjects or subjects & {answer_clauses.ME, answer_clauses.NOBODY}:
        return False
    said = {stem for word in answer_words.words(text) for stem in (word.low, word.stem)}
    if any(path != answer_clauses.ME and all(set(part.split()) <= said for part in path) for path in wanted):
        return False
    if any(path[: len(who)] == who for who in wanted for path in subjects):
        return False
    # "Ben has the keys" may say where Anna's are; "Ben's keys are in the car" does not.
    return not asked.owned or any(clause.owned for clause in told) or bool(_HIS & said)


def _near(hits: Sequence[Hit], most: int) -> list[Memory]:
    return [hit.memory for hit in hits if hit.score >= NEAR * hits[0].score][:most]


def grounds(laid: Laid, person: str, now: str) -> list[Ground]:
    """What is known of the memories of a prompt beside their lines, for `guards.judge`."""
    prompt, memories = laid
    stable = len(prompt.core) + len(prompt.topics)
    return [
        Ground(
            key=memory.key,
            since=since,
            ended=memory.valid_to is not None and memory.valid_to <= now,
            told=is_by_person(memory, person),
            found=place >= stable,
        )
        for place, (memory, since) in enumerate(zip(memories, ages(memories, person), strict=True))
    ]


def is_withheld(answer: str, hits: Sequence[Hit]) -> bool:
    """Whether a model says that it does not know, where what it was not shown may say so: no prompt has what is unconfirmed."""
    return answer_forms.is_refusal(answer) and any(hit.memory.untrusted for hit in hits if hit.fits)


def quoted(memory: Memory, content: str, person: str) -> str:
    """A memory's words as an answer: where they are not the person's own, on one line behind a mark, or who said them."""
    marks = [UNCONFIRMED] if memory.untrusted else []
    if (said := other(memory, person)) is not None:
        marks.append(fenced(said).replace(":", " ") + ":")
    return " ".join((*marks, fenced(content))) if marks else content
