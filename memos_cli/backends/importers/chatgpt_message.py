"""One message of a conversation with ChatGPT: what was said in it, or why nothing is to be remembered of it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from memos_cli.backends.importers.talk import title_of
from memos_cli.records import NamedTuple

IMAGE, RECORDING, STRANGE = "an image", "a recording", "a message of a wrong type"
INSTRUCTIONS, BIO, CANVAS = (
    "custom instructions",
    "a saved memory without a text",
    "a change to a canvas, or one told elsewhere",
)
EMPTY, OTHER, NOBODY = "an empty message", "a part of another kind", "a message of nobody known"
DAMAGED = frozenset({STRANGE, NOBODY})
_CALL, _REASONING, _RESULT = "a tool call", "reasoning", "a result of a tool"
_BROWSING, _OUTPUT = "a result of browsing", "an output of the code interpreter"
_IMAGES = frozenset({"image_asset_pointer", "image"})
_RECORDINGS = frozenset(
    {"audio_asset_pointer", "real_time_user_audio_video_asset_pointer", "video_container_asset_pointer", "video_asset_pointer"}
)
_WORDS = frozenset({None, "text", "audio_transcription"})
_MARK = re.compile("\ue200([^\ue200\ue201]*)\ue201?")
_FOOTNOTE = re.compile("\u3010\\d+[^\u3010\u3011\n]{0,80}\u3011")
_FENCED = re.compile(r"```(.*?)```", re.DOTALL)
_MOST_FILES = 20


class Message(NamedTuple):
    """What a message has, whatever types its fields have in a file."""

    role: str
    speaker: str
    type: str
    to: str
    channel: str
    text: str
    images: int
    recordings: int
    others: int
    at: Any
    model: Any
    files: list[str]
    content: Mapping[str, Any]
    metadata: Mapping[str, Any]


def message_of(node: Any) -> Message | None:  # noqa: ANN401 -- any JSON
    """The message of a node; `None` where there is none, as at the root."""
    held = node.get("message") if isinstance(node, dict) else STRANGE
    if held is None:
        return None
    strange = not isinstance(held, dict)
    fields = _object(held)
    author, metadata = _object(fields.get("author")), _object(fields.get("metadata"))
    content = fields.get("content")
    within = _object({"parts": content} if isinstance(content, str) else content)
    text, images, recordings, others = _parts(within)
    role = STRANGE if strange else _word(author.get("role"))
    return Message(
        role, (title_of(author.get("name")) if role == "user" else None) or role, _word(within.get("content_type")),
        _word(fields.get("recipient")), _word(fields.get("channel")), text, images, recordings, others,
        fields.get("create_time"), metadata.get("model_slug"), _files(metadata), within, metadata,
    )  # fmt: skip


def reason(message: Message) -> str:
    """Why a message is no turn of the talk; empty for one that is."""
    return next((why for holds, why in _REASONS if holds(message)), "") or _nothing(message)


def _is_instruction(message: Message) -> bool:
    told = message.role == "system" and message.metadata.get("is_user_system_message") is True
    return told or message.type == "user_editable_context"


def _is_call(message: Message) -> bool:
    return message.role == "assistant" and (message.to not in {"", "all"} or message.type == "code")


def _is_reasoning(message: Message) -> bool:
    by_type = message.type in {"thoughts", "reasoning_recap"} or message.metadata.get("is_thinking_preamble_message") is True
    return by_type or (message.role == "assistant" and message.channel == "analysis")


_REASONS: tuple[tuple[Callable[[Message], bool], str], ...] = (
    (lambda message: message.role == STRANGE, STRANGE),
    (_is_instruction, INSTRUCTIONS),
    (lambda message: message.role == "assistant" and message.to == "bio", BIO),
    (lambda message: message.role == "assistant" and message.to.startswith("canmore."), CANVAS),
    (lambda message: message.metadata.get("is_visually_hidden_from_conversation") is True, "a hidden message"),
    (lambda message: message.type == "model_editable_context", "what ChatGPT was told beforehand"),
    (lambda message: message.role in {"system", "developer"}, "a system message"),
    (lambda message: message.type.startswith(("tether_", "sonic_")), _BROWSING),
    (lambda message: message.type == "execution_output", _OUTPUT),
    (_is_reasoning, _REASONING),
    (lambda message: message.role == "tool", _RESULT),
    (_is_call, _CALL),
    (lambda message: message.type == "system_error", "a notice of an error"),
    (lambda message: message.role not in {"user", "assistant"}, NOBODY),
)


def _nothing(message: Message) -> str:
    """Why a message of the person or the assistant has nothing to say."""
    if message.text:
        return ""
    found = ((message.images, IMAGE), (message.recordings, RECORDING), (message.others, OTHER))
    return next((why for count, why in found if count), EMPTY)


def instructions(message: Message) -> Iterator[tuple[str, str]]:
    """What a person told ChatGPT once for all talks, with what each text is called."""
    told = _object(message.metadata.get("user_context_message_data"))
    about = _plain(told.get("about_user_message")) or _fenced(message.content.get("user_profile"))
    wanted = _plain(told.get("about_model_message")) or _fenced(message.content.get("user_instructions"))
    found = (("Custom instructions: about me", about), ("Custom instructions: how to answer", wanted))
    some = [(title, text) for title, text in found if text]
    yield from some or ([("Custom instructions", message.text)] if message.text else [])


def canvas(message: Message) -> tuple[str, str] | None:
    """The name and the text of a document that a message creates."""
    if message.to != "canmore.create_textdoc":
        return None
    try:
        made = json.loads(message.text, strict=False)
    except (ValueError, RecursionError):
        return None
    text = _plain(made.get("content")) if isinstance(made, dict) else ""
    return (_plain(made.get("name")), text) if text else None


def _parts(content: Mapping[str, Any]) -> tuple[str, int, int, int]:
    """The text of a content, and how many images, recordings and other parts it has."""
    parts = content.get("parts", content.get("text"))
    texts, images, recordings, others = list[str](), 0, 0, 0
    for part in parts if isinstance(parts, list) else [parts]:
        type_ = part.get("content_type") if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str) and _word(type_) in {"", *_WORDS}:
            texts.append(part["text"])
        else:
            kind = _word(type_)
            images += kind in _IMAGES
            recordings += kind in _RECORDINGS
            others += kind not in _IMAGES | _RECORDINGS and part is not None
    return _shown("\n".join(text for text in texts if text.strip())), images, recordings, others


def _shown(text: str) -> str:
    """A text without the marks of citations, as ChatGPT shows it."""
    if "\ue200" in text:
        text = _MARK.sub(_named, text)
    return (_FOOTNOTE.sub("", text) if "\u3010" in text else text).strip()


def _named(mark: re.Match[str]) -> str:
    """What is shown in the place of a mark: of a thing its name, of a citation nothing."""
    sort, _, inner = mark[1].partition("\ue202")
    if sort != "entity":
        return ""
    try:
        fields = json.loads(inner)
    except (ValueError, RecursionError):
        return ""
    return fields[1] if isinstance(fields, list) and len(fields) > 1 and isinstance(fields[1], str) else ""


def _files(metadata: Mapping[str, Any]) -> list[str]:
    attached = metadata.get("attachments")
    named = [title_of(_object(one).get("name")) for one in attached[:_MOST_FILES]] if isinstance(attached, list) else []
    return [name for name in named if name]


def _fenced(value: Any) -> str:  # noqa: ANN401
    """What a person wrote, of a text in which ChatGPT is told what it is."""
    text = _plain(value)
    found = _FENCED.search(text)
    return found[1].strip() if found else text


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:  # noqa: ANN401
    return value[:100] if isinstance(value, str) else ""


def _plain(value: Any) -> str:  # noqa: ANN401
    return value.strip() if isinstance(value, str) else ""
