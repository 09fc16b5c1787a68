"""What of a memory others may see: `cube export --redact`."""

from typing import Any

from memos_cli.interface import secrets
from memos_cli.model import Memory, State


def covered(memory: Memory) -> dict[str, Any] | None:
    """The registers of a memory as it is published; `None` for one that is not.

    Secrets are masked in content, title, key and tags. A memory that a person labelled is withheld: a label says that not
    everybody may see it; so is one labelled `secret` in which no secret is found, since a person knew better. Where it was
    said, by whom, in which file, and what programs noted beside it, stays at home.
    """
    found = secrets.find(memory.content)
    labels = set(memory.labels)
    if labels - {secrets.SECRET} or (secrets.SECRET in labels and not found):
        return None

    def masked(text: str | None) -> str | None:
        return None if text is None else secrets.mask(text, secrets.find(text))

    told: dict[str, Any] = {
        "content": secrets.mask(memory.content, found),
        "title": masked(memory.title),
        "key": masked(memory.key),
        "kind": memory.kind.value,
        "state": State.ARCHIVED.value if memory.state is State.ARCHIVED else State.GENERATED.value,
        "origin": memory.origin.value,
        "occurred_at": memory.occurred_at,
        "valid_from": memory.valid_from,
        "valid_to": memory.valid_to,
        "expires_at": memory.expires_at,
    }
    return {name: value for name, value in told.items() if value is not None} | {
        f"tag:{masked(tag)}": True for tag in memory.tags
    }
