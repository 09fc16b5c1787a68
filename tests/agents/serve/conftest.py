"""What the tests of the endpoint get: the token of an agent that may see what the person told."""

import pytest

from memos_cli import MOS
from memos_cli.operation.governance.rules import Object


@pytest.fixture
def token(mos: MOS) -> str:
    """The token of an agent that may see what the person told."""
    mos.add("My dog is called Biscuit.")
    made = mos.governance.add("webui", kind="agent").token
    assert made is not None
    mos.governance.rules.grant("webui", "read", [Object("cube")])
    return made
