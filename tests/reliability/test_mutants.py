"""Cube files that are not what was exported: none is accepted, each is refused in one line, and the home is what it was."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli.cli.main import run
from memos_cli.infra.cubefile import Reader
from tests.infra.cubefile.test_hostile import repacked
from tests.infra.transfer.cubes import sound_file
from tests.trials import trials

MUTANTS, SEED = trials(60, 10_000), 20261121
BLOCK = 512
"""Bytes of a block of a tar archive."""
CHAINED = ("ops.jsonl", "memories.jsonl", "links.jsonl", "rules.jsonl")
"""Members that the hashes of the log leave no other form."""

Mutation = Callable[[random.Random, bytearray], bytes | bytearray]


def piece(chance: random.Random, data: bytes | bytearray, unit: int = 1) -> tuple[int, int]:
    """First and last place of a piece of some size, of whole units."""
    count = len(data) // unit
    size = min(count, chance.choice((1, 1, 2, 3, 8, 40, 300, 2000)))
    first = chance.randrange(count - size + 1)
    return first * unit, (first + size) * unit


def flip(chance: random.Random, data: bytearray) -> bytearray:
    for _ in range(chance.choice((1, 1, 1, 2, 9))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def replace(chance: random.Random, data: bytearray) -> bytearray:
    place = chance.randrange(len(data))
    data[place] = chance.choice((0, 9, 10, 13, 32, 34, 44, 48, 57, 92, 123, 127, 128, 255, chance.randrange(256)))
    return data


def cut_out(chance: random.Random, data: bytearray, unit: int = 1) -> bytearray:
    first, last = piece(chance, data, unit)
    return data[:first] + data[last:]


def repeat(chance: random.Random, data: bytearray, unit: int = 1) -> bytearray:
    first, last = piece(chance, data, unit)
    return data[:last] + data[first:last] + data[last:]


def move(chance: random.Random, data: bytearray, unit: int = 1) -> bytearray:
    first, last = piece(chance, data, unit)
    moved, rest = data[first:last], data[:first] + data[last:]
    place = chance.randrange(len(rest) // unit + 1) * unit
    return rest[:place] + moved + rest[place:]


def overwrite(chance: random.Random, data: bytearray) -> bytearray:
    first, last = piece(chance, data)
    place = chance.randrange(len(data) - (last - first) + 1)
    data[place : place + last - first] = chance.choice((bytes(last - first), chance.randbytes(last - first), data[first:last]))
    return data


def insert(chance: random.Random, data: bytearray) -> bytearray:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.choice((1, 2, 16, BLOCK))) + data[place:]


def cut_off(chance: random.Random, data: bytearray) -> bytearray:
    return data[: chance.randrange(len(data))]


def lengthen(chance: random.Random, data: bytearray) -> bytes:
    return data + chance.choice((b"\0", b"\n", bytes(BLOCK), bytes(20 * BLOCK), data, chance.randbytes(77)))


def blocks(chance: random.Random, data: bytearray) -> bytearray:
    return chance.choice((cut_out, repeat, move))(chance, data, BLOCK)


MUTATIONS: tuple[Mutation, ...] = (
    flip, flip, replace, replace, cut_out, repeat, move, overwrite, insert, cut_off, lengthen, blocks,
)  # fmt: skip


def mutant(chance: random.Random, data: bytes) -> bytes:
    """The data with one mutation, or a few; never the data itself."""
    while True:
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            if changed:
                changed = bytearray(chance.choice(MUTATIONS)(chance, changed))
        if changed != data:
            return bytes(changed)


def known(home: Path) -> dict[str, int]:
    """Every file of the home that counts, and its size."""
    passing = {"cube.db-wal", "cube.db-shm"}
    return {str(path): path.stat().st_size for path in home.rglob("*") if path.is_file() and path.name not in passing}


class Judge:
    """Hands files to the commands that read one, and says what was wrong with the answers."""

    def __init__(self, home: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._path, self._capsys, self._home = folder / "mutant.memcube", capsys, home
        self.wrong: list[str] = []
        self.look()

    def look(self) -> None:
        """Take the home as it is now for what it has to stay."""
        self._before = known(self._home)

    def judge(self, data: bytes, number: int, statuses: set[int]) -> None:
        self._path.write_bytes(data)
        commands = [["cube", "verify", str(self._path)]]
        if number % 4 == 0:
            commands += [["cube", "import", str(self._path), "--name", "new"], ["cube", "merge", str(self._path), "--yes"]]
        for command in commands:
            status = run(["--json", *command] if number % 3 == 0 else command)
            said = self._capsys.readouterr()
            lines = said.err.splitlines()
            fair = status in statuses and not said.out and 1 <= len(lines) <= 2
            if not fair or "fault of memos" in said.err or "Traceback" in said.err:
                self.wrong.append(f"{number}: {command[1]} {status} {said.err[:300]}")
        if number % 4 == 0 and known(self._home) != self._before:
            self.wrong.append(f"{number}: the home is another")
            self.look()


@pytest.fixture
def judge(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    """A judge whose home has a cube and a key."""
    assert run(["add", "mine"]) == run(["key", "new"]) == 0
    assert run(["cube", "export", "-o", str(tmp_path / "first.memcube")]) == 0  # the folder of the cache is there from now on
    capsys.readouterr()
    return Judge(home, tmp_path, capsys)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A cube file with something of everything."""
    return sound_file(tmp_path_factory.mktemp("sound"))


def test_no_mutant_of_a_cube_file_is_accepted(judge: Judge, raw: bytes) -> None:
    chance = random.Random(SEED)
    for number in range(MUTANTS):
        judge.judge(mutant(chance, raw), number, {13})
    assert judge.wrong == []
    print(f"{MUTANTS} mutants of a cube file of {len(raw)} bytes refused")  # noqa: T201


def test_no_mutant_of_a_sealed_cube_file_is_accepted(judge: Judge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(9):
        assert run(["add", f"hive {number} stands on the roof", "--tag", f"t{number}"]) == 0
    assert run(["--json", "key", "list"]) == 0
    name = json.loads(capsys.readouterr().out.splitlines()[-1])["data"]["own"][0]["name"]
    path = tmp_path / "sealed.memcube"
    assert run(["cube", "export", "-o", str(path), "--encrypt-to", name, "--sign"]) == 0
    assert run(["cube", "verify", str(path)]) == 0
    capsys.readouterr()
    judge.look()
    sealed, chance = path.read_bytes(), random.Random(SEED)
    head = sealed.index(b"\n--- ") + 60
    for number in range(MUTANTS):
        # Half of them damage the head, which is a hundredth of the file and says how all the rest is to be read.
        data = mutant(chance, sealed[:head]) + sealed[head:] if number % 2 else mutant(chance, sealed)
        judge.judge(data, number, {12, 13})
    assert judge.wrong == []
    print(f"{MUTANTS} mutants of a sealed cube file of {len(sealed)} bytes refused")  # noqa: T201


VALUES = (None, 0, -1, 1.5, 10**30, "", "x", [], {}, True, "\u202e", "a" * 5000, [[]])


def leaf(chance: random.Random, line: bytes) -> bytes:
    """A line of JSON with one of its values changed, one of its names left out, or another form of the same values."""
    try:
        document = json.loads(line)
    except ValueError:
        return line
    owner, name = document, ""
    while isinstance(owner, dict) and owner:
        name = chance.choice(list(owner))
        if not isinstance(owner[name], dict) or not owner[name] or chance.random() < 0.3:
            break
        owner = owner[name]
    if not isinstance(owner, dict) or not owner:
        return line
    match chance.randrange(4):
        case 0:
            del owner[name]
        case 1:
            owner[name] = chance.choice(
                (None, 0, -1, 1.5, 10**30, "", "x", [], {}, True, "\u202e", "a" * 5000, [[]], owner[name])
            )
        case 2:
            owner[chance.choice(("id", "x", "content", "purged", "tag:new", "clock"))] = chance.choice((None, 1, "y", True))
        case _:
            return json.dumps(document, indent=None, sort_keys=True).encode()
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def member(chance: random.Random, content: bytes) -> bytes:
    """A member that holds something else."""
    while True:
        lines = content.splitlines(keepends=True)
        place = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                changed = mutant(chance, content)
            case 1:
                del lines[place]
                changed = b"".join(lines)
            case 2:
                changed = b"".join([*lines[: place + 1], lines[place], *lines[place + 1 :]])
            case 3:
                chance.shuffle(lines)
                changed = b"".join(lines)
            case _:
                lines[place] = leaf(chance, lines[place].rstrip(b"\n")) + b"\n"
                changed = b"".join(lines)
        if changed != content:
            return changed


def test_no_mutant_whose_digests_are_right_is_accepted(judge: Judge, raw: bytes, tmp_path: Path) -> None:
    """Somebody changed a member and made the manifest and the seal anew: the hashes of the log tell it."""
    reader = Reader(io.BytesIO(raw))
    sound = {incoming.name: b"".join(incoming.chunks()) for incoming in reader}
    names = [*CHAINED, *(name for name in sound if name.startswith("blobs/"))]
    chance = random.Random(SEED)
    for number in range(MUTANTS):
        name = chance.choice(names)
        changed = member(chance, sound[name])
        judge.judge(repacked(raw, tmp_path / "spool", lambda found, n=name, c=changed: {**found, n: c}), number, {13})  # type: ignore[misc]
    assert judge.wrong == []
    print(f"{MUTANTS} mutants with right digests refused")  # noqa: T201
