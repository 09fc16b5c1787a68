"""What the commands answer with `--json`: the names of every document in their order, and how values become JSON."""

import json
import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from memos_cli import MOS
from memos_cli.cli.documents import fields_of, to_json
from memos_cli.cli.main import memos
from memos_cli.model import Kind, Memory, Operation, Source
from memos_cli.operation.results import Changed, Undone, Version
from tests.cli.helpers import jsonl
from tests.learnt import grow
from tests.talks import turn, write


class Colour(Enum):
    RED = "red"


class Inner(NamedTuple):
    at: str
    colours: frozenset[str]


class Outer(NamedTuple):
    txn: str | None
    inner: Inner
    made_at: str | None
    path: PurePosixPath

    @property
    def is_new(self) -> bool:
        return self.txn is None


@dataclass(frozen=True)
class Plain:
    name: str
    colour: Colour


NOON = "2026-03-02T12:00:00.000Z"
OUTER = Outer("4f1c", Inner(NOON, frozenset({"b", "a"})), None, PurePosixPath("/a/b"))
SECRET = Memory("k3f9", "my password is hunter2-Xk9!q", kind=Kind.FACT, labels=("secret",), created_at=NOON, valid_to=NOON)


def test_a_result_is_its_fields_and_json_takes_it() -> None:
    found = to_json({"outer": OUTER, "plain": (Plain("x", Colour.RED), 1, 2.5, True), "none": None})
    assert json.loads(json.dumps(found)) == found
    assert found == {
        "outer": {
            "command_id": "4f1c", "inner": {"at": "2026-03-02T12:00:00Z", "colours": ["a", "b"]}, "made_at": None,
            "path": "/a/b",
        },
        "plain": [{"name": "x", "colour": "red"}, 1, 2.5, True], "none": None,
    }  # fmt: skip
    assert list(found["outer"]) == ["command_id", "inner", "made_at", "path"]
    assert to_json(MappingProxyType({"a": []})) == {"a": []}


def test_a_document_names_what_it_has_otherwise() -> None:
    assert fields_of(OUTER, only=("made_at", "is_new", "txn"), is_new="new") == {
        "made_at": None, "new": False, "command_id": "4f1c"
    }  # fmt: skip
    assert list(fields_of(OUTER, only=("path", "txn"))) == ["path", "command_id"]
    assert list(fields_of(OUTER, without=("inner", "path"), txn="undo")) == ["undo", "made_at"]
    assert to_json(Undone(None, "4f1c", "add", ("k3f9",))) == {
        "command_id": None, "reverted": "4f1c", "command": "add", "subjects": ["k3f9"], "dry_run": False,
        "taken_back": [],
    }  # fmt: skip
    with pytest.raises(AttributeError, match="colour"):
        fields_of(OUTER, only=("colour",))


def test_a_memory_is_masked_wherever_it_stands() -> None:
    answer = {"result": Changed("edit", (SECRET.id,), None, (SECRET,)), "more": [(SECRET,)]}
    assert "hunter2" not in json.dumps(to_json(answer))
    assert json.dumps(to_json(answer, reveal=True)).count("hunter2-Xk9!q") == 2
    (told,) = to_json(answer)["result"]["memories"]
    assert (told["masked"], told["created_at"], told["valid_to"]) == (True, "2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z")
    assert (told["arrived"], told["source"], told["kind"]) == (False, {}, "fact")
    assert to_json(SECRET._replace(source=Source(turn=0)))["source"] == {"turn": 0}


def test_a_version_is_masked_unless_it_is_to_be_revealed() -> None:
    change = {"content": SECRET.content, "kind": "fact"}
    made = Operation("0a", "r", 1, 1, "", (), "sam", "add", "4f1c", None, "memory", "k3f9", "", b"", change)
    told = to_json([Version(1, made, NOON, {})])[0]
    assert list(told) == ["version", "at", "command", "principal", "command_id", "operation", "change", "erased"]
    assert (told["at"], told["operation"], told["command_id"]) == ("2026-03-02T12:00:00Z", "0a", "4f1c")
    assert "hunter2" not in json.dumps(told)
    assert to_json([Version(1, made, NOON, {})], reveal=True)[0]["change"] == change


def test_metadata_may_be_as_deep_as_it_came() -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"in": deep}
    assert to_json([SECRET._replace(metadata=deep)])[0]["metadata"] == deep


MEMORY = (
    "id content kind form state external_id title key tags[] labels[] created_at updated_at occurred_at valid_from valid_to "
    "expires_at owner visibility task priority pinned frozen origin source{} confidence trust metadata{} version since "
    "access_count last_access_at cube arrived owner_unverified unaccepted masked"
)
"""The names of a memory, `M` below."""
DATA = {
    "source", "metadata", "change", "filter", "position", "statistics", "identity", "scores", "files", "facts", "settings",
    "transitions", "states", "hit_rates",
}  # fmt: skip
"""Dictionaries whose names are data."""
ADDED = (
    "{added edited duplicates skipped ids[] superseded[] conflicts[] questions[] reopened[] skipped_lines[] embedded pending "
    "extracted[] command_id changed[] archived[] files dry_run}"
)
RULE = "{id to group right deny sort name commands purposes hours until}"
PROMPTED = RULE.replace("purposes", "purposes[]")
RULED = (
    "{cube principal group right objects[{sort name}] registered memories command_id dry_run made[%s] known[] ended[] other[]}"
)
REGISTERED = "{name kind groups[] token changed ended[] command_id dry_run}"
CHANGED = "{command changed[] memories[{M}] command_id dry_run superseded[]}"
SCRIPT = {
    'add "I eat no meat" --key diet --external-id meat --tag food': ADDED,
    'add "I am vegan now" --key diet --external-id vegan --tag food': ADDED,
    'add "The standup is at nine" --task work --external-id nine': ADDED,
    'add "The standup is at ten" --task work': ADDED,
    'add "buy milk" --ttl 2d --external-id milk': ADDED,
    "add --jsonl rows.jsonl --skip-bad": (
        "{added edited duplicates skipped ids[] superseded[] conflicts[] questions[] reopened[] skipped_lines[{line reason}] "
        "embedded pending extracted[] command_id changed[] archived[] files dry_run}"
    ),
    'search "what do I eat"': "{query hits[] mode answers}",
    "search standup --explain": (
        "{query hits[{id external_id content score fits kind occurred_at created_at state tags[] key speaker cube "
        "alike[] passage title file page "
        "parts{total words meaning context speaker form answer header others bm25 cosine reranker}}] mode answers}"
    ),
    "context": (
        "{query text tokens most_tokens memories[{id cube section line kind score next_at unconfirmed}] questions[] tasks[] "
        "left fits}"
    ),
    "brief": (
        "{query text tokens most_tokens memories[{id cube section line kind score next_at unconfirmed}] questions[] "
        "tasks[{name cube}] left fits}"
    ),
    "show vegan": "{M}",
    "show meat vegan": "{memories[{M}]}",
    "list": "{memories[{M}]}",
    "history meat": "{id versions[{version at command principal command_id operation change{} erased}]}",
    "why meat": (
        "{memory{M} versions[{version at command principal command_id operation change{} erased}] links[{type source target}] "
        "verbatim note seen{times first last again[]} evidence[{depth type source target at by command}]}"
    ),
    'edit nine "The standup is at half past nine"': CHANGED,
    "tag nine -a daily": CHANGED,
    "label nine medical": CHANGED,
    "label list": "{labels[{name memories}]}",
    "label nine --rm medical": CHANGED,
    "link nine relates vegan": CHANGED,
    "undo": "{command_id reverted command subjects[] dry_run taken_back[{reverted command changed}]}",
    "undo --list -n 1": "{commands[{txn command principal clock operations subjects reverts at what}]}",
    "view save eating --tag food": "{name filter{}}",
    "view list": "{views[{name filter{}}]}",
    "source add s1.jsonl": (
        "{path cube kind since tags[] labels[] is_there is_read read_at taken edited unfinished fault dry_run}"
    ),
    "source list": "{sources[{path cube kind since tags[] labels[] is_there is_read read_at taken edited unfinished fault}]}",
    "source rm s1.jsonl": "{path removed}",
    "setup cursor --print": "{client entries[{what path key entry{type command args[]}}] left_out{session-end} dry_run}",
    "setup cursor": "{client agent entries[{what path key status}] left_out{session-end} may_read}",
    "setup cursor --undo": "{client agent entries[{what path key status}] left_out{session-end} may_read}",
    "task list": "{tasks[{name cube ended current memories newest open}]}",
    "task end work": "{name ended ending changed[] kept[] command_id dry_run}",
    'snapshot create before --note "ahead"': "{name cube at note position{} changes}",
    'edit vegan "I am vegan for good"': CHANGED,
    "view save work --tag work": "{name filter{}}",
    "snapshot list": "{snapshots[{name cube at note position{} changes}]}",
    "snapshot diff before": (
        "{from{name at} to{name at} counts{added changed forgotten returned purged records} added[] changed[{id "
        "fields[]}] forgotten[] returned[] purged[] records[{noun id change}]}"
    ),
    "snapshot restore before --yes": (
        "{name at counts{added changed forgotten returned purged records} added[] changed[{id fields[]}] forgotten[] "
        "returned[] purged[] records[{noun id change}] command_id dry_run}"
    ),
    "snapshot rm before": "{name removed}",
    "forget milk --purge --yes": (
        "{purged[] removed{operations rows index entries} holders[] hidden_holders unfinished[] command_id dry_run}"
    ),
    "lifecycle status": "{cubes[{cube states{} ticked due next pending questions policy{} accepted}]}",
    "lifecycle plan --days 4000": "{now days transitions[{id cube at to reason}]}",
    "lifecycle policy set brake.share 1": "{brake.share}",
    "lifecycle run chain.toml --dry-run": "{steps[{do memories}] changed[] command_id dry_run touched[{id content becomes[]}]}",
    'add "I am allergic to peanuts"': ADDED,
    "add \"I'm allergic to peanuts\"": ADDED,
    'add "The spare key is under the mat"': ADDED,
    'add "The spare key is not under the mat"': ADDED,
    "lifecycle tick --dry-run": (
        "{now due transitions{} seconds unfinished dry_run cubes[{cube now due transitions{} seconds braked embedded "
        "unfinished notes[] command_id dry_run superseded asked slots_built slots_dropped held purges_from consolidation "
        "sources[] moves[{id to reason}]}] skipped[]}"
    ),
    "lifecycle tick": (
        "{now due transitions{} seconds unfinished dry_run cubes[{cube now due transitions{} seconds braked embedded "
        "unfinished notes[] command_id dry_run superseded asked slots_built slots_dropped held purges_from consolidation "
        "sources[]}] "
        "skipped[]}"
    ),
    "audit log -n 1": (
        "{entries[{at cube principal command action purpose denied memories[] count said what entry command_id}]}"
    ),
    "audit verify": "{cubes[{cube operations reads heads[{chain number head}] heads_found faults[]}] sound}",
    "audit report": (
        "{cubes[{cube owner since until own_recorded readers[] most_read[] rights[{at cube principal command action purpose "
        "denied memories[] count said what entry command_id}] left[]}]}"
    ),
    "review": "{items[{id cube earlier{M} later{M} reasons[] suggested by at decision decided_at}] open held[] agents[]}",
    'chat -m "What do I eat?"': (
        "{answer mode cited[] tokens{prompt answer} seconds{recall total} kept[] intent stopped notices[] reason}"
    ),
    "cube create other": "{name path id created_at memories operations bytes}",
    "cube given": "{given[]}",
    "cube list": "{cubes[{name path id created_at memories operations bytes used}] unreadable[]}",
    "cube export -o a.memcube": (
        "{cube path bytes digest counts{operations memories links rules} vectors blobs absent redacted withheld notices[] "
        "adapters slots adapters_left[] encrypted signed to}"
    ),
    "export jsonl a.jsonl": "{file memories masked left_out undated bytes labels{}}",
    "export markdown notes": "{folder memories written masked left_out turns older dry_run labels{} kept[] unwritable[]}",
    "export ics a.ics": "{file memories masked left_out undated bytes labels{}}",
    "mip check a.jsonl": "{sound memories version}",
    "cube verify a.memcube": (
        "{sound id format created_at owner owner_unverified selection "
        "redacted counts{links memories operations rules} states{} vectors absent "
        "replicas[{replica operations last}] members[{name sha256 size}] signatures[] digest signers[] encrypted "
        "adapters[] slots[] given_to[] marked marked_salts}"
    ),
    "cube import a.memcube --name laptop": (
        "{cube dry_run command_id plan{new same newer older conflicting} slots_kept{kept dropped why} id format "
        "created_at owner owner_unverified selection redacted counts{links memories operations rules} states{} vectors absent "
        "replicas[{replica operations last}] members[{name sha256 size}] signatures[] digest signers[] encrypted "
        "adapters[] slots[] accepted purged_here[]}"
    ),
    "cube info laptop": (
        "{name path id created_at memories operations bytes owner replica statistics{} maker vectors[] arrived[{at "
        "operations cube file signers[]}] strangers foreign_policy adapters[] slots[] chat_model "
        "maker_unverified accepted given_to[]}"
    ),
    'edit meat "I eat no fish"': CHANGED,
    'add "only here"': ADDED,
    "cube diff default laptop": (
        "{first second equal same only_first[{M}] only_second[] different[{id fields[] first{M} second{M}}] purged[] "
        "records[]}"
    ),
    "cube merge laptop default --dry-run": (
        "{cube other counts{new newer older conflicting same erased withheld} operations ids{new[] newer[] older[] "
        "conflicting[] erased[] withheld[] rivals[]} records[] unlinked[] from_elsewhere signers[] foreign_policy adapters[] "
        "slots_kept{kept dropped why} familiar dry_run command_id held accepted}"
    ),
    "cube merge laptop default --yes": (
        "{cube other counts{new newer older conflicting same erased withheld} operations ids{new[] newer[] older[] "
        "conflicting[] erased[] withheld[] rivals[]} records[] unlinked[] from_elsewhere signers[] foreign_policy adapters[] "
        "slots_kept{kept dropped why} familiar dry_run command_id held accepted}"
    ),
    "cube split default eats --tag food --keep": "{cube new path kept dry_run ids[] command_id}",
    "principal add eve --group family": REGISTERED,
    "principal add bot --agent": REGISTERED,
    "grant bot read --tag food --purpose prompt": RULED % PROMPTED,
    "grant family write --all": RULED % RULE,
    "revoke eve write --kind fact": (RULED % RULE).replace("other[]", f"other[{RULE}]"),
    "access vegan": "{id owner visibility cube who[{principal right may why[]}] others[]}",
    "access --of eve": (
        f"{{cube name kind groups[] registered memories{{read write share erase reveal}} hidden{{}} rules[{RULE}]}}"
    ),
    "access": f"{{rules[{PROMPTED}]}}",
    "principal list": "{principals[{name kind groups[] has_token rules}]}",
    "principal show bot": f"{{name kind groups[] has_token rules[{PROMPTED}]}}",
    "principal token bot": REGISTERED,
    "principal rm bot": REGISTERED,
    "key new": "{name fingerprint recipient key own protected line}",
    "model list": (
        "{models[{name path bytes used pulled facts{} needs fits adapter exam{model adapter layout bar right wrong refused"
        " unsure asked per_layout{fence{right wrong refused asked}} tokens_per_second first_token_s trusted by at why}}]"
        " embedders[] endpoint}"
    ),
    "model info memos-mini": (
        "{name path bytes used pulled facts{} needs fits adapter exam{model adapter layout bar right wrong refused unsure asked"
        " per_layout{fence{right wrong refused asked}} tokens_per_second first_token_s trusted by at why}}"
    ),
    "model use none": "{model exam}",
    "slot list": "{slots[] bytes quota}",
    "slot rm --all": "{removed[] bytes dry_run}",
    "scheduler status": (
        "{budgets{tokens kv_bytes adapters} costs{prefill kv restore overhead} slots{ready bytes} sets[{name rule "
        "memories tokens recalls last probability slot next{do reason bytes saved}}] hit_rates{}}"
    ),
    'scheduler explain "what do I eat?"': (
        "{request at budgets{tokens kv_bytes adapters} slot tokens kv_bytes adapters[] saved decisions[]}"
    ),
    "consolidate plan": "{facts new model why examples tokens seconds chosen[] left[{id reason}]}",
    "consolidate jobs": "{jobs[]}",
    "consolidate show": "{generations[]}",
}  # fmt: skip

WITH_MODEL = {
    "model use mini.gguf": (
        "{model exam{model adapter layout bar right wrong refused unsure asked per_layout{} tokens_per_second first_token_s"
        " trusted by at why}}"
    ),
    'add "I live in Porto." --kind fact --pin': ADDED,
    'add "My dog is called Brixo." --kind fact --pin': ADDED,
    "lifecycle policy set consolidate.settled_days 0": "{consolidate.settled_days}",
    "slot build": "{slots[{covers name id made tokens bytes evaluated seconds why notices[]}]}",
    "slot list": (
        "{slots[{id covers name principal tokens bytes memories[{cube id version}] fingerprint identity{} digest "
        "created_at last_used_at uses state why}] bytes quota}"
    ),
    "slot verify": (
        "{slots[{id covers name principal tokens bytes memories[{cube id version}] fingerprint identity{} digest "
        "created_at last_used_at uses state why}] bytes quota}"
    ),
    "scheduler status": (
        "{budgets{tokens kv_bytes adapters} costs{prefill kv restore overhead} slots{ready bytes} sets[{name rule "
        "memories tokens recalls last probability slot{id tokens bytes} next}] hit_rates{}}"
    ),
    'chat -m "Where do I live?" --no-save': (
        "{answer mode cited[] tokens{prompt answer slot evaluated} seconds{recall word first answer total} kept[] intent "
        "stopped notices[] reason}"
    ),
    "cube info": (
        "{name path id created_at memories operations bytes owner replica statistics{} maker vectors[] arrived[] "
        "strangers foreign_policy adapters[] slots[{model slots fits next}] chat_model "
        "maker_unverified accepted given_to[]}"
    ),
    "consolidate plan": "{facts new model why examples tokens seconds chosen[{id content kind known values[]}] left[]}",
    "consolidate run --queue": (
        "{job{id cube cube_id kind model principal created_at state generation device seconds rank again phase step steps "
        "loss left attempts pid begun heartbeat_at message done total} started}"
    ),
    "consolidate jobs": (
        "{jobs[{id cube cube_id kind model principal created_at state generation device seconds rank again phase step "
        "steps loss left attempts pid begun heartbeat_at message done total}]}"
    ),
    "consolidate show": (
        "{generations[{facts closed_book base rag both negatives_refused drift promoted generation id failures[] scores{} "
        "gone{} trained{} status why model base_digest covers[{id version}] settings{} files{} bytes created_at "
        "promoted_at}]}"
    ),
    "consolidate show 1": (
        "{facts closed_book base rag both negatives_refused drift promoted generation id failures[] scores{} gone{} "
        "trained{} status why model base_digest covers[{id version}] settings{} files{} bytes created_at promoted_at}"
    ),
    "consolidate promote 2 --yes": (
        "{facts closed_book base rag both negatives_refused drift promoted generation id failures[] scores{} gone{} "
        "trained{}}"
    ),
    "consolidate rollback --dry-run": "{from to id dry_run}",
    "consolidate rollback": "{from to id dry_run}",
    "consolidate rm 2 --yes": "{removed[] bytes dry_run}",
    'scheduler explain "Where do I live?"': (
        "{request at budgets{tokens kv_bytes adapters} slot tokens kv_bytes adapters[] saved decisions[{id form why "
        "reason tokens set adapter}]}"
    ),
    "cube export -o b.memcube --adapters --slots": (
        "{cube path bytes digest counts{operations memories links rules} vectors blobs absent redacted withheld notices[] "
        "adapters slots adapters_left[] encrypted signed to}"
    ),
    "cube verify b.memcube": (
        "{sound id format created_at owner owner_unverified selection "
        "redacted counts{links memories operations rules} states{} vectors absent "
        "replicas[{replica operations last}] members[{name sha256 size}] signatures[] digest signers[] encrypted "
        "adapters[{id generation model base memories trusted}] slots[{model slots}] given_to[] marked marked_salts}"
    ),
}  # fmt: skip


def shape(value: object) -> str:
    """The names of a document in their order: `name{names within}`, `name[names within the first of a list]`."""
    if isinstance(value, list):
        return f"[{shape(value[0]) if value else ''}]"
    if not isinstance(value, dict):
        return ""
    inner = (f"{name}{shape({} if name in DATA and isinstance(one, dict) else one)}" for name, one in value.items())
    return f"{{{' '.join(inner)}}}".replace(MEMORY, "M")


def ask(line: str) -> Any:
    """What a command answers, in this process."""
    done = CliRunner().invoke(memos, ["--json", *shlex.split(line)], catch_exceptions=False)
    assert done.stdout, (line, done.stderr)
    document = json.loads(done.stdout)
    assert list(document) == ["schema_version", "data"]
    return document["data"]


@pytest.fixture
def files(tmp_path: Path) -> None:
    """What the scripts name."""
    good = {"content": "We meet at noon", "external_id": "noon", "source": {"turn": 3, "speaker": "Kim"}}
    (tmp_path / "rows.jsonl").write_text(jsonl(good, {"nonsense": 1}))
    write(tmp_path / "s1.jsonl", turn(1, "We meet at noon", "2026-03-01T10:00:00.000Z"))
    (tmp_path / "chain.toml").write_text('[[step]]\ndo = "retrieve"\n[[step]]\ndo = "archive"\n')


@pytest.mark.usefixtures("files")
def test_every_document_has_its_names_in_their_order() -> None:
    for line, expected in SCRIPT.items():
        assert shape(ask(line)) == expected, line


def test_the_documents_of_a_model_have_their_names_in_their_order(home: Path, tmp_path: Path, models: Path) -> None:
    (tmp_path / "mini.gguf").write_bytes((models / "mini.gguf").read_bytes())
    for line, expected in WITH_MODEL.items():
        if line == "consolidate show":
            with MOS(home) as mos:
                grow(mos, tmp_path / "mini.gguf")
                grow(mos, tmp_path / "mini.gguf", promoted=False, failures=("it forgot",), seed=2)
        assert shape(ask(line)) == expected, line
