"""`memos serve` as it is typed; what it answers to clients is in tests/agents/serve."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run


def test_it_answers_with_no_document(memos: Run) -> None:
    done = memos("serve", "--json")
    assert done.status == 2
    assert "no document" in done.error["message"]


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_it_names_it(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['memos', 'serve'];"
        " from memos_cli.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 14
    assert "pip install 'memos-memcube[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_model_it_names_the_command(memos: Run) -> None:
    pytest.importorskip("uvicorn")
    done = memos("serve")
    assert done.status == 14
    assert "no model is chosen" in done.err
    assert "memos model" in done.err


def test_a_model_elsewhere_is_served_there(memos: Run) -> None:
    pytest.importorskip("uvicorn")
    env = {"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://127.0.0.1:1/v1"}
    done = memos("serve", env=env)
    assert (done.status, "served there already" in done.err) == (14, True)


def test_a_file_that_is_no_model_is_said(memos: Run, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    (tmp_path / "x.gguf").write_bytes(b"nothing")
    done = memos("serve", "--model", str(tmp_path / "x.gguf"))
    assert done.status == 14
    assert "Traceback" not in done.err


def test_a_port_that_is_taken_is_said(memos: Run, models: Path) -> None:
    pytest.importorskip("uvicorn")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = memos("serve", "--model", str(models / "mini.gguf"), "--port", str(taken.getsockname()[1]))
    assert done.status == 2
    assert "cannot be used" in done.err
    assert "--port" in done.err
