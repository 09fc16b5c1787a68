"""Cube files that are encrypted and signed, in real processes and two homes: who can open one, and whose it is."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from memos_cli.infra.crypto.keys import Ring
from tests.cli.commands.test_key import talk
from tests.cli.test_contract import fails, typed
from tests.conftest import Ran, Run
from tests.patience import PATIENCE

SIGNER = {"key": str, "name": str | None, "trusted": bool}
FACT = "I keep bees on the roof"


@pytest.fixture
def sam(memos: Run) -> Run:
    """A home with a memory, and a key."""
    assert memos("add", FACT).status == 0
    assert memos("key", "new").status == 0
    return memos


@pytest.fixture
def kim(memos: Run, tmp_path: Path) -> Run:
    """Another home, with a key and nothing else; each run is in the same working folder as sam's."""

    def run(*arguments: str, **given: object) -> Ran:
        there = {"MEMOS_HOME": str(tmp_path / "kim"), "MEMOS_PRINCIPAL": "kim", **given.pop("env", {})}  # type: ignore[dict-item]
        return memos(*arguments, env=there, **given)

    assert run("key", "new").status == 0
    return run


def known(home: Path) -> dict[str, bytes]:
    """Every file of a home but the cache's and the locks."""
    files = [path for path in home.rglob("*") if path.is_file() and "cache" not in path.parts and path.name != ".lock"]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def forged(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A signed cube file with another signature of the same length."""
    place = content.index(b'"signature":"') + 13
    made = base64.b64encode(change(base64.b64decode(content[place : place + 88])))
    return content[:place] + made + content[place + 88 :]


def test_a_cube_is_sealed_for_somebody_who_opens_it_and_knows_whose_it_is(sam: Run, kim: Run) -> None:
    sam("key", "trust", "-", stdin=kim("key", "show").out)
    done = sam("cube", "export", "--encrypt-to", "kim", "--sign", "-o", "bees.memcube", "--json").data
    assert (done["encrypted"], done["signed"]) == (True, True)
    assert FACT.encode() not in Path("bees.memcube").read_bytes()
    fails(sam("cube", "verify", "bees.memcube"), 12, "none of your keys")
    unknown = kim("cube", "verify", "bees.memcube")
    assert (unknown.status, "a key that you do not know" in unknown.out) == (0, True)
    told = kim("cube", "verify", "bees.memcube", "--json").data
    typed(told, {"signers": [SIGNER], "encrypted": bool})
    assert (told["encrypted"], [(one["name"], one["trusted"]) for one in told["signers"]]) == (True, [(None, False)])
    before = known(Path("kim"))
    fails(kim("cube", "import", "bees.memcube", "--require-signed"), 12, "nobody whom you trust", "memos key trust")
    fails(kim("cube", "verify", "bees.memcube", "--require-signed"), 12, "nobody whom you trust")
    assert known(Path("kim")) == before
    assert "a key that you do not know" in kim("cube", "import", "bees.memcube", "--dry-run").err
    kim("key", "trust", "-", stdin=sam("key", "show").out)
    assert "signed by key sam, which you trust" in kim("cube", "import", "bees.memcube", "--require-signed").err
    assert FACT in kim("--cube", "bees", "list").out
    told = kim("cube", "verify", "bees.memcube", "--require-signed", "--json").data
    assert [(one["name"], one["trusted"]) for one in told["signers"]] == [("sam", True)]


def test_without_a_signature(sam: Run, kim: Run) -> None:
    sam("cube", "export", "-o", "plain.memcube")
    before = known(Path("kim"))
    for command in ("import", "verify"):
        ran = kim("cube", command, "plain.memcube", "--require-signed", "--json")
        assert (ran.status, ran.error["code"]) == (12, "access_denied")
        fails(kim("cube", command, "plain.memcube", "--require-signed"), 12, "nobody has signed")
    assert known(Path("kim")) == before
    assert kim("cube", "verify", "plain.memcube", "--json").data["signers"] == []
    assert kim("cube", "import", "plain.memcube").status == 0


def test_under_a_passphrase(sam: Run, kim: Run, tmp_path: Path) -> None:
    (tmp_path / "right").write_text("seven bees\n")
    (tmp_path / "wrong").write_text("eight bees\n")
    sam("cube", "export", "-o", "plain.memcube")
    sam("cube", "export", "-o", "sealed.memcube", "--passphrase-file", "right")
    sealed = Path("sealed.memcube").read_bytes()
    assert pyrage.passphrase.decrypt(sealed, "seven bees") == Path("plain.memcube").read_bytes()
    assert FACT.encode() not in sealed
    before = known(Path("kim"))
    for command in ("import", "verify"):
        fails(kim("cube", command, "sealed.memcube", "--passphrase-file", "wrong"), 12, "wrong passphrase")
        fails(kim("cube", command, "sealed.memcube"), 3, "no terminal", "--passphrase-file")
    assert known(Path("kim")) == before
    print_it = f"{sys.executable} -c 'print(\"seven bees\")'"
    assert kim("cube", "verify", "sealed.memcube", "--passphrase-command", print_it, "--json").data["encrypted"] is True
    assert kim("cube", "import", "sealed.memcube", "--passphrase-file", "right").status == 0
    assert FACT in kim("--cube", "sealed", "list").out


def test_a_passphrase_is_asked_for_on_a_terminal(sam: Run) -> None:  # noqa: ARG001 -- the cube
    ask = "Passphrase of the file:"
    status, shown = talk(["cube", "export", "--passphrase", "-o", "x.memcube"], (ask, "bees"), ("Once more:", "bees"))
    assert (status, "bees" in shown.replace("x.memcube", "")) == (0, False), shown
    assert talk(["cube", "verify", "x.memcube"], (ask, "bees"))[0] == 0
    status, shown = talk(["cube", "verify", "x.memcube"], (ask, "wasps"))
    assert (status, "wrong passphrase" in shown) == (12, True)
    status, shown = talk(["cube", "export", "--passphrase", "-o", "y.memcube"], (ask, "bees"), ("Once more:", "wasps"))
    assert (status, Path("y.memcube").exists()) == (3, False)


def test_a_forged_signature_is_refused_and_nothing_changed(sam: Run, kim: Run, home: Path) -> None:
    kim("key", "trust", "-", stdin=sam("key", "show").out)
    sam("cube", "export", "-o", "signed.memcube", "--sign")
    content = Path("signed.memcube").read_bytes()
    seed = Ring(home / "keys", lock_timeout=1).private("sam").seed
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    elsewhere = Ed25519PrivateKey.from_private_bytes(seed).sign(b"memos-cube-v1\0" + bytes(32))
    before = known(Path("kim"))
    for number, change in enumerate((
        lambda _: elsewhere, lambda made: made[:-1] + bytes([made[-1] ^ 1]),
    )):  # fmt: skip
        Path(f"forged{number}.memcube").write_bytes(forged(content, change))
        for command in ("import", "verify"):
            fails(kim("cube", command, f"forged{number}.memcube"), 13, "forged")
    other = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    key = json.dumps(sam("key", "show", "--json").data["key"]).encode()
    Path("forged.memcube").write_bytes(content.replace(key, b'"' + other + b'"'))
    fails(kim("cube", "import", "forged.memcube"), 13, "forged")
    assert known(Path("kim")) == before
    assert kim("cube", "import", "signed.memcube", "--require-signed").status == 0


def test_a_damaged_envelope_is_refused_and_nothing_changed(sam: Run, kim: Run, tmp_path: Path) -> None:
    # At many more places: tests/interface/cubes/test_sealing.py.
    sam("cube", "export", "-o", "x.memcube", "--encrypt-to", kim("key", "show", "--json").data["recipient"])
    content = Path("x.memcube").read_bytes()
    before, half = known(Path("kim")), len(content) // 2
    for number, damaged in enumerate((content[:half] + bytes([content[half] ^ 4]) + content[half + 1 :], content[:half])):
        Path(f"{number}.memcube").write_bytes(damaged)
        for command in ("import", "verify"):
            fails(kim("cube", command, f"{number}.memcube"), 13, "damaged or cut off")
    assert known(Path("kim")) == before
    assert not list((tmp_path / "kim" / "cache").glob("*"))


def test_through_a_pipe(sam: Run, kim: Run, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("bees")
    sam("key", "trust", "-", stdin=kim("key", "show").out)
    for number, (sealing, opening) in enumerate((
        (("--encrypt-to", "kim"), ()), (("--passphrase-file", "word"), ("--passphrase-file", "word")), ((), ()),
    )):  # fmt: skip
        command = [sys.executable, "-m", "memos_cli", "cube", "export", "-o", "-", "-q", *sealing]
        done = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
        assert done.stdout.startswith(b"age-encryption.org/v1\n") == bool(sealing)
        assert kim("cube", "import", "-", "--name", f"n{number}", *opening, stdin=done.stdout).status == 0  # type: ignore[arg-type]


def test_the_keys_that_open_and_sign(sam: Run, kim: Run, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("bees")
    locked = sam("key", "new", "locked", "--passphrase-file", "word").out
    fails(sam("cube", "export", "--sign-with", "locked", "-o", "x.memcube"), 3, "no terminal", "MEMOS_KEY_PASSPHRASE_FILE")
    with_word = {"MEMOS_KEY_PASSPHRASE_FILE": str(tmp_path / "word")}
    (tmp_path / "team").write_text(f"# all of us\n{locked}{kim('key', 'show').out}")
    assert sam("cube", "export", "--sign-with", "locked", "--encrypt-to", "team", "-o", "x.memcube", env=with_word).status == 0
    assert kim("cube", "verify", "x.memcube").status == 0
    fails(sam("cube", "verify", "x.memcube"), 3, "key locked")
    told = sam("cube", "verify", "x.memcube", "--json", env=with_word).data
    assert [(one["name"], one["trusted"]) for one in told["signers"]] == [("locked", True)]
    lent = str(tmp_path / "kim" / "keys" / "kim.key")
    assert sam("cube", "verify", "x.memcube", "--identity", lent).status == 0
    fails(sam("cube", "verify", "x.memcube", "--identity", "missing"), 2, "cannot read missing")
    (tmp_path / "word").write_text("wasps")
    fails(sam("cube", "export", "--sign-with", "locked", "-o", "y.memcube", env=with_word), 12, "wrong passphrase")
    assert not (tmp_path / "y.memcube").exists()


def test_what_cannot_be_meant(sam: Run, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("bees")
    fails(sam("cube", "export", "--encrypt-to", "sam", "--passphrase-file", "word"), 2, "exclude each other")
    fails(sam("cube", "export", "--encrypt-to", "sma"), 10, "did you mean sam?")
    fails(sam("cube", "export", "--encrypt-to", "age1nonsense"), 2, "is no recipient")
    fails(sam("cube", "export", "--sign-with", "sma"), 10, "no key 'sma' of your own")
    fails(sam("cube", "export", "--passphrase"), 3, "no terminal")
    assert list(tmp_path.glob("*.memcube")) == []


_KILLED = """
import os, signal, sys
from memos_cli.infra.crypto import age
through = age._through
def killed(*arguments):
    through(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
age._through = killed
from memos_cli.cli.main import run
run(sys.argv[1:])
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_info_tells_what_came_and_whether_it_fits(sam: Run, kim: Run) -> None:
    sam("cube", "export", "--sign", "-o", "bees.memcube")
    kim("cube", "import", "bees.memcube")
    told = kim("--cube", "bees", "cube", "info", "--json").data
    (came,) = told["arrived"]
    typed(came, {"at": str, "operations": int, "cube": str, "file": str | None, "signers": [SIGNER]})
    assert (told["maker"], told["owner"], told["strangers"], told["foreign_policy"]) == ("sam", "kim", 1, False)
    assert came["signers"][0]["trusted"] is False
    said = kim("cube", "info", "bees").out
    assert "signed by a key that you do not know" in said
    assert "1 memory from elsewhere" in said
    kim("key", "trust", "-", stdin=sam("key", "show").out)
    assert "signed by key sam, which you trust" in kim("cube", "info", "bees").out
    assert kim("--cube", "bees", "undo").status == 0
    assert kim("--cube", "bees", "list", "--json").data["memories"] == []


def test_a_file_is_merged_by_who_signed_it(sam: Run, kim: Run) -> None:
    sam("cube", "export", "--sign", "--encrypt-to", sam("key", "show", "--json").data["recipient"], "-o", "bees.memcube")
    fails(kim("cube", "merge", "bees.memcube"), 12, "none of your keys")
    sam("key", "trust", "-", stdin=kim("key", "show").out)
    kim("add", "I keep a goat")
    assert sam("cube", "export", "--sign", "--encrypt-to", "kim", "-o", "bees.memcube", "--force").status == 0
    fails(kim("cube", "merge", "bees.memcube", "--require-signed"), 12, "nobody whom you trust")
    planned = kim("cube", "merge", "bees.memcube", "--dry-run", "--json").data
    assert (planned["counts"]["new"], planned["from_elsewhere"], planned["signers"][0]["trusted"]) == (1, True, False)
    kim("key", "trust", "-", stdin=sam("key", "show").out)
    done = kim("cube", "merge", "bees.memcube", "--require-signed", "--json").data
    assert (done["counts"]["new"], done["from_elsewhere"], done["signers"][0]["name"]) == (1, False, "sam")
    fails(kim("cube", "merge", "default", "bees", "--require-signed"), 2, "only a cube file")
    assert kim("undo").status == 0


def test_a_killed_run_leaves_nothing_in_the_clear_and_no_file(sam: Run, kim: Run, home: Path, tmp_path: Path) -> None:
    recipient = kim("key", "show", "--json").data["recipient"]
    sam("cube", "export", "-o", "x.memcube", "--encrypt-to", recipient)
    export = ["cube", "export", "-o", "y.memcube", "--encrypt-to", recipient]
    for arguments, there in ((export, home), (["cube", "import", "x.memcube"], tmp_path / "kim")):
        environ = {**os.environ, "MEMOS_HOME": str(there)}
        done = subprocess.run([sys.executable, "-c", _KILLED, *arguments], env=environ, check=False, timeout=PATIENCE)
        assert done.returncode == -signal.SIGKILL
        assert not list((there / "cache").glob("*"))
    assert not Path("y.memcube").exists()
    halves = [path for path in tmp_path.iterdir() if path.name.startswith(".y.memcube.")]
    assert all(FACT.encode() not in path.read_bytes() for path in halves)
    assert not any(FACT.encode() in content for content in known(tmp_path / "kim").values())
