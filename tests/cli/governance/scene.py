"""Two homes of one cube: in `full` lies what eve may not see, in `plain` it was never added; all else is the same to the byte.

So what is hidden shows wherever eve gets another answer in the one than in the other. root owns the cube; maren and iris are in
one group, and eve is a stranger.
"""

import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.infra.limits import ALPHABET
from memos_cli.infra.vault.vault import Vault
from tests.conftest import Ran
from tests.forker import Forker, startup
from tests.patience import PATIENCE

HIDDEN = "qlo"
"""The letters that every hidden text and name holds, and nothing else."""
_KEPT = ("PATH", "VIRTUAL_ENV")
_MEMORIES = """SELECT id, content, owner, visibility, state, key, task, title, external_id, valid_to, expires_at, pinned,
               version FROM memories WHERE owner IS NOT ? AND state <> 'purged' ORDER BY id"""
"""What is purged has no owner any more; a purge of what is somebody else's shows as a row that is gone."""


class Home(NamedTuple):
    """A home, and the ids of what lies in it, by the names that the tests give them."""

    folder: Path
    ids: dict[str, str]
    forker: Forker | None

    def run(self, who: str | None, *arguments: str, stdin: str = "", **variables: str) -> Ran:
        """Run the program as somebody; `None` for the owner, who needs no `--as`."""
        environ = startup(os.environ) | {name: os.environ[name] for name in _KEPT if name in os.environ} | {
            "TZ": "UTC", "PAGER": "cat", "HOME": str(self.folder.parent), "MEMOS_HOME": str(self.folder),
            "MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "root", **variables,
        }  # fmt: skip
        given = [*(("--as", who) if who else ()), *arguments]
        if self.forker is not None and self.forker.fits(environ):
            status, out, err = self.forker.run(given, stdin.encode(), environ, PATIENCE)
        else:
            import subprocess

            done = subprocess.run(
                [sys.executable, "-m", "memos_cli", *given], input=stdin.encode(), capture_output=True, env=environ,
                timeout=PATIENCE, check=False,
            )  # fmt: skip
            status, out, err = done.returncode, done.stdout, done.stderr
        return Ran(status, out.decode(), err.decode())

    def add(self, who: str | None, name: str, text: str, *options: str) -> str:
        """Add a memory; its id is kept under a name."""
        self.ids[name] = self.json(who, "add", text, *options)["ids"][0]
        return self.ids[name]

    def json(self, who: str | None, *arguments: str, stdin: str = "") -> Any:
        """The data of a command that has to succeed."""
        done = self.run(who, "--json", *arguments, stdin=stdin)
        assert done.status == 0, (arguments, done.err)
        return done.data

    def copied(self, folder: Path) -> "Home":
        """A copy, which a test may change."""
        shutil.copytree(self.folder, folder)
        return self._replace(folder=folder)

    # -- what lies in the cube, read by SQLite alone

    @contextmanager
    def reading(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """A function that gives the rows of a query; one connection for all, since opening it takes longer than most."""
        with closing(sqlite3.connect(self.folder / "cubes" / "default" / "cube.db")) as conn:
            yield lambda sql, *values: conn.execute(sql, values).fetchall()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.reading() as rows:
            return rows(sql, *values)

    def others(self, who: str) -> dict[str, Any]:
        """All that belongs to others than this principal: their memories with their marks, the records, the log of all that."""
        if not (self.folder / "cubes" / "default" / "cube.db").exists():
            return {"cube": "gone"}
        with self.reading() as rows:
            theirs = {one for (one,) in rows("SELECT id FROM memories WHERE owner IS NOT ? AND state <> 'purged'", who)}
            numbers = {n for (n,) in rows("SELECT n FROM memories WHERE owner IS NOT ? AND state <> 'purged'", who)}
            ops = rows("SELECT id, principal, noun, subject FROM ops ORDER BY n")
            found = {
                "cubes": sorted(path.name for path in (self.folder / "cubes").iterdir() if not path.name.startswith(".")),
                "memories": rows(_MEMORIES, who),
                "ops": [one for one, by, noun, subject in ops if by != who or (noun == "memory" and subject in theirs)],
                "records": rows("SELECT noun, id, fields FROM records WHERE id NOT LIKE ? ORDER BY 1, 2", f"//{who}/%"),
                "links": [row for row in rows("SELECT * FROM links ORDER BY 1, 2, 3") if row[0] in theirs],
                "strangers": [row for row in rows("SELECT * FROM strangers ORDER BY 1, 2") if row[1] in theirs],
            }
            marks = {"tags": "SELECT * FROM tags", "labels": "SELECT * FROM labels", "names": "SELECT * FROM names"}
            return {**found, **{name: sorted(row for row in rows(sql) if row[0] in numbers) for name, sql in marks.items()}}


def visible(home: Home) -> None:
    """What eve may see, and what is hers, in a new home."""
    home.add(None, "ferry", "The harbour ferry leaves at nine", "--tag", "town", "--key", "ferry", "--task", "trip",
             "--external-id", "ferry-1", "--visibility", "public")  # fmt: skip
    home.add(None, "wifi", "The wifi of the house is called Otter", "--visibility", "read-only")
    home.json(None, "link", home.ids["ferry"], "relates", home.ids["wifi"])
    home.add("maren", "pier", "qlodraft plan of a dinner", "--tag", "qlodraft", "--title", "qlofirst")
    home.json("maren", "edit", home.ids["pier"], "We meet on the pier at noon", "--no-title")
    home.json("maren", "tag", home.ids["pier"], "--remove", "qlodraft")
    home.json("maren", "edit", home.ids["pier"], "--visibility", "public")
    home.json("maren", "edit", home.ids["pier"], "We meet on the pier at one")
    home.add(
        None, "well", "The qlowell is dry in August", "--tag", "qlowelltag", "--key", "qlowellkey", "--external-id", "qlowell-1"
    )
    home.json(None, "link", home.ids["pier"], "mentions", home.ids["well"])
    home.add(
        "eve", "pears", "Eve likes pears", "--tag", "fruit", "--key", "likes", "--task", "orchard", "--external-id", "pear-1"
    )
    home.add("eve", "press", "The juice press stands in the shed", "--visibility", "public", "--task", "orchard")
    home.json("eve", "chat", "-m", "What do I like?")
    home.json(None, "cube", "create", "attic")
    conn = Vault(home.folder / "cubes" / "default", "default")
    with conn.write("principal add", "root", 1_767_268_800_000) as unit:
        for name, fields in {"maren": {"in:family": True}, "iris": {"in:family": True}}.items():
            unit.change("principal", name, {"kind": "person", **fields})
    conn.close()


def hidden(home: Home) -> None:
    """What eve may not see, put into a home that has the rest."""
    home.add(None, "cellar", "The qlocellar key lies under the blue pot", "--tag", "qlocellartag", "--key", "qlocellarkey",
             "--task", "qlocellartask", "--external-id", "qlocellar-1", "--title", "qlocellartitle",
             "--label", "qlocellarlabel")  # fmt: skip
    home.add(None, "debt", "Ada owes qlomoney to Ravi", "--external-id", "D1", "--tag", "town", "--task", "orchard", "--pin")
    home.add(None, "copy", "The juice press leaks oil", "--key", "likes")
    home.add("maren", "diary", "Dear qlodiary, the ferry was late", "--tag", "qlodiarytag", "--external-id", "qlodiary-1")
    home.add("maren", "rota", "The qlorota says Tuesday", "--tag", "qlorotatag", "--visibility", "shared")
    home.add(None, "told", "The ferry of qloderived leaves at ten")
    home.json(None, "link", home.ids["told"], "derived_from", home.ids["ferry"])
    home.json(None, "link", home.ids["told"], "derived_from", home.ids["pears"])
    home.add(None, "gone", "A qlogone thing of last year", "--tag", "qlogonetag")
    home.json(None, "forget", home.ids["gone"])
    home.add(None, "dust", "A qlodust thing", "--external-id", "qlodust-1")
    home.json(None, "forget", home.ids["dust"], "--purge", "--yes")
    said = json.dumps({"content": "qloturn is what she said", "kind": "episode", "source": {
        "conversation": "qlotalk", "session": "qlosession", "speaker": "qlospeaker", "turn": 1}})  # fmt: skip
    home.ids["turn"] = home.json(None, "add", "--jsonl", "-", stdin=said + "\n")["ids"][0]
    home.json(None, "chat", "-m", "What is qloasked of the cellar?")
    home.json(None, "view", "save", "qloview", "--tag", "qlocellartag")
    home.json(None, "snapshot", "create", "qlosnap", "--note", "qlonote")
    home.add(None, "soup", "qlosoup is for Monday", "--task", "qloendtask")
    home.json(None, "task", "end", "qloendtask")
    home.json(None, "--cube", "attic", "add", "The qloattic is full of hats", "--tag", "qloattictag")
    home.ids["txn"] = home.rows("SELECT txn FROM ops WHERE subject = ? LIMIT 1", home.ids["cellar"])[0][0]


def dump(home: Home) -> tuple[set[str], set[str]]:
    """The ids of all memories of a home, and the names of all its transactions."""
    if not (home.folder / "cubes" / "default" / "cube.db").exists():
        return set(), set()
    with home.reading() as rows:
        return {one for (one,) in rows("SELECT id FROM memories")}, {one for (one,) in rows("SELECT DISTINCT txn FROM ops")}


def added(home: Home, before: tuple[set[str], set[str]]) -> tuple[set[str], set[str]]:
    """What a home has that it did not have before: the ids of memories, and the names of transactions."""
    ids, txns = dump(home)
    return ids - before[0], txns - before[1]


_RANDOM: Mapping[str, str] = {
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?": "TIME",
    r"\b\d+(\.\d+)? (seconds|ms|s)\b": "SPAN",
    r'"(seconds|recall|prefill|generate|total|restore)": [0-9.e-]+': "SPAN",
    r'"clock": \d+': "CLOCK",
    r"\bchat-[0-9-]{10}-\w{8}": "TALK",
    r"\b[0-9a-f]{32}\b": "CUBE",
}  # fmt: skip


def retold(text: str, home: Home, made: tuple[set[str], set[str]]) -> str:
    """What a command said, without what is random in it: ids and commands that it made itself, times, the home's place."""
    ids, txns = made
    for one in ids:
        text = text.replace(one, "NEW").replace(one[:8], "NEW")
    for one in txns:
        text = text.replace(one, "COMMAND")
    for pattern, word in _RANDOM.items():
        text = re.sub(pattern, word, text)
    return text.replace(str(home.folder.parent), "HOME")


def wrong(word: str, known: set[str]) -> str:
    """An id like another one that nothing has: only its last letter differs."""
    return next(made for letter in ALPHABET if not any(one.startswith(made := word[:-1] + letter) for one in known))
