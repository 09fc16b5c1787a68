import zipfile
from pathlib import Path

import pytest

from memos_cli.backends.importers.whatsapp import WhatsAppImporter
from memos_cli.backends.parsers.transcript import TranscriptParser
from memos_cli.errors import UsageError
from memos_cli.import_port import ImportOptions, Skipped
from memos_cli.model import Draft
from memos_cli.times import Zone
from tests.contracts.importer import ImporterContract

HOW = ImportOptions(Zone("UTC"))
ANDROID = (
    "05/03/2024, 09:00 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.\n"
    "05/03/2024, 09:01 - Cy Ng created group \"Garden\"\n"
    "05/03/2024, 09:12 - Cy Ng: olá\nand more\n\nNote: a last line\n"
    "05/03/2024, 09:12 - Cy Ng: <Media omitted>\n"
    "13/03/2024, 09:13 - +44 7700 900123: see https://example.org: ok\n"
    "13/03/2024, 09:14 - Cy Ng: This message was deleted\n"
    "13/03/2024, 09:14 - Cy Ng: IMG-20240313-WA0001.jpg (file attached)\nThe gate\n"
    "13/03/2024, 09:15 - Cy Ng: ok\n"
    "13/03/2024, 09:15 - Cy Ng: ok\n"
    "13/03/2024, 09:16 - Cy Ng: at ten <This message was edited>\n"
)  # fmt: skip
IPHONE = (
    "\ufeff[3/5/24, 9:12:07\u202fPM] Dee: \u200eMessages and calls are end-to-end encrypted.\r\n"
    "\u200e[3/5/24, 9:12:08\u202fPM] Dee: \u200eimage omitted\r\n"
    "[3/5/24, 9:12:09\u202fPM] ~\u202fEve: one\r\n"
    "[3/15/24, 12:05:00\u202fAM] Dee: two\r\n"
    "[3/15/24, 12:05:01\u202fAM] Dee: \u200e<attached: 00000012-PHOTO.jpg>\r\n"
)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def zipped(path: Path, text: str, *others: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_chat.txt", text.encode())
        for one in others:
            archive.writestr(one, b"x")
    return path


def read(source: Path, how: ImportOptions = HOW) -> tuple[list[Draft], dict[str, int]]:
    drafts, skipped = [], dict[str, int]()
    for one in WhatsAppImporter().read(source, how):
        if isinstance(one, Skipped):
            skipped[one.why] = skipped.get(one.why, 0) + one.count
        else:
            drafts.append(one)
    return drafts, skipped


class TestWhatsApp(ImporterContract):
    name = "whatsapp"

    def sample(self, folder: Path) -> Path:
        return zipped(folder / "WhatsApp Chat - Garden.zip", ANDROID, "IMG-20240313-WA0001.jpg", "PTT-1.opus")

    def foreign(self, folder: Path) -> list[Path]:
        log = "[2024-03-05 09:12] Ann: hi\n[2024-03-05 09:13] Bob: hello\n"
        return [written(folder / "log.txt", log), written(folder / "notes.txt", "2024-03-05, 9 am - Ann: is this one?\n" * 3)]


class TestWhatsAppText(ImporterContract):
    name = "whatsapp"

    def sample(self, folder: Path) -> Path:
        return written(folder / "WhatsApp Chat with Dee.txt", IPHONE)


def test_android(tmp_path: Path) -> None:
    drafts, skipped = read(written(tmp_path / "WhatsApp Chat with Garden (2).txt", ANDROID))
    assert [(draft.source.speaker, draft.content) for draft in drafts] == [
        ("Cy Ng", "olá\nand more\n\nNote: a last line"), ("+44 7700 900123", "see https://example.org: ok"), ("Cy Ng", "The gate"),
        ("Cy Ng", "ok"), ("Cy Ng", "ok"), ("Cy Ng", "at ten"),
    ]  # fmt: skip
    assert {(draft.title, draft.source.conversation) for draft in drafts} == {("Garden", "WhatsApp: Garden")}
    assert [draft.source.turn for draft in drafts] == [0, 1, 2, 3, 4, 5]
    assert [draft.occurred_at for draft in drafts[:2]] == ["2024-03-05T09:12:00.000Z", "2024-03-13T09:13:00.000Z"]
    assert skipped == {"a notice of WhatsApp": 2, "a file that was sent, without a text": 1, "a deleted message": 1}


def test_an_iphone_in_english_has_the_month_first(tmp_path: Path) -> None:
    drafts, skipped = read(written(tmp_path / "x.txt", IPHONE), HOW._replace(zone=Zone("Europe/Paris")))
    assert [(draft.source.speaker, draft.content) for draft in drafts] == [("~\u202fEve", "one"), ("Dee", "two")]
    assert [draft.occurred_at for draft in drafts] == ["2024-03-05T20:12:09.000Z", "2024-03-14T23:05:00.000Z"]
    assert skipped == {"a notice of WhatsApp": 1, "a file that was sent, without a text": 2}


@pytest.mark.parametrize("text", [ANDROID, IPHONE])
def test_it_agrees_with_the_parser_of_chats(tmp_path: Path, text: str) -> None:
    parsed = [(one.source.speaker, one.occurred_at) for one in TranscriptParser().parse(text) if one.source.speaker]
    ours = [(draft.source.speaker, draft.occurred_at) for draft in read(written(tmp_path / "a.txt", text))[0]]
    assert set(ours) <= set(parsed)


def test_names_last_while_a_chat_grows_and_loses_its_beginning(tmp_path: Path) -> None:
    whole = {draft.external_id: draft.content for draft in read(written(tmp_path / "1" / "WhatsApp Chat with G.txt", ANDROID))[0]}
    assert len(whole) == 6
    later = ANDROID.partition("13/03/2024, 09:13")
    text = f"{later[1]}{later[2]}14/03/2024, 08:00 - Cy Ng: new\n"
    again = {draft.external_id: draft.content for draft in read(written(tmp_path / "2" / "WhatsApp Chat with G.txt", text))[0]}
    assert {name for name, words in again.items() if words != "new"} < set(whole)
    # Days that tell more about the order of day and month change no name.
    short = "05/03/2024, 09:12 - A: x\n05/03/2024, 09:13 - B: y\n"
    first = read(written(tmp_path / "3" / "c.txt", short))[0]
    more = read(written(tmp_path / "4" / "c.txt", f"{short}05/14/2024, 09:13 - B: z\n"))[0]
    assert [draft.external_id for draft in first] == [draft.external_id for draft in more[:2]]
    assert (first[0].occurred_at, more[0].occurred_at) == ("2024-03-05T09:12:00.000Z", "2024-05-03T09:12:00.000Z")


def test_a_zip_its_folder_and_its_text_are_one_chat(tmp_path: Path) -> None:
    packed = zipped(tmp_path / "WhatsApp Chat - Ann.zip", ANDROID, "a.jpg", "b.opus")
    folder = tmp_path / "WhatsApp Chat - Ann"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    ids = [draft.external_id for draft in read(packed)[0]]
    assert [draft.external_id for draft in read(folder)[0]] == ids
    assert [draft.external_id for draft in read(folder / "_chat.txt")[0]] == ids
    assert [draft.external_id for draft in read(written(tmp_path / "WhatsApp Chat with Ann.txt", ANDROID))[0]] == ids
    assert read(packed)[1]["a file that was sent"] == 2
    assert read(folder)[1]["a file that was sent"] == 2


def test_other_archives_and_texts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("conversations.json", "[]")
    written(tmp_path / "y.txt", "Ann: hi\nBob: ho\n")
    for name in ("x.zip", "y.txt"):
        assert not WhatsAppImporter().matches(tmp_path / name)
        with pytest.raises(UsageError):
            read(tmp_path / name)
