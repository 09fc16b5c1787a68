"""What `memos add` does about a change that is told in words: it supersedes, or asks on one line of stderr."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from tests.conftest import Run
from tests.operation.helpers import tick


def current(memos: Run) -> set[str]:
    return {one["content"] for one in memos("--json", "list").data["memories"]}


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("I live in Leeds", "I moved to York"),
        ("My sister Ana lives in Leeds", "My sister Ana moved to York"),
        ("Meeting is at 9", "Meeting moved to 10"),
        ("The server runs Debian 11", "The server was upgraded to Debian 12"),
        ("I drive a Skoda", "I sold the Skoda"),
        ("I smoke", "I no longer smoke"),
        ("We use Python 3.10", "We use Python 3.12 only"),
        ("I eat meat", "Actually I am vegan now"),
        ("Ich rauche", "Ich rauche nicht mehr"),
    ],
)
def test_what_is_certain_is_superseded(memos: Run, known: str, told: str) -> None:
    first = memos("--json", "add", known).data["ids"][0]
    done = memos("--json", "add", told)
    assert (done.status, done.data["superseded"], done.data["questions"]) == (0, [first], [])
    assert current(memos) == {told}
    assert memos("--json", "show", first).data["valid_to"]
    assert memos("undo").status == 0
    assert current(memos) == {known}


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("My sister Ana lives in Leeds", "I moved to York"),
        ("I live in Leeds", "I might move to York"),
        ("I live in Leeds", "I used to live in York"),
        ("I live in Leeds", "Ana says I moved to York"),
        ("I drive a Skoda", "I sold the Volvo"),
        ("Sam owes me money", "I owe Sam money"),
    ],
)
def test_what_is_no_change_is_left_alone(memos: Run, known: str, told: str) -> None:
    memos("add", known)
    done = memos("--json", "add", told)
    assert (done.data["superseded"], done.data["questions"]) == ([], [])
    assert current(memos) == {known, told}
    assert memos("--json", "review").data["open"] == 0


def test_what_is_not_certain_is_asked_on_one_line(memos: Run) -> None:
    memos("add", "We use MySQL")
    done = memos("add", "We switched to Postgres")
    assert done.status == 0
    (line,) = done.err.splitlines()
    assert line.startswith("does this replace \u201cWe use MySQL\u201d? memos review ")
    assert current(memos) == {"We use MySQL", "We switched to Postgres"}
    (item,) = memos("--json", "review").data["items"]
    assert (item["suggested"], item["decision"]) == ("supersede", None)
    command = line.partition("memos ")[2].partition(",")[0].split()
    assert memos(*command).status == 0
    assert current(memos) == {"We switched to Postgres"}


def test_a_question_is_a_field_of_json_and_is_undone_with_its_memory(memos: Run) -> None:
    memos("add", "We use MySQL")
    added = memos("--json", "add", "We switched to Postgres").data
    assert [item["id"] for item in memos("--json", "review").data["items"]] == added["questions"]
    memos("undo")
    assert memos("--json", "review").data["open"] == 0


def test_a_secret_in_a_question_is_masked(memos: Run) -> None:
    memos("add", "We use the key sk-proj-abcdefghijklmnopqrstuvwxyz012345")
    done = memos("add", "We switched to Postgres")
    assert "abcdefghijklmnop" not in done.err


@pytest.mark.parametrize(
    ("first", "second", "suggested"),
    [
        ("Ich mag Fisch", "Ich mag Fisch nicht", "supersede"),
        ("Mi piace il pesce", "Non mi piace il pesce", "supersede"),
        ("Sam owes me money", "I owe Sam money", None),
        ("The dentist is Dr. Okafor", "The dentist is Dr. Visser", "supersede"),
    ],
)
def test_a_review_never_suggests_to_fuse_opposites(
    memos: Run, home: Path, first: str, second: str, suggested: str | None
) -> None:
    memos("add", first)
    memos("add", second)
    with MOS(home, settings=Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": str(home)})), principal="sam") as mos:
        tick(mos)
    assert [item["suggested"] for item in memos("--json", "review").data["items"]] == ([suggested] if suggested else [])


@pytest.mark.parametrize("question", ["Where do I live?", "Do I live in Rome?"])
def test_what_is_over_is_not_quoted_as_the_present(memos: Run, question: str) -> None:
    for text in ("I live in Leeds", "I used to live in York", "I don't live in Leeds"):
        memos("add", text)
    said = memos("chat", "-m", question).out
    assert "York" not in said
    assert "I live in Leeds" not in said.splitlines()
    assert "York" in memos("chat", "-m", "Where did I use to live?").out


@pytest.mark.parametrize(
    "text", ["Actually I eat meat now", "No more dairy for me", "I can't take penicillin", "We use Python 3.12 only"]
)
def test_chat_keeps_what_is_stated(memos: Run, text: str) -> None:
    memos("add", "I am vegan now")
    done = memos("--json", "chat", "-m", text)
    assert len(done.data["kept"]) == 1
    assert done.data["answer"].startswith("I will remember that.")
    assert text in current(memos)


def test_chat_without_a_terminal_names_the_command(memos: Run) -> None:
    memos("add", "I am vegan now")
    done = memos("chat", "-m", "Actually I eat meat now")
    line = done.out.splitlines()[-1]
    assert line.startswith("Shall this replace \u201cI am vegan now\u201d? Answer with: memos review ")
    command = line.partition("memos ")[2].partition(",")[0].split()
    assert memos(*command).status == 0
    assert "I am vegan now" not in current(memos)
