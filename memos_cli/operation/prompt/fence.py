"""The fence that marks memories as data, and the cleaning of texts that stand within it or beside it. Pure.

The text of every memory is taken to be hostile. `fenced` folds it to one line, drops what steers a terminal, and respells,
still readable, whatever could close the fence or pass for a token of a template.
memos-mini is trained on exactly this: whoever changes a byte of it has to train that model again.
"""

import re
import unicodedata

FENCE = ("<memories>\n", "</memories>\n")
"""The fence: the opening and the closing line of a block of memories."""

_CSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?")
_OSC = re.compile(r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")
_ESCAPE = re.compile(r"\x1b[ -/]*[0-~]?")
_BLANKS = re.compile(r"\s+")
_OPENING = re.compile(r"<(?=[|\uff5c/!A-Za-z_\u2581]|0x)")
_CLOSING = re.compile(r"(?<=[|\uff5c/\w\u2581])>")
_BRACKETED = re.compile(r"\[(/?[A-Z][A-Z_]+)\]")
_HEADING = re.compile(r"(?<!\S)#{2,}(?=\s|$)")
_LEFT, _RIGHT = "\u2039", "\u203a"  # single angle quotation marks, which no normalisation turns into < and >
_WIDE = str.maketrans({"\uff1c": _LEFT, "\ufe64": _LEFT, "\uff1e": _RIGHT, "\ufe65": _RIGHT, "\uff03": "♯", "\ufe5f": "♯"})
"""Compatibility forms that some tokenizers normalise back to the ASCII marks, and their replacements."""


def cleaned(text: str) -> str:
    """Text of a turn: its lines are kept, terminal controls dropped, marks of templates and of the fence respelled."""
    text = _ESCAPE.sub("", _OSC.sub("", _CSI.sub("", text)))
    text = "".join(c for c in text.replace("\r\n", "\n") if c in "\n\t" or not _steers(c)).translate(_WIDE)
    text = _CLOSING.sub(_RIGHT, _OPENING.sub(_LEFT, text))
    text = _HEADING.sub(lambda match: "♯" * len(match[0]), text)
    return _BRACKETED.sub("⟦\\1⟧", text)


def fenced(text: str) -> str:
    """Text of a memory: `cleaned` and folded to one line, so that it can neither close the fence nor start a line."""
    return cleaned(_BLANKS.sub(" ", _ESCAPE.sub("", _OSC.sub("", _CSI.sub("", text))))).strip()


def _steers(character: str) -> bool:
    """Whether a character is a control, an invisible format mark (zero width, bidirectional, tag) or half a surrogate pair."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"}
