"""Whether a memory tells of another thing what a question asks."""

import json
from pathlib import Path

import pytest

from memos_cli.interface.chat import citations, other_things
from memos_cli.model import Memory
from memos_cli.operation.results import Hit
from tests.ranker import talks

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("question", "memory", "another"),
    [
        ("when does the bakery close?", "The pharmacy closes at half past six", True),
        ("when does the chemist close?", "The pharmacy closes at half past six", False),
        ("who cleans the windows?", "Mrs Bell cleans the stairs on Thursdays", True),
        ("when was the chimney swept?", "The gutters were swept in autumn", True),
        ("what's the pin for the tablet?", "The pin for the phone is 8890", True),
        ("when does the ferry leave?", "The bus leaves at 8:15", True),
        ("when does the ferry leave?", "The Stena boat leaves at 8:15", False),
        ("how long do I bake the bread?", "Bake the cake for 50 minutes at 180", True),
        ("what is my library card number?", "My loyalty card number is 5521", True),
        ("what did the mechanic replace?", "The mechanic replaced the brakes", False),
        ("what did the mechanic replace?", "The garage replaced the brakes", False),
        ("when did we paint the fence?", "We painted the shed in July", True),
        ("when did we paint the fence?", "We painted it in July", False),
        ("who is Emma's piano teacher?", "Emma's violin teacher is Mr Kwon", True),
        ("what is my favourite book?", "My favourite author is Le Guin", False),
        ("what is my favourite dessert?", "My favourite song is Heroes", True),
        ("who waters the plants?", "Olga waters the geraniums when I am away", False),
        ("when is the rent due?", "The rent is due on the first", False),
        ("when is the mortgage due?", "The rent is due on the first", True),
        ("where do we keep the candles?", "We keep the torches under the sink", True),
        ("how much did the sofa cost?", "The fridge cost 640 euros", True),
        ("how much did the couch cost?", "The sofa cost 640 euros", False),
        ("how much did the car cost?", "The Mazda cost 9000", False),
        ("what size are the curtains?", "The curtains measure 140 by 200", False),
        ("when did the vet vaccinate my cat?", "The vet vaccinated Miso in March", False),
        ("who wrote the letter?", "My cousin wrote the letter", False),
        ("who built the wardrobe?", "My uncle built the bunk bed", True),
        ("wann schließt die Apotheke?", "Die Post schließt um 18 Uhr", True),
        ("wann schließt die Apotheke?", "Die Apotheke am Markt schließt um 18 Uhr", False),
        ("wer hat die Heizung repariert?", "Herr Kurz hat die Waschmaschine repariert", True),
        ("wer hat die Heizung repariert?", "Herr Kurz hat die Heizungspumpe repariert", False),
        ("wanneer sluit de apotheek?", "De bakker sluit om zes uur", True),
        ("wie heeft de verwarming gemaakt?", "Jan heeft de vaatwasser gemaakt", True),
        ("quand ferme la pharmacie ?", "La boulangerie ferme à 19 heures", True),
        ("¿cuándo cierra la farmacia?", "La panadería cierra a las ocho", True),
        ("¿quién reparó la caldera?", "Pepe reparó la lavadora", True),
        ("¿quién reparó la caldera?", "Pepe reparó la caldera del salón", False),
        ("who feeds the fish?", "Our neighbour feeds the goldfish", False),
        ("when do I renew my passport?", "My passport has to be renewed in 2027", False),
        ("when do I renew my visa?", "My passport has to be renewed in 2027", True),
        ("when does my subscription end?", "The contract ends in May", False),
        ("who teaches the yoga class?", "Mira teaches the pilates class", True),
        ("when is the board meeting?", "The team meeting is on Friday", True),
        ("where is the remote?", "The remote is under the sofa", False),
        ("what does the parking permit cost?", "The swimming pass costs 12 euros", True),
        ("which bin goes out on Monday?", "The green bin goes out on Monday", False),
        ("what did I lend Tom?", "I lent Tom the drill", False),
        ("what did I lend Tom?", "I lent the ladder to Anna", False),
        ("when was my last tetanus shot?", "My last flu shot was in October", True),
        ("when does the pool open?", "The library opens at 9 on weekdays", True),
        ("what is the wifi password at home?", "The wifi password at the office is on the whiteboard", True),
        ("when does my train to Oslo leave?", "My flight to Oslo leaves at 7:40", True),
        ("when is my appointment with the physio?", "I have an appointment with the dentist on Friday at 10", True),
        ("what is my car insurance number?", "My health insurance number is 4471-22", True),
        ("what is my shirt size?", "My shoe size is 43", True),
        ("who serviced the dishwasher?", "The boiler was serviced in March by Hooper & Sons", True),
        ("when is the deadline for the grant application?", "The deadline for the tax return is 31 January", True),
        ("what is the code for the alarm?", "The door code is 4471", True),
        ("what is my favourite film?", "My favourite colour is blue", True),
        ("what is my favourite dish?", "My favourite food is ramen", False),
        ("what is the PIN of my card?", "The card's PIN is 1234", False),
        ("what is the PIN of my card?", "My bank card PIN is 1234", False),
        ("when did I wash the car?", "I washed the Skoda on Sunday", False),
        ("where did I park the car?", "I parked on the third floor", False),
        ("when does the shop close?", "The bakery closes at six", False),
        ("when does the film start?", "Dune starts at eight", False),
        ("what's the code of the garage?", "The code for the garage is 12", False),
        ("wann öffnet das Schwimmbad?", "Die Bibliothek öffnet um 9 Uhr", True),
        ("wann öffnet das Schwimmbad?", "Das Schwimmbad öffnet um 9 Uhr", False),
        ("wann fährt der Zug ab?", "Der Bus fährt um 8 ab", True),
        ("quand ouvre la piscine ?", "La bibliothèque ouvre à 9 heures", True),
        ("wanneer gaat het zwembad open?", "De bibliotheek gaat om 9 uur open", True),
        ("who painted the kitchen?", "Tom painted the bathroom in 2021", True),
        ("who painted the kitchen?", "Tom painted the whole flat in 2021", False),
        ("when was the roof repaired?", "We repaired the gutter last spring", True),
        ("how long do I boil the eggs?", "Boil the pasta for nine minutes", True),
        ("where do I keep the scissors?", "I keep the spare keys in the hall", True),
        ("what is my bank account number?", "My Barclays account number is 1234", False),
        ("which size are my shoes?", "My shoe size is 43", False),
    ],
)
def test_what_tells_of_another_thing(question: str, memory: str, *, another: bool) -> None:
    assert other_things.is_about_another_thing(question, memory) is another
    hit = Hit(Memory("m", memory), 0.9)
    assert bool(citations.extracts([hit], question=question)) is not another


def test_what_answers_is_of_the_same_thing() -> None:
    """Of the small cubes written by hand, and of the exams, each memory that answers a question is of what it asks."""
    lost = []
    for path in sorted((TESTS / "ranker" / "cubes").glob("*.txt")):
        told = talks.read(path)
        contents = {memory["external_id"]: memory["content"] for memory in told.memories}
        for asked in told.asked:
            lost += [(asked.query, contents[one]) for one in asked.relevant if _other(asked.query, contents[one])]
    for path in (TESTS / "data" / "exam_held_out.jsonl", TESTS.parent / "memos_cli" / "data" / "exam.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            item = json.loads(line)
            texts = [item["memories"][number - 1]["text"] for number in item["evidence"]]
            lost += [(item["question"], text) for text in texts if _other(item["question"], text)]
    assert lost == []


def _other(question: str, memory: str) -> bool:
    return other_things.is_about_another_thing(question, memory)
