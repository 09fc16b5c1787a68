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


class TestNamesAndIds:
    """An external id that is the beginning of another memory's id, too."""

    @pytest.mark.parametrize("length", [1, 4, 8])
    def test_what_one_called_a_memory_of_one_s_own_is_that_memory(self, mos: MOS, length: int) -> None:
        other = mos.add("the harbour is open").ids[0]
        own = mos.add("the bridge is closed", external_id=other[:length]).ids[0]
        assert mos.get(other[:length]).id == own
        assert mos.get(other[:length].upper()).id == own
        assert mos.get(other[:12]).id == other

    def test_a_whole_id_means_its_memory_whatever_another_is_called(self, mos: MOS) -> None:
        other = mos.add("the harbour is open").ids[0]
        own = mos.add("the bridge is closed", external_id=other).ids[0]
        assert mos.get(other).id == other
        assert mos.get(own).id == own

    def test_a_name_that_came_from_elsewhere_takes_no_id_s_place(self, mos: MOS) -> None:
        other = mos.add("the harbour is open").ids[0]
        arrived = mos.add("the bridge is closed", external_id=other[:8]).ids[0]
        vault = mos.vault("default")
        with mos.author("import").write(vault) as unit:
            unit.keep_strange(arrived)
        assert vault.arrivals([arrived])
        assert mos.get(other[:8]).id == other

    def test_a_name_that_somebody_else_gave_takes_no_id_s_place(self, mos: MOS) -> None:
        other = mos.add("the harbour is open").ids[0]
        with MOS(principal="eve", settings=mos.settings) as theirs:
            eve = theirs.add("the bridge is closed", external_id=other[:8]).ids[0]
            assert theirs.get(other[:8]).id == eve
        assert mos.get(other[:8]).id == other
