"""A GGUF file that answers, through llama.cpp's own functions: token by token, with the probability of each.

The context keeps the tokens of the last request, and only where the next one differs are tokens evaluated: the prompt is laid
out by stability, so in a conversation that is its end. The state of the context can be saved to a file and restored.
"""

import codecs
import ctypes
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from memos_cli.backends.llama.bindings import bindings
from memos_cli.backends.llms import adapters as lora
from memos_cli.backends.llms import states
from memos_cli.backends.llms.contexts import BATCH, SMALL, Choice, parameters
from memos_cli.backends.llms.grammar import Grammar
from memos_cli.backends.llms.sampler import GREEDY, Sampler, logprob
from memos_cli.backends.llms.stop_texts import Stops
from memos_cli.backends.llms.template.template import PLAIN, UnboundedTemplate, render
from memos_cli.backends.llms.vocabulary import Vocabulary
from memos_cli.errors import ModelUnavailable
from memos_cli.ports.ports import Piece, Request, Token
from memos_cli.ports.sampled import Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LlamaModel:
    """An `LLM` over a GGUF file that was checked (`checks.check`). Nothing is loaded before its first use.

    It is `Stateful` too.

    Args:
        path: the file.
        context: the most tokens of prompt and answer; never more than the model was trained with.
        threads: how many threads compute; 0 chooses by the size of the file.
        name: what a person calls it.
        kv: the type of keys and values, `f16` or `q8_0`.
        flash: flash attention: `on`, `off` or `auto` (`contexts.flash_attention`).
        adapters: LoRA adapters as GGUF files that stay under those of `adapt`; a factor for its weights may stand beside one.
        digest: SHA-256 of the file, if known; otherwise the file is read when the digest is needed.
        digests: the same of adapters that were compared with the model before (`adapters.beneath`).
    """

    def __init__(  # noqa: PLR0913 -- what changes the numbers, and what is known beforehand
        self,
        path: Path,
        *,
        context: int = 4096,
        threads: int = 0,
        name: str | None = None,
        kv: str = "f16",
        flash: str = "auto",
        adapters: Sequence[Path | tuple[Path, float]] = (),
        digest: str | None = None,
        digests: Mapping[Path, str] = MappingProxyType({}),
    ) -> None:
        self._path = path
        self._choice = Choice(context, threads, kv, flash)
        self._name = name or path.stem
        self._beneath = tuple((one, 1.0) if isinstance(one, Path) else one for one in adapters)
        self._adapters: tuple[tuple[Path, float], ...] = ()
        self._digest = digest
        self._digests = digests
        self._params: Any = None
        self._offloaded = 0
        self._native: Any = None
        self._model: Any = None
        self._context: Any = None
        self._loading = threading.RLock()
        self._vocabulary: Any = None
        self._room = 0
        self._batch = BATCH
        self._evaluated: list[int] = []
        self._current = False
        self._prompted = 0
        self._bounded = True
        self._untold: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As `LLM.name`."""
        return self._name

    @property
    def local(self) -> bool:
        """Always."""
        return True

    @property
    def context(self) -> int:
        """As `LLM.context`."""
        self._load()
        return self._room

    @property
    def evaluated(self) -> int:
        """As `Stateful.evaluated`."""
        return self._prompted

    def notices(self) -> tuple[str, ...]:
        """As `Telling.notices`: a chat template that wants too much is not applied any more."""
        told, self._untold = self._untold, ()
        return told

    @property
    def template(self) -> str | None:
        """The template in the file's header."""
        self._load()
        said = self._native.llama_model_chat_template(self._model, None)
        return said.decode("utf-8", "replace") if said else None

    def count(self, request: Request) -> int:
        """As `LLM.count`; exact."""
        return len(self.tokens(request))

    def tokens(self, request: Request) -> list[int]:
        """The token ids of a request. Template marks are recognised only in memos' own pieces, never in what somebody said."""
        self._load()
        pieces = request.pieces or self._rendered(request)
        ids: list[int] = self._vocabulary.begun([token for piece in pieces for token in self._vocabulary.tokenize(piece)])
        return ids

    def answer_tokens(self, text: str) -> list[int]:
        """The token ids of an answer and of the mark that ends it, as the model would write them."""
        self._load()
        return [*self._vocabulary.tokenize(Piece(text)), *self._vocabulary.end]

    def stream(
        self, request: Request, *, most: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[Token]:
        """As `LLM.stream`; the ending token is yielded too, without text, because of its probability."""
        return self.sampled(request, GREEDY, most=most, stop=stop, schema=schema)

    def sampled(
        self,
        request: Request,
        sampling: Sampling,
        *,
        most: int,
        stop: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[Token]:
        """As `Sampled.sampled`."""
        ids = self.tokens(request)
        room = min(most, self.context - len(ids))
        if room < 1 or not ids:
            raise ModelUnavailable(f"a prompt of {len(ids)} tokens does not fit {self.name}'s context of {self.context}")
        self._prefill(ids)
        decoder, stops = codecs.getincrementaldecoder("utf-8")("replace"), Stops(stop)
        with self._grammar(schema) as grammar, closing(Sampler(self._native, sampling, grammar, self.name)) as sampler:
            for _ in range(room):
                token, chance = sampler.next(self._logits())
                if self._vocabulary.ends(token):
                    yield Token(stops.rest(), chance)
                    return
                sampler.accept(token)
                yield Token(stops.feed(decoder.decode(self._vocabulary.written(token))), chance)
                if stops.stopped:
                    return
                self._evaluate([token])
        yield Token(stops.feed(decoder.decode(b"", final=True)) + stops.rest())

    @property
    def taught(self) -> bool:
        """As `Scoring.taught`."""
        return bool(self._beneath)

    def score(self, request: Request, answer: str, *, most: int | None = None) -> list[float]:
        """As `Scoring.score`; what the next request has in common with this one is not evaluated again."""
        ids, told = self.tokens(request), self.answer_tokens(answer)[:most]
        if not ids or len(ids) + len(told) > self.context:
            raise ModelUnavailable(f"{len(ids)} tokens and an answer of {len(told)} do not fit {self.name}'s context")
        self._prefill(ids)
        found: list[float] = []
        for token in told:
            if found:
                self._evaluate(told[len(found) - 1 : len(found)])
            found.append(logprob(self._logits(), token))
        return found

    def _grammar(self, schema: Mapping[str, Any] | None) -> AbstractContextManager[Grammar | None]:
        return nullcontext() if schema is None else closing(Grammar(self._native, self._vocabulary.handle, schema))

    def close(self) -> None:
        """As `LLM.close`; a later request loads the model again."""
        with self._loading:
            if self._context:
                self._native.llama_free(self._context)
            if self._model:
                self._native.llama_model_free(self._model)
            self._context = self._model = self._vocabulary = None
            self._evaluated, self._current = [], False

    def adapt(self, adapters: Sequence[tuple[Path, float]]) -> None:
        """As `Adaptable.adapt`."""
        self.close()
        self._adapters = tuple(adapters)

    # -- saving and restoring what was evaluated

    def identity(self) -> Mapping[str, str]:
        """As `Stateful.identity`. The model is loaded for it; its file is read only if its digest was not given."""
        self._load()
        if self._digest is None:
            self._digest = states.digest(self._path)
        template = (self.template if self._bounded else None) or PLAIN
        beneath, others = (lora.names(adapters, self._digests) for adapters in (self._beneath, self._adapters))
        return {
            "model": "+".join([self._digest, *(name.removesuffix("*1.0") for name in beneath)]),
            **states.build(self._native),
            **states.parameters(self._params),
            "gpu_layers": str(self._offloaded),
            "kv": self._choice.kv,
            "adapters": " ".join((*beneath, *others)),
            "template": states.digest(template.encode("utf-8", "replace")),
        }

    def held(self) -> Sequence[int]:
        """As `Stateful.held`."""
        return tuple(self._evaluated)

    def advance(self, ids: Sequence[int]) -> int:
        """As `Stateful.advance`."""
        self._load()
        if len(ids) > self._room:
            raise ModelUnavailable(f"{len(ids)} tokens do not fit {self.name}'s context of {self._room}")
        if any(not 0 <= token < self._vocabulary.size for token in ids):
            raise ModelUnavailable(f"{self.name} has no such tokens", hint="they are another model's")
        kept = self._keep(states.common(self._evaluated, ids))
        self._evaluate(list(ids[kept:]))
        return len(ids) - kept

    def save(self, path: Path) -> int:
        """As `Stateful.save`."""
        self._load()
        ids = self._evaluated
        if not ids or not self._whole(len(ids)):
            return 0
        array = (ctypes.c_int32 * len(ids))(*ids)
        return int(self._native.llama_state_seq_save_file(self._context, os.fsencode(path), 0, array, len(ids)))

    def restore(self, path: Path, ids: Sequence[int]) -> bool:
        """As `Stateful.restore`."""
        self._load()
        self._clear()
        if not 0 < len(ids) <= self._room:
            return False
        found, count = (ctypes.c_int32 * len(ids))(), ctypes.c_size_t()
        given = (self._context, os.fsencode(path), 0, found, len(ids), ctypes.byref(count))
        read = self._native.llama_state_seq_load_file(*given)
        if not read or count.value != len(ids) or list(found) != list(ids) or not self._whole(len(ids)):
            self._clear()
            return False
        self._evaluated = list(ids)
        return True

    def logits(self) -> "NDArray[np.float32]":
        """As `Stateful.logits`."""
        self._require_logits()
        return self._logits().copy()

    def _whole(self, count: int) -> bool:
        """Whether the context has the keys and values of each of so many tokens, in a form that is the same after a restore.

        A recurrent model keeps only the last state, so its first position is not 0. Of a sliding window llama.cpp saves only
        what lies in it: restored, that has other places, is summed in another order, and cannot be cut back to a prefix.
        """
        native, memory = self._native, self._native.llama_get_memory(self._context)
        if native.llama_model_n_swa(self._model):
            return False
        first, last = native.llama_memory_seq_pos_min(memory, 0), native.llama_memory_seq_pos_max(memory, 0)
        return bool(first == 0 and last == count - 1)

    # -- loading

    def _load(self) -> None:
        with self._loading:  # always, since another thread may have made a context that is not ready yet
            if not self._context:
                self._load_alone()

    def _load_alone(self) -> None:
        native = self._native = bindings()
        try:
            size = self._path.stat().st_size
        except OSError as error:
            raise ModelUnavailable(f"cannot read the model {self._path}: {error.strerror}", hint="memos model list") from None
        self._model = native.llama_model_load_from_file(os.fsencode(self._path), self._model_params(size))
        if not self._model:
            raise ModelUnavailable(f"llama.cpp cannot load {self._path}", hint="choose another model: memos model list")
        try:
            self._open_context(size)
            if adapters := (*self._beneath, *self._adapters):
                lora.attach(self._native, self._model, self._context, self._path, adapters, self._digests)
        except ModelUnavailable:
            self.close()
            raise

    def _model_params(self, size: int) -> Any:  # noqa: ANN401 -- a C structure
        params = self._native.llama_model_default_params()
        if size <= SMALL:
            params.n_gpu_layers = 0
        self._offloaded = params.n_gpu_layers if self._native.llama_supports_gpu_offload() else 0
        return params

    def _open_context(self, size: int) -> None:
        native = self._native
        if not native.llama_model_has_decoder(self._model) or native.llama_model_has_encoder(self._model):
            raise ModelUnavailable(f"not a model that answers: {self._path}", hint="choose another model: memos model list")
        params = parameters(native, self._model, self._choice, size=size, offloaded=self._offloaded)
        self._room = params.n_ctx  # llama.cpp makes it a multiple of 256
        self._batch = params.n_batch
        self._params = params
        self._context = native.llama_init_from_model(self._model, params)
        if not self._context:
            if self._choice.kv != "f16":  # then an attention head's width has to be a multiple of 32
                raise ModelUnavailable(
                    f"{self._path} cannot keep a context as {self._choice.kv}", hint="memos config set llm.kv f16"
                )
            raise ModelUnavailable(f"no memory for {self._path}", hint="close some programs, or set llm.context lower")
        self._vocabulary = Vocabulary(native, self._model)

    def _rendered(self, request: Request) -> tuple[Piece, ...]:
        bos, eos = self._vocabulary.marks
        if self.template and self._bounded:
            try:
                return render(self.template, request.messages, bos=bos, eos=eos)
            except UnboundedTemplate as error:
                self._bounded = False  # from now on, so that each prompt begins as the one before
                self._untold = (f"{error.message}; {self.name} is asked in a plain layout",)
        return render(PLAIN, request.messages, bos=bos, eos=eos)

    # -- computing

    def _prefill(self, ids: list[int]) -> None:
        """Evaluate the part of a prompt that was not evaluated yet; always its last token, since its logits are needed."""
        kept = self._keep(states.common(self._evaluated, ids[:-1]))
        self._prompted = len(ids) - kept
        self._evaluate(ids[kept:])

    def _keep(self, count: int) -> int:
        """Forget all but the first `count` held tokens, or all where llama.cpp can do only that; how many stay."""
        if count == len(self._evaluated) > 0:
            return count
        native, held, self._evaluated = self._native, self._evaluated, []
        if not count or not native.llama_memory_seq_rm(native.llama_get_memory(self._context), 0, count, -1):
            self._clear()
            return 0
        self._evaluated, self._current = held[:count], False
        return count

    def _clear(self) -> None:
        self._evaluated, self._current = [], False
        self._native.llama_memory_clear(self._native.llama_get_memory(self._context), False)  # noqa: FBT003 -- C

    def _require_logits(self) -> None:
        """Evaluate the last token once more, if its logits are gone."""
        if not self._current:
            held = list(self._evaluated)
            if not held:
                raise ModelUnavailable(f"{self.name} has evaluated nothing yet")
            kept = self._keep(len(held) - 1)
            self._evaluate(held[kept:])

    def _evaluate(self, ids: list[int]) -> None:
        if not ids:
            return
        native, done, self._evaluated, self._current = self._native, self._evaluated, [], False
        # If an interruption comes in between, nothing counts as evaluated, and the next request starts afresh.
        for start in range(0, len(ids), self._batch):
            chunk = ids[start : start + self._batch]
            array = (ctypes.c_int32 * len(chunk))(*chunk)
            status = native.llama_decode(self._context, native.llama_batch_get_one(array, len(chunk)))
            if status != 0:
                raise ModelUnavailable(f"llama.cpp failed to compute (status {status})", hint="set llm.context lower")
        done += ids
        self._evaluated, self._current = done, True

    def _logits(self) -> "NDArray[np.float32]":
        """llama.cpp's own array, shape (vocabulary,): it changes with the next evaluation."""
        import numpy as np

        pointer = self._native.llama_get_logits_ith(self._context, -1)
        if not pointer:
            raise ModelUnavailable("llama.cpp gave no logits", hint="choose another model: memos model list")
        return np.ctypeslib.as_array(pointer, (self._vocabulary.size,))
