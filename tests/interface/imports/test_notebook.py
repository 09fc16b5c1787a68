"""Obsidian vaults and folders of Markdown, brought in and in step: what `../shared/formats.md` says of them, and worse."""

import os
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

from memos_cli import MOS
from memos_cli.backends.documents.documents import ChildConverter
from memos_cli.errors import UsageError
from memos_cli.infra.vault.check import check
from memos_cli.interface.imports.imports import Taking
from memos_cli.interface.imports.report import Imported
from memos_cli.model import LinkType, Memory, State
from tests.trials import trials

VAULT = "vault"


def note(name: str, text: str | bytes) -> Path:
    path = Path(VAULT, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(autouse=True)
def _vault(temporary: Path) -> None:  # noqa: ARG001 -- the working directory
    note(".obsidian/app.json", "{}")


def take(mos: MOS, **how: object) -> Imported:
    result = mos.imports.take(VAULT, Taking(**how))  # type: ignore[arg-type]
    assert result.found == result.taken + result.edited + result.known + result.skipped
    assert result.skipped == sum(reason.entries for reason in result.reasons)
    return result


def reasons(result: Imported) -> dict[str, int]:
    return {reason.why: reason.entries for reason in result.reasons}


def one(mos: MOS, start: str) -> Memory:
    (found,) = [memory for memory in mos.list() if memory.content.startswith(start)]
    return found


def mentioned(mos: MOS, start: str) -> list[str]:
    links = mos.writable().links(one(mos, start).id)[0]
    return sorted(mos.get(link.target).content for link in links if link.type is LinkType.MENTIONS)


def sound(mos: MOS) -> None:
    assert [fault for cube in check(mos.writable()) for fault in cube.faults] == []


def test_settings_trash_templates_and_drawings_are_no_notes(mos: MOS) -> None:
    note(".obsidian/templates.json", '{"folder": "Meta/Forms"}')
    note(".obsidian/plugins/templater-obsidian/data.json", '{"templates_folder": "tpl/"}')
    for name in (
        ".obsidian/x.md",
        ".trash/gone.md",
        "Meta/Forms/day.md",
        "tpl/week.md",
        "Templates/a.md",
        "Sketch.excalidraw.md",
    ):
        note(name, "not a note")
    note("Meta/about.md", "A note about notes.")
    result = take(mos)
    assert [memory.content for memory in mos.list()] == ["A note about notes."]
    assert reasons(result) == {"a template": 3, "a drawing": 1}


def test_attachments_are_counted_by_what_they_are(mos: MOS) -> None:
    note("a.md", "Words.")
    note("img/a.png", b"\x89PNG\r\n\x1a\n00")
    note("img/b.png", b"\x89PNG\r\n\x1a\n01")
    note("c.mp3", b"ID3\x04 x")
    assert reasons(take(mos)) == {"a PNG image": 2, "an MP3 recording": 1}


def test_a_document_that_cannot_be_converted_is_damaged(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, document: Path, sort: str) -> NoReturn:
        raise UsageError(f"cannot be converted: no {sort} at byte {len(document.name)}")

    monkeypatch.setattr(ChildConverter, "is_installed", lambda _: True)
    monkeypatch.setattr(ChildConverter, "convert", broken)
    for name in ("a.md", "c.pdf", "cc.pdf"):
        note(name, "Words." if name == "a.md" else b"%PDF-1.7 x")
    (found,) = take(mos).reasons
    assert (found.why, found.entries, found.damaged) == ("a PDF document that cannot be converted", 2, True)


def test_links_are_words_and_lead_to_the_memories_of_the_notes(mos: MOS) -> None:
    note("Ana.md", "Ana lives in York.\n\n## Work\n\nShe is an engineer.\n\nHer desk is by the door. ^desk\n")
    note(
        "a.md",
        "First see [[ana]].\n\nThen see [[ANA#work|her work]].\n\nAlso [[Ana#^desk]].\n\nNobody [[Bob]].\n\n`[[Ana]]` is code.",
    )
    take(mos)
    assert mentioned(mos, "First see ana.") == ["Ana lives in York."]
    assert mentioned(mos, "Then see her work.") == ["She is an engineer.\n\nHer desk is by the door."]
    assert mentioned(mos, "Also Ana.") == ["She is an engineer.\n\nHer desk is by the door."]
    assert mentioned(mos, "Nobody Bob.") == []
    assert mentioned(mos, "`[[Ana]]` is") == []


def test_of_notes_with_one_name_the_shortest_path_is_meant_or_the_path_that_is_given(mos: MOS) -> None:
    note("deep/er/Plan.md", "The deep plan.")
    note("Work/Plan.md", "The plan of work.")
    note("a.md", "Short [[Plan]].\n\nGiven [[er/plan]].\n\nFile [it](deep/er/Plan.md).")
    take(mos)
    assert mentioned(mos, "Short") == ["The plan of work."]
    assert mentioned(mos, "Given") == ["The deep plan."]
    assert mentioned(mos, "File") == ["The deep plan."]


def test_a_link_follows_its_note_and_one_by_hand_stays(mos: MOS) -> None:
    note("Ana.md", "Ana lives in York.")
    path = note("a.md", "See [[Ana]] and [[Bob]].")
    take(mos)
    by_hand = mos.add("Something else").ids[0]
    mos.link(one(mos, "See").id, LinkType.MENTIONS, by_hand)
    assert mentioned(mos, "See") == ["Ana lives in York.", "Something else"]
    note("Bob.md", "Bob is her brother.")
    take(mos)
    assert mentioned(mos, "See") == ["Ana lives in York.", "Bob is her brother.", "Something else"]
    path.write_text("See [[Nobody|Ana]] and [[Bob]].")
    take(mos)
    assert mentioned(mos, "See") == ["Bob is her brother.", "Something else"]
    mos.undo()
    assert mentioned(mos, "See") == ["Ana lives in York.", "Bob is her brother.", "Something else"]
    sound(mos)


def test_notes_that_name_each_other_and_themselves_end(mos: MOS) -> None:
    note("a.md", "Here [[b]] and [[a]].")
    note("b.md", "There [[a]] ![[b]].")
    take(mos)
    assert mentioned(mos, "Here") == ["There a b."]
    assert mentioned(mos, "There") == ["Here b and a."]


def test_a_daily_note_dates_what_stands_in_it(mos: MOS) -> None:
    note("daily/2026-11-27.md", "Met Ana for lunch.")
    take(mos)
    assert one(mos, "Met Ana").occurred_at == "2026-11-27T00:00:00.000Z"


def test_importing_again_adds_nothing_and_an_edit_is_an_edit(mos: MOS) -> None:
    path = note("a.md", "---\ntags: [x, y]\n---\nThe shed is green.\n\nThe gate is white.\n\nThe pond is deep.\n")
    assert take(mos).taken == 3
    again = take(mos)
    assert (again.taken, again.known, again.txn) == (0, 3, None)
    shed = one(mos, "The shed").id
    path.write_text("---\ntags: [y, z]\n---\nThe shed is red.\n\nThe gate is white.\n")
    result = take(mos)
    assert (result.taken, result.edited, result.known) == (0, 2, 0)
    assert mos.get(shed).content == "The shed is red."
    assert {memory.tags for memory in mos.list()} == {("y", "z")}
    assert any("1 archived" in line for line in result.notices)
    mos.undo()
    assert {memory.tags for memory in mos.list()} == {("x", "y")}
    assert len(mos.list()) == 3
    sound(mos)


def test_a_moved_note_is_followed_and_one_that_is_gone_is_told(mos: MOS) -> None:
    path, other = note("a.md", "The shed is green."), note("b.md", "The gate is white.")
    take(mos)
    path.rename(Path(VAULT, "Garden.md"))
    other.unlink()
    result = take(mos)
    assert (result.taken, result.edited) == (0, 0) or result.taken == 0
    assert any(line.startswith("moved: vault/a.md is vault/Garden.md") for line in result.notices)
    assert any("no longer in vault: vault/b.md" in line for line in result.notices)
    assert len(mos.list()) == 2


def test_a_dry_run_changes_nothing(mos: MOS) -> None:
    note("a.md", "The shed is [[b|green]].")
    note("b.md", "Green is a colour.")
    result = take(mos, dry_run=True)
    assert (result.taken, result.txn) == (2, None)
    assert mos.list() == ()


def test_tags_for_all_of_it_are_put_on_all_of_it_also_later(mos: MOS) -> None:
    note("a.md", "The shed is green. #own")
    note("b.md", "The gate is white.")
    take(mos)
    take(mos, fields={"tags": ("vault",)})
    assert {memory.tags for memory in mos.list()} == {("own", "vault"), ("vault",)}


def test_since_is_refused_since_it_would_take_paragraphs_out_of_their_notes(mos: MOS) -> None:
    note("a.md", "The shed is green.")
    with pytest.raises(UsageError, match="--since"):
        take(mos, since="2026-01-01T00:00:00.000Z")


def test_links_out_of_the_folder_are_never_followed(mos: MOS, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "diary.md").write_text("My secret diary.")
    note("a.md", "The shed is green.")
    os.symlink(tmp_path / "private" / "diary.md", Path(VAULT, "diary.md"))  # noqa: PTH211
    os.symlink(tmp_path / "private", Path(VAULT, "private"))  # noqa: PTH211
    os.symlink(Path(VAULT).absolute(), Path(VAULT, "loop"))  # noqa: PTH211
    os.symlink(Path(VAULT, "a.md").absolute(), Path(VAULT, "b.md"))  # noqa: PTH211
    result = take(mos)
    assert [memory.content for memory in mos.list()] == ["The shed is green."]
    assert reasons(result) == {"a link out of the folder": 1, "a link to a folder": 2, "a link within the folder": 1}


def test_what_is_broken_is_told_by_its_name_and_all_else_is_read(mos: MOS) -> None:
    note("good.md", "The shed is green.")
    note("latin.md", b"caf\xe9")
    note("wide.md", "words".encode("utf-16"))
    note("nul.md", b"a\0b")
    note("empty.md", "")
    note("comment.md", "%% only this %%")
    note("bomb.md", "---\na: &a [x]\nb: [*a, *a]\n---\nThe words of it.\n")
    result = take(mos)
    assert {memory.content for memory in mos.list()} >= {"The shed is green.", "The words of it."}
    assert reasons(result)["an empty note"] == 2
    assert sum(reason.entries for reason in result.reasons if reason.damaged) >= 2
    assert not result.whole
    assert any("bomb.md: front matter read as text" in line for line in result.notices)


def test_it_is_recognised_and_can_be_named(mos: MOS) -> None:
    note("a.md", "The shed is green.")
    assert take(mos, dry_run=True).sources[0].kind == "obsidian"
    assert take(mos, dry_run=True, kind="markdown").sources[0].kind == "markdown"
    Path("plain/deep").mkdir(parents=True)
    Path("plain/deep/b.md").write_text("---\ntags: x\n---\nThe gate is white.\n")
    assert mos.imports.take("plain").sources[0].kind == "markdown"
    assert mos.imports.take("plain/deep/b.md").known == 1
    Path("void").mkdir()
    with pytest.raises(UsageError, match="no kind"):
        mos.imports.take("void")


def test_a_deep_folder_and_a_name_with_anything_in_it(mos: MOS) -> None:
    note("/".join(["d"] * 60) + "/a.md", "The shed is green.")
    note("x\ny \x1b[31m[[z]] #t.md", "The gate is white.")
    assert take(mos).taken == 2
    assert take(mos).known == 2


PIECES = (
    "---\n", "tags: [a, b]\n", "title: x: y\n", "date: 2026-11-30\n", "# Heading\n", "\n\n", "words here. ", "[[Ana]]", "[[", "]]",  # noqa: E501 -- a sample
    "![[Ana#^b]]", "|", "#tag", "%%", "`", "```\n", "> [!note]\n", "> ", "- [ ] ", "- ", "key:: value\n", "^b\n", "==", "\r\n", "\t",  # noqa: E501 -- a sample
    "&a ", "*a ", "é", "\u2028", "日本", "{", ": ", "memos: x\n", "1. ", "[x](Ana.md)", "| a | b |\n| - | - |\n", "\\", "\ufeff",  # noqa: E501 -- a sample
)  # fmt: skip


def test_any_note_ends_in_a_report_whose_sums_agree_and_in_a_sound_cube(mos: MOS) -> None:
    chance = Random(22)
    note("Ana.md", "Ana lives in York. ^b")
    for _ in range(trials(25, 1000)):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randrange(40))).encode()
        if chance.random() < 0.3 and text:
            place = chance.randrange(len(text))
            text = text[:place] + bytes([chance.randrange(256)]) + text[place + chance.randrange(3) :]
        note(f"{chance.randrange(6)}.md", text)
        take(mos)
    again = take(mos)
    assert (again.taken, again.edited) == (0, 0)
    sound(mos)


def test_what_left_its_note_can_come_back(mos: MOS) -> None:
    path = note("a.md", "The shed is green.\n\nThe gate is white.")
    take(mos)
    identity = one(mos, "The gate").id
    path.write_text("The shed is green.")
    take(mos)
    assert mos.get(identity).state is State.ARCHIVED
    path.write_text("The shed is green.\n\nThe gate is white.")
    take(mos)
    assert one(mos, "The gate").id == identity


def test_a_folder_of_basic_memory_is_known_and_brought_in_step(mos: MOS, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    head = "---\ntitle: {0}\ntype: note\npermalink: {0}\n---\n\n"
    coffee = head.format("Coffee") + "## Observations\n- [fact] Beans are seeds #botany\n\n## Relations\n- needs [[Grinder]]\n"
    (folder / "Coffee.md").write_text(coffee)
    (folder / "Grinder.md").write_text(head.format("Grinder") + "- [fact] It has steel burrs\n")
    first = mos.imports.take(str(folder))
    assert (first.sources[0].kind, first.taken) == ("basic-memory", 3)
    by_words = {one.content: one for one in mos.list()}
    assert set(by_words) == {"Beans are seeds", "Coffee needs Grinder", "It has steel burrs"}
    assert by_words["Beans are seeds"].tags == ("botany", "fact")
    links, _ = mos.writable().links(by_words["Coffee needs Grinder"].id)
    assert [link.target for link in links] == [by_words["It has steel burrs"].id]
    (folder / "Coffee.md").write_text(coffee.replace("seeds #botany", "seeds of a cherry #botany (Ana)"))
    again = mos.imports.take(str(folder))
    assert (again.taken, again.edited) == (0, 1)
    (bean,) = [one for one in mos.list() if one.id == by_words["Beans are seeds"].id]
    assert bean.content == "Beans are seeds of a cherry (Ana)"
    assert bean.metadata["observation"]["context"] == "Ana"
