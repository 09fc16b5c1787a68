"""The C functions of llama.cpp, without the rest of the package llama_cpp.

`import llama_cpp` also imports jinja2, diskcache, numpy and its chat formats: 160 ms, of which the bindings proper take
25 (warm cache, Python 3.11). The bindings are two files that depend on nothing else, so this module executes the two as modules
of its own; `sys.modules` stays unchanged, so that a later `import llama_cpp` finds what it expects. If a future version has
another layout, the plain import is used, only slower.
"""

import builtins
import ctypes
import os
import threading
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from memos_cli.errors import ModelUnavailable, extra

_loaded: list[Any] = []
_SPINS = "GOMP_SPINCOUNT"
_loading = threading.Lock()
"""A model that answers may be loaded in one thread while another one loads the embedder."""


def bindings() -> Any:  # noqa: ANN401 -- a module without types
    """The module of ctypes functions and structures, silenced and initialised; loaded once.

    Raises:
        ModelUnavailable: llama-cpp-python is not installed, or its library cannot be loaded.
    """
    with _loading:
        if not _loaded:
            with brief_waits():
                native = _load()
            # A C function as the callback, and not a Python one: llama.cpp logs some 150 lines while it loads a model, and each
            # would wait for the interpreter's lock when the main thread is busy. This C function takes no arguments, so it
            # ignores those it is given, and does nothing.
            native.llama_log_set(ctypes.cast(native.llama_max_devices, native.llama_log_callback), None)
            native.llama_backend_init()
            _loaded.append(native)
        return _loaded[0]


@contextmanager
def brief_waits() -> Iterator[None]:
    """Let the library that is loaded meanwhile have threads that soon sleep where they wait for each other.

    llama.cpp computes with OpenMP, whose GNU library reads its variables once, when it is loaded. By itself a thread that waits
    spins for milliseconds, which on busy cores takes the time of the thread that it waits for: two threads took 2.3 times the
    processor's time of one, and longer. With so few rounds they take the same. PyTorch brings a copy of that library, and where
    it comes first llama.cpp computes with this copy, so PyTorch is imported in such a block, too. What a person has set stays.
    """
    given = any(name in os.environ for name in ("OMP_WAIT_POLICY", _SPINS))
    if not given:
        os.environ[_SPINS] = "1000"
    try:
        yield
    finally:
        if not given:
            os.environ.pop(_SPINS, None)


def module(name: str) -> Any:  # noqa: ANN401 -- a module without types
    """A module of the package llama_cpp that depends on nothing else in it, loaded without the package around it.

    Raises:
        ModelUnavailable: llama-cpp-python is not installed, or has no such module.
    """
    try:
        return _execute(_folder() / f"{name}.py", {})
    except (ImportError, OSError) as error:
        raise ModelUnavailable(f"llama-cpp-python has no {name}: {error}", hint="reinstall llama-cpp-python") from error


def _folder() -> Path:
    try:
        spec = find_spec("llama_cpp")
    except ValueError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable("llama-cpp-python is not installed", hint=extra("llm"))
    return Path(spec.submodule_search_locations[0])


def _load() -> Any:  # noqa: ANN401 -- a module without types
    folder = _folder()
    try:
        try:
            return _bare(folder)
        except (ImportError, AttributeError, FileNotFoundError):
            import llama_cpp.llama_cpp

            return llama_cpp.llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelUnavailable(f"llama.cpp cannot be loaded: {error}", hint="reinstall llama-cpp-python") from error


def _bare(folder: Path) -> ModuleType:
    helper = _execute(folder / "_ctypes_extensions.py", {"typing_extensions": typing})
    return _execute(folder / "llama_cpp.py", {"llama_cpp._ctypes_extensions": helper})


def _execute(path: Path, imports: dict[str, ModuleType]) -> ModuleType:
    """Run a file as a module, with these answers to its imports in place of the real ones.

    `typing_extensions` (10 ms) is needed only for `TypeAlias`, which typing has; a name that typing lacks is an ImportError.
    """

    def answer(name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- __import__'s own signature
        return imports[name] if name in imports else builtins.__import__(name, *args, **kwargs)

    spec = spec_from_file_location(f"memos_cli._llama.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module at {path}")
    module = module_from_spec(spec)
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": answer}
    spec.loader.exec_module(module)
    return module
