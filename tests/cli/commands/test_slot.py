"""`memos slot` and what the rest of the command line says of slots."""

import sqlite3
from array import array
from pathlib import Path

import pytest

from memos_cli.ports.ports import Request
from tests.conftest import Run

pytestmark = pytest.mark.usefixtures("mini_answers")

FACTS = ("I am allergic to peanuts.", "My sister is called Lena.", "I live in Porto.", "My dog is called Biscuit.")


@pytest.fixture
def told(memos: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MEMOS_LLM_MODEL", str(models / "mini.gguf"))
    for fact in FACTS:
        memos("add", fact, "--pin")
    return memos


def test_chat_tells_what_came_from_a_slot(told: Run) -> None:
    first = told("--json", "chat", "-m", "Where do I live?", "--no-save").data["tokens"]
    assert (first["slot"], first["evaluated"]) == (0, first["prompt"])
    second = told("--json", "chat", "-m", "Where do I live?", "--no-save").data["tokens"]
    assert second["slot"] > 64
    assert second["slot"] + second["evaluated"] == second["prompt"] == first["prompt"]
    said = told("chat", "-m", "Where do I live?", "--no-save", "--stats").err
    assert f"{second['slot']} from a slot, {second['evaluated']} evaluated" in said
    told("chat", "-m", "And my dog?")
    told("chat", "--continue", "-m", "And my sister?")
    assert {one["covers"] for one in told("--json", "slot", "list").data["slots"]} == {"core", "conversation"}
    again = told("--json", "chat", "--continue", "-m", "And the rest?").data["tokens"]
    assert again["evaluated"] < 30 < again["slot"]


def test_build_list_verify_and_rm(told: Run, home: Path) -> None:
    assert "no slots" in told("slot", "list").err
    made = told("--json", "slot", "build").data["slots"]
    assert [(one["covers"], one["made"], one["evaluated"] == one["tokens"] > 64) for one in made] == [("core", True, True)]
    again = told("slot", "build")
    assert (again.status, "there already" in again.out) == (0, True)
    listed = told("slot", "list")
    assert max(map(len, listed.out.splitlines())) <= 80
    assert "ready" in listed.out
    (slot,) = told("slot", "verify", "--json").data["slots"]
    assert (slot["state"], slot["id"], len(slot["memories"])) == ("ready", made[0]["id"], len(FACTS))
    assert told("doctor", "--json").data["surroundings"]["slots"].startswith("1, ")
    assert told("slot", "rm", slot["id"][:6], "--dry-run").out.startswith("would remove 1 slot")
    assert len(list((home / "cache" / "slots").glob("*.state"))) == 1
    assert told("slot", "rm", slot["id"][:6]).out.startswith("removed 1 slot")
    assert list((home / "cache" / "slots").glob("*.state")) == []


def test_damage_is_named_with_its_repair(told: Run, home: Path) -> None:
    told("slot", "build")
    (path,) = (home / "cache" / "slots").glob("*.state")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    done = told("slot", "verify", "--json")
    assert done.status == 13
    assert done.data["slots"][0]["state"] == "damaged"
    assert "memos slot rm" in done.error["hint"]
    assert "1 damaged" in told("doctor").out
    answered = told("--json", "chat", "-m", "Where do I live?", "--no-save")
    assert answered.data["tokens"]["slot"] == 0
    assert told("slot", "verify").status == 0
    (home / "cache" / "slots" / "index.db").write_bytes(b"no database" * 1000)
    for arguments in (("slot", "list"), ("slot", "verify")):
        assert told(*arguments).status == 13
        assert "memos slot rm --all" in told(*arguments).err
    assert told("doctor").status == 0
    assert told("slot", "rm", "--all").status == 0
    assert told("slot", "list").status == 0


def test_what_cannot_be_is_told(told: Run) -> None:
    assert told("slot", "rm").status == 2
    assert told("slot", "rm", "zz", "--all").status == 2
    assert told("slot", "rm", "zz").status == 10
    assert told("slot", "build", "--tag", "nothing").status == 10
    assert told("slot", "build", "--conversation", "nobody").status == 10
    assert told("slot", "build", env={"MEMOS_LLM_MODEL": "none"}).status == 14
    plain = told("slot", "build", env={"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://localhost:9/v1"})
    assert (plain.status, "keeps no states" in plain.out) == (0, True)


def test_a_model_without_such_states_answers_all_the_same(told: Run, tmp_path: Path) -> None:
    from tests.tiny import write_recurrent

    env = {"MEMOS_LLM_MODEL": str(write_recurrent(tmp_path / "recurrent.gguf", context=2048))}
    built = told("slot", "build", env=env)
    assert (built.status, "no state that can be put back" in built.out) == (0, True)
    assert told("chat", "-m", "Where do I live?", env=env).status == 0
    assert told("--json", "slot", "list").data["slots"] == []


def test_what_is_purged_is_in_no_slot(told: Run, home: Path) -> None:
    told("add", "My door is painted kumquat orange", "--pin")
    told("chat", "-m", "Where do I live?")
    told("chat", "--continue", "-m", "Where do I live?")
    assert len(told("--json", "slot", "list").data["slots"]) == 2
    (memory,) = (one["id"] for one in told("list", "--json").data["memories"] if "kumquat" in one["content"])
    receipt = told("--json", "forget", memory, "--purge", "--yes").data
    assert receipt["removed"]["slots"] == 2
    assert told("--json", "slot", "list").data["slots"] == []
    for path in home.rglob("*"):
        assert not path.is_file() or b"kumquat" not in path.read_bytes(), path


def test_a_removed_cube_leaves_no_slots(told: Run) -> None:
    told("slot", "build")
    told("cube", "create", "other")
    assert told("cube", "rm", "default", "--yes").status == 0
    assert told("--json", "--cube", "other", "slot", "list").data["slots"] == []


def test_another_person_sees_only_theirs(told: Run) -> None:
    told("slot", "build")
    assert told("--json", "--as", "ana", "slot", "list").data["slots"] == []
    assert len(told("--json", "slot", "list").data["slots"]) == 1


@pytest.fixture
def mini(memos: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """memos-mini, which ships, and its slot of the core."""
    pytest.importorskip("llama_cpp")
    monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
    for fact in FACTS:
        memos("add", fact, "--pin")
    assert memos("slot", "build").status == 0
    return memos


def identity(memos: Run) -> str:
    """The id of the only slot."""
    (slot,) = memos("--json", "slot", "list").data["slots"]
    return str(slot["id"])


def mismatched(memos: Run, *arguments: str, env: dict[str, str] | None = None) -> tuple[str, str]:
    """What differs, as a slot that is demanded and does not fit is told, and the hint."""
    plain, done = memos(*arguments, env=env), memos("--json", *arguments, env=env)
    assert plain.status == done.status == 15, plain.err
    error = done.error
    assert (error["code"], error["exit_status"]) == ("fingerprint_mismatch", 15)
    assert error["message"] in plain.err
    assert "Traceback" not in plain.err
    return error["message"], error["hint"]


@pytest.mark.model
def test_a_slot_that_is_demanded_fits_the_model_chosen(mini: Run) -> None:
    slot = identity(mini)
    done = mini("slot", "verify", slot[:6])
    assert (done.status, "ready" in done.out) == (0, True), done.err
    listed = mini("--json", "slot", "verify", slot[:6], slot).data["slots"]
    assert [(one["id"], one["state"], one["why"]) for one in listed] == [(slot, "ready", None)]
    assert identity(mini) == slot


@pytest.mark.model
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"MEMOS_LLM_KV": "q8_0"}, "KV type (f16, now q8_0)"),
        ({"MEMOS_LLM_CONTEXT": "1024"}, "context size"),
        ({"MEMOS_LLM_THREADS": "2"}, "threads"),
    ],
)
def test_a_slot_of_other_numbers_is_a_mismatch_where_it_is_demanded(mini: Run, changed: dict[str, str], named: str) -> None:
    slot = identity(mini)
    said, hint = mismatched(mini, "slot", "verify", slot[:6], env=changed)
    assert slot[:8] in said
    assert named in said
    assert "memos slot build" in hint
    assert mini("slot", "verify", env=changed).status == 0  # which demands nothing
    assert mini("slot", "verify", slot).status == 0


@pytest.mark.model
def test_a_slot_of_another_model_is_a_mismatch_where_it_is_demanded(mini: Run, models: Path) -> None:
    slot = identity(mini)
    env = {"MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    said, hint = mismatched(mini, "slot", "verify", slot[:6], env=env)
    assert "model file" in said
    assert "memos model use" in hint
    shown = mini("--json", "slot", "verify", slot)
    assert shown.data["slots"][0]["state"] == "ready"
    endpoint = {"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://localhost:9/v1"}
    assert "keeps no states" in mismatched(mini, "slot", "verify", slot, env=endpoint)[0]
    assert mini("slot", "verify", slot, env={"MEMOS_LLM_MODEL": "none"}).status == 14
    assert mini("slot", "verify", slot, env={"MEMOS_LLM_MODEL": "nowhere.gguf"}).status == 14
    assert mini("slot", "verify", slot).status == 0


@pytest.mark.model
def test_a_slot_of_other_memories_is_a_mismatch_where_it_is_demanded(mini: Run, home: Path) -> None:
    slot = identity(mini)
    kept = {path: path.read_bytes() for path in (home / "cache" / "slots").iterdir()}
    (memory,) = (one["id"] for one in mini("list", "--json").data["memories"] if "Porto" in one["content"])
    mini("edit", memory, "I live in Leeds.")
    assert mini("slot", "verify", slot).status == 10  # whoever changes a memory removes its slots
    for path, content in kept.items():
        path.write_bytes(content)
    said, hint = mismatched(mini, "slot", "verify", slot[:6])
    assert memory[:8] in said
    assert "memos slot build" in hint
    assert mini("slot", "verify").status == 0


@pytest.mark.model
def test_a_demanded_slot_that_is_damaged_or_unknown_keeps_its_own_status(mini: Run, home: Path) -> None:
    slot = identity(mini)
    assert mini("slot", "verify", "zz").status == 10
    (path,) = (home / "cache" / "slots").glob("*.state")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    done = mini("--json", "slot", "verify", slot[:6], env={"MEMOS_LLM_KV": "q8_0"})
    assert (done.status, done.data["slots"][0]["state"]) == (13, "damaged")
    assert "memos slot rm" in done.error["hint"]
    assert path.exists()


@pytest.mark.model
def test_a_changed_diet_reaches_every_answer_prompt_and_slot(memos: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    from memos_cli.backends.llms.llamacpp import LlamaModel
    from tests.conftest import ROOT

    model = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
    tokens = LlamaModel(model, context=2048)

    def words_in_slots() -> str:
        """What the tokens say whose state is kept; ids and versions stand beside them, and no text."""
        slots = home / "cache" / "slots"
        records = b"".join(path.read_bytes() for path in slots.glob("index.db*"))
        assert b"steak" not in records
        found = memos("--json", "slot", "verify").data["slots"]
        assert {one["state"] for one in found} <= {"ready"}
        with sqlite3.connect(slots / "index.db") as conn:
            rows = [array("i", ids) for (ids,) in conn.execute("SELECT ids FROM slots")]
        assert len(rows) == len(list(slots.glob("*.state"))) == len(found)
        tokens.count(Request((("user", "?"),)))  # loads the vocabulary
        return "".join(tokens._vocabulary.written(token).decode("utf-8", "replace") for ids in rows for token in ids)

    monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
    for fact in FACTS:
        memos("add", fact, "--pin")
    memos("add", "I eat steak every day.", "--key", "diet", "--pin", "--tag", "food")
    memos("add", "I like rice.", "--tag", "food")
    memos("slot", "build")
    memos("slot", "build", "--tag", "food")
    before = memos("--json", "chat", "-m", "What do I eat every day?").data
    assert "steak" in before["answer"]
    assert before["tokens"]["slot"] > 64
    memos("chat", "--continue", "-m", "Where do I live?")
    assert "steak" in words_in_slots()

    memos("add", "I am vegan now", "--key", "diet")
    assert "steak" not in words_in_slots()
    for asked in ("What do I eat every day?", "What do I eat?", "Am I vegan?", "What is my diet?"):
        after = memos("--json", "chat", "-m", asked).data
        assert "steak" not in after["answer"]
        assert "steak" not in memos("scheduler", "explain", asked).out
    memos("lifecycle", "tick")
    memos("slot", "build")
    assert "steak" not in words_in_slots()
    tokens.close()
