"""Facts of several people that are easily mixed up, and questions that tell whether a reader mixes them up.

The facts are relations of memos-mini's grammar. Asked are: each fact; the same relation of somebody of whom it is not told;
another relation of the same person; yes or no with the right and the wrong value and with the wrong person; what was so before
and is so now; and somebody whom the memories do not name. What is not told is unknown, whoever else it is told of.
"""

import random

from memos_cli.operation.prompt.layout import Line
from tests.mini import grammar, words
from tests.mini.grammar import ME, RELATIONS, Relation, Split, Subject
from tests.smollm2.samples import UNKNOWN, Sample, dated, day, laid_out, spoken, typed

RNG = random.Random
_RELATIVES = {"spouse", "mother", "father", "sister", "brother", "daughter", "son", "friend", "boss", "teacher", "neighbour"}
"""Relations that name a person whom `my sister Mira` would name, too."""
_LEFT_OUT = _RELATIVES | {"answers", "call_me", "maiden", "nickname", "landlord"}
_STRANGE = {"kids", "siblings", "age", "height", "weight", "runs", "sleep"}
"""Relations whose wrong value may be right in another sense, such as a child more: no question is made of a wrong one."""
_NEGATED = (
    ("{S} [don't|doesn't] {b} {v}", "{b} {v}"),
    ("{S} [don't|doesn't] {b} {v} any more", "{b} {v}"),
    ("{S} never {B} {v}", "{b} {v}"),
    ("{S} stopped {b}ing {v}", "{b} {v}"),
)
_VERBS = (
    ("eat", "eats", "dish"),
    ("drink", "drinks", "drink"),
    ("cook", "cooks", "dish"),
    ("play", "plays", "sport"),
    ("speak", "speaks", "language"),
)


def people(rng: RNG, count: int) -> list[Subject]:
    """Different people: mostly with me among them, relatives with or without a name, and people with a name."""
    found = [ME] if rng.random() < 0.8 else []
    taken: set[str] = set()
    while len(found) < count:
        she = rng.random() < 0.5
        name = rng.choice(words.FEMALE if she else words.MALE)
        if rng.random() < 0.15:
            name = words.invented(rng).capitalize()
        kin = rng.choice([k for k in grammar.KIN if k not in (grammar._HE if she else grammar._SHE)])
        pick = rng.random()
        if {name, kin} & taken:
            continue
        taken |= {name, kin}
        if pick < 0.4:
            found.append(Subject((name,), (name,), she))
        elif pick < 0.75:
            found.append(Subject((f"my {kin}",), (f"my {kin}",), she))
        else:
            found.append(Subject((f"my {kin} {name}",), (f"my {kin}", name, f"my {kin} {name}"), she))
    return found


def relations(rng: RNG, count: int) -> list[Relation]:
    """Relations of which none is near another: what is told of one says nothing about the other."""
    found: list[str] = []
    while len(found) < count:
        name = rng.choice([n for n in RELATIONS if n not in _LEFT_OUT])
        if not any(name in grammar._NEAR.get(other, {other}) or other in grammar._NEAR.get(name, {name}) for other in found):
            found.append(name)
    return [RELATIONS[name] for name in found]


def _asked(relation: Relation, who: Subject, rng: RNG) -> str:
    wording = rng.choice([text for text, held in relation.asks if not held] or [relation.asks[0][0]])
    return grammar.question(grammar.fill(wording, rng.choice(who.asked), she=who.she), rng)


def _checked(relation: Relation, who: Subject, value: str, rng: RNG) -> str:
    return grammar.question(grammar.fill(rng.choice(relation.checks), rng.choice(who.asked), value, she=who.she), rng)


def _told(relation: Relation, who: Subject, value: str, rng: RNG) -> str:
    wording = rng.choice([text for text, held in relation.says if not held] or [relation.says[0][0]])
    return grammar._sentence(grammar.fill(wording, who.names[0], value, she=who.she), rng)


def _values(kind: str, count: int, rng: RNG, split: Split) -> list[str]:
    """Different values of a kind, of which none is a part of another."""
    found: list[str] = []
    for _ in range(200):
        value = grammar._value(kind, rng, split)
        if not any(value.lower() in other.lower() or other.lower() in value.lower() for other in found):
            found.append(value)
        if len(found) == count:
            break
    return found


def _denied(rng: RNG, cast: list[Subject], split: Split) -> tuple[str, list[tuple[str, str]]]:
    """A sentence that denies something of one person, and what is asked of it."""
    base, third, kind = rng.choice(_VERBS)
    who, value = rng.choice(cast), grammar._value(kind, rng, split)
    template, _ = rng.choice(_NEGATED)
    doing = {"play": "playing", "speak": "speaking"}.get(base, base + "ing")
    said = template.replace("{b}ing", doing).replace("{B}", base if who.me else third).replace("{b}", base)
    text = grammar._cap(grammar.fill(said, who.names[0], value, she=who.she)) + "."
    others = [other for other in cast if other is not who]

    def asked(person: Subject) -> str:
        return grammar.question(f"{'do' if person.me else 'does'} {rng.choice(person.asked)} {base} {value}", rng)

    return text, [(asked(who), "No."), *((asked(other), UNKNOWN) for other in others[:1])]


def sample(rng: RNG, *, held: bool = False, most: int = 10) -> Sample:  # noqa: C901, PLR0912, PLR0915 - a scene, from top to bottom
    """A scene: two to four people, two to four relations, some of each told. held: values that training never sees."""
    split = Split(values=held, odd=0.1)
    cast = people(rng, rng.randint(2, 4))
    chosen = relations(rng, rng.randint(2, 4))
    others = [r for r in relations(rng, 12) if not any(r.name in grammar._NEAR.get(c.name, {c.name}) for c in chosen)]
    others = [r for r in others if not any(c.name in grammar._NEAR.get(r.name, {r.name}) for c in chosen)]
    by_name = rng.random() < 0.15  # what was said in a conversation, with the speaker's name before it
    if by_name:
        cast = [Subject((name,), (name,), name in words.FEMALE) for name in rng.sample(words.FEMALE + words.MALE, len(cast))]
    rows: list[Line] = []
    sure: list[tuple[str, str]] = []
    hard: list[tuple[str, str]] = []
    days = sorted(day(rng) for _ in range(40))

    def tell(relation: Relation, who: Subject, value: str, date: str | None) -> None:
        speaks = by_name and rng.random() < 0.7
        text = _told(relation, ME if speaks else who, value, rng)
        speaker = who.names[0] if speaks else rng.choice(cast).names[0] if by_name else None
        if by_name and not speaks and speaker == who.names[0]:
            speaker = None
        rows.append(Line(text, date, speaker))

    changing = rng.random() < 0.5
    for relation in chosen:
        count = rng.randint(1, max(1, len(cast) - (rng.random() < 0.75)))
        values = _values(relation.kind, count + 2, rng, split)
        if len(values) < count + 2:
            continue
        owners = rng.sample(cast, count)
        for who, value in zip(owners, values, strict=False):
            old = values[count]
            changed = changing and not relation.many and rng.random() < 0.35
            if changed:
                first, second = sorted(rng.sample(range(40), 2))
                tell(relation, who, old, days[first])
                tell(relation, who, value, days[second])
            else:
                tell(relation, who, value, rng.choice(days) if changing else None)
            sure.append((_asked(relation, who, rng), spoken(value, relation.kind)))
            if not relation.checks:
                continue
            if rng.random() < 0.4:
                sure.append((_checked(relation, who, value, rng), "Yes."))
            elif not relation.many and relation.name not in _STRANGE:
                wrong = old if changed or count == 1 else rng.choice([v for v in values[:count] if v != value])
                sure.append((_checked(relation, who, wrong, rng), f"No, {value}".rstrip(".") + "."))
        for who in [person for person in cast if person not in owners][:2]:
            hard.append((_asked(relation, who, rng), UNKNOWN))
            if relation.checks:
                hard.append((_checked(relation, who, rng.choice(values[:count]), rng), UNKNOWN))
    hard += [(_asked(relation, rng.choice(cast), rng), UNKNOWN) for relation in rng.sample(others, min(2, len(others)))]
    if rng.random() < 0.3:
        stranger = words.name(rng)
        if not any(stranger in " ".join((*who.names, *who.asked)) for who in cast):
            hard.append((_asked(rng.choice(chosen), Subject((stranger,), (stranger,)), rng), UNKNOWN))
    if rng.random() < 0.35 and not by_name:
        text, asked = _denied(rng, cast, split)
        rows.append(Line(text, rng.choice(days) if changing else None))
        sure.append(asked[0])
        hard += asked[1:]
    if rng.random() < 0.15:
        rows.append(Line(rng.choice(grammar.NOISE), rng.choice(days) if changing else None))
    rng.shuffle(rows)
    rows = sorted(rows, key=lambda row: row.date or "") if changing else dated(rows, rng)
    rng.shuffle(sure)
    rng.shuffle(hard)
    refused = min(len(hard), max(1, round(most * 0.45)))
    asks = [*sure[: most - refused], *hard[:refused]]
    rng.shuffle(asks)
    return Sample(laid_out(rows, rng), tuple((typed(q, rng), a) for q, a in asks), "rivals")
