"""`memos serve`: an endpoint of OpenAI's protocol over the model of this machine."""

from typing import TYPE_CHECKING

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.mcp import opener
from memos_cli.cli.options import Command
from memos_cli.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from memos_cli.agents.serve.application import Served
    from memos_cli.config import Paths, Settings
    from memos_cli.ports.ports import LLM


@click.command(cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=8766, show_default=True, help="The port; 0 takes a free one.")
@click.option("--model", metavar="NAME|PATH", help="Serve this model.  [default: llm.model]")
@click.option("--no-memory", is_flag=True, help="Look no memories up: the plain model, with slots.")
@click.option("--waiting", type=click.IntRange(0, 1000), default=8, show_default=True, help="How many requests may wait.")
@click.option("--load", is_flag=True, help="Load the model now, and not at the first request.")
@pass_app
def serve(app: App, *, port: int, model: str | None, no_memory: bool, waiting: int, load: bool) -> None:
    """Serve your model and your memories by OpenAI's protocol.

    The endpoint is http://127.0.0.1:8766/v1, for Open WebUI, llm, aider, the package openai or curl: chat completions, in one
    piece and streamed, models, and embeddings. A client sends the token of `memos principal add NAME --agent` as its API key,
    and sees what that agent may see (memos grant NAME read --all). The header X-Memos-Cube narrows the cubes in use for one
    request; X-Memos-Memory: off looks nothing up for it.

    What is recalled stands in the prompt between tags, as data, and the field `memos` of the answer names it: `memories`,
    `cited`, and with `borne_out` and `doubt` whether chat would have shown the answer. Nothing is held back or replaced: the
    client asked the model, and gets its words, also of one that its exam does not trust (`trusted` tells). Where nothing is
    recalled, and without memory, the answer is the plain model's, byte for byte: the file itself, without the adapter that chat
    adds. By itself it decodes greedily; temperature, top_p, seed and the penalties are obeyed, tools are refused.

    A client sends the whole conversation each time. The model's state after it is kept as a slot, across requests and restarts,
    so that only what is new is evaluated; usage tells it as cached_tokens. A slot holds the client's words: every purge removes
    it, none is kept of words with a secret in them. With slots.bytes at 0 each prompt is evaluated anew: a reused state can tip
    a tie between two tokens, as llama.cpp's own cache can. Nothing that a client says becomes a memory.

    One request is answered at a time, others wait; beyond --waiting they get 503 with Retry-After. SIGTERM lets answers end,
    for 60 seconds. A client that leaves ends its answer.

    \b
    Examples:
      memos serve
      memos serve --model smollm2 --load
      memos --cube work --cube home serve --port 9000
      curl http://127.0.0.1:8766/v1/models -H "Authorization: Bearer $TOKEN"

    \b
    Exit status:
      0  ended
      2  the port is taken, or --json
      14 no model is chosen, it cannot be used, or the extra is missing: pip install 'memos-memcube[serve]'
      143 ended by SIGTERM
    """
    if app.json:
        raise UsageError("memos serve answers its clients, and with no document of its own")
    settings = app.settings.given({"llm.adapter": "none", **({"llm.model": model, "llm.endpoint": ""} if model else {})})
    chosen = _served(settings, app.paths, app.cubes)._replace(recall=not no_memory, waiting=waiting)
    from memos_cli.agents.serve import serve as endpoint

    def tell(address: str) -> None:
        app.note(f"serving {chosen.name} at {address}")

    endpoint.serve(opener(app, settings), chosen, port, tell, load=load)


def _served(settings: "Settings", paths: "Paths", cubes: list[str]) -> "Served":
    """What is served, checked as far as that needs no model loaded.

    Raises:
        ModelUnavailable: no model of this machine is chosen, it cannot be used, or a package is missing.
    """
    try:
        from memos_cli.agents.serve.serve import Served
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"starlette", "uvicorn"}:
            raise
        raise ModelUnavailable("starlette and uvicorn are missing", hint="pip install 'memos-memcube[serve]'") from None
    from memos_cli.operation import embedders, model_files, models

    if settings.get("llm.model") == models.NONE:
        raise ModelUnavailable("no model is chosen to serve", hint=models.to_choose(paths))
    if settings.get("llm.endpoint"):
        raise ModelUnavailable("a model behind an endpoint is served there already", hint="memos serve --model NAME|PATH")
    path, _ = model_files.checked(settings.get("llm.model"), settings, paths)

    def made() -> "LLM":
        llm = models.chosen(settings, paths)
        if llm is None:
            raise ModelUnavailable("no model is chosen to serve")
        return llm

    return Served(
        name=model_files.shown(path),
        llm=made,
        cubes=tuple(cubes or [settings.get("cube")]),
        embedder=next((one.name for one in embedders.installed(settings, paths) if one.used), None),
        created=int(path.stat().st_mtime),
    )
