"""Every public method of `MOS` and of its services, called by somebody who may see only a part: the walker, for programs.

As with the commands, each call is made in a home with what is hidden and in one without, and has to answer the same. A method
that is new is called once it stands in the table here; until then a test fails.
"""

import inspect
import io
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.exports.tally import ExportTally
from memos_cli.interface.imports.imports import Taking
from memos_cli.model import Draft, Filter, LinkType
from memos_cli.operation.activation.slots import Wanted
from memos_cli.operation.results import Query
from tests.cli.governance import scene
from tests.cli.governance.scene import Home
from tests.importers import registered, script, turn

SCRIPTED = "scripted"
"""A kind of source that only tests read."""
Calls = Callable[[MOS, dict[str, str]], Iterator[Callable[[], object]]]
THEIRS = ("cellar", "debt", "diary", "rota", "turn", "gone", "dust", "well")
EVERYTHING = Filter(at="2026-12-31T00:00:00.000Z", everything=True, archived=True, turns=True)


def each(call: Callable[[MOS, str], object]) -> Calls:
    """A call with the id of each memory, hidden, seen and one's own, and with names of what is hidden."""

    def calls(mos: MOS, ids: dict[str, str]) -> Iterator[Callable[[], object]]:
        words = [*(ids[name] for name in (*THEIRS, "ferry", "wifi", "pier", "pears")), "D1", "qlocellar-1", ids["cellar"][:4]]
        for word in words:
            yield lambda word=word: call(mos, word)  # type: ignore[misc]

    return calls


def one(*each_: Callable[[MOS], object]) -> Calls:
    def calls(mos: MOS, _: dict[str, str]) -> Iterator[Callable[[], object]]:
        for call in each_:
            yield lambda call=call: call(mos)  # type: ignore[misc]

    return calls


def none(_: str) -> Calls:
    """No call, and why."""
    return lambda *_: iter(())


def written(export: Callable[..., object], wanted: Filter | None, **given: bool) -> tuple[bytes, object]:
    """What an export writes, and what it tells of that."""
    stream = io.BytesIO()
    told = export(stream, wanted, **given)
    return stream.getvalue(), told


def take_talk(mos: MOS) -> object:
    with registered(SCRIPTED):
        return mos.imports.take(str(talk(mos)), Taking(kind=SCRIPTED))


def talk(mos: MOS) -> Path:
    rows = (turn("D1", "The qlocellar key lies under the blue pot"), turn("2", "Ada owes qlomoney to Ravi", speaker="eve"))
    return script(mos.paths.data.parent / "talk.script", *rows)


INNER = none("is handed what only an owner's method returns")
PURE = none("tells nothing of a cube")
MODEL = none("needs a model that is trained or run")
CALLS: dict[str, Calls] = {
    "access": none("is what the rules let the principal do"),
    "acting": PURE,
    "activation.build": one(lambda mos: mos.activation.build((Wanted("conversation", "qlotalk"),))),
    "activation.bytes": one(lambda mos: mos.activation.bytes),
    "activation.check": one(lambda mos: mos.activation.check(["a"])),
    "activation.forget_cube": none("is called with the identity of a cube that is being removed, and drops caches"),
    "activation.list": one(lambda mos: mos.activation.list()),
    "activation.remove": one(lambda mos: mos.activation.remove(["a"]), lambda mos: mos.activation.remove([], every=True)),
    "activation.sweep": one(lambda mos: mos.activation.sweep()),
    "activation.tagged": one(lambda mos: mos.activation.tagged(["qlocellartag"]), lambda mos: mos.activation.tagged(["town"])),
    "activation.verify": one(lambda mos: mos.activation.verify()),
    "add": one(
        lambda mos: mos.add("overwritten", external_id="D1"),
        lambda mos: mos.add("Ada owes qlomoney to Ravi"),
        lambda mos: mos.add("Mine", tags=("qlocellartag",), key="qlocellarkey", task="qloendtask"),
        lambda mos: mos.add(messages=[{"role": "user", "content": "The qlocellar key lies under the blue pot"}]),
    ),
    "author": PURE,
    "briefing.brief": one(lambda mos: mos.briefing.brief(), lambda mos: mos.briefing.brief(wanted=EVERYTHING, tokens=9000)),
    "briefing.context": one(
        lambda mos: mos.briefing.context("qlodiary"),
        lambda mos: mos.briefing.context("ferry", wanted=EVERYTHING),
        lambda mos: mos.briefing.context(tokens=9000),
    ),
    "chat": one(lambda mos: mos.chat("Where is the qlocellar key?"), lambda mos: mos.chat("Who owes what?", save=False)),
    "close": PURE,
    "conversation": one(lambda mos: mos.conversation(resume=True).ask("What did qlospeaker say?")),
    "create_cube": one(lambda mos: mos.create_cube("default")),
    "context": PURE,
    "cube_merge.confirm": INNER,
    "cube_merge.diff": one(
        lambda mos: mos.cube_merge.diff("default", "attic"), lambda mos: mos.cube_merge.diff("attic", "default")
    ),
    "cube_merge.merge": one(
        lambda mos: mos.cube_merge.merge("attic", "default"), lambda mos: mos.cube_merge.merge("default", "attic")
    ),
    "cube_merge.merge_file": one(lambda mos: mos.cube_merge.merge_file(io.BytesIO(b"x"), "x", "default")),
    "cube_merge.split": one(lambda mos: mos.cube_merge.split("out", "default", EVERYTHING)),
    "cube_merge.take": INNER,
    "cube_names": one(lambda mos: mos.cube_names),
    "delete": each(lambda mos, word: mos.delete(word)),
    "doctor.accept_loss": one(lambda mos: mos.doctor.accept_loss("default")),
    "doctor.embed": one(lambda mos: mos.doctor.embed("default"), lambda mos: mos.doctor.embed("default", anew=True)),
    "doctor.examine": one(lambda mos: mos.doctor.examine("default"), lambda mos: mos.doctor.examine("attic")),
    "doctor.is_ahead": one(lambda mos: mos.doctor.is_ahead("default")),
    "doctor.lost": one(lambda mos: mos.doctor.lost("default")),
    "doctor.mine": one(lambda mos: mos.doctor.mine(["default", "attic"])),
    "doctor.rebuild": one(lambda mos: mos.doctor.rebuild("default")),
    "doctor.repair": one(lambda mos: mos.doctor.repair("default"), lambda mos: mos.doctor.repair("default", dry_run=True)),
    "doctor.require_embedder": PURE,
    "doctor.sweep": one(lambda mos: mos.doctor.sweep()),
    "doctor.unread": one(lambda mos: mos.doctor.unread("default")),
    "edit": each(lambda mos, word: mos.edit(word, {"title": "mine", "visibility": "private"})),
    "embed": one(lambda mos: mos.embed()),
    "erasure.finish": none("is called by what purged or ticked before"),
    "erasure.kin": each(lambda mos, word: mos.erasure.kin(word)),
    "erasure.places": none("names the places of the home"),
    "erasure.purge": each(lambda mos, word: mos.erasure.purge(word, derived=True)),
    "get": each(lambda mos, word: mos.get(word)),
    "get_all": one(lambda mos: mos.get_all()),
    "governance.add": one(lambda mos: mos.governance.add("eve", groups=["family"])),
    "governance.get": one(lambda mos: mos.governance.get("maren"), lambda mos: mos.governance.get("eve")),
    "governance.is_taken": one(lambda mos: mos.governance.is_taken("maren")),
    "governance.list": one(lambda mos: mos.governance.list()),
    "governance.overview": one(
        lambda mos: mos.governance.overview.list(),
        lambda mos: mos.governance.overview.of_principal("maren"),
        lambda mos: mos.governance.overview.of_principal("eve"),
        lambda mos: mos.governance.overview.of_memory("D1"),
    ),
    "governance.remove": one(lambda mos: mos.governance.remove("maren", dry_run=True)),
    "governance.rules": one(lambda mos: mos.governance.rules.grant("eve", "read", [])),
    "governance.token": one(lambda mos: mos.governance.token("maren")),
    "held.leave": INNER,
    "held.list": one(lambda mos: mos.held.list()),
    "given": none("records what is given out; it gives nothing"),
    "held.look": INNER,
    "held.question": one(lambda mos: mos.held.question("a")),
    "held.take": INNER,
    "history": each(lambda mos, word: mos.history(word)),
    "memories.information": one(
        lambda mos: mos.memories.information(mos.vault("default")), lambda mos: mos.memories.information(mos.vault("attic"))
    ),
    "log_query": one(lambda mos: mos.log_query(principal="maren"), lambda mos: mos.log_query(denied=True)),
    "imports.kinds": PURE,
    "imports.take": one(take_talk),
    "keys.distrust": one(lambda mos: mos.keys.distrust("nosuch")),
    "keys.fingerprint": PURE,
    "keys.is_protected": PURE,
    "keys.known": PURE,
    "keys.line": PURE,
    "keys.looked_into": PURE,
    "keys.new": one(lambda mos: mos.keys.new()),
    "keys.opened": PURE,
    "keys.own": PURE,
    "keys.recipients": PURE,
    "keys.remove": one(lambda mos: mos.keys.remove("nosuch")),
    "keys.sealed": PURE,
    "keys.show": PURE,
    "keys.signer": PURE,
    "keys.trust": one(lambda mos: mos.keys.trust("nosuch")),
    "keys.trusted": PURE,
    "keys.verify": PURE,
    "lifecycle.tick": one(lambda mos: mos.lifecycle.tick()),
    "lifecycle.tick_all": one(lambda mos: mos.lifecycle.tick_all()),
    "lifecycle.unaccepted": one(lambda mos: mos.lifecycle.unaccepted()),
    "link": each(lambda mos, word: mos.link("pear-1", LinkType.RELATES, word)),
    "list": one(
        lambda mos: mos.list(), lambda mos: mos.list(EVERYTHING), lambda mos: mos.list(EVERYTHING._replace(tags=("town",)))
    ),
    "locate": each(lambda mos, word: mos.locate(word)[1]),
    "locate_all": each(lambda mos, word: mos.locate_all([word, "pear-1"])[1]),
    "memories.embed": one(lambda mos: mos.memories.embed()),
    "memories.get": each(lambda mos, word: mos.memories.get(word)),
    "memories.labels": one(lambda mos: mos.memories.labels(), lambda mos: mos.memories.labels(EVERYTHING)),
    "memories.list": one(lambda mos: mos.memories.list(EVERYTHING, order="used")),
    "memories.pending": one(lambda mos: mos.memories.pending(mos.vault("default"))),
    "memories.record_uses": none("writes what was shown, and returns nothing"),
    "memories.search": one(
        lambda mos: mos.memories.search("qlocellar"), lambda mos: mos.memories.search("the ferry", all_hits=True)
    ),
    "memories.search_many": one(lambda mos: mos.memories.search_many([Query("qlomoney"), Query("juice")], all_hits=True)),
    "memories.statistics": one(lambda mos: mos.memories.statistics(mos.vault("default"))),
    "memories.stats": one(lambda mos: mos.memories.stats()),
    "memories.upcoming": one(lambda mos: mos.memories.upcoming()),
    "millis": PURE,
    "now": PURE,
    "opened": PURE,
    "owns": one(lambda mos: mos.owns(mos.vault("default"))),
    "parametric.evaluate": one(lambda mos: mos.parametric.evaluate()),
    "parametric.get": one(lambda mos: mos.parametric.get()),
    "parametric.is_untrusted": INNER,
    "parametric.jobs": one(lambda mos: mos.parametric.jobs()),
    "parametric.list": one(lambda mos: mos.parametric.list()),
    "parametric.listed": INNER,
    "parametric.plan": one(lambda mos: mos.parametric.plan()),
    "parametric.promote": one(lambda mos: mos.parametric.promote("1", failed=True, untrusted=True)),
    "parametric.queue": one(lambda mos: mos.parametric.queue()),
    "parametric.remove": one(lambda mos: mos.parametric.remove([], every=True)),
    "parametric.rollback": one(lambda mos: mos.parametric.rollback()),
    "parametric.run": one(lambda mos: mos.parametric.run()),
    "parametric.start": MODEL,
    "parametric.stop": one(lambda mos: mos.parametric.stop("a")),
    "parametric.used": INNER,
    "parametric.vault": one(lambda mos: mos.parametric.vault),
    "pipeline.add": one(lambda mos: mos.pipeline.add(drafts=[Draft("overwritten", external_id="qlocellar-1")])),
    "pipeline.add_files": one(lambda mos: mos.pipeline.add_files([str(notes(mos))])),
    "pipeline.delete": each(lambda mos, word: mos.pipeline.delete([word, "pear-1"], thaw=True)),
    "pipeline.edit": each(lambda mos, word: mos.pipeline.edit(word, {"content": "changed"}, mode="append")),
    "pipeline.extract": PURE,
    "pipeline.link": each(lambda mos, word: mos.pipeline.link(word, LinkType.SUPERSEDES, "pear-1")),
    "pipeline.read": PURE,
    "pipeline.reader": none("is a reader that knows the birthdays which the principal may see"),
    "pipeline.remove_record": one(lambda mos: mos.pipeline.remove_record("view", "qloview")),
    "pipeline.restore": each(lambda mos, word: mos.pipeline.restore([word])),
    "pipeline.save_record": one(lambda mos: mos.pipeline.save_record("view", "qloview", {"tags": ["x"]})),
    "pipeline.switch": each(lambda mos, word: mos.pipeline.switch([word], "pin", {"pinned": True})),
    "pipeline.update": each(lambda mos, word: mos.pipeline.update(word, "changed", mode="merge")),
    "principal": PURE,
    "provenance": each(lambda mos, word: mos.provenance(word)),
    "purge": each(lambda mos, word: mos.purge(word, dry_run=True)),
    "reading_for": PURE,
    "record_uses": none("writes what was shown, and returns nothing"),
    "require": none("is the gate itself"),
    "restore": each(lambda mos, word: mos.restore([word])),
    "requests.ask": none("writes a question to the cube's owner, a record of the asker's own: tests/agents"),
    "requests.leave": INNER,
    "requests.list": one(lambda mos: mos.requests.list()),
    "requests.question": one(lambda mos: mos.requests.question("a")),
    "requests.take": INNER,
    "review.decide": one(lambda mos: mos.review.decide("abcd", "keep")),
    "review.list": one(lambda mos: mos.review.list(decided=True)),
    "review.question": one(lambda mos: mos.review.question("abcd")),
    "rollback": each(lambda mos, word: mos.rollback(word, 1)),
    "scheduler.budgets": one(lambda mos: mos.scheduler.budgets),
    "scheduler.by_heart": INNER,
    "scheduler.costs": PURE,
    "scheduler.explain": one(lambda mos: mos.scheduler.explain("where is the qlocellar key")),
    "scheduler.hit_rates": one(lambda mos: mos.scheduler.hit_rates()),
    "scheduler.kept": one(lambda mos: mos.scheduler.kept()),
    "scheduler.last": one(lambda mos: mos.scheduler.last()),
    "scheduler.likeliest": one(lambda mos: mos.scheduler.likeliest(5, "the qlocellar")),
    "scheduler.measured": PURE,
    "scheduler.picture": one(lambda mos: mos.scheduler.picture()[:4]),
    "scheduler.plan": INNER,
    "scheduler.prepare": one(lambda mos: mos.scheduler.prepare()),
    "scheduler.speed": PURE,
    "scheduler.standing": one(lambda mos: mos.scheduler.standing()),
    "scheduler.steps": one(lambda mos: mos.scheduler.steps()),
    "scheduler.topics": INNER,
    "search": one(lambda mos: mos.search("qlodiary", all_hits=True), lambda mos: mos.search("pier", wanted=EVERYTHING)),
    "search_many": one(lambda mos: mos.search_many([Query("qlorota"), Query("ferry")], wanted=EVERYTHING)),
    "sight": none("is the filter through which the principal looks"),
    "snapshots.create": one(lambda mos: mos.snapshots.create("mine"), lambda mos: mos.snapshots.create("qlosnap")),
    "snapshots.diff": one(lambda mos: mos.snapshots.diff("qlosnap"), lambda mos: mos.snapshots.diff("qlosna")),
    "snapshots.list": one(lambda mos: mos.snapshots.list()),
    "snapshots.look": each(lambda mos, word: mos.snapshots.look([word], "qlosnap")),
    "snapshots.remove": one(lambda mos: mos.snapshots.remove("qlosnap")),
    "snapshots.restore": one(
        lambda mos: mos.snapshots.restore("qlosnap"), lambda mos: mos.snapshots.restore("qlosnap", dry_run=True)
    ),
    "sources.add": one(lambda mos: mos.sources.add("/nowhere"), lambda mos: mos.sources.add("/nowhere", dry_run=True)),
    "sources.bring_in": none("is called by a tick, which only the owner runs"),
    "sources.list": one(lambda mos: mos.sources.list()),
    "sources.of_cube": one(lambda mos: mos.sources.of_cube("default")),
    "sources.remove": one(lambda mos: mos.sources.remove("/nowhere")),
    "switch": each(lambda mos, word: mos.switch([word], "tag", {"tag:qlocellartag": True})),
    "tasks.end": one(
        lambda mos: mos.tasks.end("qlocellartask"), lambda mos: mos.tasks.end("orchard"), lambda mos: mos.tasks.end("trip")
    ),
    "tasks.list": one(lambda mos: mos.tasks.list()),
    "timed": PURE,
    "timeline.commands": one(lambda mos: mos.timeline.commands(1000)),
    "timeline.history": each(lambda mos, word: mos.timeline.history(word)),
    "timeline.provenance": each(lambda mos, word: mos.timeline.provenance(word)),
    "timeline.rollback": each(lambda mos, word: mos.timeline.rollback(word, 1)),
    "timeline.undo": one(lambda mos: mos.timeline.undo(count=2, dry_run=True), lambda mos: mos.timeline.undo(count=50)),
    "exports.ics": one(
        lambda mos: written(mos.exports.ics, EVERYTHING),
        lambda mos: written(mos.exports.ics, EVERYTHING._replace(kinds=("note",))),
    ),
    "exports.jsonl": one(
        lambda mos: written(mos.exports.jsonl, None),
        lambda mos: written(mos.exports.jsonl, EVERYTHING),
        lambda mos: written(mos.exports.jsonl, EVERYTHING, reveal=True),
    ),
    "exports.leaving": one(lambda mos: list(mos.exports.leaving(EVERYTHING, ExportTally()))),
    "transfer.accept": one(lambda mos: mos.transfer.accept("default")),
    "notes.write": one(lambda mos: mos.notes.write("qlonotes", EVERYTHING, talks=True, dry_run=True)),
    "transfer.export": one(lambda mos: mos.transfer.export("default", io.BytesIO())),
    "transfer.receive": one(lambda mos: mos.transfer.receive(io.BytesIO(b"x"), "default")),
    "transfer.staged": none("looks into a file, not into a cube"),
    "transfer.verify": none("looks into a file, not into a cube"),
    "require_reveal": none("says whether what is given out may be shown with its secrets"),
    "twin": none("makes a session of its own, which asks as its own principal"),
    "undo": lambda mos, ids: iter((lambda: mos.undo(ids["txn"]), lambda: mos.undo(ids["txn"][:5], dry_run=True), mos.undo)),
    "upcoming": one(lambda mos: mos.upcoming(EVERYTHING)),
    "update": each(lambda mos, word: mos.update(word, "changed")),
    "use_cube": none("`memos cube use` asks at the gate; a rename by the cube's owner ends here, too"),
    "vault": one(lambda mos: mos.vault("default").find(EVERYTHING), lambda mos: mos.vault("default").count(EVERYTHING)),
    "vaults": one(lambda mos: [one.records("view") for one in mos.vaults()], lambda mos: [one.info() for one in mos.vaults()]),
    "writable": one(lambda mos: mos.writable().records("snapshot"), lambda mos: mos.writable().find(EVERYTHING)),
    "zone": PURE,
}


def notes(mos: MOS) -> Path:
    path = mos.paths.data.parent / "notes.txt"
    path.write_text("The qlocellar key lies under the blue pot.\n\nI ate a plum.\n", encoding="utf-8")
    return path


def methods() -> Iterator[str]:
    """The public methods and properties of the façade, and of each of its services."""
    with MOS(Path("nowhere")) as mos:
        for name, member in inspect.getmembers_static(MOS):
            if not name.startswith("_") and isinstance(member, cached_property):
                yield from (f"{name}.{below}" for below in vars(type(getattr(mos, name))) if not below.startswith("_"))
            elif not name.startswith("_"):
                yield name


def test_every_public_method_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {*methods()} - {*CALLS} == set(), "say in this file how eve is to call it"


def opened(home: Home, principal: str) -> MOS:
    folders = paths({"MEMOS_HOME": str(home.folder)})
    return MOS(
        home.folder, principal=principal, settings=Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "root"}, folders)
    )


def answer(call: Callable[[], object]) -> str:
    """What a call returns, or the error that it raises."""
    try:
        return told(call())
    except MemosError as error:
        return f"{type(error).__name__}: {error.message} / {error.hint}"


def told(result: object) -> str:
    if isinstance(result, Vault):
        return "a cube"
    if hasattr(result, "tokens") and hasattr(result, "seconds") and hasattr(result, "_replace"):  # of an answer
        result = result._replace(seconds={})
    return repr(result)


def retold(text: str, home: Home, made: tuple[set[str], set[str]]) -> str:
    text = re.sub(r"(clock|seconds|hash)=[^,)]+", r"\1=N", scene.retold(text, home, made))
    text = re.sub(r"\b(id|op|parents|salt|hash|digest)=(\(.*?\)|'[0-9a-f]{16,}'|b'.*?')", r"\1=N", text)
    return re.sub(r"(bytes|seq|n)=\d+", r"\1=N", text)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_method_tells_and_changes_nothing_of_what_is_hidden(
    name: str, homes: tuple[Home, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, plain = homes
    monkeypatch.chdir(tmp_path)
    said: dict[str, list[str]] = {}
    faults: list[str] = []
    for kind, home in (("full", full), ("plain", plain)):
        (tmp_path / kind).mkdir()
        copy = home.copied(tmp_path / kind / "home")
        before, others = scene.dump(copy), copy.others("eve")
        with opened(copy, "eve") as mos:
            answers = [answer(call) for call in CALLS[name](mos, full.ids)]
        made = scene.added(copy, before)
        said[kind] = [retold(one, copy, made) for one in answers]
        changed = [table for table, rows in copy.others("eve").items() if rows != others[table]]
        if changed:
            faults.append(f"{kind}: changes {changed}")
        if kind == "full":
            faults += [f"names {found}: {one}" for one in answers if (found := leaked(one, full))]
    faults += [f"{a}\n{b}" for a, b in zip(said["full"], said["plain"], strict=True) if a != b]
    assert not faults, "\n".join(faults)


TYPED = (
    "qlocellar-1", "qlocellar", "qlocellartag", "qlocellarkey", "qlocellartask", "qloendtask", "qlomoney", "qloview", "qlosnap",
    "qlosna", "qlodiary", "qlorota", "qlospeaker", "qlotalk",
)  # fmt: skip
"""What eve says herself in these calls."""


def leaked(text: str, home: Home) -> list[str]:
    """Names of the hidden that eve did not say herself, and contents and ids."""
    found = {one for one in re.findall(r"qlo[\w-]*", text) if one not in TYPED}
    seen = {"ferry", "wifi", "pier", "pears", "press", "txn"}
    asked = re.findall(r"no memory '(\w+)'", text)
    for name, one in home.ids.items():
        if name not in seen and one[:8] in text and not any(one.startswith(word) for word in asked):
            found.add(name)
    return sorted(found)
