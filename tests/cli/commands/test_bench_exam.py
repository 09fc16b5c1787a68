"""`memos bench exam` as it is run: its figures, its refusals, and that it changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli.operation.exam import exam, questions
from memos_cli.operation.prompt.layouts import LAYOUTS
from tests.cli.commands.test_model_exam import knowing
from tests.conftest import Run
from tests.endpoint import Endpoint, serving

ASKED = questions.shipped()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(
        Endpoint(lambda body: knowing(body) if "<memories>" in body["messages"][-1]["content"] else "Zanzibar")
    ) as made:
        yield made


def test_every_question_in_every_layout(memos: Run, endpoint: Endpoint, home: Path) -> None:
    given = ("--endpoint", endpoint.url, "--model", "m", "--layouts", "list,brief", "--yes")
    done = memos("--json", "bench", "exam", *given)
    assert done.status == 0, done.err
    assert len(endpoint.asked) == 2 * len(ASKED)
    report = done.data
    assert (report["model"], report["endpoint"], report["questions"]) == ("m", endpoint.url, 60)
    assert (report["chosen"], report["best"]) == ("brief", "brief")
    listed, brief = report["rows"]
    assert (listed["layout"], listed["right"], listed["wrong"], listed["trusted"]) == ("list", 0, 48, False)
    assert (brief["right"], brief["wrong"], brief["refused"], brief["choosing_right"]) == (48, 0, 0, 12)
    assert (brief["bar"], brief["sure_right"], brief["value"], brief["trusted"]) == (0.0, 48, 1.0, True)
    assert sum(one["asked"] for one in brief["kinds"].values()) == 48
    assert report["citing"]["asked"] == 48
    assert 0 < report["citing"]["value"] < 1
    assert not (home / "exams").exists()
    assert memos("config", "get", "llm.model").out.strip() in {"none", "llm.model = none"}


def test_the_table_and_what_is_told_beside_it(memos: Run, models: Path) -> None:
    done = memos("bench", "exam", "--model", str(models / "plain.gguf"), "--layouts", "list_last")
    assert done.status == 0, done.err
    assert "list_last" in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "citing alone: " in done.err
    assert "the exam chooses list_last" in done.err


def test_questions_of_a_file(memos: Run, models: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_text(
        '{"kind": "who", "use": "examine", "question": "Where does it end?", "answers": ["in Porto", "the river ends"],'
        ' "order": [1], "evidence": [1], "cited": [1], "memories": [{"text": "The river ends in Porto."}]}\n'
    )
    done = memos(
        "--json", "bench", "exam", "--model", str(models / "plain.gguf"), "--layouts", "brief", "--questions", str(file)
    )
    assert [(row["asked"], row["right"]) for row in done.data["rows"]] == [(1, 1)]
    assert (done.data["chosen"], done.data["best"]) == (None, "brief")
    file.write_text("[]\n")
    done = memos("bench", "exam", "--model", str(models / "plain.gguf"), "--questions", str(file))
    assert (done.status, "not a question" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--layouts", "poem", "--model", "memos-mini"), 2, "there are: " + ", ".join(LAYOUTS)),
        (("--layouts", ",", "--model", "memos-mini"), 2, "no layout"),
        (("--endpoint", "http://127.0.0.1:9/v1"), 2, "--model"),
        ((), 14, "no model is chosen"),
        (("--model", "/nowhere.gguf"), 14, "no model"),
        (("--endpoint", "http://127.0.0.1:9/v1", "--model", "m"), 3, f"Put {60 * len(exam.CANDIDATES)} questions"),
        (("--endpoint", "http://127.0.0.1:9/v1", "--model", "m", "--yes"), 14, "cannot talk"),
    ],
)
def test_what_is_refused(memos: Run, arguments: tuple[str, ...], status: int, words: str) -> None:
    done = memos("bench", "exam", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in done.err
