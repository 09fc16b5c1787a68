"""Cards for the models of tests: a model that answers in a test has to be one that chat trusts."""

from pathlib import Path

from memos_cli.config import Settings, paths
from memos_cli.infra import files
from memos_cli.operation.exam import cards
from memos_cli.operation.exam.cards import Card, Subject

AT = "2026-03-02T12:00:00.000Z"


def trust(home: Path, model: Path) -> Card:
    """Let a model file answer in this home, as `memos model use --trust` does."""
    return cards.trust(Subject(files.digest(model)), paths({"MEMOS_HOME": str(home)}), AT)


def trust_endpoint(home: Path, url: str, name: str) -> Card:
    """Let what an endpoint calls `name` answer in this home."""
    given = {"MEMOS_HOME": str(home), "MEMOS_LLM_ENDPOINT": url, "MEMOS_LLM_MODEL": name}
    chosen = cards.subject(Settings(given, paths(given)), paths(given))
    assert chosen is not None
    return cards.trust(chosen, paths(given), AT)
