"""`memos why`."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command, reveal
from memos_cli.operation.results import Provenance
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.model import Source
    from memos_cli.operation.results import ProvenanceStep


def _provenance_json(result: Provenance, *, reveal: bool) -> dict[str, Any]:
    from memos_cli.cli.documents import fields_of

    links = [link for link, _ in (*result.outgoing, *result.incoming)]
    return {
        **fields_of(result, only=("memory", "versions")),
        "links": [fields_of(link, only=("type", "source", "target")) for link in links],
        "verbatim": result.verbatim if reveal or "secret" not in result.memory.labels else None,
        "note": result.note,
        "seen": _seen_json(result),
        "evidence": [_step_json(step) for step in result.evidence],
    }


def _step_json(step: "ProvenanceStep") -> dict[str, Any]:
    link = {"type": step.link.type.value, "source": step.link.source, "target": step.link.target}
    return {"depth": step.depth, **link, "at": shown(step.at), "by": step.principal, "command": step.command}


def _known(place: "Source") -> dict[str, Any]:
    """What is known of a place, without where in the cube's own copy of a file it lies."""
    return {
        name: value for name, value in place._asdict().items() if value is not None and name not in {"digest", "start", "end"}
    }


def _seen_json(result: Provenance) -> dict[str, Any]:
    """How often and when the text was told: the first time it was stored."""
    told = [{"at": shown(one.at), "by": one.principal, "command": one.command, **_known(one.place)} for one in result.sightings]
    last = told[-1]["at"] if told else shown(result.memory.created_at)
    return {"times": 1 + len(told), "first": shown(result.memory.created_at), "last": last, "again": told}


@click.command(cls=Command)
@click.argument("identity", metavar="ID", shell_complete=completions.IDS)
@reveal
@pass_app
def why(app: App, identity: str, *, reveal: bool) -> None:
    """Tell where a memory comes from.

    Who added it, when and by which command; how often it was told again, and where; what it was read from, word for word; what
    it replaced and what replaced it; how often it was used. Of each link, and of the links of what it rests on in turn, it
    tells who set it, when and by which command ("evidence" with --json).

    \b
    Examples:
      memos why k3f9
      memos why k3f9 --json

    \b
    Exit status:
      10 no such memory
    """
    result = app.mos.provenance(identity)
    linked = (memory for _, memory in (*result.outgoing, *result.incoming) if memory is not None)
    render.require_reveal((render.with_versions(result.memory, result.versions), *linked), reveal=reveal)
    if app.json:
        app.data(_provenance_json(result, reveal=reveal), reveal=reveal)
        return
    for line in render.provenance_lines(result, reveal=reveal):
        app.out(line)
