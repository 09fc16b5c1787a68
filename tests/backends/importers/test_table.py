"""Tables: what stands between the columns, which of them is the text, and rows that are damaged."""

from pathlib import Path

import pytest

from memos_cli.errors import UsageError
from memos_cli.ports.importer import Skipped
from tests.contracts.importer import HOW, ImporterContract

PLAIN = (
    'Date,Note,Tags\r\n2024-03-01,"I moved, to Porto","home, city"\r\n'
    '2024-04-02,"Two\nlines",\r\n2024-04-02,Tea,\r\n2024-04-02,Tea,\r\n'
)


def table(folder: Path, content: str | bytes, name: str = "notes.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestTable(ImporterContract):
    name = "csv"

    def sample(self, folder: Path) -> Path:
        return table(folder, PLAIN)

    def test_a_row_is_a_memory(self, tmp_path: Path) -> None:
        moved, lines, tea, again = self.drafts(self.sample(tmp_path))
        assert (moved.content, moved.tags, moved.occurred_at) == (
            "I moved, to Porto",
            ("home", "city"),
            "2024-03-01T00:00:00.000Z",
        )
        assert lines.content == "Two\nlines"
        assert again.external_id == f"{tea.external_id}-2", "equal rows are told apart by which they are"

    def test_rows_keep_their_names_when_others_come_before_them(self, tmp_path: Path) -> None:
        before = {one.external_id for one in self.drafts(self.sample(tmp_path))}
        head, _, rest = PLAIN.partition("\r\n")
        path = table(tmp_path, f"{head}\r\n2023-01-01,Earlier,\r\n{rest}", "more.csv")
        assert before < {one.external_id for one in self.drafts(path)}

    @pytest.mark.parametrize(
        ("content", "name"),
        [
            ("text;when\nÄpfel;2024-01-01\n", "a.csv"),
            ("text\twhen\nÄpfel\t2024-01-01\n", "a.tsv"),
            ("text|when\nÄpfel|2024-01-01\n", "a.csv"),
            ("\ufefftext,when\r\nÄpfel,2024-01-01\r\n", "a.csv"),
            ("text,when\nÄpfel,2024-01-01\n".encode("cp1252"), "a.csv"),
            ("text,when\nÄpfel,2024-01-01\n".encode("utf-16"), "a.csv"),
            ('"text","when"\n"Äpfel","2024-01-01"', "a.csv"),
        ],
    )
    def test_delimiters_and_encodings_are_seen(self, content: str | bytes, name: str, tmp_path: Path) -> None:
        path = table(tmp_path, content, name)
        assert self.importer().matches(path)
        (draft,) = self.drafts(path)
        assert (draft.content, draft.occurred_at) == ("Äpfel", "2024-01-01T00:00:00.000Z")

    def test_columns_are_named_by_hand(self, tmp_path: Path) -> None:
        path = table(tmp_path, "who,what,extra\nAnn,Hello,7\n")
        with pytest.raises(UsageError) as told:
            self.read(path)
        assert "--columns NAME=content; there are: who, what, extra" in (told.value.hint or "")
        (draft,) = self.drafts(path, HOW._replace(columns={"what": "content", "who": "speaker"}))
        assert (draft.content, draft.source.speaker, draft.metadata) == ("Hello", "Ann", {"extra": "7"})
        for wrong in ({"wat": "content"}, {"what": "contents"}):
            with pytest.raises(UsageError):
                self.read(path, HOW._replace(columns=wrong))

    def test_the_guess_can_be_told(self, tmp_path: Path) -> None:
        told = self.importer().guessed(self.sample(tmp_path), HOW)  # type: ignore[attr-defined]
        assert told == {"Note": "content", "Date": "occurred_at", "Tags": "tags"}

    def test_a_date_that_has_two_meanings_is_kept_as_it_stands(self, tmp_path: Path) -> None:
        (draft,) = self.drafts(table(tmp_path, "text,date\nx y,01/02/2024\n"))
        assert (draft.occurred_at, draft.metadata) == (None, {"date": "01/02/2024"})

    def test_numbers_of_seconds_are_times(self, tmp_path: Path) -> None:
        drafts = self.drafts(table(tmp_path, "text,date\na,1700000000\nb,1700000000000\nc,1700000000.5\n"))
        assert [one.occurred_at for one in drafts] == [f"2023-11-14T22:13:20.{rest}Z" for rest in ("000", "000", "500")]

    def test_damaged_rows_are_named(self, tmp_path: Path) -> None:
        path = table(tmp_path, 'text,n\nfine,1\n"odd"x,2\nlast,3,4\n\nmore,5\n"open,6\nnever,7\n')
        found = self.read(path)
        assert [one.content for one in self.drafts(path)] == ["fine", "more"]
        assert [(one.why, one.count, one.damaged) for one in found if isinstance(one, Skipped)] == [
            ("a row that is damaged", 1, True),
            ("a row with more columns than names", 1, True),
            ("a row that is damaged", 2, True),
        ]

    def test_a_column_that_is_there_twice_is_told_apart(self, tmp_path: Path) -> None:
        (draft,) = self.drafts(table(tmp_path, "text,tag,tag\nx,a,b\n"))
        assert (draft.tags, draft.metadata) == (("a",), {"tag 2": "b"})
