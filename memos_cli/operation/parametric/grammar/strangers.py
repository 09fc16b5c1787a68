"""Strangers: invented people, things and values for the negatives and the replay of a data set.

Most values are made-up words, so that a model which answers with one has read it in the prompt and cannot have known it.
"""

# ruff: noqa: SIM905, E501 -- words read better as prose

import random

_FIRST = (
    "Abel Ada Alma Anton Arlo Basil Bela Cleo Cora Dario Della Edgar Elsa Emil Fay Fergus Flora Gino Greta Hal Hazel Hector Ilse Ines"
    " Iris Ivo Jonah Juno Kaspar Lola Lorna Magnus Mabel Milo Myra Nell Nico Odette Orla Otis Pearl Petra Quinn Rafael Rhea Roman"
    " Selma Silas Stella Tilda Tobias Ulla Una Viggo Wanda Wilma Xenia Yara Zelda"
).split()
_LAST = "Ahlgren Bauer Castell Dorn Eklund Farkas Gallo Hartwell Ibsen Jarvis Keller Lund Moss Norris Ortiz Penn Reyes Stone Thorn Vega".split()
_KIN = "sister brother cousin aunt uncle neighbour colleague friend boss teacher flatmate niece nephew".split()
_ONSETS = "b br c d dr f fl g gr h j k kl l m n p pl qu r s st t tr v w z".split()
_VOWELS = "a e i o u ai ea ou".split()
_CODAS = ["", "", "l", "n", "r", "s", "t", "m", "x", "nd", "rt", "sk"]
_LISTS = {
    "colour": "red blue green yellow white black brown grey purple orange pink turquoise teal violet amber navy",
    "city": "Lisbon Oslo Prague Dublin Vienna Turin Lyon Bergen Porto Ghent Riga Bristol Leeds Boston Lima Quito Osaka Perth",
    "country": "Norway Spain Italy Poland Greece Peru Chile Kenya Japan India Canada Iceland Portugal Denmark Finland Vietnam",
    "subject": "law physics chemistry history music biology geology medicine philosophy economics botany",
    "dish": "lasagne curry sushi risotto goulash paella ramen falafel dumplings pancakes chili couscous",
    "drink": "tea coffee cocoa lemonade cider kefir juice milk espresso water",
    "allergen": "peanuts milk eggs pollen dust shellfish soy wheat sesame penicillin nickel cats",
    "diet": "vegan vegetarian pescatarian keto",
    "illness": "asthma diabetes migraine hay fever anaemia arthritis",
    "sport": "tennis football hockey rugby handball squash cricket volleyball",
    "instrument": "piano cello flute harp trumpet violin oboe banjo guitar drums",
    "language": "Spanish French Dutch Polish Greek Finnish Swahili Hindi Turkish Welsh",
    "activity": "sailing knitting climbing hiking painting fishing rowing baking skating juggling",
    "plant": "roses tulips dahlias lavender daisies poppies thyme lilies",
    "things": "stamps coins shells old maps postcards clocks comics vinyl records",
    "transport": "by bus|by train|by bike|on foot|by tram|by car",
    "style": "briefly|in one sentence|in detail|politely|in French|with examples",
    "way": "black|with milk|with sugar|with oat milk|strong",
    "sign": "Aries Taurus Gemini Cancer Leo Virgo Libra Scorpio Sagittarius Capricorn Aquarius Pisces",
    "dept": "sales support marketing finance research design logistics",
    "count": "two three four five six seven eight",
}
_JOBS = "nurse baker pilot plumber lawyer farmer tailor welder chemist barber editor gardener".split()
_ANIMALS = "cat dog rabbit hamster parrot goldfish tortoise pony snake".split()
_MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
THINGS = (
    "lamp chair clock kettle tent scarf camera drum ladder basket radio carpet helmet kite mirror suitcase rucksack toaster fridge oven"
    " piano sofa parcel map poster jacket coat canoe sledge tractor printer tablet keyboard telescope vase candle blanket pillow bucket"
    " workshop lecture concert museum library bakery clinic report contract recipe playlist podcast server database wheel engine"
).split()
ADJECTIVES = "red blue green small old new round wooden heavy silver yellow spare broken cheap narrow".split()
DEEDS = (
    "buy bought|sell sold|paint painted|repair repaired|find found|lose lost|borrow borrowed|build built|order ordered|hide hid|open opened"
    "|make made|send sent|clean cleaned|rent rented|steal stole|wash washed|draw drew|return returned|pack packed|carry carried|win won"
    "|choose chose|polish polished|bring brought|unpack unpacked|measure measured|cancel cancelled|collect collected|replace replaced"
).split("|")
"""Verbs for what people do with things, each in the present and in the past."""
HABITS = "love hate own prefer use wear like want need avoid enjoy collect miss trust recommend".split()
TIMES = ("yesterday", "last week", "last Sunday", "in May", "last spring", "at noon", "this morning")
LEADS = (
    "By the way,",
    "Note:",
    "Remember:",
    "I heard that",
    "For later:",
    "One more thing:",
    "Important:",
    "You should know that",
)
ATTRIBUTES = (
    "code number price name owner size weight colour author title address deadline version label password key logo origin shape diameter"
    " manager sponsor nickname theme dosage volume edition temperature"
).split()
"""Attributes of things: `{N}` in `OF_THINGS`."""
OF_THINGS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "code",
        ("the {N} of {E} is {v}", "{E} has the {N} {v}"),
        ("what is the {N} of {E}", "what {N} does {E} have", "tell me the {N} of {E}"),
    ),
    ("word", ("the {N} for {E} is {v}", "{E} has {v} as its {N}"), ("what is the {N} for {E}", "which {N} does {E} have")),
    ("number", ("{E} has {N} {v}", "as {N} {E} has {v}"), ("which {N} does {E} have", "what is the {N} of {E}")),
    (
        "place",
        ("{E} is {v}", "{E} stands {v}", "I put {E} {v}"),
        ("where is {E}", "where does {E} stand", "where can I find {E}"),
    ),
    ("place", ("{E} was left {v}", "somebody left {E} {v}"), ("where was {E} left", "where is {E}")),
    (
        "person",
        ("{E} belongs to {v}", "{v} is the owner of {E}"),
        ("who does {E} belong to", "whose is {E}", "who is the owner of {E}"),
    ),
    ("person", ("{v} looks after {E}", "{v} takes care of {E}"), ("who looks after {E}", "who takes care of {E}")),
    ("person", ("{E} was designed by {v}", "{v} designed {E}"), ("who designed {E}", "by whom was {E} designed")),
    ("money", ("{E} costs {v}", "the price of {E} is {v}"), ("how much does {E} cost", "what is the price of {E}")),
    ("money", ("the repair of {E} costs {v}", "to repair {E} takes {v}"), ("what does the repair of {E} cost",)),
    ("colour", ("{E} is {v}", "{E} was painted {v}"), ("what colour is {E}", "which colour does {E} have")),
    ("word", ("{E} is called {v}", "the name of {E} is {v}"), ("what is {E} called", "what is the name of {E}")),
    ("time", ("{E} opens at {v}", "from {v} on {E} is open"), ("when does {E} open", "what time does {E} open")),
    ("time", ("{E} closes at {v}", "{E} is over at {v}"), ("when does {E} close", "what time is {E} over")),
    ("when", ("{E} is on {v}", "{E} takes place on {v}"), ("when is {E}", "on what day is {E}", "when does {E} take place")),
    ("day", ("{E} is due on {v}", "{E} has to be ready on {v}"), ("when is {E} due", "when does {E} have to be ready")),
    ("city", ("{E} is in {v}", "one finds {E} in {v}"), ("where is {E}", "in which city is {E}")),
    ("company", ("{E} comes from {v}", "{v} made {E}"), ("where does {E} come from", "who made {E}")),
    ("weight", ("{E} weighs {v}", "the weight of {E} is {v}"), ("how much does {E} weigh", "how heavy is {E}")),
    ("duration", ("{E} takes {v}", "{E} lasts {v}"), ("how long does {E} take", "how long does {E} last")),
    (
        "phone",
        ("the phone number of {E} is {v}", "call {v} for {E}"),
        ("what is the phone number of {E}", "which number do I call for {E}"),
    ),
)
"""What can be said about a thing `{E}`: the kind of its value, statements, and questions."""


def word(rng: random.Random, syllables: int = 0) -> str:
    """A made-up word, such as `stourax`."""
    count = syllables or rng.randint(2, 3)
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if rng.random() < 0.6 else "") for _ in range(count)
    )


def who(rng: random.Random) -> str:
    """An invented person, such as `Greta`, `my cousin Otis` or `my aunt`."""
    pick = rng.random()
    first = rng.choice(_FIRST) if rng.random() < 0.7 else word(rng, 2).capitalize()
    return first if pick < 0.55 else f"my {rng.choice(_KIN)}" if pick < 0.8 else f"my {rng.choice(_KIN)} {first}"


def day(rng: random.Random) -> str:
    """A random day as the prompt shows it, such as `2025-03-02`."""
    return f"{rng.randint(2018, 2027)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def value(kind: str, rng: random.Random) -> str:  # noqa: C901, PLR0911, PLR0912 -- one flat table of kinds
    """A random value of one of the kinds in `wordings`."""
    listed = _LISTS.get(kind)
    if listed and rng.random() < (0.4 if "|" not in listed else 1.0):
        return rng.choice(listed.split("|") if "|" in listed else listed.split())
    digits = "".join(rng.choice("0123456789") for _ in range(8))
    match kind:
        case "city" | "country" | "company" | "language" | "school":
            return word(rng).capitalize()
        case "person" | "surname":
            first, last = rng.choice(_FIRST), rng.choice(_LAST) if rng.random() < 0.5 else word(rng, 2).capitalize()
            return last if kind == "surname" else rng.choice((first, f"{first} {last}", f"Dr. {last}"))
        case "title":
            return f"The {rng.choice((word(rng), rng.choice(THINGS))).capitalize()} {rng.choice(THINGS).capitalize()}"
        case "job" | "animal" | "object" | "car":
            noun = {"job": _JOBS, "animal": _ANIMALS, "object": THINGS, "car": THINGS}[kind]
            bare = word(rng) if rng.random() < 0.5 else rng.choice(noun)
            bare = bare.capitalize() if kind == "car" else bare
            bare = f"{rng.choice(ADJECTIVES)} {bare}" if kind in {"object", "car"} and rng.random() < 0.6 else bare
            return ("an " if bare[0] in "aeiouAEIOU" else "a ") + bare
        case "age" | "size":
            return str(rng.randint(18, 90))
        case "number":
            return str(rng.randint(2, 999))
        case "year":
            return str(rng.randint(1940, 2035))
        case "day" | "when":
            named = f"{rng.randint(1, 28)} {rng.choice(_MONTHS)}"
            at = f"{rng.choice(DAYS)} at {rng.randint(7, 20)}:{rng.choice(('00', '15', '30', '45'))}"
            return rng.choice((named, rng.choice(DAYS), at)) if kind == "when" else named
        case "time":
            return f"{rng.randint(5, 23)}:{rng.choice(('00', '10', '15', '30', '45'))}"
        case "phone":
            return rng.choice((f"0{digits[:3]} {digits[3:]}", f"555 {digits[:3]} {digits[3:7]}"))
        case "email":
            return f"{word(rng, 2)}@{word(rng, 2)}.{rng.choice(('com', 'org', 'net'))}"
        case "address":
            return f"{rng.randint(1, 180)} {word(rng).capitalize()} {rng.choice(('Street', 'Road', 'Lane', 'Square'))}"
        case "code":
            return rng.choice((f"{word(rng, 2).upper()[:3]}{digits[:3]}", f"{word(rng, 2)}-{digits[:2]}"))
        case "blood":
            return rng.choice(("A", "B", "AB", "O")) + rng.choice(("+", "-", " positive", " negative"))
        case "height":
            return f"{rng.randint(150, 200)} cm"
        case "weight":
            return f"{rng.randint(45, 120)} kg"
        case "money":
            return f"{rng.randint(3, 400) * 10} {rng.choice(('euros', 'dollars', 'pounds'))}"
        case "distance":
            return f"{rng.randint(2, 40)} km"
        case "duration":
            return f"{rng.randint(2, 12)} hours"
        case "place":
            where = rng.choice(("in the", "on the", "under the", "behind the", "next to the"))
            return f"{where} {rng.choice(THINGS)}"
        case "software" | "word":
            return word(rng, 2).capitalize()
        case "medicine":
            return f"{rng.randint(1, 20) * 5} mg of {word(rng)}"
    return word(rng)
