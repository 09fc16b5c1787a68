"""A model's vocabulary, through llama.cpp's own functions: text to tokens and back, and the marks that begin and end a text."""

import ctypes
from typing import Any

from memos_cli.errors import ModelUnavailable
from memos_cli.ports.ports import Piece


class Vocabulary:
    """The vocabulary of a loaded model; of no use once that is freed.

    Args:
        native: llama.cpp's functions.
        model: the model, as llama.cpp knows it.
    """

    def __init__(self, native: Any, model: Any) -> None:  # noqa: ANN401 -- ctypes
        self._native = native
        self.handle: Any = native.llama_model_get_vocab(model)
        """The vocabulary as llama.cpp knows it."""
        self.size = int(native.llama_vocab_n_tokens(self.handle))
        """How many tokens there are."""

    @property
    def marks(self) -> tuple[str, str]:
        """How the marks that begin and end a text are spelled; empty for one that there is not."""
        native = self._native
        return self._spelled(native.llama_vocab_bos(self.handle)), self._spelled(native.llama_vocab_eos(self.handle))

    @property
    def end(self) -> list[int]:
        """The mark with which the model ends an answer: that of a turn, else that of a text; empty where it has neither."""
        turn, end = self._native.llama_vocab_eot(self.handle), self._native.llama_vocab_eos(self.handle)
        return [token for token in [turn if turn >= 0 else end] if token >= 0]

    def ends(self, token: int) -> bool:
        """Whether a token ends an answer."""
        return bool(self._native.llama_vocab_is_eog(self.handle, token))

    def begun(self, ids: list[int]) -> list[int]:
        """The ids of a text with the mark that begins it in front, where the model wants one and it is not there."""
        bos = self._native.llama_vocab_bos(self.handle)
        if self._native.llama_vocab_get_add_bos(self.handle) and bos >= 0 and ids[:1] != [bos]:
            return [bos, *ids]
        return ids

    def tokenize(self, piece: Piece) -> list[int]:
        """The token ids of a stretch of text.

        Raises:
            ModelUnavailable: llama.cpp cannot tell them.
        """
        data = piece.text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            buffer = (ctypes.c_int32 * room)()
            given = (self.handle, data, len(data), buffer, room, False, piece.marks)
            count = self._native.llama_tokenize(*given)
            if count >= 0:
                return buffer[:count]
            if -count <= room:  # a negative count is the room that it needs
                raise ModelUnavailable("llama.cpp cannot tokenize the prompt", hint="choose another model: memos model list")
            room = -count

    def written(self, token: int) -> bytes:
        """What a token adds to a text, in UTF-8; a character may need several of them."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = self._native.llama_token_to_piece(self.handle, token, buffer, room, 0, False)  # noqa: FBT003 -- C
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def _spelled(self, token: int) -> str:
        said = self._native.llama_vocab_get_text(self.handle, token) if token >= 0 else b""
        return said.decode("utf-8", "replace") if said else ""
