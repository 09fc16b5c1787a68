"""Write a checkpoint of the recipe as the adapter that ships: `python -m tests.smollm2.export CHECKPOINT MODEL FILE`.

A checkpoint is a GGUF adapter in f32. What ships is the same in f16, which halves it, with a name and a licence.
"""

# ruff: noqa: T201 - a script

import argparse
import hashlib
from pathlib import Path

import gguf
import numpy as np

from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms import adapters

NAME = "SmolLM2-135M-Instruct answers from memories"


def write(checkpoint: Path, model: Path, target: Path) -> None:
    """The adapter in f16, checked against its model."""
    reader = gguf.GGUFReader(checkpoint)
    out = gguf.GGUFWriter(target, "llama")
    out.add_type(gguf.GGUFType.ADAPTER)
    out.add_name(NAME)
    out.add_description("A LoRA of memos: short answers from the memories in a prompt, and none where they do not say it")
    out.add_license("apache-2.0")
    out.add_string(gguf.Keys.Adapter.TYPE, "lora")
    out.add_float32(gguf.Keys.Adapter.LORA_ALPHA, reader.fields[gguf.Keys.Adapter.LORA_ALPHA].contents())
    for tensor in reader.tensors:
        out.add_tensor(tensor.name, np.array(tensor.data, dtype=np.float16))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    adapters.check(target, gguf_header.read(model))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write(options.checkpoint, options.model, options.file)
    print(options.file.stat().st_size, hashlib.sha256(options.file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
