"""A folder of notes that goes out, is edited, and comes back."""

import json
from pathlib import Path
from random import Random

import pytest

from memos_cli import MOS
from memos_cli.errors import Refused, UsageError
from memos_cli.infra.vault.check import check
from memos_cli.interface.imports.report import Imported
from memos_cli.model import Filter, Kind, LinkType, Memory, State
from tests.conftest import Clock
from tests.trials import trials

OUT = "out"
CONTENTS = (
    "I am vegan now", "---\nkey: value\n---\n\n# not a heading\n\n- [ ] not mine", "  two\n\n\tlines ", "日本語のメモ。" * 90, "#tag [[link]] %%x%% ^id",  # noqa: E501 -- a sample
    "a: b: c", "...", "---", "\u2028 and \u200e marks", "\r\nof Windows\r\nlines", "`code` & <b>",
)  # fmt: skip


def filled(mos: MOS) -> None:
    for place, content in enumerate(CONTENTS):
        mos.add(
            content,
            tags=(f"t{place % 3}", "two words", "#hash", "null"),
            title=f"Title: {place} / {place}" if place % 2 else None,
        )
    mos.add("My diet is vegan", key="diet", kind=Kind.PREFERENCE, valid_from="2026-01-02T00:00:00.000Z", pinned=True)
    mos.add("Dentist", kind=Kind.EVENT, occurred_at="2026-12-04T09:00:00.000Z", expires_at="2027-01-01T00:00:00.000Z")
    mos.add("With metadata", metadata={"n": [1, 2.5, None, {"deep": True}], "front_matter": {"status": "open", "kind": "ours"}})


def notes() -> dict[str, bytes]:
    return {str(path.relative_to(OUT)): path.read_bytes() for path in sorted(Path(OUT).rglob("*.md"))}


def note(words: str) -> Path:
    (found,) = [path for path in Path(OUT).rglob("*.md") if words in path.read_text(encoding="utf-8").partition("\n---\n")[2]]
    return found


def replace(words: str, old: str, new: str) -> None:
    path = note(words)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def told(result: Imported) -> tuple[int, int, int, int]:
    assert result.found == result.taken + result.edited + result.known + result.skipped
    return result.taken, result.edited, result.known, result.skipped


def said(memory: Memory) -> tuple[object, ...]:
    content = memory.content.replace("\r\n", "\n").strip()
    shown = {name: value for name, value in memory.metadata.items() if name != "times"}
    dates = (memory.occurred_at, memory.valid_from, memory.valid_to, memory.expires_at)
    return (
        content,
        memory.kind,
        memory.title,
        memory.key,
        sorted(memory.tags),
        memory.labels,
        memory.pinned,
        *dates,
        json.dumps(shown),
    )


def all_said(mos: MOS) -> list[str]:
    return sorted(repr(said(one)) for one in mos.list(Filter(at=mos.now, everything=True)))


def sound(mos: MOS) -> None:
    assert [fault for one in check(mos.writable()) for fault in one.faults] == []


def test_what_goes_out_comes_back_as_known_and_the_same_bytes(mos: MOS) -> None:
    filled(mos)
    first = mos.notes.write(OUT)
    assert (first.memories, first.written, first.unwritable) == (len(CONTENTS) + 3, len(CONTENTS) + 3, ())
    bytes_, before = notes(), all_said(mos)
    assert told(mos.imports.take(OUT)) == (0, 0, len(CONTENTS) + 3, 0)
    assert told(mos.imports.take(OUT)) == (0, 0, len(CONTENTS) + 3, 0)
    assert all_said(mos) == before
    again = mos.notes.write(OUT)
    assert (again.memories, again.written) == (len(CONTENTS) + 3, 0)
    assert notes() == bytes_


def links(mos: MOS) -> set[tuple[str, str, str]]:
    """All links, by the words at both ends."""
    words = {memory.id: memory.content for memory in mos.list()}
    vault = mos.writable()
    return {(words[one.source], one.type.value, words[one.target]) for name in words for one in vault.links(name)[0]}


def test_links_come_into_an_empty_home_too(mos: MOS, tmp_path: Path, clock: Clock) -> None:
    ids = [mos.add(words).ids[0] for words in ("The roof leaks", "It was mended", "Holm & Sons mend roofs", "A bill")]
    for start, kind, end in (
        (1, LinkType.FOLLOWS, 0),
        (1, LinkType.MENTIONS, 2),
        (3, LinkType.PART_OF, 1),
        (3, LinkType.DERIVED_FROM, 2),
    ):
        mos.link(ids[start], kind, ids[end])
    mos.notes.write(OUT)
    expected = links(mos)
    assert len(expected) == 4
    with MOS(tmp_path / "other", clock=clock) as other:
        other.imports.take(OUT)
        assert links(other) == expected
        other.imports.take(OUT)
        assert links(other) == expected
        bill = next(memory.id for memory in other.list() if memory.content == "A bill")
        mended = next(memory.id for memory in other.list() if memory.content == "It was mended")
        other.link(bill, LinkType.PART_OF, mended, on=False)
        replace("A bill", "A bill", "A bill of 2026")
        other.imports.take(OUT)
        assert len(links(other)) == 3, "what was unlinked here stays so"
        sound(other)
        while other.list():
            other.undo()
        sound(other)
    mos.imports.take(OUT)
    assert len(links(mos)) == 4


def test_links_that_close_a_circle_or_lead_nowhere_are_passed_over(mos: MOS, tmp_path: Path, clock: Clock) -> None:
    one, two = (mos.add(words).ids[0] for words in ("Part one", "Part two"))
    mos.link(one, LinkType.PART_OF, two)
    mos.notes.write(OUT)
    stem = note("Part one").stem
    replace("Part two", "kind: note", f'kind: note\npart_of:\n  - "[[{stem}]]"\n  - "[[Nobody]]"\n  - 7')
    replace("Part two", "part_of:", 'relates: "[[Nobody#x|y]]"\npart_of:')
    with MOS(tmp_path / "other", clock=clock) as other:
        other.imports.take(OUT)
        assert len(links(other)) == 1
        sound(other)


def test_it_comes_into_an_empty_home_with_all_that_it_says(mos: MOS, tmp_path: Path, clock: Clock) -> None:
    filled(mos)
    mos.notes.write(OUT)
    with MOS(tmp_path / "other", clock=clock) as other:
        assert told(other.imports.take(OUT)) == (len(CONTENTS) + 3, 0, 0, 0)
        assert all_said(other) == all_said(mos)
        assert told(other.imports.take(OUT)) == (0, 0, len(CONTENTS) + 3, 0)
        replace("I am vegan now", "vegan", "vegetarian")
        assert told(other.imports.take(OUT)) == (0, 1, len(CONTENTS) + 2, 0)
        replace("I am vegetarian now", "vegetarian", "vegan")
        assert told(other.imports.take(OUT)) == (0, 1, len(CONTENTS) + 2, 0)
        assert all_said(other) == all_said(mos)
        sound(other)


def test_three_edits_are_three_edits_and_undo_takes_them_back(mos: MOS) -> None:
    filled(mos)
    before = all_said(mos)
    mos.notes.write(OUT)
    replace("I am vegan now", "vegan now", "vegan again")
    replace("Dentist", "2026-12-04T09:00:00Z", "2026-12-05")
    replace("My diet is vegan", "kind: preference\n", "kind: fact\ntags:\n  - food\n")
    result = mos.imports.take(OUT)
    assert told(result) == (0, 3, len(CONTENTS), 0)
    (diet,) = [one for one in mos.list() if one.key == "diet"]
    assert (diet.kind, diet.tags) == (Kind.FACT, ("food",))
    assert [one.occurred_at for one in mos.list() if one.content == "Dentist"] == ["2026-12-05T00:00:00.000Z"]
    assert [one.version for one in mos.list() if one.content == "I am vegan again"] == [2]
    mos.undo()
    assert all_said(mos) == before
    sound(mos)


def test_what_was_changed_in_both_is_asked_about_and_nothing_is_overwritten(mos: MOS) -> None:
    identity = mos.add("The shed is green").ids[0]
    mos.notes.write(OUT)
    mos.update(identity, "The shed is painted blue")
    replace("The shed is green", "green", "red")
    result = mos.imports.take(OUT)
    assert (told(result), len(result.questions)) == ((1, 0, 0, 0), 1)
    assert sorted(one.content for one in mos.list()) == ["The shed is painted blue", "The shed is red"]
    replace("The shed is red", "red", "dark red")
    assert told(mos.imports.take(OUT)) == (0, 1, 0, 0)
    assert mos.get(identity).content == "The shed is painted blue"


def test_what_was_changed_here_alone_stays(mos: MOS) -> None:
    identity = mos.add("The shed is green").ids[0]
    mos.notes.write(OUT)
    mos.update(identity, "The shed is blue")
    assert told(mos.imports.take(OUT)) == (0, 0, 1, 0)
    assert mos.get(identity).content == "The shed is blue"
    assert mos.notes.write(OUT).written == 1


@pytest.mark.parametrize("state", ["frozen", "forgotten", "purged"])
def test_what_may_not_change_stays_and_that_is_told(mos: MOS, state: str) -> None:
    identity = mos.add("The shed is green").ids[0]
    mos.notes.write(OUT)
    if state == "frozen":
        mos.switch([identity], "freeze", {"frozen": True})
    elif state == "forgotten":
        mos.delete(identity)
    else:
        mos.purge(identity)
    replace("The shed is green", "green", "red")
    result = mos.imports.take(OUT)
    assert (result.taken, result.edited) == (0, 0)
    assert state in " ".join(reason.why for reason in result.reasons)
    assert not [one for one in mos.list() if "red" in one.content]


def test_a_new_note_is_new_and_one_that_is_gone_changes_nothing(mos: MOS) -> None:
    mos.add("The shed is green")
    mos.add("The gate is white")
    mos.notes.write(OUT)
    mos.imports.take(OUT)
    note("The gate is white").unlink()
    Path(OUT, "mine.md").write_text("The pond is deep.\n")
    result = mos.imports.take(OUT)
    assert told(result) == (1, 0, 1, 0)
    assert any("no longer in out" in line for line in result.notices)
    assert {one.content for one in mos.list()} == {"The shed is green", "The gate is white", "The pond is deep."}


def test_a_note_that_a_person_moved_keeps_its_place(mos: MOS) -> None:
    mos.add("The shed is green")
    mos.notes.write(OUT)
    mos.imports.take(OUT)
    Path(OUT, "Garden").mkdir()
    note("The shed is green").rename(Path(OUT, "Garden", "Shed.md"))
    replace("The shed is green", "green", "red")
    result = mos.imports.take(OUT)
    assert told(result) == (0, 1, 0, 0)
    assert any(line.startswith("moved: ") for line in result.notices)
    assert (mos.notes.write(OUT).written, list(notes())) == (0, ["Garden/Shed.md"])


def test_a_file_that_is_not_its_own_or_was_edited_is_never_overwritten_unless_forced(mos: MOS) -> None:
    mos.add("The shed is green")
    mos.notes.write(OUT)
    path = note("The shed is green")
    replace("The shed is green", "green", "red")
    edited = path.read_bytes()
    assert [why for _, why in mos.notes.write(OUT).kept] == ["edited since"]
    path.write_text("my own words")
    assert [why for _, why in mos.notes.write(OUT).kept] == ["not written by memos"]
    assert path.read_text() == "my own words"
    path.write_bytes(edited)
    assert mos.notes.write(OUT, force=True).written == 1
    assert "The shed is green" in path.read_text()


def test_a_dry_run_writes_nothing(mos: MOS) -> None:
    filled(mos)
    assert mos.notes.write(OUT, dry_run=True).written == len(CONTENTS) + 3
    assert not Path(OUT).exists()


def test_links_lead_to_notes_by_their_names(mos: MOS) -> None:
    shed, gate = mos.add("The shed is green").ids[0], mos.add("The gate is white").ids[0]
    mos.link(shed, LinkType.RELATES, gate)
    mos.notes.write(OUT)
    assert f'relates:\n  - "[[{note("The gate is white").stem}]]"\n' in note("The shed is green").read_text()


def test_labels_stay_and_secrets_are_masked_and_not_unmasked_by_what_comes_back(mos: MOS) -> None:
    mos.add("My blood is A positive", labels=("health",))
    identity = mos.add("password: hunter2secretX9 for the router").ids[0]
    result = mos.notes.write(OUT)
    assert (result.left_out, result.labels, result.masked, result.memories) == (1, (("health", 1),), 1, 1)
    assert b"hunter2" not in b"".join(notes().values())
    assert "hunter2" not in "".join(notes())
    replace("for the router", "router", "gateway")
    assert told(mos.imports.take(OUT)) == (0, 0, 0, 1)
    assert mos.get(identity).content == "password: hunter2secretX9 for the router"


def test_turns_of_talks_are_left_out_unless_they_are_asked_for(mos: MOS) -> None:
    mos.add(messages=[{"role": "user", "content": "Hello there", "conversation": "c"}])
    assert (mos.notes.write(OUT).turns, notes()) == (1, {})
    assert mos.notes.write(OUT, talks=True).written == 1
    assert told(mos.imports.take(OUT)) == (0, 0, 1, 0)


def test_names_of_files_are_safe_on_every_system(mos: MOS) -> None:
    for title in (
        "../../etc/passwd",
        "CON",
        "nul.txt",
        "a" * 400,
        "ä" * 300,
        "\u202egpj.exe",
        "x\ty",
        " . ",
        "COM1",
        "Same",
        "SAME",
        'a|b<c>:"?*',
    ):
        mos.add(f"Under {title!r}", title=title)
    assert mos.notes.write(OUT).unwritable == ()
    names = [*notes()]
    assert len({name.casefold() for name in names}) == len(names) == 12
    for name in names:
        last = name.rpartition("/")[2]
        assert len(last.encode()) < 255
        assert not set(last) & set('<>:"/\\|?*\u202e\t')
        assert last.partition(".")[0].upper() not in {"CON", "NUL", "COM1"}
        assert name.startswith("notes/20")


def test_links_in_the_folder_are_not_followed_out_of_it(mos: MOS, tmp_path: Path) -> None:
    mos.add("The shed is green")
    (tmp_path / "elsewhere").mkdir()
    Path(OUT).mkdir()
    Path(OUT, "notes").symlink_to(tmp_path / "elsewhere")
    Path(OUT, "facts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="leads out"):
        mos.notes.write(OUT)
    assert not any((tmp_path / "elsewhere").iterdir())
    Path("file").write_text("")
    with pytest.raises(UsageError, match="no folder"):
        mos.notes.write("file")


def test_a_stamp_from_elsewhere_is_no_id_of_ours(mos: MOS) -> None:
    identity = mos.add("The shed is green").ids[0]
    mos.notes.write(OUT)
    path = note("The shed is green")
    cube = path.read_text().split("memos: ")[1].split("/")[0].strip('"')
    path.write_text(path.read_text().replace(cube, "0" * 32).replace("green", "red"))
    assert told(mos.imports.take(OUT)) == (1, 0, 0, 0)
    assert mos.get(identity).content == "The shed is green"
    unknown = path.read_text().replace("0" * 32, cube).replace(identity, "a" * 20)
    path.write_text(unknown.replace("red", "blue"))
    assert mos.imports.take(OUT).found == 1
    assert mos.get(identity).content == "The shed is green"


@pytest.mark.parametrize(
    ("old", "new"),
    [("kind: fact", "kind: nonsense"), ("tags:", "tags: [\n#"), ("occurred: 2026-12-04", "occurred: soon"), ("The shed is green", "")],  # noqa: E501 -- a sample
)  # fmt: skip
def test_a_note_with_a_field_that_is_none_is_skipped_and_changes_nothing(mos: MOS, old: str, new: str) -> None:
    mos.add("The shed is green", kind=Kind.FACT, tags=("a",), occurred_at="2026-12-04T00:00:00.000Z")
    mos.notes.write(OUT)
    before = all_said(mos)
    replace("The shed is green", old, new)
    result = mos.imports.take(OUT)
    assert result.edited == 0
    assert all_said(mos) == before
    assert (result.taken, result.skipped, result.whole) == (0, 1, False)


def test_any_damage_of_a_note_ends_in_a_report_whose_sums_agree(mos: MOS) -> None:
    filled(mos)
    mos.notes.write(OUT)
    chance = Random(7)
    sound_notes = notes()
    before = all_said(mos)
    for _ in range(trials(40, 1000)):
        name = chance.choice([*sound_notes])
        whole = bytearray(sound_notes[name])
        for _ in range(chance.randrange(1, 4)):
            match chance.randrange(4):
                case 0:
                    del whole[chance.randrange(len(whole)) :]
                case 1:
                    place = chance.randrange(len(whole) + 1)
                    whole[place:place] = chance.choice(
                        [b"\xff", b"---\n", b"\0", b"memos: x\n", b": [", b"\n\n", b"&a *a", "ä".encode()]
                    )
                case 2 if whole:
                    whole[chance.randrange(len(whole))] = chance.randrange(256)
                case _:
                    middle = chance.randrange(len(whole) + 1)
                    whole = whole[middle:] + whole[:middle]
            if not whole:
                break
        Path(OUT, name).write_bytes(whole)
        told(mos.imports.take(OUT, None))
        Path(OUT, name).write_bytes(sound_notes[name])
    sound(mos)
    assert len(all_said(mos)) >= len(before)


def test_archived_and_forgotten_memories_go_out_where_they_are_asked_for(mos: MOS) -> None:
    identity = mos.add("The shed is green").ids[0]
    mos.delete(identity)
    assert mos.notes.write(OUT).memories == 0
    assert mos.notes.write(OUT, Filter(at=mos.now, everything=True)).memories == 1
    assert told(mos.imports.take(OUT)) == (0, 0, 1, 0)
    assert mos.get(identity).state is State.EXPIRED
