"""`memos mcp` as it is typed; what it answers to clients is in tests/agents."""

import subprocess
import sys

from tests.conftest import ROOT, Run


def test_it_answers_with_no_document(memos: Run) -> None:
    done = memos("mcp", "--json")
    assert done.status == 2
    assert done.error["exit_status"] == 2
    assert "no document" in done.error["message"]


def test_without_the_extra_it_names_it() -> None:
    missing = "import sys; sys.modules['mcp'] = None; sys.argv = ['memos', 'mcp']"
    code = f"{missing}; from memos_cli.__main__ import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 14
    assert "pip install 'memos-memcube[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_client_that_never_speaks_ends_it(memos: Run) -> None:
    done = memos("mcp", stdin="")
    assert (done.status, done.out, done.err) == (0, "", "")
