"""Changes of memories: what a content and a name have to be like, and one transaction that changes several memories."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from memos_cli.author import Author
from memos_cli.errors import UsageError
from memos_cli.infra.governance import governance, labels
from memos_cli.infra.limits import CONTROL, INSTEAD, LONGEST_NAME, MOST_CHARACTERS, NO_TEXT, cleaned_name
from memos_cli.infra.names import compared
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, Memory
from memos_cli.operation.results import Changed

_NAMES = ("external_id", "title", "key", "task")
_ANY = Filter(at="", everything=True)


def check_content(text: str) -> str:
    """The content as it is stored.

    Raises:
        UsageError: the content is empty, too long, or not text.
    """
    if not text.strip():
        raise UsageError("there is nothing to remember: the content is empty", hint='memos add "I am vegan now"')
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            f"content of {len(text):,} characters is too long for one memory (at most {MOST_CHARACTERS:,})",
            hint="save it to a file and add that with --file: it is taken apart",
        )
    if "\x00" in text:
        raise UsageError("the content holds a NUL character, so it is not text")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("the content holds half a surrogate pair, which is no character") from None
    return text


def change_each(
    vault: Vault,
    ids: Sequence[str],
    author: Author,
    change: Callable[[Memory], dict[str, Any]],
    *,
    thawed: bool = True,
    dry_run: bool = False,
    then: Callable[[Unit, str], tuple[str, ...]] | None = None,
    always: bool = False,
) -> Changed:
    """Change each memory as `change` says, in one transaction; a memory with an empty change is left alone.

    Args:
        thawed: refuse frozen memories.
        dry_run: make all changes, then take them back.
        then: called with the transaction and each memory that changed; it returns the ids of memories that are superseded.
        always: call `then` for memories that are left alone, too.

    Raises:
        Refused: a memory is frozen, or the principal may not change it. Then nothing is written.
    """
    with author.write(vault) as unit:
        touched = change_within(vault, unit, ids, change, thawed=thawed)
        superseded = [other for one in (ids if always else touched) for other in (then(unit, one) if then else ())]
        txn = unit.log.txn if unit.log.count and not dry_run else None
        if dry_run:
            unit.take_back()
    return Changed(author.command, touched, txn, shown(vault, dict.fromkeys(ids)), dry_run, tuple(dict.fromkeys(superseded)))


def shown(vault: Vault, ids: Iterable[str]) -> tuple[Memory, ...]:
    """What was written, for its author to see.

    What an author hides from itself, as one who may share can, or may not read by a rule, is told by its id alone.
    """
    return tuple(vault.get(one) for one in ids if vault.sight is None or vault.can_see(one, _ANY))


def change_within(
    vault: Vault,
    unit: Unit,
    ids: Iterable[str],
    change: Callable[[Memory], dict[str, Any]],
    *,
    thawed: bool = True,
) -> tuple[str, ...]:
    """As `change_each`, in the caller's transaction; the ids of the memories that changed."""
    return tuple(one for one in dict.fromkeys(ids) if _change_one(vault, unit, one, change, thawed=thawed))


def _change_one(
    vault: Vault,
    unit: Unit,
    identity: str,
    change: Callable[[Memory], dict[str, Any]],
    *,
    thawed: bool,
) -> bool:
    memory = vault.get(identity)
    governance.demand_some(vault, memory)
    fields = change(memory)
    if not fields:
        return False
    if thawed:
        governance.require_thaw(memory)
    unit.change("memory", identity, fields)
    return True


def cleaned_draft(draft: Draft) -> Draft:
    """A draft as it can be stored: readers take texts apart as they find them, control characters and long names included.

    Names that a person gives by hand are refused before, with an error that says which (`checked_name`). A draft that has a
    secret in its header (`governance.header_secrets`) is labelled, as one with a secret in its content is by its reader.
    """
    names = {name: value for name in _NAMES if (value := getattr(draft, name)) is not None}
    sources = {name: value for name, value in draft.source._asdict().items() if isinstance(value, str)}
    changes: dict[str, Any] = {name: clean for name, value in names.items() if (clean := cleaned_name(value) or None) != value}
    for name, texts in (("tags", draft.tags), ("labels", draft.labels)):
        kept = tuple(dict.fromkeys(one for text in texts if (one := cleaned_name(text))))
        kept = tuple(dict.fromkeys(map(compared, kept))) if name == "labels" else kept
        if kept != texts:
            changes[name] = kept
    source: dict[str, Any] = {name: clean for name, value in sources.items() if (clean := cleaned_name(value) or None) != value}
    if source:
        changes["source"] = draft.source._replace(**source)
    if re.search(NO_TEXT, draft.content):
        changes["content"] = re.sub(NO_TEXT, INSTEAD, draft.content)
    found = draft._replace(**changes) if changes else draft
    if labels.SECRET in found.labels or not _has_header(found):
        return found
    from memos_cli.infra.governance import header_secrets

    return found._replace(labels=(*found.labels, labels.SECRET)) if header_secrets.holds_secret(found) else found


def _has_header(draft: Draft) -> bool:
    """Whether there is anything around the content that could hold a secret: most drafts that a person types have nothing."""
    return bool(draft.title or draft.key or draft.task or draft.tags or draft.metadata or any(draft.source))


def checked_name(text: str, what: str) -> str:
    """A name (external id, key, tag, …) as it is stored.

    Raises:
        UsageError: the name is empty, too long, or has control characters.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_NAME:
        raise UsageError(f"{what} has to be 1 to {LONGEST_NAME} characters long")
    if re.search(CONTROL, text):
        raise UsageError(f"{what} holds a control character")
    return text


def checked_label(text: str, what: str) -> str:
    """A sensitivity label as it is stored: `Secret` is `secret`, which masks.

    Raises:
        UsageError: the label is empty, too long, or has control characters.
    """
    return compared(checked_name(text, what))
