"""`memos bench`: the family; each of its commands has a module of its own."""

import click

from memos_cli.cli.commands.bench_agents import agents
from memos_cli.cli.commands.bench_consolidation import consolidation
from memos_cli.cli.commands.bench_exam import exam
from memos_cli.cli.commands.bench_lifecycle import lifecycle
from memos_cli.cli.commands.bench_poisoning import poisoning
from memos_cli.cli.commands.bench_predict import predict
from memos_cli.cli.commands.bench_qa import qa
from memos_cli.cli.commands.bench_retrieval import retrieval
from memos_cli.cli.commands.bench_search import search
from memos_cli.cli.commands.bench_startup import startup
from memos_cli.cli.commands.bench_ttft import ttft
from memos_cli.cli.options import Family


@click.group(cls=Family)
def bench() -> None:
    """Measure memos, on material of yours or on a made-up year.

    What is measured is loaded into a temporary home, which is removed at the end: your own memories are neither read nor
    changed. The models are those of your settings, unless you choose another.
    """


for command in (ttft, qa, lifecycle, predict, search, retrieval, exam, consolidation, startup, agents, poisoning):
    bench.add_command(command)
