"""The network that training uses: what it computes, and what it learns from, against torch's own derivation."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402 - after the skip

from tests.smollm2.network import PARTS, Block, Network, Shape, halves, tensors  # noqa: E402

SHAPE = Shape(layers=3, width=24, hidden=40, heads=4, fewer=2)
RANK, SCALE = 2, 1.5


def made(first: int) -> Network:
    torch.manual_seed(0)
    blocks = []
    for number in range(SHAPE.layers):
        weights = {p: torch.randn(SHAPE.rows(p), SHAPE.columns(p)).half().float() / 5 for ps in PARTS.values() for p in ps}
        norms = 1 + torch.randn(SHAPE.width) / 9, 1 + torch.randn(SHAPE.width) / 9
        blocks.append(Block(weights, norms, RANK if number >= first else 0, SCALE))
    network = Network(SHAPE, torch.randn(50, SHAPE.width), torch.ones(SHAPE.width), blocks, first)
    for parameter in network.adapted():
        torch.nn.init.normal_(parameter, std=0.3)
    network.merge()
    return network


def plainly(network: Network, tokens: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """The same sums written down as they are defined, with one matrix for each layer."""

    def norm(x: "torch.Tensor", weight: "torch.Tensor") -> "torch.Tensor":
        return x / (x.square().mean(-1, keepdim=True) + SHAPE.epsilon).sqrt() * weight

    def whole(group: "torch.nn.Module") -> "torch.Tensor":
        if not group.rank:
            return group.merged
        downs = group.down.split(group.rank)
        return group.frozen.float() + torch.cat([SCALE * up @ down for up, down in zip(group.up, downs, strict=True)])

    x = network.embedding[tokens]
    turns = torch.arange(len(tokens))[:, None] * SHAPE.base ** (-torch.arange(0, SHAPE.size, 2) / SHAPE.size)
    cosine, sine = (torch.cat((f(turns), f(turns)), -1)[None] for f in (torch.cos, torch.sin))
    turned = lambda y: y * cosine + torch.cat((-y.chunk(2, -1)[1], y.chunk(2, -1)[0]), -1) * sine  # noqa: E731
    for block in network.blocks:
        both = norm(x, block.before) @ whole(block.groups["qkv"]).T
        q, k, v = both.view(len(x), -1, SHAPE.size).transpose(0, 1).split((SHAPE.heads, SHAPE.fewer, SHAPE.fewer))
        k, v = (t.repeat_interleave(SHAPE.heads // SHAPE.fewer, 0) for t in (k, v))
        scores = (turned(q) @ turned(k).transpose(1, 2)) / SHAPE.size**0.5
        seen = scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v
        x = x + seen.transpose(0, 1).reshape(len(x), -1) @ whole(block.groups["o"]).T
        gate, up = (norm(x, block.after) @ whole(block.groups["gate_up"]).T).chunk(2, -1)
        x = x + (functional.silu(gate) * up) @ whole(block.groups["down"]).T
    return norm(x, network.last) @ network.embedding.T


@pytest.mark.parametrize("first", [0, 1])
def test_scores_and_gradients_are_those_of_the_plain_sums(first: int) -> None:
    network = made(first)
    tokens, wanted = torch.randint(0, 50, (7,)), torch.randint(0, 50, (7,))
    mask = torch.ones(7, 7).tril().bool()
    mask[5:, 3:5] = False
    scores = plainly(network, tokens, mask)
    functional.cross_entropy(scores, wanted).backward()
    slopes = [parameter.grad.clone() for parameter in network.adapted()]
    assert len(slopes) == (SHAPE.layers - first) * (len(PARTS) + 7)
    for parameter in network.adapted():
        parameter.grad = None
    given = network(tokens, torch.arange(7.0), [mask], torch.arange(7))
    assert torch.allclose(given, scores, atol=1e-4)
    functional.cross_entropy(given, wanted).backward()
    for mine, theirs in zip((parameter.grad for parameter in network.adapted()), slopes, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5, rtol=1e-3)
    assert all(slope.abs().max() > 0 for slope in slopes)


def test_scenes_side_by_side_do_not_see_each_other() -> None:
    network = made(1)
    first, second = torch.randint(0, 50, (5,)), torch.randint(0, 50, (4,))
    masks = [torch.ones(n, n).tril().bool() for n in (5, 4)]
    positions = torch.cat((torch.arange(5.0), torch.arange(4.0)))
    with torch.no_grad():
        both = network(torch.cat((first, second)), positions, masks, torch.arange(9))
        alone = network(second, torch.arange(4.0), masks[1:], torch.arange(4))
    assert torch.allclose(both[5:], alone, atol=1e-4)


def test_only_the_layers_from_the_first_on_are_written() -> None:
    names = list(tensors(made(1)))
    assert len(names) == 2 * 7 * 2
    assert not [name for name in names if ".layers.0." in name]


def test_rows_go_from_interleaved_to_halves() -> None:
    from memos_cli.backends.trainers.adapter import interleaved

    rows = torch.arange(24.0).view(12, 2)
    assert (interleaved(halves(rows, 2).numpy(), 2) == rows.numpy()).all()
