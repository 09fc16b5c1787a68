"""`memos cube export`, `import` and `verify` in real processes."""

import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from memos_cli import MOS, hybrid_clock
from memos_cli.cli import main
from memos_cli.config import Settings, paths
from memos_cli.model import Draft, Kind
from tests.cli.helpers import jsonl, on_terminal, operations
from tests.cli.test_contract import fails, typed
from tests.conftest import Clock, Run, start
from tests.learnt import grow
from tests.patience import PATIENCE

TOLD = {"cube": str, "path": str, "bytes": int, "digest": str, "vectors": int, "blobs": int, "absent": int, "redacted": bool}


def listing(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def filled(memos: Run) -> None:
    memos("add", "the wine is in the cellar")
    memos("add", "I eat meat", "--key", "diet", "--tag", "food")
    memos("add", "I am vegan now", "--key", "diet", "--tag", "food")
    memos("view", "save", "eating", "--tag", "food")


@pytest.mark.usefixtures("filled")
def test_a_cube_goes_to_another_home_and_comes_back_as_the_same_bytes(memos: Run, tmp_path: Path) -> None:
    told = memos("cube", "export", "-o", "a.memcube", "--json").data
    typed({name: told[name] for name in TOLD}, TOLD)
    assert told["counts"]["memories"] == 3
    assert told["bytes"] == (tmp_path / "a.memcube").stat().st_size
    assert (tmp_path / "a.memcube").stat().st_mode & 0o777 == 0o600
    other = {"MEMOS_HOME": str(tmp_path / "other"), "MEMOS_PRINCIPAL": "sam.laptop"}
    planned = memos("cube", "import", "a.memcube", "--dry-run", "--json", env=other).data
    assert planned["plan"] == {"new": 3, "same": 0, "newer": 0, "older": 0, "conflicting": 0}
    assert not (tmp_path / "other").exists()
    said = memos("cube", "import", "a.memcube", env=other)
    assert said.out == f"imported cube a: 3 memories, all new; {told['counts']['operations']} operations\n"
    assert len(memos("--cube", "a", "list", "--all", "--json", env=other).data["memories"]) == 3
    assert len(memos("--cube", "a", "--view", "eating", "list", "--json", env=other).data["memories"]) == 1
    assert memos("--cube", "a", "search", "wine", env=other).status == 0  # a use of its own, which stays
    assert memos("cube", "export", "a", "-o", "b.memcube", env=other).status == 0
    assert (tmp_path / "a.memcube").read_bytes() == (tmp_path / "b.memcube").read_bytes()
    assert memos("--cube", "a", "doctor", env=other).status == 0


@pytest.mark.usefixtures("filled")
def test_through_a_pipe(memos: Run) -> None:
    done = subprocess.run([sys.executable, "-m", "memos_cli", "cube", "export", "-o", "-"], capture_output=True, check=True)
    assert done.stdout.startswith(b"manifest.json\0")
    fails(memos("cube", "import", "-", stdin=done.stdout), 2, "what is the cube to be called?", "--name NAME")
    assert memos("cube", "import", "-", "--name", "piped", stdin=done.stdout).status == 0
    assert memos("cube", "verify", "-", "--json", stdin=done.stdout).data["sound"] is True
    assert "exclude each other" in memos("cube", "export", "-o", "-", "--json").error["message"]
    status, shown = on_terminal(["cube", "export", "-o", "-"])
    assert (status, "not for a terminal" in shown) == (2, True)


@pytest.mark.usefixtures("filled")
def test_what_is_in_a_file_is_told_without_a_change(memos: Run, home: Path, tmp_path: Path) -> None:
    memos("cube", "export", "-o", "a.memcube", "--tag", "food", "--all", "-q")
    before = listing(home)
    told = memos("cube", "verify", "a.memcube", "--json").data
    assert (told["selection"], told["counts"]["memories"], told["counts"]["rules"]) == ("tag food, all", 2, 0)
    assert told["replicas"][0]["operations"] < told["replicas"][0]["last"]
    shown = memos("cube", "verify", "a.memcube").out
    assert "tag food, all" in shown
    assert "signed by     nobody" in shown
    assert listing(home) == before
    damaged = bytearray((tmp_path / "a.memcube").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "bad.memcube").write_bytes(damaged)
    for command in (("cube", "verify", "bad.memcube"), ("cube", "import", "bad.memcube")):
        fails(memos(*command), 13, "not a sound cube file", "nothing was changed")
    assert listing(home) == before
    fails(memos("cube", "verify", "none.memcube"), 1, "No such file")


@pytest.mark.usefixtures("filled")
def test_nothing_that_is_there_is_replaced_unasked(memos: Run, home: Path, tmp_path: Path) -> None:
    assert memos("cube", "export").out.startswith("exported cube default to default.memcube: 3 memories")
    fails(memos("cube", "export"), 3, "there is a file default.memcube already", "--force")
    assert memos("cube", "export", "--force").status == 0
    before = operations(home)
    fails(memos("cube", "import", "default.memcube"), 3, "there is a cube 'default' already", "memos cube merge default FILE")
    assert operations(home) == before
    fails(memos("cube", "export", "-o", str(tmp_path)), 1, "is a folder")
    fails(memos("cube", "export", "-o", "no/such/a.memcube"), 1, "there is no folder no/such")
    fails(memos("cube", "export", "none"), 10, "no cube 'none'")
    fails(memos("cube", "export", "-o", "x", "--tag", "no-such"), 3, "nothing to export", "memos list")
    fails(memos("--as", "gu\nest", "add", "x"), 2, "principal cannot be")
    fails(memos("add", "x", env={"MEMOS_PRINCIPAL": "sam\x1b[2J"}), 2, "principal cannot be")
    fails(memos("--as", "guest", "cube", "export", "-o", "x"), 3, "guest may not export the cube")
    fails(memos("cube", "export", "-o", "x", "--as-of", "2026-01-01"), 2, "--as-of")
    assert not (tmp_path / "x").exists()
    assert memos("cube", "export", "-o", "/dev/null", "-q").status == 0
    assert not Path("/dev/null").is_file()


def test_a_publication_leaves_out_what_is_nobodys_business(memos: Run, tmp_path: Path) -> None:
    memos("add", "the wifi password is Hunter22x", "--tag", "home")
    memos("add", "I eat meat", "--key", "diet")
    memos("add", "I am vegan now", "--key", "diet")
    said = {"content": "said at work", "metadata": {"boss": "Ann"}}
    memos("add", "--jsonl", "-", stdin=jsonl(said, {"content": "I weigh 80 kg", "labels": ["health"]}))
    told = memos("cube", "export", "--redact", "-o", "p.memcube", "--json").data
    assert (told["redacted"], told["withheld"], told["counts"]["memories"]) == (True, 1, 3)
    data = (tmp_path / "p.memcube").read_bytes()
    for text in (b"Hunter22x", b"80 kg", b"I eat meat", b"Ann"):
        assert text not in data
    assert "•••••".encode() in data
    ids = {memory["id"] for memory in memos("list", "--all", "--json").data["memories"]}
    assert memos("cube", "import", "p.memcube", "--name", "p").status == 0
    published = {memory["id"] for memory in memos("--cube", "p", "list", "--json").data["memories"]}
    assert len(published) == 3
    assert not ids & published
    assert memos("cube", "export", "--redact", "-o", "again.memcube", "-q").status == 0
    assert (tmp_path / "again.memcube").read_bytes() == data


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_an_interrupted_export_and_import_leave_nothing(
    memos: Run, home: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    rows = jsonl(*({"content": f"memory {number} of many, told at some length"} for number in range(4000)))
    memos("add", "--jsonl", "-", "--no-embed", stdin=rows)
    assert memos("cube", "export", "-o", "whole.memcube", "-q").status == 0
    before = set(tmp_path.iterdir())
    for command in (("cube", "export", "-o", "a.memcube", "-q"), ("cube", "import", "whole.memcube", "-q")):
        process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_work(home, tmp_path, process)
        process.send_signal(number)
        assert process.wait(PATIENCE) == status
        assert memos("cube", "list", "--json").data["cubes"][0]["name"] == "default"
        assert len(memos("cube", "list", "--json").data["cubes"]) == 1
        assert not (tmp_path / "a.memcube").exists()
        if number is not signal.SIGKILL:
            assert set(tmp_path.iterdir()) == before
            assert [path.name for path in (home / "cubes").iterdir()] == ["default"]


def wait_for_work(home: Path, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until something half-made lies there."""
    for _ in range(2000):
        if any(path.name.startswith(".") for place in (folder, home / "cubes") for path in place.iterdir()):
            return
        assert process.poll() is None, "it was done before anything could be seen"
        time.sleep(0.005)
    raise AssertionError("nothing began")


def test_what_was_learnt_goes_along_is_kept_and_waits_for_a_yes(memos: Run, home: Path, tmp_path: Path, models: Path) -> None:
    pytest.importorskip("safetensors")
    model = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings(model, paths({"MEMOS_HOME": str(home)})), clock=Clock()) as mos:
        mos.add("I live in Porto.", kind=Kind.FACT)
        learnt = grow(mos, models / "mini.gguf")
    told = memos("cube", "export", "-o", "a.memcube", "--json").data
    assert (told["adapters"], told["adapters_left"], told["slots"]) == (1, [], 0)
    assert memos("cube", "export", "-o", "b.memcube", "--no-adapters", "--json").data["adapters"] == 0
    part = memos("cube", "export", "-o", "c.memcube", "--kind", "fact", "--adapters", "--slots")
    assert "adapters and slots stay here: they hold what a selection or a publication leaves out" in part.err
    assert "stay here" not in memos("cube", "export", "-o", "d.memcube", "--redact").err
    assert "generation 1 of mini, which knows 1 memory" in memos("cube", "verify", "a.memcube").out
    other = model | {"MEMOS_HOME": str(tmp_path / "other")}
    came = memos("cube", "import", "a.memcube", env=other)
    assert "and is not used: memos --cube a consolidate promote 1 lets chat use it" in came.err
    (one,) = memos("cube", "info", "a", "--json", env=other).data["adapters"]
    assert (one["id"], one["fits"], one["used"], one["next"]) == (
        learnt.id,
        True,
        False,
        "memos --cube a consolidate promote 1",
    )
    assert "kept, not loaded" in memos("cube", "info", "a", env=other).out
    fails(memos("--cube", "a", "consolidate", "promote", "1", env=other), 3, "signed by nobody whom you trust", "--yes")
    done = memos("--cube", "a", "consolidate", "promote", "1", "--yes", env=other)
    assert (done.status, done.out) == (0, "chat uses generation 1 of mini\n")
    assert memos("cube", "info", "a", "--json", env=other).data["adapters"][0]["used"] is True


# -- clocks that are wrong


def of_2098(folder: Path, content: str) -> None:
    """A memory in the home at `folder`, written when its clock said 2098."""
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(folder)}))
    with MOS(folder, settings=settings, clock=Clock(datetime(2098, 1, 1, tzinfo=UTC))) as mos:
        mos.add(drafts=[Draft(content)])


def test_a_file_of_2098_is_refused_and_moves_no_clock(memos: Run, home: Path, tmp_path: Path) -> None:
    of_2098(tmp_path / "far", "harmless")
    assert memos("cube", "export", "-o", "e.memcube", env={"MEMOS_HOME": str(tmp_path / "far")}).status == 0
    memos("add", "mine before")
    before = operations(home)
    other = str(tmp_path / "far" / "cubes" / "default")
    for command in (("verify", "e.memcube"), ("import", "e.memcube", "--name", "e"), ("import", "e.memcube", "--dry-run"),
                    ("merge", "e.memcube"), ("merge", "e.memcube", "--dry-run"), ("merge", other)):  # fmt: skip
        ran = memos("cube", *command)
        assert (ran.status, ran.out) == (13, ""), command
        for part in ("operation 1 of replica", "2098-01-01T00:00:00Z", "this machine's clock, which says 20", "may be this"):
            assert part in ran.err
    assert memos("cube", "merge", "e.memcube", "--json").error["exit_status"] == 13
    assert operations(home) == before
    assert [one["name"] for one in memos("cube", "list", "--json").data["cubes"]] == ["default"]
    new = memos("add", "mine after", "--json").data["ids"][0]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert new in {one["id"] for one in memos("list", "--as-of", tomorrow, "--json").data["memories"]}


def test_a_log_that_is_ahead_goes_on_with_the_date_of_today_and_one_notice(memos: Run, home: Path) -> None:
    of_2098(home, "of 2098")
    added = memos("add", "mine after", "--json")
    assert added.err.count("2098-01-01") == added.err.count("\n") == 1
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    (found,) = memos("list", "--as-of", tomorrow, "--json").data["memories"]
    assert (found["content"], found["created_at"][:2]) == ("mine after", "20")
    assert found["created_at"][:4] != "2098"
    assert memos("list").err.count("2098") == 0, "only what writes says it"
    assert memos("-q", "tag", found["id"], "-a", "a").err == ""
    assert memos("undo", "--list", "--json").data["commands"][0]["at"][:4] != "2098"
    assert "2098" not in memos("history", found["id"]).out
    assert "written_at" not in memos("history", found["id"], "--json").out + memos("show", found["id"], "--json").out
    assert memos("doctor").status == 0


def test_a_clock_before_this_version_was_made_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert date.fromisoformat(hybrid_clock.RELEASED) <= datetime.now(UTC).date(), "a release lies not ahead"
    monkeypatch.setattr(hybrid_clock, "RELEASED", "2099-01-01")
    assert main.run(["add", "x"]) == 0
    assert "this version of memos was made on 2099-01-01: set the clock" in capsys.readouterr().err
    assert main.run(["list"]) == 0
    assert "2099" not in capsys.readouterr().err
    assert home.exists()
