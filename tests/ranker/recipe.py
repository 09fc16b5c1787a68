"""Makes `data/ranker.json`: python -m tests.ranker.recipe BEAM_FOLDER WORK_FOLDER [--floor-of-notes]

BEAM_FOLDER holds chats of BEAM as NAME.memories.jsonl and NAME.queries.jsonl, in any depth. What is made on the way is kept in
WORK_FOLDER, and not made again. With two cores it takes half an hour, nearly all of it for vectors. With `--floor-of-notes` the
weights that are there get a floor of notes that is trained anew, which takes two minutes.
"""

import io
import json
import pickle
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from memos_cli.interface.api import MOS
from memos_cli.interface.reader import intake
from memos_cli.operation.operator.ranking import network as networks
from memos_cli.operation.operator.ranking.features import FEATURES
from memos_cli.operation.operator.ranking.network import Network
from tests.ranker import talks, training
from tests.ranker.extraction import Asked, Example, examples
from tests.ranker.talks import Told

HERE = Path(__file__).parent
SEED = 0
MERGED = 3
"""Conversations that are joined to a longer one, of the same two people by name."""
ASKED_OF_MERGED = 150
ELSEWHERE = {"talk": 30, "beam": 26, "cube": 5}
"""How many questions that belong to another home are put to one, by its kind; a third as many that mean nothing."""
TOGETHER = (1, 5, 15)
"""How many small cubes of different people make a cube that the floor of notes is trained on."""
STRANGE = (18, 60, 60)
"""How many questions of other people are put to each of these, and a third as many that mean nothing."""
HALVES = 3
"""How many times a small cube loses half of its memories: what they answered, nothing answers there."""
_ODD = (
    "elephant", "quantum", "purple", "banana", "wizard", "turbine", "oxidize", "parsec", "dragon", "volcano", "teapot",
    "algebra", "sideways", "marmalade", "lunar", "syntax", "glacier", "trombone", "cactus", "neutrino",
)  # fmt: skip


class Source(NamedTuple):
    """Memories and questions by the name of their home; the kind is the name up to the hyphen."""

    name: str
    told: Told


def sources(beam: Path) -> Iterator[Source]:
    """All that is trained on: conversations by hand, the same joined, small cubes by hand, BEAM's training chats."""
    written = [(path, talks.read(path)) for path in sorted((HERE / "conversations").glob("*.txt"))]
    for path, told in written:
        yield Source(f"talk-{path.stem}", told)
    random.Random(SEED).shuffle(written)
    for number, start in enumerate(range(0, len(written) - MERGED + 1, MERGED)):
        yield Source(f"merged-{number}", joined([told for _, told in written[start : start + MERGED]], number))
    for path in sorted((HERE / "cubes").glob("train*.txt")):
        told = talks.read(path)
        yield Source(f"cube-{path.stem}", told)
        for number in range(HALVES):
            yield Source(f"half-{path.stem}.{number}", half(told, f"{path.stem}{number}"))
    for path in sorted((HERE / "languages").glob("train*.txt")):
        yield Source(f"language-{path.stem}", talks.read(path))
    for path in sorted(beam.rglob("*.memories.jsonl")):
        queries = path.with_name(path.name.replace(".memories.", ".queries."))
        asked = [json.loads(line) for line in queries.read_text("utf-8").splitlines()]
        told = Told(
            tuple(json.loads(line) for line in path.read_text("utf-8").splitlines()),
            tuple(Asked(one["query"], tuple(one["relevant"]), str(one["category"])) for one in asked),
        )
        yield Source(f"beam-{path.parent.name}.{path.name.partition('.')[0]}", told)


def half(told: Told, seed: str) -> Told:
    """A cube without half of its memories, with all of its questions."""
    kept = random.Random(seed).sample(told.memories, max(3, len(told.memories) // 2))
    ids = {one["external_id"] for one in kept}
    asked = (one._replace(relevant=tuple(each for each in one.relevant if each in ids)) for one in told.asked)
    return Told(tuple(one for one in told.memories if one in kept), tuple(asked))


def joined(parts: Sequence[Told], number: int) -> Told:
    """Several conversations as one of the same two people: longer, and with more that is almost an answer."""
    pairs = [list(dict.fromkeys(one["source"]["speaker"] for one in told.memories)) for told in parts]
    memories, asked = [], []
    for index, (told, pair) in enumerate(zip(parts, pairs, strict=True)):
        names = dict(zip(pair, pairs[0], strict=False))
        pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")

        def renamed(text: str, names: dict[str, str] = names, pattern: re.Pattern[str] = pattern) -> str:
            return pattern.sub(lambda found: names[found.group()], text)

        for one in told.memories:
            source = one["source"]
            there = {
                "conversation": f"m{number}",
                "session": f"{index}-{source['session']}",
                "speaker": names[source["speaker"]],
            }
            external = f"{index}-{one['external_id']}"
            memories.append({**one, "external_id": external, "content": renamed(one["content"]), "source": {**source, **there}})
        asked += [
            one._replace(query=renamed(one.query), relevant=tuple(f"{index}-{each}" for each in one.relevant))
            for one in told.asked
        ]
    random.Random(number).shuffle(asked)
    return Told(tuple(sorted(memories, key=lambda one: one["occurred_at"])), tuple(asked[:ASKED_OF_MERGED]))


def home_of(source: Source, work: Path) -> Path:
    """The home with these memories and their vectors, made at the first call."""
    home = work / "homes" / source.name
    done = home / "done"
    if not done.exists():
        home.mkdir(parents=True, exist_ok=True)
        lines = io.BytesIO(source.told.lines().encode())
        with MOS(home) as mos:
            mos.add(drafts=intake.from_lines(lines, mos.now, {}, _refuse))
            mos.embed()
        done.touch()
    return home


def _refuse(number: int, reason: str) -> None:
    raise ValueError(f"line {number}: {reason}")


def nonsense(chance: random.Random) -> str:
    """A query that means nothing: keys at random, a salad of words, or a question about nothing."""
    kind = chance.random()
    if kind < 0.3:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return " ".join(
            "".join(chance.choice(letters) for _ in range(chance.randint(3, 9))) for _ in range(chance.randint(1, 4))
        )
    text = (Path(training.__file__).parents[2] / "memos_cli" / "data" / "frequent_words.txt").read_text("utf-8")
    known = [word for line in text.splitlines() if line[:1] in "456" for word in line.split()[1:]]
    if kind < 0.7:
        return " ".join(chance.choice([*_ODD, *known[::7]]) for _ in range(chance.randint(2, 7)))
    start = chance.choice(["Why do", "How many", "When did the", "Who painted", "Can"])
    end = chance.choice(["?", f"in the {chance.choice(_ODD)}?"])
    return f"{start} {chance.choice(_ODD)} {chance.choice(known)} {chance.choice(_ODD)} {end}"


def elsewhere(source: Source, others: Sequence[Source], seed: int) -> list[Asked]:
    """Questions that nothing in this home answers: of conversations of other people, and such as mean nothing."""
    chance = random.Random(seed)
    count = ELSEWHERE[source.name.partition("-")[0]]
    asked: list[Asked] = []
    for kind in ("talk", source.name.partition("-")[0]):
        strange = [one for one in others if one.name.startswith(f"{kind}-") and one.name != source.name]
        answered = [each for one in strange for each in one.told.asked if each.relevant]
        asked += [one._replace(relevant=(), category="elsewhere") for one in chance.sample(answered, count // 2)]
    return asked + [Asked(nonsense(chance), (), "nonsense") for _ in range(count // 3)]


def all_examples(beam: Path, work: Path) -> list[Example]:
    """The examples of all sources, each query by words and meaning and once more by words alone."""
    work.mkdir(parents=True, exist_ok=True)
    every = list(sources(beam))
    found: list[Example] = []
    for seed, source in enumerate(every):
        kept = work / f"{source.name}.pickle"
        if not kept.exists():
            asked = list(source.told.asked)
            if source.name.partition("-")[0] in ELSEWHERE:
                asked += elsewhere(source, every, seed)
            home = home_of(source, work)
            made = [one for lexical in (False, True) for one in examples(home, asked, lexical=lexical)]
            kept.write_bytes(pickle.dumps(made))
        found += pickle.loads(kept.read_bytes())  # noqa: S301 -- a file that this program wrote
    return found


def notes(work: Path) -> list[Example]:
    """What the floor of notes is trained on: small cubes alone and together, with their questions and those of other people."""
    every = [Source(path.stem, talks.read(path)) for path in sorted((HERE / "cubes").glob("train*.txt"))]
    found: list[Example] = []
    for count, strange in zip(TOGETHER, STRANGE, strict=True):
        for start in range(0, len(every) - count + 1, count):
            parts = every[start : start + count]
            source = Source(f"notes-{count}.{start}", together(parts))
            kept = work / f"{source.name}.pickle"
            if not kept.exists():
                chance = random.Random(source.name)
                others = [asked for one in every if one not in parts for asked in one.told.asked if asked.relevant]
                asked = [one for one in source.told.asked if one.relevant]
                asked += [one._replace(relevant=(), category="elsewhere") for one in chance.sample(others, strange)]
                asked += [Asked(nonsense(chance), (), "nonsense") for _ in range(strange // 3)]
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(examples(home_of(source, work), asked, lexical=False)))
            found += pickle.loads(kept.read_bytes())  # noqa: S301 -- a file that this program wrote
    return found


def together(parts: Sequence[Source]) -> Told:
    """Several cubes as one."""
    memories, asked = [], []
    for one in parts:
        memories += [{**each, "external_id": f"{one.name}.{each['external_id']}"} for each in one.told.memories]
        asked += [each._replace(relevant=tuple(f"{one.name}.{n}" for n in each.relevant)) for each in one.told.asked]
    return Told(tuple(memories), tuple(asked))


def document(network: Network) -> str:
    """The weights as `data/ranker.json` has them."""
    return json.dumps({"features": FEATURES, **network._asdict()}) + "\n"


def main() -> None:
    """Train, and write the weights."""
    beam, work = Path(sys.argv[1]), Path(sys.argv[2])
    target = Path(training.__file__).parents[2] / "memos_cli" / "data" / "ranker.json"
    made = networks.network() if "--floor-of-notes" in sys.argv else training.ranking(all_examples(beam, work), SEED)
    made = made._replace(floor_of_notes=training.floor_of_notes(made, notes(work), SEED))
    target.write_text(document(made), "utf-8")


if __name__ == "__main__":
    main()
