import os
import subprocess
from pathlib import Path

import pytest

from memos_cli.backends.importers.git import GitImporter
from memos_cli.backends.parsers.prose import ProseParser
from memos_cli.errors import UsageError
from memos_cli.import_port import OLDER, ImportOptions, Skipped
from memos_cli.model import Draft, Kind, Origin
from memos_cli.times import Zone
from tests.contracts.importer import ImporterContract

HOW = ImportOptions(Zone("UTC"))
WHY = "Use SQLite and not a server\n\nNobody wants to run a database for a diary, and a file can be\ncopied.\n\nFixes: #12"


def git(folder: Path, *words: str, at: str = "2025-03-04T10:00:00+01:00", name: str = "Ines Ott") -> str:
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at,
        "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": "ines@example.org", "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": "ines@example.org",
    }  # fmt: skip
    done = subprocess.run(["git", "-C", str(folder), *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", "--template=")
    return folder


def commit(folder: Path, message: str, *files: str, at: str = "2025-03-04T10:00:00+01:00", name: str = "Ines Ott") -> str:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(message, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-m", message, at=at, name=name)
    return git(folder, "rev-parse", "HEAD")


def read(source: Path, how: ImportOptions = HOW) -> tuple[list[Draft], dict[str, int]]:
    drafts, skipped = [], dict[str, int]()
    for one in GitImporter().read(source, how):
        if isinstance(one, Skipped):
            skipped[one.why] = skipped.get(one.why, 0) + one.count
        else:
            drafts.append(one)
    return drafts, skipped


class TestGit(ImporterContract):
    name = "git"

    def sample(self, folder: Path) -> Path:
        made = repository(folder / "repo")
        commit(made, WHY, "store.py")
        commit(made, "Sort by day, as people look for days\n", "a/list.py", "ö.py")
        commit(made, "wip")
        return made


def test_a_commit_becomes_a_note(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    name = commit(folder, f"{WHY}\nSigned-off-by: Ines Ott <ines@example.org>\nReviewed-by: B\n", "store.py", "wie schön\n.txt")
    [draft], skipped = read(folder)
    assert draft.content == WHY
    assert (draft.title, draft.kind, draft.origin) == ("Use SQLite and not a server", Kind.NOTE, Origin.IMPORT)
    assert (draft.external_id, draft.occurred_at, draft.source.speaker) == (f"git:{name}", "2025-03-04T09:00:00.000Z", "Ines Ott")
    assert draft.metadata == {"commit": name, "files": ["store.py", "wie schön\n.txt"]}
    assert skipped == {}


def test_what_gives_no_reason_is_named(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, "Keep the log append-only", "a")
    git(folder, "checkout", "-q", "-b", "side")
    commit(folder, "Read twice", "b")
    git(folder, "checkout", "-q", "main")
    commit(folder, "Write once", "c")
    git(folder, "merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side")
    for message in ("", "wip", "Release v1.2.3", "2.0.1", "chore: bump x from 1.0 to 1.1", "fixup! Write once", "Bump version"):
        commit(folder, message)
    commit(folder, "Bump lodash\n\nIt has a hole.", name="dependabot[bot]")
    commit(folder, "Bump to 3.12, since 3.11 lacks per-interpreter locks")
    drafts, skipped = read(folder)
    assert {draft.content for draft in drafts} == {
        "Keep the log append-only", "Read twice", "Write once", "Bump to 3.12, since 3.11 lacks per-interpreter locks",
    }  # fmt: skip
    assert skipped == {
        "a merge without a text": 1, "a commit without a message": 1, "a message that gives no reason": 1, "a version's number": 4,
        "a commit that amends another": 1, "a bot's commit": 1,
    }  # fmt: skip


def test_it_agrees_with_a_log_that_is_piped_in(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, WHY, "store.py")
    commit(folder, "Sort by day\n\n- as people look\n  for days\n\n\tand a tab", "b")
    piped = list(ProseParser().parse(git(folder, "log", "--no-expand-tabs")))
    drafts, _ = read(folder)
    assert [(one.content, one.title, one.occurred_at, one.source.speaker, one.metadata["commit"]) for one in piped] == [
        (one.content, one.title, one.occurred_at, one.source.speaker, one.metadata["commit"]) for one in drafts
    ]


def test_since_is_passed_on_and_what_it_leaves_out_is_told(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, "An old reason", at="2020-01-01T00:00:00Z")
    commit(folder, "A new reason", at="2025-01-01T00:00:00Z")
    commit(folder, "An old one that was picked later", at="2020-01-02T00:00:00Z")
    drafts, skipped = read(folder, HOW._replace(since="2024-01-01T00:00:00.000Z"))
    assert [draft.content for draft in drafts] == ["A new reason"]
    assert skipped == {OLDER: 2}


def test_bare_linked_and_empty_repositories(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    assert read(folder) == ([], {})
    commit(folder, WHY)
    git(tmp_path, "clone", "-q", "--bare", str(folder), str(tmp_path / "bare.git"))
    git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    for source in (folder, tmp_path / "bare.git", tmp_path / "tree", folder / ".git"):
        assert GitImporter().matches(source)
        assert [draft.content for draft in read(source)[0]] == [WHY]
    (folder / "below").mkdir()
    assert not GitImporter().matches(folder / "below")
    with pytest.raises(UsageError):
        read(folder / "below")


def test_names_and_messages_of_any_bytes(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    nested = "\n".join(["Say why", "", "x" * 3000, "\x1b[2J\u202e", "z"])
    commit(folder, nested, *(f"f{n}" for n in range(50)))
    raw = subprocess.run(
        ["git", "-C", str(folder), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor \xe9 <\xff> 99999999999999999 +0000\n"
        b"committer a <a> 1 +0000\nencoding latin1\n\nGr\xfc\xdfe, weil es so ist\n",
        capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(folder, "update-ref", "refs/heads/odd", raw)
    [draft], _ = read(folder)
    assert draft.content == nested
    assert len(draft.metadata["files"]) == 20
    assert draft.metadata["more_files"] is True
    git(folder, "symbolic-ref", "HEAD", "refs/heads/odd")
    [draft], _ = read(folder)
    assert (draft.content, draft.occurred_at) == ("Grüße, weil es so ist", None)


def test_a_hostile_repository_runs_nothing(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, WHY, "store.py")
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 >> {ran}\n", encoding="utf-8")
    script.chmod(0o755)
    for name in (
        "core.fsmonitor", "core.pager", "pager.log", "core.sshCommand", "gpg.program", "gpg.ssh.program", "diff.external", "core.editor",
        "diff.x.textconv", "diff.x.command", "filter.x.clean", "filter.x.smudge", "core.askPass", "core.alternateRefsCommand",
        "credential.helper", "core.gitProxy", "interactive.diffFilter", "remote.origin.uploadpack", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        git(folder, "config", name, str(script))
    for name, value in (
        ("log.showSignature", "true"), ("alias.log", f"!{script}"), ("remote.origin.url", f"ext::{script}"), ("protocol.ext.allow", "always"),
        ("remote.origin.promisor", "true"), ("extensions.partialClone", "origin"), ("core.repositoryFormatVersion", "1"),
        ("core.hooksPath", str(tmp_path / "hooks")), ("log.mailmap", "true"), ("mailmap.file", str(script)),
    ):  # fmt: skip
        git(folder, "config", name, value)
    (folder / ".gitattributes").write_text("* diff=x filter=x\n", encoding="utf-8")
    signed = git(folder, "cat-file", "commit", "HEAD").replace("\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\n", 1)
    made = subprocess.run(
        ["git", "-C", str(folder), "-c", "core.fsmonitor=false", "hash-object", "-t", "commit", "-w", "--stdin"],
        input=signed + "\n", capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (folder / ".git" / "refs" / "heads" / "main").write_text(f"{made}\n", encoding="utf-8")
    subprocess.run(["git", "-C", str(folder), "log"], capture_output=True, check=False)
    assert ran.exists(), "git itself runs what the repository names"
    ran.unlink()
    assert [draft.content for draft in read(folder)[0]] == [WHY]
    read(folder, HOW._replace(since="2024-01-01T00:00:00.000Z"))
    tree = git(folder, "-c", "core.fsmonitor=false", "--no-pager", "rev-parse", "HEAD^{tree}")
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()  # git would fetch what is missing
    ran.unlink(missing_ok=True)
    with pytest.raises(UsageError):
        read(folder)
    assert not ran.exists(), ran.read_text(encoding="utf-8")


def test_no_git_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(tmp_path / "repo")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="not installed"):
        read(folder)
