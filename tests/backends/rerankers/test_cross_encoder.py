from pathlib import Path

import pytest

from memos_cli.backends.rerankers.cross_encoder import CrossEncoderReranker
from memos_cli.errors import ModelUnavailable
from memos_cli.ports.ports import Reranker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of random weights, smaller than any in use."""
    return cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


def cross_encoder(path: Path, outputs: int = 1) -> Path:
    pytest.importorskip("sentence_transformers")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    ]
    (path / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, num_labels=outputs,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(path)
    BertTokenizerFast(vocab=str(path / "vocab.txt"), model_max_length=64).save_pretrained(path)
    return path


@pytest.mark.slow
def test_it_scores_each_text_by_itself_and_keeps_still(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    reranker = CrossEncoderReranker(str(folder))
    assert isinstance(reranker, Reranker)
    assert (reranker.name, reranker.local) == (folder.name, True)
    texts = ["the heron nests by the weir", "rent is due", "", "\ud800", "long " * 5000]
    scores = reranker.scores("where does the heron nest?", texts)
    assert len(scores) == len(texts)
    assert len(set(scores)) > 3
    assert reranker.scores("where does the heron nest?", texts[::-1]) == pytest.approx(scores[::-1], abs=1e-5)
    assert reranker.scores("x", []) == []
    reranker.close()
    reranker.close()
    assert reranker.scores("where does the heron nest?", texts[:1]) == pytest.approx(scores[:1], abs=1e-5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_what_is_no_cross_encoder_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", cross_encoder(tmp_path, outputs=3)):
        with pytest.raises(ModelUnavailable) as caught:
            CrossEncoderReranker(str(path)).scores("a", ["b", "c"])
        assert "\n" not in caught.value.message
        assert caught.value.hint


@pytest.mark.slow
def test_weights_that_can_hold_code_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    import shutil

    import torch

    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, tmp_path)
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="safetensors"):
        CrossEncoderReranker(str(tmp_path)).scores("a", ["b"])
