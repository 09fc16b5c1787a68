"""What a shell may complete: for each sort of name that a parameter takes, the function for its `shell_complete`.

Every command names these functions, so nothing is imported here but for a shell that asks. Whatever goes wrong then, nothing is
completed: a message would stand in the middle of what somebody is typing.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from memos_cli.interface.cubes.completion import Completion, Name

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]
_WIDTH = 60
"""Columns of what is said beside a name."""
_PATHS = frozenset({"bench.judge.model", "cube", "embedder", "key.passphrase_file", "llm.model", "search.reranker"})
"""The settings that take a path."""
_SECRET = "•••••"  # noqa: S105 -- what stands in the place of a secret


def _completer(
    found: "Callable[[Completion, click.Context, str], Iterable[Name]]",
    *,
    path: str = "",
    where: Callable[[click.Context], bool] = lambda _: True,
) -> Completer:
    """The function for a sort of name.

    Args:
        found: the names of that sort that begin so.
        path: a path may stand in the name's place: `file` or `dir`.
        where: whether one may, by what else stands on the line.
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        from click.shell_completion import CompletionItem

        paths = bool(path) and where(ctx)
        given = ctx.params.get(param.name or "")
        known = set(given) if isinstance(given, tuple | list) else set()
        try:
            names = [] if paths and os.sep in incomplete else list(found(_asked(ctx), ctx, incomplete))
        except Exception:
            if os.environ.get("MEMOS_DEBUG"):
                raise
            names = []
        items = [CompletionItem(one.name, help=_said(one)) for one in names if one.name not in known and one.name.isprintable()]
        return [*items, CompletionItem(incomplete, type=path)] if paths else items

    return complete


def _said(one: "Name") -> str | None:
    """What stands beside a name, on one line; nothing of a secret, and nothing that could let loose on a terminal."""
    from memos_cli.cli.terminal import plain

    text = _SECRET if one.secret else " ".join(plain(one.said).split())
    return (text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "\u2026") or None


def _asked(ctx: click.Context) -> "Completion":
    """The completion for the cubes and the principal on the line, wherever on it they stand."""
    from memos_cli import config
    from memos_cli.interface.cubes.completion import Completion

    cubes: list[str] = []
    principal = None
    at: click.Context | None = ctx
    while at is not None:
        for name in ("cubes", "shared_cubes"):
            option = next((one for one in at.command.params if one.name == name and "--cube" in one.opts), None)
            cubes = [*(at.params.get(name) or ()), *cubes] if option else cubes
        principal = principal or at.params.get("shared_principal") or at.params.get("principal")
        at = at.parent
    return Completion(os.environ, config.working_folder(), cubes=cubes, principal=principal)


def _told() -> bool:
    """Whether the shell shows what is said beside a name; bash does not, so that nothing has to be read for it."""
    return not os.environ.get("_MEMOS_COMPLETE", "").startswith("bash")


def _nothing(*_: object) -> "list[Name]":
    return []


def _source_parts(_: object, __: object, begun: str) -> "list[Name]":
    from memos_cli.interface.cubes.completion import Name
    from memos_cli.interface.reader.field_values import SOURCE_PARTS

    return [Name(f"{one}=") for one in SOURCE_PARTS if f"{one}=".startswith(begun)]


def _import_kinds(_: object, __: object, begun: str) -> "list[Name]":
    from memos_cli.interface.cubes.completion import Name
    from memos_cli.interface.imports import kinds, papers

    return [Name(one) for one in (*kinds.ORDER, papers.KIND) if one.startswith(begun)]


def _name_on(ctx: click.Context, *parameters: str) -> str:
    return next((str(ctx.params[name]) for name in parameters if ctx.params.get(name)), "")


def _first_word(ctx: click.Context) -> str:
    """The first argument of the command. Behind an option that waits for its value click has not yet said whose it is."""
    return _name_on(ctx, "identity") or next(iter(ctx.args), "")


IDS = _completer(lambda home, _, begun: home.ids(begun, told=_told()))
COLD_IDS = _completer(lambda home, _, begun: home.ids(begun, cold=True, told=_told()))
EXTERNAL_IDS = _completer(lambda home, _, begun: home.names("external_id", begun))
TAGS = _completer(lambda home, _, begun: home.names("tag", begun))
KEYS = _completer(lambda home, _, begun: home.names("key", begun))
TASKS = _completer(lambda home, _, begun: home.names("task", begun))
LABELS = _completer(lambda home, _, begun: home.looked(lambda look: look.labels(begun)))
IDS_AND_LABELS = _completer(
    lambda home, _, begun: [*home.ids(begun, told=_told()), *home.looked(lambda look: look.labels(begun))]
)
CONVERSATIONS = _completer(lambda home, _, begun: home.looked(lambda look: look.conversations(begun)))
SESSIONS = _completer(lambda home, _, begun: home.looked(lambda look: look.recent("session", begun)))
SPEAKERS = _completer(lambda home, _, begun: home.looked(lambda look: look.recent("speaker", begun)))
PRINCIPALS = _completer(lambda home, _, begun: home.principals(begun))
PRINCIPALS_AND_GROUPS = _completer(lambda home, _, begun: home.principals(begun, groups=True))
GROUPS = _completer(lambda home, _, begun: home.groups(begun))
VIEWS = _completer(lambda home, _, begun: home.records("view", begun))
SOURCES = _completer(lambda home, _, begun: home.records("source", begun), path="file")
SNAPSHOTS = _completer(lambda home, _, begun: home.records("snapshot", begun))
QUESTIONS = _completer(lambda home, _, begun: home.looked(lambda look: look.questions(begun)))
COMMANDS = _completer(lambda home, _, begun: home.looked(lambda look: look.commands(begun)))
CUBES = _completer(lambda home, _, begun: home.cubes(begun), path="dir")
CUBE_NAMES = _completer(lambda home, _, begun: home.cubes(begun))
CUBES_OR_FILES = _completer(lambda home, _, begun: home.cubes(begun), path="file")
GENERATIONS = _completer(lambda home, _, begun: home.adapters(begun))
JOBS = _completer(lambda home, _, begun: home.jobs(begun))
SLOTS = _completer(lambda home, _, begun: home.slots(begun))
MODELS = _completer(lambda home, _, begun: home.models(begun), path="file")
PULLED_MODELS = _completer(lambda home, _, begun: home.models(begun, pulled=True))
PULLABLE_MODELS = _completer(lambda home, _, begun: home.pullable(begun))
VERSIONS = _completer(lambda home, ctx, begun: home.looked(lambda look: look.versions(_first_word(ctx), begun)))
SETTINGS = _completer(lambda home, _, begun: home.settings_named(begun))
SETTING_VALUES = _completer(
    lambda home, ctx, begun: home.values(_name_on(ctx, "name"), begun),
    path="file",
    where=lambda ctx: _name_on(ctx, "name") in _PATHS,
)
RULES = _completer(lambda home, _, begun: home.rules(begun))
RULE_VALUES = _completer(lambda home, ctx, begun: home.rule_values(_name_on(ctx, "key"), begun))
OWN_KEYS = _completer(lambda home, _, begun: home.keys(begun, trusted=False))
KNOWN_KEYS = _completer(lambda home, _, begun: home.keys(begun))
KEYS_OR_FILES = _completer(lambda home, _, begun: home.keys(begun), path="file")
FILES = _completer(_nothing, path="file")
FOLDERS = _completer(_nothing, path="dir")
IMPORT_KINDS = _completer(_import_kinds)
PARTS_OF_SOURCE = _completer(_source_parts)

OF_OPTIONS = {
    "--add": TAGS,
    "--as": PRINCIPALS,
    "--conversation": CONVERSATIONS,
    "--cube": CUBES,
    "--encrypt-to": KEYS_OR_FILES,
    "--external-id": EXTERNAL_IDS,
    "--file": FILES,
    "--identity": FILES,
    "--jsonl": FILES,
    "--key": KEYS,
    "--label": LABELS,
    "--model": MODELS,
    "--out": FILES,
    "--output": FILES,
    "--passphrase-file": FILES,
    "--remove": TAGS,
    "--session": SESSIONS,
    "--sign-with": OWN_KEYS,
    "--snapshot": SNAPSHOTS,
    "--speaker": SPEAKERS,
    "--stop": JOBS,
    "--tag": TAGS,
    "--task": TASKS,
    "--view": VIEWS,
    "--source": PARTS_OF_SOURCE,
    "--without-label": LABELS,
    "--without-tag": TAGS,
}
"""What the options that take text complete, in whatever command they stand: an option means the same in all of them."""


def commands(named: Mapping[str, str], incomplete: str) -> "list[CompletionItem[str]]":
    """The commands that begin so, each with the line that says what it does."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=line) for name, line in named.items() if name.startswith(incomplete)]


def complete_options(command: click.Command) -> None:
    """Let the options of a command complete by their names; one that completes by itself or by its type stays as it is."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag and parameter._custom_shell_complete is None:  # noqa: SLF001
            name = next((one for one in parameter.opts if one in OF_OPTIONS), None)
            if name is not None and not isinstance(parameter.type, click.Choice | click.Path | click.File):
                # Click takes this at the making of an option alone, and the options are made in fifty places.
                parameter._custom_shell_complete = OF_OPTIONS[name]  # noqa: SLF001
