import pytest

from memos_cli import MOS
from memos_cli.errors import MemoryNotFound
from memos_cli.infra.limits import ID_LENGTH
from memos_cli.infra.vault.vault import Vault


def _statements(vault: Vault, text: str) -> int:
    """How many statements it takes to find that there is no such memory."""
    ran: list[str] = []
    conn = vault.conn
    conn.set_trace_callback(ran.append)
    try:
        with pytest.raises(MemoryNotFound):
            vault.resolve(text)
    finally:
        conn.set_trace_callback(None)
    return len(ran)


@pytest.mark.parametrize("who", [None, "eve"])
def test_a_name_that_nothing_has_takes_no_longer_the_longer_it_is(mos: MOS, who: str | None) -> None:
    mos.add("the harbour is open")
    vault = mos.vault("default", who)
    assert _statements(vault, "0" * 2_000) == _statements(vault, "0" * (ID_LENGTH + 1))
