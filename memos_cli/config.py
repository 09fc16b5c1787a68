"""The settings, each with its origin, and the folders of a home.

A setting comes from the command line, else from `MEMOS_NAME` in the environment, else from `.memos.toml` in the working
folder or one above it, else from the user's `config.toml`, else from its default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memos_cli import modes, values
from memos_cli.errors import MemosError, UsageError, did_you_mean
from memos_cli.records import NamedTuple
from memos_cli.values import Key

PROJECT_FILE = ".memos.toml"
USER_FILE = "config.toml"
_MOST = 1 << 20
"""Bytes of a file of settings."""
_OF_THE_PERSON = frozenset({"pager"})
"""Settings that name a command: a project's file, which comes with whatever was cloned or unpacked, may not set them."""


def _cube(value: object) -> str:
    from memos_cli.infra import places

    name = values.text(value)
    try:
        places.place(Path(), name)
    except UsageError as error:
        raise ValueError(f"it has to be a path, or made of {error.hint}") from None
    return name


def _principal(value: object) -> str:
    from memos_cli.infra.governance.governance import principal

    try:
        return principal(str(value))
    except UsageError as error:
        raise ValueError(f"it has to be {error.hint}") from None


def _timezone(value: object) -> str:
    from memos_cli.times import Zone

    try:
        return Zone(str(value)).name
    except UsageError as error:
        raise ValueError(f"{error.message}; {error.hint}") from None


def _reranker(value: object) -> str:
    name = values.text(value)
    if "://" in name:
        from urllib.parse import urlsplit

        parts = urlsplit(name)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("it has to be a URL such as http://localhost:8080/v1, without a name, a password or a query")
    return name


SETTINGS: dict[str, Key] = {
    "cube": Key("default", _cube, "the cube that commands use when no --cube is given"),
    "principal": Key("", _principal, "who you are to the access rules; empty: your login name"),
    "timezone": Key("", _timezone, "your time zone, such as Europe/Amsterdam; empty: that of the system, which TZ sets"),
    "lock_timeout": Key(10.0, values.positive, "seconds that a write waits for other writers before it gives up (exit 11)"),
    "embedder": Key(
        "auto",
        values.text,
        "auto, none, minilm, multilingual, or the path of a GGUF file or a sentence-transformers folder",
    ),
    "embedding.pooling": Key(
        "auto",
        values.one_of("auto", "mean", "cls", "last"),
        "how an embedder that is named by its path makes one vector of a text: mean, cls, last, or auto: as its file says",
    ),
    "embedding.query_prefix": Key(
        "auto", values.line, "what such an embedder is to see before a query: a text, none, or auto: as its file says"
    ),
    "embedding.passage_prefix": Key("auto", values.line, "what it is to see before a memory: a text, none, or auto"),
    "search.k": Key(10, values.whole(), "how many hits a search shows"),
    "search.pending": Key(32, values.whole(), "how many new memories a search embeds before it answers"),
    "search.reranker": Key(
        "none",
        _reranker,
        "what reorders the best hits: none, the folder or the installed name of a cross-encoder, or the URL of an endpoint with"
        " POST /rerank; the key: MEMOS_SEARCH_RERANKER_KEY",
    ),
    "search.reranker_model": Key("", str, "what the reranker's endpoint calls the model; empty where it has only one"),
    "search.reranker_best": Key(50, values.whole(1000), "how many of the best hits the reranker reads"),
    "search.reranker_share": Key(
        0.5, values.share, "how much its order counts beside memos's own: 0 leaves the order as it is, 1 takes the reranker's"
    ),
    "search.reranker_wait": Key(
        10.0, values.positive, "seconds after which its endpoint is given up; the order then stays as it is"
    ),
    "llm.model": Key(
        "none",
        values.text,
        "what chat answers with: none, memos-mini, smollm2, a pulled model's name, or a GGUF file's path",
    ),
    "llm.endpoint": Key("", str, "an OpenAI-compatible endpoint that llm.model then names a model of; the key: MEMOS_LLM_KEY"),
    "llm.wait": Key(
        30.0, values.positive, "seconds without a word after which an endpoint is given up; a large model may need minutes"
    ),
    "llm.adapter": Key(
        "auto",
        values.one_of("auto", "none"),
        "auto: a model that memos knows, such as smollm2, gets the adapter that ships for it; none: it answers as it came",
    ),
    "llm.context": Key(4096, values.whole(), "how many tokens prompt and answer may have together"),
    "llm.threads": Key(0, values.whole(), "how many threads a model computes with; 0 chooses by its size"),
    "llm.kv": Key(
        "f16",
        values.one_of("f16", "q8_0"),
        "how a model's context keeps its numbers: f16, or q8_0 in half the space, less exactly",
    ),
    "llm.flash": Key(
        "auto",
        values.one_of("auto", "on", "off"),
        "flash attention: on, off, or auto: off where a CPU computes with llm.kv f16, since an answer from a slot then begins"
        " several times sooner",
    ),
    "llm.trial_seconds": Key(
        0, values.whole(), "seconds that a model new to this machine may take in its trial; 0: by the size of its file"
    ),
    "llm.trial_memory": Key(
        0, values.whole(), "bytes of memory that it may take there beside its file; 0: by the size of its file"
    ),
    "llm.exam_seconds": Key(
        180.0, values.positive, "seconds that the exam of a model may take, which memos model use puts it to"
    ),
    "llm.answer": Key(256, values.whole(), "how many tokens an answer may have"),
    "llm.sure": Key(0.5, values.share, "mean probability of an answer's tokens below which chat cites instead"),
    "llm.sure_least": Key(0.0, values.share, "least probability of one of them below which chat cites instead"),
    "llm.extract": Key(
        "auto",
        values.one_of("auto", "rules", "model"),
        "who finds what is worth keeping in what was said: rules, model, or auto: the model where it is fit for it",
    ),
    "chat.memories": Key(8, values.whole(), "how many memories chat looks up for a message"),
    "scheduler.tokens": Key(0, values.whole(), "how many tokens of a prompt memories may take; 0: half of llm.context"),
    "scheduler.adapters": Key(1, values.whole(), "how many adapters a request may use"),
    "slots.bytes": Key(
        1 << 30, values.whole(), "how many bytes the saved states of models (slots) may take together; 0 keeps and uses none"
    ),
    "slots.least": Key(40, values.whole(), "how many tokens a slot has to save for chat to keep it by itself"),
    "bench.judge.model": Key(
        "none", values.text, "what grades the answers of bench qa: none, a pulled model's name, or a GGUF file's path"
    ),
    "bench.judge.endpoint": Key(
        "", str, "an endpoint that bench.judge.model then names a model of; the key: MEMOS_BENCH_JUDGE_KEY"
    ),
    "key.passphrase_file": Key(
        "", str, "a file whose first line is the passphrase of your own keys, for scripts; empty: memos asks"
    ),
    "pager": Key(
        "auto",
        values.line,
        "what shows long answers on a terminal: none, a command, or auto: $PAGER, else less; see --no-pager;"
        " not from .memos.toml",
    ),
    "use.record": Key(default=True, read=values.switch, help="whether being shown by search counts as use of a memory"),
}


def embedding(settings: "Settings") -> dict[str, str]:
    """The settings `embedding.*` by the last part of their names."""
    return {part: settings.get(f"embedding.{part}") for part in ("pooling", "query_prefix", "passage_prefix")}


def login() -> str:
    """The login name, which stands for a person who has set no other.

    It is found as `getpass.getuser` finds it, which imports what controls a terminal.
    """
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if found := os.environ.get(name):
            return found
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "me"


def variable(name: str) -> str:
    """The environment variable of a setting: `search.k` is `MEMOS_SEARCH_K`."""
    return "MEMOS_" + name.replace(".", "_").upper()


class Value(NamedTuple):
    """A setting's value and its origin: `flag`, `environment`, a file's path, or `default`."""

    value: Any
    origin: str


class Paths(NamedTuple):
    """The folders of a home."""

    config: Path
    data: Path
    cache: Path

    @property
    def cubes(self) -> Path:
        """The folder of the cubes; each cube is a folder in it."""
        return self.data / "cubes"

    @property
    def models(self) -> Path:
        """The folder of the language models that were pulled."""
        return self.data / "models"

    @property
    def keys(self) -> Path:
        """The folder of one's own keys and the list of trusted ones: apart from the settings, which people publish."""
        return self.data / "keys"

    @property
    def user_file(self) -> Path:
        """The user's settings."""
        return self.config / USER_FILE


def paths(environ: Mapping[str, str], home: str | Path | None = None) -> Paths:
    """The folders: all under `home` or `MEMOS_HOME` when given, else where the platform keeps such files."""
    root = home or environ.get("MEMOS_HOME")
    if root:
        folder = Path(root).expanduser().absolute()
        return Paths(folder, folder, folder / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("memos", appauthor=False)
    return Paths(Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_cache_dir))


class Settings:
    """The settings of one invocation.

    Args:
        environ: the process's environment.
        folders: the folders of the home; the user's file lies in one of them.
        folder: the working folder, where the search for a project's file begins.
        flags: what the command line gave.

    Attributes:
        withheld: the settings that a project's file may not set, and the file that does.
    """

    def __init__(
        self, environ: Mapping[str, str], folders: Paths, folder: Path | None = None, flags: Mapping[str, Any] | None = None
    ) -> None:
        self._sources: list[tuple[str, Mapping[str, Any]]] = [("flag", flags or {})]
        self._sources.append(
            ("environment", {name: environ[variable(name)] for name in SETTINGS if environ.get(variable(name))})
        )
        self.withheld: dict[str, str] = {}
        if folder and (project := project_file(folder)):
            given = _read(project)
            self.withheld = dict.fromkeys(_OF_THE_PERSON & given.keys(), str(project))
            self._sources.append((str(project), {name: given[name] for name in given.keys() - _OF_THE_PERSON}))
        if folders.user_file.is_file():
            self._sources.append((str(folders.user_file), _read(folders.user_file)))

    def given(self, flags: Mapping[str, Any]) -> "Settings":
        """These settings, with `flags` on top of them for this run alone."""
        from copy import copy

        made = copy(self)
        (first, before), *others = self._sources
        made._sources = [(first, {**before, **flags}), *others]  # noqa: SLF001 -- another instance of this class
        return made

    def get(self, name: str) -> Any:  # noqa: ANN401 -- each setting has its own type
        """The value of a setting."""
        return self.origin(name).value

    def origin(self, name: str) -> Value:
        """The value of a setting and its origin.

        Raises:
            UsageError: no such setting, or a value that it cannot take.
        """
        setting = known(name)
        for where, given in self._sources:
            if name in given:
                return Value(_checked(name, given[name], where), where)
        return Value(setting.default, "default")


def known(name: str) -> Key:
    """The setting of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in SETTINGS:
        near = did_you_mean(name, SETTINGS)
        hint = near if near and near.startswith("did") else f"there are: {', '.join(SETTINGS)}"
        raise UsageError(f"no setting called {name!r}", hint=hint)
    return SETTINGS[name]


def _checked(name: str, value: object, where: str) -> Any:  # noqa: ANN401 -- each setting has its own type
    try:
        return SETTINGS[name].read(value)
    except ValueError as error:
        said = "" if where == "flag" else f" ({where})"
        raise UsageError(f"{name} cannot be {value!r}{said}: {error}") from None


def working_folder() -> Path | None:
    """The working folder; `None` where it was removed meanwhile, which is no reason to refuse what does not need it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def project_file(folder: Path) -> Path | None:
    """The nearest `.memos.toml` in this folder or above it."""
    for candidate in (folder, *folder.parents):
        path = candidate / PROJECT_FILE
        if path.is_file():
            return path
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise ValueError("it is larger than a megabyte")  # noqa: TRY301 -- one message for all that is wrong with it
        tables = values.tables(content.decode())
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}", hint="mend or remove the file") from None
    except OSError as error:
        raise MemosError(f"cannot read {path}: {error.strerror}") from None
    return dict(values.flat(tables))


_PATIENCE = 10.0
"""Seconds to wait for another process that stores a setting."""


def store(folders: Paths, name: str, value: str) -> Any:  # noqa: ANN401 -- each setting has its own type
    """Write a setting to the user's file and keep its other lines and comments; the value as read.

    Raises:
        UsageError: no such setting, or a value that it cannot take.
        Busy: another process is storing one, and does not end.
    """
    import tomlkit

    from memos_cli.infra import files

    known(name)
    checked = _checked(name, value, "flag")
    path = folders.user_file
    modes.make_folder(path.parent)
    with files.only_one(path.with_name(f".{path.name}.lock"), "another change of the settings", timeout=_PATIENCE):
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
        *tables, last = name.split(".")
        at: Any = document
        for table in tables:
            at = at.setdefault(table, tomlkit.table())
        at[last] = checked
        files.write(path, tomlkit.dumps(document).encode())
    return checked
