"""Mail: mailboxes, single messages and folders of them, with the traps of each."""

import random
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest

from memos_cli.backends.importers import mbox
from memos_cli.errors import UsageError
from memos_cli.model import Kind
from tests.contracts.importer import ImporterContract, entries

RENT = b"""Received: by mx.example.org\r
Message-ID: <rent-1@example.org>\r
From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <jm@example.org>\r
To: "Lee, Sam" <sam@example.org>\r
Subject: =?iso-8859-1?Q?Miete_f=FCr?= =?utf-8?B?IE3DpHJ6?=\r
Date: Thu, 12 Nov 2020 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
Die Miete f=FCr M=E4rz ist 900 Euro.\r
\r
-- \r
J=FCrgen M=FCller\r
Hausverwaltung\r
"""
ANSWER = b"""Message-ID: <rent-2@example.org>
In-Reply-To: <rent-1@example.org>
References: <rent-1@example.org>
From: Sam Lee <sam@example.org>
To: jm@example.org
Subject: Re: Miete
Date: Thu, 12 Nov 2020 09:30:00 -0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b1"

--b1
Content-Type: multipart/alternative; boundary="b2"

--b2
Content-Type: text/plain; charset=utf-8

I paid it today.

>From what I know it is 910 now.

On Thu, Nov 12, 2020 at 10:00 AM =?utf-8?q?J=C3=BCrgen?= <jm@example.org> wrote:
> Die Miete ist 900 Euro.
> Danke
--b2
Content-Type: text/html

<p>not this</p>
--b2--
--b1
Content-Type: image/jpeg; name="house.jpg"
Content-Disposition: attachment; filename="house.jpg"
Content-Transfer-Encoding: base64

/9j/4AAQ
--b1--
"""
PAGE = b"""From: shop@example.com
Subject: Your order
Date: Mon, 2 Mar 2020 08:00:00
List-Unsubscribe: <mailto:x@example.com>
MIME-Version: 1.0
Content-Type: text/html; charset=unknown-charset

<html><head><title>no</title><style>p {}</style></head><body><p>Your order <b>4711</b> was sent.</p><script>x()</script>
<blockquote>what you wrote</blockquote><div>Thank&nbsp;you&#33;</div></body></html>
"""
DELETED = b"X-Mozilla-Status: 0009\nMessage-ID: <d@example.org>\nFrom: a@example.org\nSubject: old\n\nGone.\n"
VACATION = b"Message-ID: <v@x>\nFrom: v@example.org\nSubject: Away\nAuto-Submitted: auto-replied\n\nI am away.\n"
BOX = b"".join(
    b"From jm@example.org Thu Nov 12 10:00:00 2020\n" + message + b"\n" for message in (RENT, ANSWER, PAGE, DELETED, VACATION)
)


class TestMailImporter(ImporterContract):
    name = "mbox"

    def sample(self, folder: Path) -> Path:
        source = folder / "Inbox.mbox"
        source.write_bytes(BOX)
        return source

    def foreign(self, folder: Path) -> Iterable[Path]:
        contents = {
            "note.md": b"From: home\nTo: work\n\nBy train.\n", "data.json": b'{"from": "x"}',
            "fields.txt": b"Name: x\nDate: y\n\n", "letter.txt": b"From here to 2020\nwe went.\n",
        }  # fmt: skip
        for name, content in contents.items():
            (folder / name).write_bytes(content)
            yield folder / name
        yield folder


def box(folder: Path, *messages: bytes) -> Path:
    source = folder / "box.mbox"
    source.write_bytes(b"".join(b"From x@example.org Thu Nov 12 10:00:00 2020\n" + one + b"\n" for one in messages))
    return source


class TestMessages(ImporterContract):
    """What becomes of the sample, by hand."""

    name = "mbox"

    def sample(self, folder: Path) -> Path:
        (folder / "mails").mkdir()
        for number, message in enumerate((RENT, ANSWER, PAGE)):
            (folder / "mails" / f"{number}.eml").write_bytes(message)
        return folder / "mails"

    def test_names_words_times_and_threads_are_those_of_the_messages(self, tmp_path: Path) -> None:
        rent, answer, page = self.drafts(box(tmp_path, RENT, ANSWER, PAGE))
        assert (rent.content, rent.title, rent.source.speaker) == (
            "Die Miete für März ist 900 Euro.", "Miete für März", "Jürgen Müller",
        )  # fmt: skip
        assert (rent.external_id, rent.occurred_at) == ("mbox:rent-1@example.org", "2020-11-12T09:00:00.000Z")
        assert (rent.metadata["to"], rent.metadata["from"]) == (["Lee, Sam"], "jm@example.org")
        assert rent.metadata["signature_lines"] == 3
        assert answer.content == "I paid it today.\n\nFrom what I know it is 910 now."
        assert (answer.occurred_at, answer.source.turn) == ("2020-11-12T09:30:00.000Z", 1)
        assert answer.source.conversation == rent.source.conversation == "rent-1@example.org"
        assert (answer.metadata["quoted_lines"], answer.metadata["attachments"]) == (2, ["house.jpg"])
        assert page.content == "Your order 4711 was sent.\n\nThank you!"
        assert (page.tags, page.occurred_at) == (("mailing-list",), "2020-03-02T08:00:00.000Z")
        assert {draft.kind for draft in (rent, answer, page)} == {Kind.EPISODE}

    def test_what_is_left_out_is_named(self, tmp_path: Path) -> None:
        assert self.skipped(box(tmp_path, ANSWER, DELETED, VACATION)) == {
            "an image in a message": 1, "a deleted message": 1, "an automatic reply": 1,
        }  # fmt: skip

    def test_a_maildir_and_a_message_of_apple_mail_are_mail(self, tmp_path: Path) -> None:
        for name in ("cur", "new", "tmp"):
            (tmp_path / "Mail" / name).mkdir(parents=True)
        (tmp_path / "Mail" / "cur" / "1605171600.M1P1.host:2,S").write_bytes(RENT)
        (tmp_path / "Mail" / "new" / "1605171601.M1P1.host").write_bytes(ANSWER)
        (tmp_path / "Mail" / "tmp" / "half").write_bytes(RENT[:40])
        assert self.importer().matches(tmp_path / "Mail")
        assert len(self.drafts(tmp_path / "Mail")) == 2
        apple = tmp_path / "1.emlx"
        apple.write_bytes(str(len(RENT)).encode() + b"\n" + RENT)
        assert self.importer().matches(apple)
        assert [draft.external_id for draft in self.drafts(apple)] == ["mbox:rent-1@example.org"]

    def test_a_message_without_an_id_is_named_by_what_it_says(self, tmp_path: Path) -> None:
        bare = b"From: a@example.org\nDate: Thu, 12 Nov 2020 10:00:00 +0100\n\nHello there.\n"
        other = bare.replace(b"Hello", b"Hallo")
        one, two = self.drafts(box(tmp_path, bare, other))
        assert one.external_id != two.external_id
        again, _ = self.drafts(box(tmp_path, bare.replace(b"\n", b"\r\n"), other))
        assert again.external_id == one.external_id

    def test_a_date_that_is_none_is_no_date(self, tmp_path: Path) -> None:
        for date in (b"", b"Date: yesterday\n", b"Date: Thu, 99 Nov 2020 99:00:00 +0100\n", b"Date: 1 Jan 0000 00:00 +9999\n"):
            (draft,) = self.drafts(box(tmp_path, b"Message-ID: <a@b>\nFrom: a@example.org\n" + date + b"\nHello.\n"))
            assert draft.occurred_at is None
            assert "occurred_at" not in (draft.given or ())

    def test_bombs_end_soon_and_the_message_behind_them_is_read(self, tmp_path: Path) -> None:
        head = b"From: a@example.org\nMessage-ID: <%d@b>\nMIME-Version: 1.0\n"
        deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1500))
        many = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 40_000
        some = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 3000
        wide = b"X-Long: " + b"y" * (2 << 20) + b"\n\nwords\n"
        bombs = [head % number + one for number, one in enumerate((deep, many, some, wide))]
        found = self.read(box(tmp_path, *bombs, RENT))
        assert entries(found) >= 5
        assert getattr(found[-1], "external_id", None) == "mbox:rent-1@example.org"

    def test_a_large_mailbox_is_never_held_whole(self, tmp_path: Path) -> None:
        source = tmp_path / "large.mbox"
        attachment = b"Content-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 250_000
        with source.open("wb") as file:
            for number in range(30):
                file.write(b"From x@example.org Thu Nov 12 10:00:00 2020\n")
                file.write(b"From: a@example.org\nMessage-ID: <%d@b>\n" % number + attachment + b"\n\n")
        tracemalloc.start()
        found = self.read(source)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(found) == 60
        assert peak < 15 << 20

    def test_a_message_beyond_the_bound_is_skipped_and_the_next_one_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mbox, "MOST_MESSAGE", 2000)
        large = b"From: a@example.org\nMessage-ID: <l@b>\n\n" + b"word " * 1000
        assert self.skipped(box(tmp_path, large, PAGE)) == {"a message that is too large": 1}
        assert len(self.drafts(box(tmp_path, large, PAGE))) == 1

    def test_what_is_no_mail_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("no mail at all")
        for source in (tmp_path / "a.txt", tmp_path, tmp_path / "nowhere"):
            with pytest.raises(UsageError):
                list(self.importer().read(source, self.how))

    def test_headers_of_any_bytes_are_read(self, tmp_path: Path) -> None:
        chance = random.Random(7)
        for _ in range(100):
            noise = chance.randbytes(80).replace(b"\n", b"")
            encoded = b"=?%s?%s?%s?=" % (
                chance.choice((b"utf-8", b"x", b"idna")),
                chance.choice((b"b", b"q", b"z")),
                noise[:20],
            )
            message = b"From: %s <%s>\nSubject: %s\nDate: %s\nMessage-ID: %s\n\nHello.\n" % (
                encoded, noise[:9], encoded + noise, noise[:30], noise[:40],
            )  # fmt: skip
            self.read(box(tmp_path, message, RENT))
