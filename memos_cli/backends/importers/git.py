"""Git: the commits of a repository, of which each that gives a reason becomes a note.

The program `git` reads them. What a repository configures must run nothing here: no hook, pager, signature program, conversion
or fetch of objects that are missing.
"""

import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from memos_cli.errors import UsageError
from memos_cli.import_port import OLDER, ImportOptions, Skipped
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.records import NamedTuple
from memos_cli.times import parse_iso, to_millis

_SETTINGS = (
    "log.showSignature=false", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.alternateRefsCommand=true",
    "core.sshCommand=false", "core.gitProxy=", "core.attributesFile=/dev/null", "credential.helper=", "protocol.allow=never",
    "diff.external=", "diff.orderFile=/dev/null", "log.mailmap=false", "mailmap.file=", "mailmap.blob=", "gpg.program=false",
    "maintenance.auto=false", "gc.auto=0", "color.ui=false",
)  # fmt: skip
"""What a repository may have set otherwise."""
_OPTIONS = (
    "-z", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-renames",
    "--no-mailmap", "--ignore-submodules=all", "--encoding=UTF-8", "--name-only",
)  # fmt: skip
_FIELDS = ("%H", "%P", "%aI", "%an", "%ae", "%B")
_CHUNK, _MOST_PART = 1 << 16, 4 << 20
"""Bytes that are read at a time, and the most of a message."""
_MOST_FILES, _LONGEST_PATH = 20, 200
"""Files that are kept of a commit, and their longest path."""
_LONGEST_TITLE = 120
_BLANKS = re.compile(r"\n[ \t]*\n")
_TRAILER = re.compile(r"(?:[A-Za-z]+(?:-[a-z]+)*-by|Cc|Change-Id|git-svn-id|PiperOrigin-RevId|Gerrit-[\w-]+|Change-type):\s|\(cherry picked from ")
_BOT = re.compile(r"\[bot\]|^(?:dependabot|renovate|greenkeeper|snyk-bot|github-actions|pre-commit-ci|semantic-release-bot|pyup-bot)\b", re.IGNORECASE)
_BUMP = re.compile(
    r"(?:\w+(?:\([^)]*\))?!?:\s*)?(?:(?:bump|release|prepare|cut|tag|update|set)\b[\w ,/@.-]*?)?\bv?\d+(?:\.\d+)+[\w.+-]*\.?"
    r"|(?:build|chore|deps?)(?:\([^)]*\))?!?:\s*bump\b.*|bump (?:the )?version\b.*",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"(?:wip|\.+|-+|tmp|temp|test|update[sd]?|changes?|fix(?:es|ed)?|typos?|fix (?:a )?typos?|fmt|format(?:ting)?|lint|cleanup|clean up"
    r"|initial commit|first commit|init|minor|misc|merge|up|save|commit|stuff|\w)[.!]*",
    re.IGNORECASE,
)
_MERGE = re.compile(r"Merge (?:branch|pull request|remote-tracking branch|tag|commit|https?:)|Merged in |Merge \S+ into ", re.IGNORECASE)


class _Commit(NamedTuple):
    """A commit as git tells it."""

    hash: str
    parents: tuple[str, ...]
    at: str | None
    author: str
    address: str
    message: str
    files: tuple[str, ...] = ()


class GitImporter:
    """A folder with a repository in it, or a bare repository."""

    def matches(self, source: Path) -> bool:
        """Whether git would find a repository there."""
        with suppress(OSError, ValueError):
            return source.is_dir() and ((source / ".git").exists() or all((source / one).exists() for one in ("HEAD", "objects", "refs")))
        return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The commits that lead to the one that is checked out, the latest first.

        Raises:
            UsageError: there is no repository, git cannot read it, or git is not installed.
        """
        if not self.matches(source):
            raise UsageError(f"{source} is no git repository", hint="give it the folder that has .git in it")
        seen = done = 0
        with tempfile.TemporaryFile() as told, _started(source, how.since, nonce := secrets.token_hex(16), told) as child:
            try:
                assert child.stdout is not None  # noqa: S101 -- a pipe was asked for
                for commit, size in _commits(child.stdout, nonce):
                    seen, done = seen + 1, done + size
                    how.tell(done, 0)
                    yield _draft(commit)
                ended = child.wait()
            finally:
                child.kill()
            if ended and (failure := _failure(told)):
                if not seen:
                    raise UsageError(f"git cannot read {source}: {failure}")
                yield Skipped("what git could not read", failure, damaged=True)
        if how.since and not ended and (older := _counted(source) - seen) > 0:
            yield Skipped(OLDER, count=older)


def _command(source: Path, *words: str) -> list[str]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    return ["git", "-C", str(source), "--no-pager", "--no-replace-objects", "--literal-pathspecs", *settings, *words]


def _environment(source: Path) -> dict[str, str]:
    """The environment of git: none of its own variables from elsewhere, and nothing from outside the repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LD_", "LC_", "LANG", "SSH_"))}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none", "GIT_ASKPASS": "false", "GIT_CEILING_DIRECTORIES": str(source.absolute().parent),
        "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C",
    }  # fmt: skip


def _run(source: Path, words: list[str], told: IO[bytes] | int) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            _command(source, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told, env=_environment(source)
        )
    except FileNotFoundError:
        raise UsageError("the program git is not installed", hint="install it, and import again") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"git cannot be run: {error}") from None


def _started(source: Path, since: str | None, nonce: str, told: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Let git tell the commits: for each the nonce, its fields and its files, a NUL behind each."""
    form = "%x00".join((nonce, *_FIELDS))
    words = ["log", *_OPTIONS, f"--format=tformat:{form}"]
    # Of the years before and behind these git makes the present; the core leaves out what is before `since` whatever git does.
    if since and "1971" <= since < "2099":
        words.append(f"--since-as-filter=@{to_millis(since) // 1000}")
    return _run(source, [*words, "HEAD", "--"], told)


def _failure(told: IO[bytes]) -> str | None:
    """What git said last; `None` where all that it said is that there is no commit yet."""
    told.seek(0)
    said = told.read(_CHUNK).decode("utf-8", "replace").strip()
    if "bad revision 'HEAD'" in said and "fatal" in said and said.count("\n") == 0:
        return None
    last = said.splitlines()[-1] if said else "it ended with an error"
    return "".join(char if char.isprintable() else "?" for char in last.removeprefix("fatal: ").removeprefix("error: "))[:200]


def _counted(source: Path) -> int:
    """How many commits there are."""
    with _run(source, ["rev-list", "--count", "HEAD", "--"], subprocess.DEVNULL) as child:
        counted = child.communicate()[0].strip()
    return int(counted) if counted.isdigit() and len(counted) < 12 else 0


def _commits(out: IO[bytes], nonce: str) -> Iterator[tuple[_Commit, int]]:
    """The commits that git tells, each with how many bytes it took."""
    fields: list[str] = []
    size = 0
    for part in _parts(out):
        if part == nonce:
            if len(fields) > len(_FIELDS) - 1:
                yield _commit(fields), size
            fields, size = [], 0
        elif len(fields) < len(_FIELDS) + _MOST_FILES + 1:
            fields.append(part)
        size += len(part) + 1
    if len(fields) > len(_FIELDS) - 1:
        yield _commit(fields), size


def _parts(out: IO[bytes]) -> Iterator[str]:
    """What stands between NULs; of what is too long, the beginning."""
    rest = b""
    while chunk := out.read(_CHUNK):
        *whole, rest = (rest + chunk if len(rest) < _MOST_PART or b"\0" in chunk else rest).split(b"\0")
        for part in whole:
            yield part.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def _commit(fields: list[str]) -> _Commit:
    name, parents, at, author, address, message, *files = fields
    found = [path[:_LONGEST_PATH] for one in files if (path := one.removeprefix("\n"))]
    return _Commit(name, tuple(parents.split()), _moment(at), author.strip(), address, message, tuple(found))


def _moment(text: str) -> str | None:
    """The instant; none for the beginning of 1970, by which git tells a time that it cannot read."""
    with suppress(UsageError):
        return at if to_millis(at := parse_iso(text)) else None
    return None


def _draft(commit: _Commit) -> Draft | Skipped:
    """The note that a commit becomes: its message without trailers, as `git log | memos add -` has it."""
    text = _without_trailers("\n".join(line.rstrip() for line in commit.message.splitlines()).strip())
    if why := _reasonless(commit, text):
        return Skipped(why, commit.hash[:12])
    files: dict[str, object] = {"files": list(commit.files[:_MOST_FILES])} if commit.files else {}
    if len(commit.files) > _MOST_FILES:
        files["more_files"] = True
    stated = {"content", "title", "source", "metadata"} | ({"occurred_at"} if commit.at else set())
    return Draft(
        text, kind=Kind.NOTE, external_id=f"git:{commit.hash}", title=text.partition("\n")[0][:_LONGEST_TITLE],
        occurred_at=commit.at, origin=Origin.IMPORT, source=Source(speaker=commit.author or None),
        metadata={"commit": commit.hash, **files}, given=frozenset(stated),
    )  # fmt: skip


def _without_trailers(message: str) -> str:
    """A message without the lines of its last paragraph that name who signed or reviewed it."""
    starts = [found.end() for found in _BLANKS.finditer(message)]
    if not starts:
        return message
    kept = [line for line in message[starts[-1] :].split("\n") if not _TRAILER.match(line)]
    return (message[: starts[-1]] + "\n".join(kept)).strip()


def _reasonless(commit: _Commit, text: str) -> str | None:
    """Why a commit says nothing that is worth keeping."""
    subject, _, body = text.partition("\n")
    subject = subject.strip()[:300]
    if not text:
        return "a commit without a message"
    if _BOT.search(commit.author[:200]) or "[bot]@" in commit.address[:200]:
        return "a bot's commit"
    if body.strip():
        return None
    if len(commit.parents) > 1 and _MERGE.match(subject):
        return "a merge without a text"
    if subject.startswith(("fixup!", "squash!", "amend!")):
        return "a commit that amends another"
    if _BUMP.fullmatch(subject):
        return "a version's number"
    return "a message that gives no reason" if _EMPTY.fullmatch(subject) else None
