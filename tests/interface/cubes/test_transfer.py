"""Cube files from hand to hand: signed and encrypted, merged into what is there, and trusted or not."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import AccessDenied, IntegrityError, MemosError, Refused
from memos_cli.infra import files
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.infra.vault import check, log
from memos_cli.infra.vault.past import receipts
from memos_cli.infra.vault.units import new_id
from memos_cli.interface.cubes import origin
from memos_cli.interface.cubes.merge import Merged
from memos_cli.interface.cubes.transfer import Received
from memos_cli.model import Filter, State
from memos_cli.operation.policy import set_policy
from tests.conftest import Clock
from tests.infra.transfer.cubes import EVER, opened, rich
from tests.infra.vault.helpers import ungated


def receive(mos: MOS, path: Path, name: str) -> Received:
    with path.open("rb") as file:
        return mos.transfer.receive(file, name)


def merged(mos: MOS, path: Path, into: str = "default", **options: Any) -> Merged:
    with path.open("rb") as file:
        return mos.cube_merge.merge_file(file, path.name, into, **options)


def faults(mos: MOS, cube: str) -> list[str]:
    return [fault for one in check.check(mos.vault(cube)) for fault in one.faults]


def test_what_a_trusted_key_has_signed_comes_in_as_one_s_own(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("I am vegan now", tags=["food"])
    mine, path = mos.keys.new("sam"), tmp_path / "a.memcube"
    mos.transfer.export("default", path, sign=mos.keys.signer())
    with opened(tmp_path / "ann", clock) as ann:
        receive(ann, path, "strange")
        ids = [memory.id for memory in ann.vault("strange").find(EVER, "oldest", None)]
        assert ann.vault("strange").arrivals(ids) == set(ids)
        ann.keys.trust(f"memos-key {mine.recipient} {mine.verifier} sam")
        receive(ann, path, "his")
        assert ann.vault("his").arrivals(ids) == set()
        assert faults(ann, "his") == faults(ann, "strange") == []


def test_what_came_before_its_key_was_trusted_is_one_s_own_once_the_file_is_merged_again(
    mos: MOS, clock: Clock, tmp_path: Path
) -> None:
    (vegan, pears) = (mos.add(text).ids[0] for text in ("I am vegan now", "I like pears"))
    mine, path, later = mos.keys.new("sam"), tmp_path / "a.memcube", tmp_path / "b.memcube"
    mos.transfer.export("default", path, sign=mos.keys.signer())
    clock.forward(minutes=1)
    mos.edit(pears, {"content": "I like plums"})
    mos.transfer.export("default", later)
    with opened(tmp_path / "ann", clock) as ann:
        receive(ann, path, "default")
        merged(ann, later)  # of whoever has the file: what it says of pears nobody has signed
        vault = ann.vault("default")
        assert origin.with_untrusted(ann, ann.keys, mine.verifier) == ["default"]
        ann.keys.trust(f"memos-key {mine.recipient} {mine.verifier} sam")
        assert vault.arrivals([vegan, pears]) == {vegan, pears}
        assert merged(ann, later).now_trusted == 0
        assert merged(ann, path, dry_run=True).now_trusted == 1
        assert vault.arrivals([vegan, pears]) == {vegan, pears}
        done = merged(ann, path)
        assert (done.now_trusted, done.txn, done.plan.operations) == (1, None, 0)
        assert vault.arrivals([vegan, pears]) == {pears}
        assert merged(ann, path).now_trusted == 0
        clock.forward(minutes=1)
        mos.transfer.export("default", later, sign=mos.keys.signer(), force=True)
        assert merged(ann, later).now_trusted == 1
        assert vault.arrivals([vegan, pears]) == set()
        assert origin.with_untrusted(ann, ann.keys, mine.verifier) == []
        assert faults(ann, "default") == []


def test_what_is_strange_in_another_cube_of_one_s_own_makes_nothing_familiar(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    (one,) = mos.add("I am vegan now").ids
    mos.transfer.export("default", path := tmp_path / "a.memcube")
    with opened(tmp_path / "ann", clock) as ann:
        receive(ann, path, "default")
        receive(ann, path, "other")
        assert ann.cube_merge.merge("other", "default").now_trusted == 0
        ann.vault("other").confirm([one])
        assert ann.cube_merge.merge("other", "default").now_trusted == 1
        assert ann.vault("default").arrivals([one]) == set()


def test_an_import_is_one_step_of_undo_and_no_part_of_an_export(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    rich(mos, clock)
    path, again = tmp_path / "a.memcube", tmp_path / "b.memcube"
    mos.transfer.export("default", path)
    with opened(tmp_path / "ann", clock) as ann:
        done = receive(ann, path, "default")
        there = {memory.id: memory.state for memory in ann.list(EVER)}
        assert set(there.values()) > {State.EXPIRED}
        views = ann.vault("default").records("view")
        clock.forward(minutes=1)
        undone = ann.undo()
        assert (undone.reverted, undone.command) == (done.txn, "import")
        assert {memory.state for memory in ann.list(EVER)} == {State.EXPIRED}
        assert (bool(views), ann.vault("default").records("view")) == (True, {})
        clock.forward(minutes=1)
        ann.undo(undone.txn)
        assert {memory.id: memory.state for memory in ann.list(EVER)} == there
        assert faults(ann, "default") == []
        receive(ann, path, "other")
        ann.transfer.export("other", again)
    assert again.read_bytes() == path.read_bytes()


def test_a_selection_is_sound_where_it_comes_in_and_its_file_is_not_missed(mos: MOS, tmp_path: Path) -> None:
    mos.add("the wine is in the cellar")
    mos.add(drafts=mos.pipeline.read(b"# Bread\n\nThe oven needs an hour.\n\n# Soup\n\nThe pot needs two.\n", name="food.md"))
    (bread,) = [memory for memory in mos.list() if "hour" in memory.content]
    mos.switch([bread.id], "tag", {"tag:bread": True})
    path = tmp_path / "bread.memcube"
    told = mos.transfer.export("default", path, Extent(Filter(at=mos.now, tags=("bread",)), "tag bread")).dumped
    assert (told.counts["memories"], told.blobs, told.absent) == (1, 0, 1)
    assert b"pot needs two" not in path.read_bytes()
    with path.open("rb") as file:
        mos.transfer.receive(file, "bread")
    assert faults(mos, "bread") == []
    again = tmp_path / "again.memcube"
    mos.transfer.export("bread", again)
    with again.open("rb") as file:
        assert mos.transfer.verify(file).manifest["heads"] == told_heads(path, mos)


def told_heads(path: Path, mos: MOS) -> object:
    with path.open("rb") as file:
        return mos.transfer.verify(file).manifest["heads"]


def test_a_file_is_merged_as_one_step_and_once(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("I am vegan now")
    path = tmp_path / "a.memcube"
    mos.transfer.export("default", path)
    with opened(tmp_path / "laptop", clock) as laptop:
        receive(laptop, path, "default")
        clock.forward(days=1)
        (one,) = laptop.add("I like plums", tags=["food"]).ids
        laptop.transfer.export("default", path, force=True)
    planned = merged(mos, path, dry_run=True)
    assert (planned.plan.new, planned.untrusted) == ((one,), True)
    done = merged(mos, path)
    assert done.plan.new == (one,)
    assert mos.vault("default").arrivals([one]) == {one}
    assert merged(mos, path).txn is None
    back = tmp_path / "b.memcube"
    mos.transfer.export("default", back)
    assert back.read_bytes() == path.read_bytes()  # the receipt stays here
    mos.undo()
    assert [memory.content for memory in mos.list()] == ["I am vegan now"]


def test_only_a_trusted_signature_makes_what_is_merged_familiar(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("where it began")
    path, signed = tmp_path / "a.memcube", tmp_path / "signed.memcube"
    mos.transfer.export("default", path)
    with opened(tmp_path / "laptop", clock) as laptop:
        receive(laptop, path, "default")
        key = laptop.keys.new("sam")
        (one,) = laptop.add("I like plums").ids
        laptop.transfer.export("default", signed, sign=laptop.keys.signer())
    with signed.open("rb") as file, pytest.raises(AccessDenied, match="nobody whom you trust"):
        mos.cube_merge.merge_file(file, "signed", require_signed=True)
    assert merged(mos, signed).signers[0].trusted is False
    assert mos.vault("default").arrivals([one]) == {one}
    mos.undo()
    mos.transfer.export("default", path, force=True)
    mos.keys.trust(f"memos-key {key.recipient} {key.verifier} sam")
    mos.create_cube("other")
    done = merged(mos, signed, "other", require_signed=True)
    assert (done.untrusted, done.signers[0].name) == (False, "sam")
    assert mos.vault("other").arrivals([one]) == set()


def test_nobody_else_writes_down_who_had_signed_what_came_in(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    """Whoever has the log can go on with it in this cube's name, and so with a receipt that claims a trusted signature."""
    mos.add("where it began")
    key = mos.keys.new("me")
    vault, forged = mos.vault("default"), tmp_path / "forged.memcube"
    shutil.copytree(mos.paths.data, tmp_path / "copy")
    with opened(tmp_path / "copy", clock) as copy:
        with copy.author("import").write(copy.vault("default")) as unit:
            unit.log.append(log.IMPORT, new_id(), {"operations": 10**6, "signers": [key.verifier], "cube": "sam's"})
        copy.add("I like plums")
        copy.transfer.export("default", forged)
        (claim,) = receipts(copy.vault("default"))
    with pytest.raises(Refused, match="in the name of this very copy"):
        merged(mos, forged)
    assert merged(mos, forged, take=True).plan.new
    (told,) = origin.arrivals(mos.keys, vault)
    assert (told.operations, told.signers) == (2, ())
    assert vault.meta["replica"] == claim.replica
    with pytest.raises(Refused, match="another machine"):
        mos.undo(claim.txn)
    mos.undo(receipts(vault)[0].txn)
    assert [memory.content for memory in mos.list()] == ["where it began"]


def test_what_is_still_staged_among_the_cubes_is_not_one_s_own(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("where it began")
    path = tmp_path / "a.memcube"
    with opened(tmp_path / "laptop", clock) as laptop:
        (one,) = laptop.add("I like plums").ids
        laptop.transfer.export("default", path)
    with path.open("rb") as file, mos.transfer.staged(file, "half") as staged:
        assert staged.vault.folder.parent == mos.paths.cubes
        assert mos.cube_merge.merge(str(staged.vault.folder)).untrusted
    assert mos.vault("default").arrivals([one]) == {one}


def test_a_stranger_s_policy_is_kept_and_rules_nothing_until_it_is_set(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    (old,) = mos.add("where it began").ids
    vault = mos.vault("default")
    set_policy(vault, mos.author("policy"), {"archive.decay": 0.4})
    path = tmp_path / "a.memcube"
    with opened(tmp_path / "laptop", clock) as laptop:
        clock.forward(minutes=1)
        laptop.add("I like plums")
        set_policy(laptop.vault("default"), laptop.author("policy"), {"archive.idle_days.note": 1, "archive.decay": 0.6})
        laptop.transfer.export("default", path)
    assert merged(mos, path, dry_run=True).foreign_policy
    assert merged(mos, path).foreign_policy
    assert not merged(mos, path, dry_run=True).foreign_policy
    assert vault.policy == {"archive.decay": 0.4}
    assert vault.merged_policy == {"archive.decay": 0.6, "archive.idle_days.note": 1.0}
    clock.forward(days=5)
    (ticked,) = mos.lifecycle.tick()
    assert (ticked.transitions["archived"], mos.get(old).state) == (0, State.GENERATED)
    set_policy(vault, mos.author("policy"), {"archive.idle_days.fact": 9})
    assert vault.policy == vault.merged_policy == {"archive.decay": 0.4, "archive.idle_days.fact": 9.0}
    mos.undo()
    assert vault.policy == vault.merged_policy == {"archive.decay": 0.4}
    assert mos.undo().command == "merge"
    assert (vault.policy, len(mos.list())) == ({"archive.decay": 0.4}, 1)
    assert faults(mos, "default") == []


def test_an_undo_takes_a_stranger_s_policy_out_again(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("where it began")
    path = tmp_path / "a.memcube"
    with opened(tmp_path / "laptop", clock) as laptop:
        laptop.add("I like plums")
        set_policy(laptop.vault("default"), laptop.author("policy"), {"archive.decay": 0.6})
        laptop.transfer.export("default", path)
    assert merged(mos, path).foreign_policy
    mos.undo()
    assert mos.vault("default").policy == mos.vault("default").merged_policy == {}
    assert mos.vault("default").mark("policy") == ""


def test_a_folder_from_elsewhere_may_hold_no_more_than_a_file(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.add("where it began")
    with opened(tmp_path / "laptop", clock) as laptop:
        laptop.add("I like plums")
        folder = laptop.vault("default").folder
        with ungated(), laptop.author("add").write(laptop.vault("default")) as unit:
            unit.change("task", "a task\nof two lines", {"note": "fine"})
    before = mos.vault("default").position()
    with pytest.raises(IntegrityError, match="subject cannot be so"):
        mos.cube_merge.merge(str(folder))
    assert mos.vault("default").position() == before


def test_a_cube_that_could_not_be_imported_is_not_exported(mos: MOS, tmp_path: Path) -> None:
    mos.add("base")
    with ungated(), mos.author("view save").write(mos.vault("default")) as unit:
        unit.change("policy", "policy", {"archive.decay": "never"})  # plain, and no policy
    target = tmp_path / "x.memcube"
    with pytest.raises(IntegrityError, match="cannot be imported"):
        mos.transfer.export(target=target)
    assert not target.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_the_disk_did_not_keep_takes_no_place(mos: MOS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.add("base")
    target = tmp_path / "x.memcube"
    monkeypatch.setattr(files, "kept", lambda _: "0" * 64)
    with pytest.raises(MemosError, match="did not keep"):
        mos.transfer.export(target=target)
    assert not target.exists()
