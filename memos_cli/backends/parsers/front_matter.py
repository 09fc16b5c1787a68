"""The front matter of a Markdown file: the fields in YAML between two `---` lines at its top, as texts, lists and mappings.

Every scalar is the text that was written: `no`, `12:30` and `0123` mean what a person sees. What a stranger's file could do
harm with is refused before anything is built: anchors and aliases, which make a few lines expand to gigabytes, deep nesting,
and more than `MOST` characters.
"""

import re
from typing import Any, NamedTuple

MOST = 64 * 1024
"""Most characters of front matter."""
_MOST_VALUES, _MOST_DEPTH = 20_000, 12
_OPENS = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\n|\r)")
_CLOSES = re.compile(r"(?:^|(?<=\n)|(?<=\r))(?:---|\.\.\.)[ \t]*(?=\r\n|\n|\r|\Z)")


class NoteFields(NamedTuple):
    """What stands at the top of a text.

    Attributes:
        fields: by their names in small letters.
        start: where the fields begin, in characters; `stop` where they end; `end` behind the closing line.
        fault: why what stands there is no front matter although it looks like it; then there are no fields.
    """

    fields: dict[str, Any]
    start: int = 0
    stop: int = 0
    end: int = 0
    fault: str | None = None


def read(text: str) -> NoteFields:
    """The front matter of a text; without fields and faults where it has none."""
    opened = _OPENS.match(text)
    closed = _CLOSES.search(text, opened.end()) if opened else None
    if opened is None or closed is None:
        return NoteFields({})
    start, stop, end = opened.end(), closed.start(), closed.end()
    if stop - start > MOST:
        return NoteFields({}, start, stop, end, f"longer than {MOST // 1024} KiB")
    try:
        found = _loaded(text[start:stop])
    except ValueError as error:
        return NoteFields({}, start, stop, end, str(error))
    if found is None or found == "":  # two rules with nothing between them
        return NoteFields({}, start, stop, end)
    if not isinstance(found, dict):  # a text between two rules
        return NoteFields({})
    return NoteFields({str(name).strip().lower(): value for name, value in found.items()}, start, stop, end)


def _loaded(body: str) -> Any:  # noqa: ANN401 -- texts, lists and mappings
    """What YAML has.

    Raises:
        ValueError: it is none, or it could do harm.
    """
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    built = _Builder()
    try:
        for event in yaml.parse(body, Loader=loader):
            if getattr(event, "anchor", None) is not None:
                raise ValueError("it has anchors or aliases")
            if isinstance(event, yaml.ScalarEvent):
                built.put(event.value)
            elif isinstance(event, yaml.CollectionStartEvent):
                built.open({} if isinstance(event, yaml.MappingStartEvent) else [])
            elif isinstance(event, yaml.CollectionEndEvent):
                built.close()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it is no YAML"
        raise ValueError(f"{what}, line {mark.line + 2}" if mark is not None else str(what)) from None
    return built.root


class _Builder:
    """Puts together what a document says, without calling itself, however deep that is."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[Any, str | None]] = []
        self._count = 0

    def put(self, value: Any) -> None:  # noqa: ANN401
        """Put a value where the next one belongs: in a mapping a name comes first.

        Raises:
            ValueError: there are too many, or a name is no text.
        """
        self._count += 1
        if self._count > _MOST_VALUES:
            raise ValueError("too many fields")
        if not self._open:
            self.root = value if self.root is None else self.root
            return
        into, name = self._open[-1]
        if isinstance(into, list):
            into.append(value)
        elif name is not None:
            into[name] = value
            self._open[-1] = into, None
        elif isinstance(value, str):
            self._open[-1] = into, value
        else:
            raise ValueError("the name of a field is no text")

    def open(self, value: Any) -> None:  # noqa: ANN401
        """Put a list or a mapping, which the next values are in.

        Raises:
            ValueError: nested too deeply.
        """
        if len(self._open) >= _MOST_DEPTH:
            raise ValueError("nested too deeply")
        self.put(value)
        self._open.append((value, None))

    def close(self) -> None:
        """The list or the mapping is complete."""
        self._open.pop()


def words(value: Any) -> list[str]:  # noqa: ANN401
    """The texts of a field that holds one or a list of them: of a text without commas its words."""
    if isinstance(value, str):
        return [one for one in (re.split(r"[,\n]", value) if "," in value else value.split()) if one.strip()]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def text(value: Any) -> str:  # noqa: ANN401
    """A field that holds one text; empty where it holds something else."""
    return value.strip() if isinstance(value, str) else ""
