"""Values: real words, numbers and dates, and invented ones, so that a reader of them has to copy instead of to know.

A value whose checksum falls into one of eight residues is held out: training never sees it.
"""

# ruff: noqa: E501 - the tables read better in long lines

import random
import zlib

RNG = random.Random


def _w(text: str) -> list[str]:
    return text.split()


def _l(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


FEMALE = _w("""Mira Anna Lena Nora Tessa Ida Clara Julia Emma Olivia Sofia Hannah Ruth Grace Alice Eva Lucy Maya Zoe Ella Rosa
Irene Priya Aisha Fatima Yuki Mei Ingrid Astrid Freya Carmen Lucia Elena Marta Nadia Olga Katya Amara Zainab Leila Sarah Jane
Mary Linda Karen Helen Diana Paula Laura Amy Kate Beth Vera Edith Agnes Naomi Miriam Judith Esther Chloe Camille Margot""")
MALE = _w("""Tom Jonas Peter Paul Max Felix Oscar Hugo Leo Ben Sam Jack Harry George Henry Arthur Noah Liam Lucas Adam David
Daniel Michael Martin Robert Richard Simon Victor Ivan Boris Oleg Kofi Kwame Omar Ali Hassan Raj Arjun Kenji Hiro Chen Wei Lars
Sven Erik Nils Pablo Diego Carlos Marco Luca Matteo Pierre Jean Louis Bruno Otto Walter Frank Gus Joe Bob Mark Luke Owen""")
SURNAMES = _w("""Smith Jones Brown Miller Davis Wilson Moore Taylor Clark Lewis Walker Hall Young King Wright Hill Green Baker
Novak Kowalski Ivanov Petrov Schmidt Weber Fischer Rossi Moretti Garcia Lopez Silva Costa Dubois Laurent Jansen Berg Lindgren
Nielsen Tanaka Sato Kim Park Nguyen Singh Patel Khan Haddad Mensah Okoro Abebe Cohen Levy Murphy Kelly Byrne""")
NOUNS = _w("""lamp chair table door window bottle cup plate spoon knife kettle pan oven fridge clock mirror carpet sofa bed pillow
blanket shelf box bag basket bucket ladder hammer drill saw screwdriver nail rope wire cable battery charger phone tablet laptop
printer keyboard screen camera tripod lens radio speaker guitar piano drum flute violin book notebook diary letter envelope stamp
pen pencil brush painting poster ticket map passport wallet purse watch ring necklace scarf coat jacket hat glove boot shoe shirt
dress skirt belt umbrella suitcase tent stove lantern canoe kayak boat bike scooter tyre helmet car van truck trailer caravan
engine garden fence gate hedge lawn tree bush rose seed shovel rake hose pond shed roof wall floor ceiling stairs cellar attic
kitchen bathroom bedroom hall garage balcony terrace chimney heater boiler pipe tap sink shower toilet towel soap bread cake pie
soup salad cheese butter honey jam sauce pasta rice bean onion carrot potato tomato pepper apple pear plum cherry lemon grape
melon fish steak sausage egg milk juice wine beer coffee tea sugar salt ball racket net ski sledge skate puzzle game toy doll kite
puppet costume mask statue vase candle curtain desk drawer cabinet safe key lock bell alarm sensor server router disk backup
report invoice contract budget plan meeting project prototype database script website logo poster flyer survey course lesson
exam essay thesis poem song film play concert festival party wedding parcel package order receipt bill loan parrot hamster
microscope telescope compass barometer tractor plough beehive greenhouse sculpture manuscript recipe calendar medal trophy""")
ADJECTIVES = _w("""red blue green yellow white black brown grey purple orange old new big small tiny huge long short round square
wooden metal plastic glass paper silver golden cheap broken heavy light soft hard clean dirty dark bright fast slow quiet loud
warm cold wet dry sweet sour empty full open striped spotted rusty shiny fancy plain strange lost spare second first last""")
_COLOURS = _w("red blue green yellow white black brown grey purple orange pink turquoise crimson teal violet amber navy ochre")
_CITIES = _w("""London Paris Berlin Madrid Rome Vienna Prague Oslo Stockholm Helsinki Lisbon Dublin Athens Warsaw Budapest Zurich
Geneva Milan Naples Turin Seville Valencia Lyon Nice Hamburg Munich Cologne Leipzig Dresden Gdansk Krakow Riga Tallinn Vilnius
Glasgow Edinburgh Bristol York Oxford Boston Chicago Denver Seattle Austin Toronto Montreal Lima Bogota Quito Nairobi Accra Lagos
Cairo Tunis Delhi Mumbai Hanoi Seoul Tokyo Osaka Kyoto Sydney Perth Auckland""") + _l(
    "New York, San Diego, Buenos Aires, Cape Town"
)
_COUNTRIES = _w("""France Spain Italy Germany Austria Poland Norway Sweden Finland Denmark Ireland Greece Portugal Hungary Croatia
Turkey Egypt Kenya Ghana Nigeria Morocco India Nepal Japan Korea Vietnam Thailand Peru Chile Brazil Mexico Canada Iceland
Scotland Wales""") + _l("New Zealand, South Africa, Costa Rica, Sri Lanka")
_JOBS = _w("""nurse teacher plumber carpenter baker doctor lawyer pilot farmer driver cook painter singer writer editor gardener
tailor dentist chemist librarian journalist mechanic welder electrician firefighter barber butcher waiter translator programmer
accountant architect biologist""") + _l(
    "tax adviser, bus driver, web designer, sound engineer, flight attendant, data analyst, midwife"
)
_DISHES = _l("""pizza, pasta, sushi, curry, tacos, dumplings, ramen, lasagne, risotto, paella, falafel, pancakes, goulash, mushrooms,
olives, spinach, liver, tofu, oysters, fish soup, fried rice, onion soup, apple pie, potato salad, roast duck, lentil stew,
cauliflower, beetroot, rice pudding, peanut noodles, garlic bread, cabbage rolls""")
_DRINKS = _l(
    "coffee, tea, water, milk, cocoa, beer, red wine, apple juice, lemonade, green tea, black tea, mint tea, oat milk, iced coffee, kefir"
)
_ALLERGENS = _l(
    "peanuts, nuts, milk, eggs, wheat, soy, fish, shellfish, pollen, dust, cats, dogs, bees, latex, penicillin, strawberries, celery, sesame, horses, mustard"
)
_DIETS = _w("vegan vegetarian pescatarian gluten-free lactose-free omnivorous low-carb kosher halal")
_MEDICINES = _w("aspirin ibuprofen insulin metformin lisinopril paracetamol amoxicillin cortisone statins zinc iron")
_ILLNESSES = _l(
    "asthma, diabetes, migraine, gout, arthritis, insomnia, anaemia, high blood pressure, hay fever, back pain, a cold, the flu, eczema"
)
_ANIMALS = _l("""cat, dog, hamster, rabbit, tortoise, parrot, goldfish, guinea pig, snake, lizard, pony, goat, duck, hen, ferret, canary,
hedgehog, donkey, budgie, gecko, rat, mouse""")
_FEARS = _l(
    "spiders, snakes, heights, thunder, the dark, dogs, wasps, flying, deep water, clowns, needles, crowds, mice, lifts"
)
_ACTIVITIES = _w("""swimming running hiking climbing cycling dancing reading painting drawing knitting sewing cooking baking gardening
fishing sailing rowing skiing skating surfing singing writing chess pottery juggling birdwatching camping photography yoga""")
_SPORTS = _l(
    "football, tennis, hockey, basketball, volleyball, handball, badminton, golf, rugby, cricket, table tennis, squash, judo, baseball"
)
_INSTRUMENTS = _w("piano guitar violin cello flute trumpet drums harp clarinet saxophone accordion banjo ukulele oboe tuba")
_LANGUAGES = _w(
    "English French Spanish German Italian Dutch Polish Czech Welsh Irish Swedish Greek Turkish Arabic Hindi Thai Korean Japanese Russian Swahili"
)
_SUBJECTS = _l("""physics, chemistry, biology, history, law, medicine, music, art, geology, philosophy, economics, computer science,
marine biology, civil engineering, art history, mathematics, linguistics, psychology, nursing""")
_PLANTS = _l(
    "roses, tulips, daisies, lilies, sunflowers, orchids, tomatoes, beans, pumpkins, herbs, lavender, peonies, carrots, basil"
)
_THINGS = _l(
    "stamps, coins, postcards, vinyl records, old maps, watches, shells, teapots, comics, posters, minerals, buttons, badges, puzzles, fossils, toy trains"
)
_TRANSPORT = _l("by bus, by train, by bike, by car, by tram, on foot, by ferry, by scooter, by taxi, with a colleague")
_STYLES = _l(
    "in one sentence, in French, in short, briefly, in rhyme, politely, with an example, step by step, without jargon, in plain words, in bullet points"
)
_WAYS = _l(
    "black, with milk, with sugar, with oat milk, without sugar, strong, weak, with two sugars, iced, with cream, lukewarm"
)
_SIGNS = _w("Aries Taurus Gemini Cancer Leo Virgo Libra Scorpio Sagittarius Capricorn Aquarius Pisces")
_DEPTS = _l(
    "billing, sales, support, design, research, marketing, security, logistics, hiring, the archive, quality, training, the canteen, data"
)
_MAKES = _w("Volvo Skoda Fiat Ford Toyota Honda Mazda Opel Renault Peugeot Kia Tesla Seat Audi Saab")
_STREETS = _w("Street Road Lane Avenue Square Hill Way Close")
_FIRMS = _w("Bank Works Labs Foods Systems Motors Trust Books Media Group Stores")
DAYS = _w("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = _w("January February March April May June July August September October November December")
_SPOTS = _l("""the drawer, the shelf, the cellar, the garage, the attic, the kitchen, the hall, the car, the office, the shed, the desk, the door,
the cupboard, the fridge, the window, the stairs, the bed, the wardrobe, the sofa, the bookcase, the gate, the station, the church""")
_PREPS = _l("in, on, under, behind, next to, beside, near, at the back of, in front of, on top of, above")
_NUMBERS = _w("one two three four five six seven eight nine ten eleven twelve")

_ONSET = _w("b c d f g h j k l m n p r s t v w z b d f g k l m n p r s t v br dr gr pl st sh th tr qu z")
_VOWEL = _w("a e i o u a e i o a e o ai ee oo ou y")
_CODA = ["", "", "", "", "n", "r", "l", "s", "t", "m", "k", "x", "nd", "th"]


def invented(rng: RNG, low: int = 1, high: int = 3) -> str:
    """A word that nobody has used, of one to three syllables, most often two."""
    syllables = min(max(rng.choice((1, 2, 2, 2, 3)), low), high)
    word = "".join(rng.choice(_ONSET) + rng.choice(_VOWEL) + rng.choice(_CODA) for _ in range(syllables))
    return word if len(word) > 2 else word + rng.choice("nrlstk") + rng.choice("aeio")


def name(rng: RNG) -> str:
    """A first name, one in three invented."""
    return invented(rng).capitalize() if rng.random() < 0.35 else rng.choice(FEMALE + MALE)


def person(rng: RNG) -> str:
    """A name as people write it: first name, both, or with a title."""
    pick = rng.random()
    surname = invented(rng).capitalize() if rng.random() < 0.4 else rng.choice(SURNAMES)
    if pick < 0.55:
        return name(rng)
    if pick < 0.8:
        return f"{name(rng)} {surname}"
    return f"{rng.choice(_w('Dr. Mr. Mrs. Ms.'))} {surname}"


def title(rng: RNG) -> str:
    """A title of a book, a band, a film: one to four words with capitals."""
    pick = rng.random()
    if pick < 0.3:
        return invented(rng).capitalize()
    first, second = rng.choice(ADJECTIVES).capitalize(), rng.choice(NOUNS).capitalize()
    if pick < 0.55:
        return f"The {first} {second}"
    if pick < 0.7:
        return f"{first} {second}"
    if pick < 0.85:
        return f"The {second} of {rng.choice(NOUNS).capitalize() if rng.random() < 0.5 else invented(rng).capitalize()}"
    return f"{second} and {rng.choice(NOUNS).capitalize()}"


def article(noun: str) -> str:
    """The noun with `a` or `an`."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def _digits(rng: RNG, low: int, high: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(low, high)))


def _time(rng: RNG) -> str:
    pick = rng.random()
    if pick < 0.5:
        return f"{rng.randint(0, 23)}:{rng.choice(['00', '05', '10', '15', '20', '30', '40', '45', '50'])}"
    if pick < 0.7:
        return f"{rng.randint(1, 12)} {rng.choice(['am', 'pm'])}"
    if pick < 0.85:
        return f"half past {rng.choice(_NUMBERS)}"
    return f"{rng.choice(_NUMBERS)} o'clock"


def day(rng: RNG) -> str:
    """A day of the year in one of the usual spellings."""
    n, month = rng.randint(1, 28), rng.choice(MONTHS)
    suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(n, "th")
    return rng.choice(
        [
            f"{month} {n}",
            f"{n} {month}",
            f"{month} {n}{suffix}",
            f"the {n}{suffix} of {month}",
            f"the {n}{suffix}",
            f"{n} {month} {rng.randint(2015, 2029)}",
        ]
    )


def when(rng: RNG) -> str:
    """A day, with or without a time."""
    pick = rng.random()
    if pick < 0.35:
        return rng.choice(DAYS)
    if pick < 0.55:
        return f"{rng.choice(DAYS)} at {_time(rng)}"
    if pick < 0.65:
        return f"{rng.choice(DAYS)} {rng.choice(['morning', 'afternoon', 'evening', 'night'])}"
    return day(rng)


def _money(rng: RNG) -> str:
    amount = rng.choice([rng.randint(2, 99), rng.randint(100, 5000), rng.randint(1, 90) * 50])
    return rng.choice(
        [
            f"{amount} euros",
            f"{amount} dollars",
            f"{amount} pounds",
            f"${amount}",
            f"{amount} francs",
            f"{amount} crowns",
        ]
    )


def _code(rng: RNG) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
    return rng.choice([
        f"{letters}{_digits(rng, 2, 4)}", f"{letters}-{_digits(rng, 2, 4)}", f"{invented(rng)}-{_digits(rng, 1, 3)}",
        f"{invented(rng)}{_digits(rng, 1, 4)}", f"{rng.choice(NOUNS)}-{invented(rng)}-{_digits(rng, 1, 3)}", f"{invented(rng)}_{rng.choice(NOUNS)}",
    ])  # fmt: skip


def thing(rng: RNG) -> str:
    """An object with its article: a lamp, a red lamp, an old zorvan."""
    noun = rng.choice(NOUNS) if rng.random() < 0.8 else invented(rng, 1, 2)
    return article(f"{rng.choice(ADJECTIVES)} {noun}" if rng.random() < 0.5 else noun)


def place(rng: RNG) -> str:
    """Where something lies, with its preposition."""
    spot = rng.choice(_SPOTS) if rng.random() < 0.6 else "the " + thing(rng).split(" ", 1)[1]
    return f"{rng.choice(_PREPS)} {spot}"


def _or(real: list[str], rng: RNG, share: float, *, capital: bool = False) -> str:
    if rng.random() >= share:
        return rng.choice(real)
    word = invented(rng)
    return word.capitalize() if capital else word


def _any(kind: str, rng: RNG) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one flat table of kinds
    match kind:
        case "colour":
            return _or(_COLOURS, rng, 0.35)
        case "city":
            return _or(_CITIES, rng, 0.5, capital=True)
        case "country":
            return _or(_COUNTRIES, rng, 0.4, capital=True)
        case "job":
            return article(
                _or(_JOBS, rng, 0.3)
                if rng.random() < 0.8
                else f"{rng.choice(NOUNS)} {rng.choice(['maker', 'seller', 'designer', 'tester'])}"
            )
        case "company":
            base = invented(rng).capitalize()
            return base if rng.random() < 0.5 else f"{rng.choice([base, rng.choice(SURNAMES)])} {rng.choice(_FIRMS)}"
        case "subject":
            return _or(_SUBJECTS, rng, 0.3)
        case "school":
            return f"{rng.choice([invented(rng).capitalize(), rng.choice(_CITIES), 'Saint ' + rng.choice(FEMALE)])} {rng.choice(['School', 'College', 'Academy'])}"
        case "age" | "number" | "size":
            return str(rng.randint(1, {"age": 99, "number": 999, "size": 60}[kind]))
        case "day":
            return day(rng)
        case "year":
            return str(rng.randint(1930, 2039))
        case "phone":
            return rng.choice(
                [
                    f"0{_digits(rng, 3, 4)} {_digits(rng, 5, 7)}",
                    f"{_digits(rng, 3, 3)}-{_digits(rng, 4, 4)}",
                    f"+{_digits(rng, 2, 2)} {_digits(rng, 3, 3)} {_digits(rng, 6, 7)}",
                    f"555 {_digits(rng, 3, 3)} {_digits(rng, 4, 4)}",
                ]
            )
        case "email":
            return f"{rng.choice([invented(rng), name(rng).lower()])}@{invented(rng)}.{rng.choice(['com', 'org', 'net', 'de'])}"
        case "address":
            return rng.choice(["{n} {s}", "{s} {n}"]).format(
                n=rng.randint(1, 200),
                s=f"{rng.choice([invented(rng).capitalize(), rng.choice(NOUNS).capitalize(), rng.choice(MALE)])} {rng.choice(_STREETS)}",
            )
        case "dish":
            return (
                _or(_DISHES, rng, 0.3)
                if rng.random() < 0.8
                else f"{rng.choice(NOUNS)} {rng.choice(['soup', 'stew', 'pie', 'salad'])}"
            )
        case "drink":
            return _or(_DRINKS, rng, 0.3)
        case "allergen":
            return _or(_ALLERGENS, rng, 0.3)
        case "diet":
            return _or(_DIETS, rng, 0.3)
        case "medicine":
            word = _or(_MEDICINES, rng, 0.6)
            return word if rng.random() < 0.6 else f"{rng.randint(1, 40) * 5} mg of {word}"
        case "illness":
            return _or(_ILLNESSES, rng, 0.3)
        case "blood":
            return rng.choice(["A", "B", "AB", "0", "O"]) + rng.choice(["+", "-", " positive", " negative"])
        case "person":
            return person(rng)
        case "surname":
            return _or(SURNAMES, rng, 0.5, capital=True)
        case "petname":
            return (
                invented(rng, 1, 2).capitalize()
                if rng.random() < 0.6
                else rng.choice(FEMALE + MALE + [n.capitalize() for n in NOUNS])
            )
        case "word":
            return rng.choice([invented(rng).capitalize(), invented(rng), name(rng)])
        case "animal":
            return article(_or(_ANIMALS, rng, 0.3))
        case "thing":
            return _or(_FEARS, rng, 0.3)
        case "activity":
            return _or(_ACTIVITIES, rng, 0.15)
        case "sport":
            return _or(_SPORTS, rng, 0.3)
        case "instrument":
            return _or(_INSTRUMENTS, rng, 0.35)
        case "language":
            return _or(_LANGUAGES, rng, 0.35, capital=True)
        case "title":
            return title(rng)
        case "plant":
            return _or(_PLANTS, rng, 0.35)
        case "car":
            colour = rng.choice(_COLOURS) + " " if rng.random() < 0.5 else ""
            return article(f"{colour}{_or(_MAKES, rng, 0.4, capital=True)}")
        case "code":
            return _code(rng)
        case "height":
            return rng.choice(
                [f"{rng.randint(140, 205)} cm", f"1.{rng.randint(40, 99)} m", f"{rng.randint(140, 205)} centimetres"]
            )
        case "weight":
            return f"{rng.randint(40, 130)} {rng.choice(['kg', 'kilos', 'pounds'])}"
        case "money":
            return _money(rng)
        case "time":
            return _time(rng)
        case "transport":
            return rng.choice(_TRANSPORT)
        case "when":
            return when(rng)
        case "object":
            return thing(rng)
        case "things":
            return _or(_THINGS, rng, 0.3) if rng.random() < 0.7 else f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}s"
        case "place":
            return place(rng)
        case "software":
            base = invented(rng, 1, 2).capitalize()
            return base if rng.random() < 0.6 else f"{base} {rng.randint(1, 30)}"
        case "dept":
            return _or(_DEPTS, rng, 0.3)
        case "count":
            return rng.choice(_NUMBERS) if rng.random() < 0.6 else str(rng.randint(2, 12))
        case "distance":
            return f"{rng.randint(1, 60)} {rng.choice(['km', 'miles', 'kilometres'])}"
        case "duration":
            return f"{rng.choice([*_NUMBERS, str(rng.randint(2, 60))])} {rng.choice(['hours', 'minutes', 'days', 'weeks'])}"
        case "sign":
            return rng.choice(_SIGNS)
        case "style":
            return rng.choice(_STYLES) if rng.random() < 0.7 else f"in {_or(_LANGUAGES, rng, 0.5, capital=True)}"
        case "way":
            return rng.choice(_WAYS) if rng.random() < 0.7 else f"with {invented(rng)}"
    raise ValueError(kind)


def is_held(value: str) -> bool:
    """Whether training must not see this value."""
    return zlib.crc32(value.encode()) % 8 == 0


_ODD = {"colour", "city", "country", "job", "company", "subject", "dish", "drink", "allergen", "diet", "illness", "animal", "thing",
    "activity", "sport", "instrument", "language", "plant", "things", "transport", "dept", "count", "sign", "style", "way"}  # fmt: skip
_ENDINGS = _w("ing er s ist ry ful ton y land ness ville ster ling ish ware room board")


def odd(told: str, rng: RNG, *, alone: bool = False) -> str:
    """The value with a word in it that goes on otherwise than any known one, or (but for `alone`) with one word more.

    A model that copies must go on to the end of what stands there. Where it knows `garden` and has never met `gardening`
    it stops half way; it learns not to from `gardenou`, from `garden zorvan` and from `zorvan garden`.
    """
    first, _, rest = told.partition(" ")
    lead, known = (first, rest) if rest and first in {"a", "an", "the", "by", "in", "on", "with", "without"} else ("", told)
    *before, last = known.split(" ")
    pick = rng.random() * (0.6 if alone else 1.0)
    if pick < 0.35 or (pick < 0.6 and len(last) < 4):
        last += rng.choice(_ENDINGS) if rng.random() < 0.5 else invented(rng, 1, 1)
    elif pick < 0.6:
        last = last[: rng.randint(2, len(last) - 1)] + invented(rng, 1, 1)
    elif pick < 0.8:
        last += " " + (invented(rng) if rng.random() < 0.5 else rng.choice(NOUNS) + rng.choice(("", "s")))
    else:
        before.insert(0, invented(rng) if rng.random() < 0.5 else rng.choice(NOUNS))
    made = " ".join((*before, last))
    if told[:1].isupper():
        made = made[:1].upper() + made[1:]
    return article(made) if lead in {"a", "an"} else f"{lead} {made}".strip()


def value(kind: str, rng: RNG, held: bool, strange: float = 0.0) -> str:  # noqa: FBT001
    """A value of a kind; of the held-out part where `held` and the kind has one; this share of them is `odd`."""
    for _ in range(400):
        drawn = _any(kind, rng)
        if strange and kind in _ODD and rng.random() < strange:
            drawn = odd(drawn, rng, alone=kind in {"count", "sign"})
        if is_held(drawn) == held:
            return drawn
    return drawn
