import stat
import threading
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra import heads
from memos_cli.infra.heads import Head, Heads


@pytest.fixture
def file(tmp_path: Path) -> Heads:
    return Heads(tmp_path, "a cube")


def line_of(replica: str, seq: int) -> dict[str, Head]:
    return {replica: Head(seq, f"{seq:064x}")}


class TestTheFile:
    def test_a_missing_or_empty_one_says_nothing(self, file: Heads, tmp_path: Path) -> None:
        assert file.read() == ({}, True)
        (tmp_path / heads.FILE).touch()
        assert file.read() == ({}, False)

    def test_the_greatest_number_counts_whatever_the_order_of_the_lines(self, file: Heads) -> None:
        for seq in (3, 7, 5):
            file.note(line_of("a", seq))
        file.note(line_of("b", 1))
        assert file.read() == (line_of("a", 7) | line_of("b", 1), False)

    def test_it_is_its_owner_s_alone(self, file: Heads, tmp_path: Path) -> None:
        file.note(line_of("a", 1))
        assert stat.S_IMODE((tmp_path / heads.FILE).stat().st_mode) == 0o600
        file.write(line_of("a", 1))
        assert stat.S_IMODE((tmp_path / heads.FILE).stat().st_mode) == 0o600

    def test_a_torn_line_costs_no_other(self, file: Heads, tmp_path: Path) -> None:
        file.note(line_of("a", 1))
        file.note(line_of("a", 2))
        whole = (tmp_path / heads.FILE).read_bytes()
        for length in range(len(whole) // 2, len(whole) - 1):
            (tmp_path / heads.FILE).write_bytes(whole[:length])
            assert file.read()[0] == line_of("a", 1)
            file.note(line_of("a", 3))
            assert file.read()[0] == line_of("a", 3)

    def test_a_flipped_bit_takes_no_line_for_another(self, file: Heads, tmp_path: Path) -> None:
        file.note(line_of("a", 1))
        whole = (tmp_path / heads.FILE).read_bytes()
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            (tmp_path / heads.FILE).write_bytes(bytes(damaged))
            assert file.read()[0] in ({}, line_of("a", 1))

    def test_a_line_of_another_cube_does_not_count(self, file: Heads, tmp_path: Path) -> None:
        Heads(tmp_path, "another cube").note(line_of("a", 9))
        assert file.read() == ({}, False)

    def test_a_folder_that_is_gone_or_read_only_harms_nothing(self, tmp_path: Path) -> None:
        gone = Heads(tmp_path / "gone", "a cube")
        gone.note(line_of("a", 1))
        gone.write(line_of("a", 1))
        assert gone.read() == ({}, True)

    def test_it_never_goes_back_while_many_append_and_one_writes_it_anew(self, file: Heads) -> None:
        """As in a cube: who writes all anew knows of every line that anybody appends meanwhile."""
        done = 0

        def append() -> None:
            nonlocal done
            for seq in range(1, 400):
                file.note(line_of("a", seq))
                done = seq

        thread = threading.Thread(target=append)
        thread.start()
        seen = 0
        while thread.is_alive():
            file.write(line_of("a", max(seen, done + 1)))
            now = file.read()[0]["a"].seq
            assert now >= seen
            seen = now
        thread.join()


class TestInACube:
    def test_each_write_is_noted_and_the_file_stays_short(self, mos: MOS) -> None:
        for number in range(100):
            mos.add(f"note {number}")
        vault = mos.vault("default")
        known, _ = vault.heads.read()
        assert known == heads.of(vault.conn, [vault.meta["replica"]])
        assert known[vault.meta["replica"]].seq == 100
        assert (vault.folder / heads.FILE).stat().st_size < 5000

    def test_what_writes_nothing_notes_nothing(self, mos: MOS) -> None:
        mos.add("said once")
        vault = mos.vault("default")
        before = (vault.folder / heads.FILE).read_bytes()
        mos.edit(mos.list()[0].id, {"content": "said once"})
        mos.delete(mos.list()[0].id, dry_run=True)
        assert (vault.folder / heads.FILE).read_bytes() == before

    def test_a_cube_from_before_there_was_one_gets_it_with_its_next_write(self, mos: MOS) -> None:
        mos.add("one")
        vault = mos.vault("default")
        (vault.folder / heads.FILE).unlink()
        assert not mos.doctor.lost("default")
        mos.add("two")
        assert vault.heads.read()[0] == heads.of(vault.conn, [vault.meta["replica"]])
