"""Files and folders that are added again: what changed in them is edited, archived, followed, asked or told."""

import hashlib
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import UsageError
from memos_cli.infra.vault.check import check
from memos_cli.interface.pipeline.source_files import SourceOptions
from memos_cli.model import Filter, Memory, State
from memos_cli.operation.results import Added
from tests.conftest import Clock
from tests.trials import trials

FOLDER = "notes"


def add(mos: MOS, *names: str, **how: Any) -> Added:
    return mos.pipeline.add_files(names or (FOLDER,), SourceOptions(**how))


def note(name: str, *paragraphs: str) -> Path:
    path = Path(FOLDER) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    return path


def current(mos: MOS) -> list[str]:
    return sorted(memory.content for memory in mos.list())


def by_content(mos: MOS, content: str) -> Memory:
    (found,) = [memory for memory in mos.list() if memory.content == content]
    return found


def sound(mos: MOS) -> None:
    assert [fault for one in check(mos.writable()) for fault in one.faults] == []


ONE, TWO, THREE = "The north bed has carrots and leeks.", "The south bed has beans.", "Water on Mondays, early."


def test_a_changed_paragraph_is_edited_a_removed_one_archived_and_undo_takes_both_back(mos: MOS) -> None:
    note("beds.md", ONE, TWO, THREE)
    first = add(mos)
    assert (first.added, first.files and first.files.read) == (3, 1)
    note("beds.md", ONE.replace("carrots", "parsnips"), THREE, "The shed needs a new roof.")
    again = add(mos)
    assert (again.added, again.edited, len(again.archived), again.duplicates) == (1, 1, 1, 1)
    assert mos.get(first.ids[0]).content == ONE.replace("carrots", "parsnips")
    assert mos.get(again.archived[0]).state is State.ARCHIVED
    mos.undo()
    assert current(mos) == sorted((ONE, TWO, THREE))
    back = add(mos)
    assert (back.added, back.edited, len(back.archived)) == (1, 1, 1)


def test_what_did_not_change_writes_nothing(mos: MOS) -> None:
    note("a.md", ONE)
    note("b.md", TWO)
    add(mos)
    before = mos.writable().position()
    for how in ({}, {"again": True}):
        told = add(mos, **how)
        assert (told.txn, told.duplicates, told.files and told.files.unchanged) == (None, 2, 2)
    assert mos.writable().position() == before


def test_a_file_is_the_same_however_it_is_called(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    path = note("beds.md", ONE, TWO)
    add(mos, str(path))
    for name in (f"./{path}", f"{FOLDER}/../{path}", str(path.absolute()), f"{FOLDER}/*.md"):
        assert add(mos, name).txn is None, name
    whole = str(path.absolute())
    monkeypatch.chdir(FOLDER)
    assert add(mos, "beds.md", "./beds.md", whole).txn is None


def test_a_paragraph_of_two_files_stays_until_it_left_both(mos: MOS) -> None:
    note("a.md", ONE, TWO)
    note("b.md", ONE, THREE)
    add(mos)
    note("a.md", TWO)
    assert add(mos).archived == ()
    note("b.md", ONE.replace("carrots", "radishes"), THREE)
    note("a.md", TWO, ONE)
    add(mos)
    assert current(mos) == sorted((ONE, TWO, THREE, ONE.replace("carrots", "radishes")))
    note("a.md", TWO)
    note("b.md", THREE)
    assert len(add(mos).archived) == 2


def test_a_paragraph_that_moves_to_another_file_stays_the_same_memory(mos: MOS) -> None:
    note("a.md", ONE, TWO)
    note("b.md", THREE)
    add(mos)
    known = by_content(mos, ONE).id
    note("a.md", TWO)
    note("b.md", THREE, ONE)
    told = add(mos)
    assert (told.added, told.archived, by_content(mos, ONE).id) == (0, (), known)


def test_what_left_its_file_comes_back_as_the_same_memory(mos: MOS) -> None:
    note("a.md", ONE, TWO)
    add(mos)
    known = by_content(mos, ONE).id
    note("a.md", TWO)
    add(mos)
    note("a.md", TWO, ONE)
    told = add(mos)
    assert (told.added, told.edited, by_content(mos, ONE).id) == (0, 1, known)


def test_a_moved_file_is_followed_and_one_that_is_gone_only_told(mos: MOS) -> None:
    path = note("beds.md", ONE, TWO)
    note("shed.md", THREE)
    first = add(mos)
    Path(FOLDER, "garden").mkdir()
    path.rename(Path(FOLDER, "garden", "beds.md"))
    told = add(mos)
    assert told.files is not None
    assert told.files.moved == ((f"{FOLDER}/beds.md", f"{FOLDER}/garden/beds.md"),)
    assert (told.added, told.edited, told.archived, told.files.gone) == (0, 0, (), ())
    assert mos.get(first.ids[0]).source.file == f"{FOLDER}/garden/beds.md"
    note("garden/beds.md", ONE.replace("carrots", "parsnips"), TWO)
    assert (add(mos).edited, mos.get(first.ids[0]).content) == (1, ONE.replace("carrots", "parsnips"))
    Path(FOLDER, "shed.md").unlink()
    told = add(mos)
    assert told.files is not None
    assert (told.archived, told.files.gone, told.txn) == ((), ((f"{FOLDER}/shed.md", 1),), None)
    assert THREE in current(mos)


def test_a_copy_is_no_move(mos: MOS) -> None:
    path = note("beds.md", ONE)
    add(mos)
    shutil.copy(path, Path(FOLDER, "copy.md"))
    told = add(mos)
    assert told.files is not None
    assert (told.added, told.files.moved, current(mos)) == (0, (), [ONE])


def _edited(mos: MOS, identity: str) -> str:
    mos.edit(identity, {"content": ONE + " And peas."})
    return ONE + " And peas."


def _pinned(mos: MOS, identity: str) -> str:
    mos.switch([identity], "pin", {"pinned": True})
    return ONE


def _frozen(mos: MOS, identity: str) -> str:
    mos.switch([identity], "freeze", {"frozen": True})
    return ONE


def _told(mos: MOS, identity: str) -> str:
    assert mos.add(ONE).ids == (identity,)
    return ONE


@pytest.mark.parametrize("touch", [_edited, _pinned, _frozen, _told])
def test_what_a_person_touched_is_asked_and_never_overwritten(mos: MOS, clock: Clock, touch: Any) -> None:
    note("beds.md", ONE, TWO)
    known = add(mos).ids[0]
    clock.forward(hours=1)
    stays = touch(mos, known)
    clock.forward(hours=1)
    now = ONE.replace("carrots", "parsnips")
    note("beds.md", now, TWO)
    told = add(mos)
    assert (told.added, told.edited, told.archived, len(told.questions)) == (1, 0, (), 1)
    assert mos.get(known).content == stays
    (item,) = mos.review.list()
    assert (item.id, item.earlier.id, item.later.content, item.suggested) == (told.questions[0], known, now, "supersede")
    again = now.replace("leeks", "garlic")
    note("beds.md", again, TWO)
    assert (add(mos).edited, mos.get(known).content) == (1, stays)
    if not mos.get(known).frozen:
        mos.review.decide(item.id, "supersede")
        assert current(mos) == sorted((again, TWO))


@pytest.mark.parametrize("touch", [_edited, _pinned, _frozen, _told])
def test_what_a_person_touched_stays_when_it_leaves_its_file(mos: MOS, touch: Any) -> None:
    note("beds.md", ONE, TWO)
    known = add(mos).ids[0]
    stays = touch(mos, known)
    note("beds.md", TWO)
    told = add(mos)
    assert told.files is not None
    assert (told.archived, [one for one, _ in told.files.kept], mos.get(known).content) == ((), [known], stays)
    assert add(mos).txn is None


def test_an_edit_in_memos_stays_while_its_paragraph_does_and_is_one_with_the_same_edit_of_the_file(mos: MOS) -> None:
    note("beds.md", ONE, TWO)
    known = add(mos).ids[0]
    stays = _edited(mos, known)
    note("beds.md", ONE, TWO, THREE)
    assert (add(mos).edited, mos.get(known).content) == (0, stays)
    note("beds.md", stays, TWO, THREE)
    assert (add(mos).added, mos.list() and mos.get(known).content) == (0, stays)
    note("beds.md", stays + " And garlic.", TWO, THREE)
    assert (add(mos).edited, mos.get(known).content) == (1, stays + " And garlic.")


def test_what_was_forgotten_stays_so_until_its_paragraph_changes(mos: MOS) -> None:
    note("beds.md", ONE, TWO)
    known = add(mos).ids[0]
    mos.delete([known])
    note("beds.md", ONE, TWO, THREE)
    assert (add(mos).added, current(mos)) == (1, sorted((TWO, THREE)))
    note("beds.md", ONE.replace("carrots", "parsnips"), TWO, THREE)
    assert (add(mos).edited, mos.get(known).state) == (1, State.ACTIVATED)


def test_what_is_given_reaches_what_is_there(mos: MOS) -> None:
    note("a.md", ONE)
    note("b.md", TWO)
    known = add(mos).ids
    mos.switch([known[0]], "freeze", {"frozen": True})
    told = add(mos, fields={"tags": ("garden",), "pinned": True}, again=True)
    assert told.files is not None
    assert (told.edited, told.files.refused) == (1, ((known[0], "frozen"),))
    assert (mos.get(known[1]).tags, mos.get(known[1]).pinned) == (("garden",), True)
    note("b.md", TWO.replace("beans", "peas"))  # it was pinned with the file, so the file still rules it
    assert (add(mos).edited, mos.get(known[1]).content) == (1, TWO.replace("beans", "peas"))


def test_a_frozen_memory_that_a_new_file_says_too_stops_no_other_file(mos: MOS) -> None:
    (known,) = mos.add(ONE).ids
    mos.switch([known], "freeze", {"frozen": True})
    note("a.md").write_text(f"---\ntags: garden\n---\n\n{ONE}\n\n{TWO}\n")
    note("b.md", THREE)
    told = add(mos)
    assert told.files is not None
    assert (told.added, told.files.refused, mos.get(known).tags) == (2, ((known, "frozen"),), ())
    assert add(mos).txn is None


def test_what_was_purged_is_not_read_again_and_nothing_tells_what_it_was(mos: MOS) -> None:
    note("beds.md", ONE, TWO, THREE)
    note("other.md", "The shed needs a new roof.")
    known = add(mos).ids[1]
    before = (mos.writable().records("file"))[str(Path(FOLDER, "beds.md").absolute())]["digest"]
    assert before != hashlib.sha256(Path(FOLDER, "beds.md").read_bytes()).hexdigest()
    mos.purge([known])
    for _ in range(2):
        told = add(mos)
        assert told.files is not None
        assert (told.added, current(mos).count(TWO)) == (0, 0)
        assert [name for name, _ in told.files.skipped] == [f"{FOLDER}/beds.md"]
    note("beds.md", ONE, "Sam owes me twelve euros.", TWO, THREE)
    assert add(mos).added == 2


def test_a_changed_date_and_heading_reach_their_memory(mos: MOS) -> None:
    note("plan.md", "# Plan", "- Dentist on 3 May 2026 at nine with Ana", "- Buy a new rake for the garden")
    known = add(mos).ids
    note("plan.md", "# Plans", "- Dentist on 4 May 2026 at nine with Ana", "- Buy a new rake for the garden")
    told = add(mos)
    assert (told.added, told.edited, told.archived) == (0, 2, ())
    assert (mos.get(known[0]).occurred_at or "")[:10] == "2026-05-04"
    assert {mos.get(one).title for one in known} == {"Plans"}


def test_the_time_of_the_file_dates_no_paragraph_anew(mos: MOS) -> None:
    path = note("todo.md", "Call Ana tomorrow about the rent.", TWO)
    os.utime(path, (1_772_000_000, 1_772_000_000))
    known = add(mos).ids[0]
    day = mos.get(known).occurred_at
    note("todo.md", "Call Ana tomorrow about the rent.", TWO, THREE)
    os.utime(path, (1_772_300_000, 1_772_300_000))
    assert (add(mos).added, mos.get(known).occurred_at) == (1, day)


def test_days_of_a_diary_are_days(mos: MOS) -> None:
    note("runs.md", "# 2026-02-01", "Ran 5 km.", "# 2026-02-02", "Ran 5 km.")
    assert add(mos).added == 2
    note("runs.md", "# 2026-02-01", "Ran 5 km.", "# 2026-02-02", "Ran 5 km.", "# 2026-02-03", "Ran 6 km.")
    told = add(mos)
    assert (told.added, told.edited, told.archived) == (1, 0, ())


def test_talks_and_logs_are_only_added_to(mos: MOS) -> None:
    path = Path("chat.txt")
    lines = [f"[2026-02-0{day} 09:12] Ana: we planted row {day} today" for day in range(1, 6)]
    path.write_text("\n".join(lines[:4]) + "\n")
    assert add(mos, "chat.txt").added >= 4
    path.write_text("\n".join(lines[2:]) + "\n")
    told = add(mos, "chat.txt")
    assert told.archived == ()
    assert sum("planted row" in one and "2026" not in one for one in current(mos)) >= 5
    log = "".join(
        f"commit {number:07x}\nAuthor: Ana <a@b.c>\nDate:   Thu Feb 12 1{number}:00:00 2026 +0100\n\n    Change {number}\n\n"
        for number in range(3)
    )
    Path("log.txt").write_text(log)
    assert add(mos, "log.txt").added == 3
    Path("log.txt").write_text(log[log.index("commit 0000002") :])
    assert (add(mos, "log.txt").archived, len([one for one in current(mos) if one.startswith("Change")])) == ((), 3)


def test_a_dry_run_writes_nothing_and_tells_the_same(mos: MOS, home: Path) -> None:
    note("a.md", ONE, TWO)
    assert add(mos, dry_run=True).added == 2
    assert not list((home / "data").rglob("*")) or not mos.shelf.names()
    add(mos)
    note("a.md", ONE.replace("carrots", "parsnips"), THREE)
    before = mos.writable().position()
    told = add(mos, dry_run=True)
    assert (told.added, told.edited, len(told.archived), told.txn) == (1, 1, 1, None)
    assert mos.writable().position() == before
    done = add(mos)
    assert (done.added, done.edited, done.archived) == (told.added, told.edited, told.archived)


def test_a_file_that_was_emptied_leaves_nothing_current(mos: MOS) -> None:
    path = note("a.md", ONE, TWO)
    add(mos, str(path))
    path.write_text("")
    assert (len(add(mos, str(path)).archived), current(mos)) == (2, [])
    with pytest.raises(UsageError, match="nothing to remember"):
        add(mos, str(note("b.md", "")))


def test_a_file_of_an_older_memos_is_edited_and_nothing_of_it_archived(mos: MOS) -> None:
    path = note("a.md", ONE, TWO)
    old = mos.add(drafts=mos.pipeline.read(path.read_bytes(), name=str(path)))
    note("a.md", ONE.replace("carrots", "parsnips"))
    told = add(mos, str(path))
    assert (told.added, told.edited, told.archived) == (0, 1, ())
    assert mos.get(old.ids[0]).content == ONE.replace("carrots", "parsnips")


def test_files_of_one_name_in_two_folders_are_two(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    note("one/README.md", ONE)
    note("two/README.md", TWO)
    for folder in ("one", "two"):
        with monkeypatch.context() as patched:
            patched.chdir(Path(FOLDER, folder).absolute())
            assert add(mos, "README.md").added == 1
    assert current(mos) == sorted((ONE, TWO))


def test_the_record_of_a_stranger_is_not_believed(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    path = note("a.md", ONE, TWO)
    with MOS(tmp_path / "other", settings=mos.settings, clock=clock) as other:
        add(other, str(path))
        mos.add("What is here already")
        mos.cube_merge.merge(str(other.writable().folder))
    path.write_text(ONE + "\n")
    told = add(mos, str(path))
    assert told.archived == ()


def test_two_principals_have_each_their_own(mos: MOS, home: Path, clock: Clock) -> None:
    path = note("a.md", ONE, TWO)
    add(mos, str(path))
    with MOS(home, settings=mos.settings, clock=clock, principal="ana") as other:
        assert add(other, str(path)).added == 2
        path.write_text(ONE + "\n")
        assert len(add(other, str(path)).archived) == 1
    assert len(add(mos, str(path)).archived) == 1


# -- the whole of it against a plain model


class Desk:
    """A folder of notes and what a person would expect memos to know of it: the paragraphs of each file, also of those gone."""

    def __init__(self, mos: MOS, clock: Clock, seed: int, files: int) -> None:
        self._mos, self._clock, self.chance = mos, clock, random.Random(seed)
        self.files: dict[str, list[str]] = {}
        self.gone: dict[str, list[str]] = {}
        self._count = 0
        for _ in range(files):
            self.write(self.name(), [self.paragraph() for _ in range(self.chance.randint(1, 6))])

    def name(self) -> str:
        self._count += 1
        return f"{self.chance.choice(('', 'garden/', 'work/2026/', 'daily/'))}note {self._count}.md"

    def paragraph(self) -> str:
        self._count += 1
        words = " ".join(self.chance.choices(("beds", "rake", "water", "seed", "shed", "path", "rose", "roof"), k=9))
        return f"Number {self._count}: {words}."

    def write(self, name: str, paragraphs: list[str]) -> None:
        self.files[name] = paragraphs
        self.gone.pop(name, None)
        note(name, *paragraphs)

    def step(self) -> str:
        """Change the folder at random; what was done."""
        told = {"edit": 60, "insert": 30, "remove": 30, "swap": 15, "across": 25, "create": 15, "move": 30, "delete": 10}
        what = self.chance.choices([*told], [*told.values()])[0]
        name = self.chance.choice(sorted(self.files))
        if what in {"move", "delete"}:
            self._take_away(name, self.name() if what == "move" else None)
        elif what == "create":
            self.write(self.name(), [self.paragraph()])
        elif what == "across":
            self._across(name, self.chance.choice(sorted(self.files)))
        else:
            self.write(name, self._changed(what, [*self.files[name]]))
        return f"{what} {name}"

    def _changed(self, what: str, text: list[str]) -> list[str]:
        place = self.chance.randrange(len(text))
        if what == "edit":
            words = text[place].split()
            words[self.chance.randrange(2, len(words))] = "gravel"
            text[place] = " ".join(words)
        elif what == "insert":
            text.insert(place, self.paragraph())
        elif what == "swap":
            self.chance.shuffle(text)
        elif len(text) > 1:
            del text[place]
        return text

    def _across(self, name: str, other: str) -> None:
        """Move a paragraph to another file, or copy it there."""
        text = [*self.files[name]]
        place = self.chance.randrange(len(text))
        if text[place] not in self.files[other]:
            self.write(other, [*self.files[other], text[place]])
            if len(text) > 1 and self.chance.random() < 0.6:
                del text[place]
                self.write(name, text)

    def _take_away(self, name: str, new: str | None) -> None:
        if new is None:
            (Path(FOLDER) / name).unlink()
            self.gone[name] = self.files.pop(name)
            return
        (Path(FOLDER) / new).parent.mkdir(parents=True, exist_ok=True)
        (Path(FOLDER) / name).rename(Path(FOLDER) / new)
        self.files[new] = self.files.pop(name)

    def expected(self) -> list[str]:
        return sorted({one for texts in (self.files, self.gone) for text in texts.values() for one in text})


def _kept_in_step(mos: MOS, clock: Clock, files: int, steps: int) -> None:
    desk = Desk(mos, clock, 20, files)
    assert add(mos).added == len(desk.expected())
    archived = 0
    for number in range(steps):
        before = current(mos) if number % 10 == 0 else None
        what = desk.step()
        clock.forward(minutes=7)
        told = add(mos)
        assert current(mos) == desk.expected(), (number, what)
        assert told.questions == ()
        archived += len(told.archived)
        for one in told.archived:
            assert mos.get(one).state is State.ARCHIVED
        if before is not None and told.txn is not None:
            undone = mos.undo()
            assert current(mos) == before, (number, what)
            clock.forward(minutes=1)
            mos.undo(undone.txn)  # as the folder says again
            assert current(mos) == desk.expected(), (number, what)
            assert add(mos).txn is None
    sound(mos)
    assert archived > steps // 20
    everything = mos.list(Filter(at=mos.now, everything=True))
    assert len({memory.content for memory in everything if memory.state is State.GENERATED}) == len(
        [memory for memory in everything if memory.state is State.GENERATED]
    )


def test_a_folder_is_kept_in_step(mos: MOS, clock: Clock) -> None:
    """Of 40 notes through 60 changes, and of 500 through 200 with MEMOS_TRIALS=many."""
    _kept_in_step(mos, clock, trials(40, 500), trials(60, 200))
