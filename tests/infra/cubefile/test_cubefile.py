"""The container: read by the standard library alone, and refused whenever a byte of it is another one."""

import io
import json
import random
import subprocess
from pathlib import Path

import pytest

from memos_cli.errors import AccessDenied, IntegrityError
from memos_cli.infra import cubefile
from memos_cli.infra.cubefile import Reader
from memos_cli.infra.transfer import loader
from memos_cli.signer import Signature
from tests.conftest import Clock
from tests.infra.transfer import recipe
from tests.infra.transfer.cubes import dumped, live, opened, rich
from tests.trials import trials

FLIPS, SEED = trials(80, 2500), 20261121


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A cube file with something of everything, vectors and files too."""
    clock = Clock()
    with opened(tmp_path_factory.mktemp("sound"), clock) as mos:
        return dumped(rich(mos, clock))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    clock = Clock()
    with opened(tmp_path_factory.mktemp("small"), clock) as mos:
        live(mos, clock, random.Random(3), 8)
        return dumped(mos.vault("default"))


def refused(data: bytes, home: Path) -> IntegrityError:
    """What staging says about a file that is not sound; nothing is left of it."""
    with pytest.raises(IntegrityError) as caught, loader.stage(io.BytesIO(data), home / "cubes"):
        pass
    assert not home.exists() or not list(home.iterdir())
    assert "\n" not in caught.value.message
    return caught.value


def test_the_archive_is_one_that_tar_reads(sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.memcube").write_bytes(sound)
    done = subprocess.run(["tar", "-tf", "a.memcube"], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert names[:5] == ["manifest.json", "ops.jsonl", "memories.jsonl", "links.jsonl", "rules.jsonl"]
    assert names[-1] == "seal.json"
    assert any(name.startswith("blobs/") for name in names)
    assert {"vectors/0.safetensors", "vectors/1.safetensors"} <= set(names)


def test_a_reader_made_from_the_manual_page_alone_agrees(sound: bytes) -> None:
    members, sealed = recipe.members(sound)
    manifest, seal = (json.loads(members[name]) for name in ("manifest.json", "seal.json"))
    assert seal == {"sha256": recipe.sha(sealed), "signatures": []}
    assert manifest["format"] == 1
    assert list(members) == ["manifest.json", *(one["name"] for one in manifest["members"]), "seal.json"]
    for one in manifest["members"]:
        assert (one["size"], one["sha256"]) == (len(members[one["name"]]), recipe.sha(members[one["name"]]))
    log = list(recipe.operations(recipe.lines(members["ops.jsonl"])))
    assert recipe.heads(log) == manifest["heads"]
    memories, links, rules = recipe.state(log)
    assert [json.loads(line) for line in recipe.lines(members["memories.jsonl"])] == memories
    assert [json.loads(line) for line in recipe.lines(members["links.jsonl"])] == links
    assert [json.loads(line) for line in recipe.lines(members["rules.jsonl"])] == rules
    assert {name: len(found) for name, found in (("links", links), ("memories", memories), ("rules", rules))} | {
        "operations": len(log)
    } == manifest["counts"]
    assert {"purged", "generated"} <= {memory["state"] for memory in memories}
    assert links
    assert {rule["noun"] for rule in rules} >= {"view", "policy", "snapshot"}
    for name, content in members.items():
        if name.startswith("vectors/"):
            vectors = recipe.vectors(content)
            assert vectors.keys() <= {memory["id"] for memory in memories}
            assert all(abs(sum(x * x for x in vector) - 1) < 0.01 for vector in vectors.values())
        elif name.startswith("blobs/"):
            assert name == f"blobs/{recipe.sha(content)}"


def test_every_flipped_bit_is_refused(small: bytes, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    for _ in range(FLIPS):
        place = chance.randrange(len(small))
        damaged = bytearray(small)
        damaged[place] ^= 1 << chance.randrange(8)
        refused(bytes(damaged), tmp_path / "home")


def test_every_truncation_is_refused(sound: bytes, tmp_path: Path) -> None:
    for end in range(0, len(sound), 1000):
        refused(sound[:end], tmp_path / "home")
    refused(sound[:-1], tmp_path / "home")


def test_what_follows_the_end_is_refused(small: bytes, tmp_path: Path) -> None:
    for tail in (b"\0", bytes(512), bytes(10240), b"x"):
        refused(small + tail, tmp_path / "home")


def test_a_pipe_that_gives_little_at_a_time_is_read_to_its_end(small: bytes, tmp_path: Path) -> None:
    class Drops(io.RawIOBase):
        def __init__(self) -> None:
            self.source = io.BytesIO(small)

        def read(self, size: int = -1) -> bytes:
            return self.source.read(min(size, 7) if size > 0 else size)

    with loader.stage(Drops(), tmp_path) as staged:  # type: ignore[arg-type]
        assert staged.manifest["format"] == 1


def test_signatures_are_written_over_the_digest_and_handed_out(small: bytes, tmp_path: Path) -> None:
    asked: list[bytes] = []

    def sign(digest: bytes) -> list[Signature]:
        asked.append(digest)
        return [Signature("b" * 44, "s" * 88), Signature("a" * 44, "t" * 88)]

    out = io.BytesIO()
    reader = Reader(io.BytesIO(small))
    parts = []
    for incoming in reader:
        spool = cubefile.Spool(incoming.name, tmp_path / "cache")
        for chunk in incoming.chunks():
            spool.write(chunk)
        parts.append(spool)
    reader.finish()
    head = {name: value for name, value in reader.manifest.items() if name not in {"format", "members"}}
    cubefile.write(out, head, parts, sign, lambda _: None)
    for spool in parts:
        spool.close()
    with loader.stage(io.BytesIO(out.getvalue()), tmp_path / "home" / "cubes") as staged:
        assert [one.key for one in staged.signatures] == ["a" * 44, "b" * 44]
        assert staged.digest == asked[0].hex() == reader.digest.hex()


def test_an_encrypted_file_is_told_apart(tmp_path: Path) -> None:
    for beginning in (b"age-encryption.org/v1\n-> X25519 ", b"-----BEGIN AGE ENCRYPTED FILE-----\n"):
        with pytest.raises(AccessDenied, match="encrypted"), loader.stage(io.BytesIO(beginning + bytes(600)), tmp_path / "h"):
            pass


def test_a_newer_format_says_so(small: bytes, tmp_path: Path) -> None:
    newer = small.replace(b'"format":1', b'"format":7', 1)
    error = refused(newer, tmp_path / "home")
    assert "newer memos" in error.message
    assert error.hint == "upgrade memos"
