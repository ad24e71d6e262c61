"""The byte-level decoder-only transformer of the ladder (needs PyTorch)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm

from scaling_utils.ladder.attention import block_sparse_attention, full_attention, rotary_angles, rotate
from scaling_utils.ladder.config import VOCAB, RunConfig


class Layer(nn.Module):
    """Attention and a perceptron with squared ReLU, each added to the residual stream.

    Inputs of both, queries and keys are normalised without parameters; there are no biases.
    """

    def __init__(self, config: RunConfig, generator: torch.Generator) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.qkv = _weight(3 * width, width, generator)
        self.mix = _weight(width, width, generator)
        self.up = _weight(4 * width, width, generator)
        self.down = _weight(width, 4 * width, generator)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Add both updates to the residual stream, shape (batch, positions, width)."""
        x = x + linear(self._attend(_norm(x), cos, sin), self.mix)
        return x + linear(linear(_norm(x), self.up).relu().square(), self.down)

    def _attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        config = self.config
        heads = linear(x, self.qkv).unflatten(-1, (3, config.heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        q, k = rotate(_norm(q), cos, sin), rotate(_norm(k), cos, sin)
        if config.attention == "full":
            mixed = full_attention(q, k, v)
        else:
            mixed = block_sparse_attention(q, k, v, block=config.block, top_k=config.top_k)
        return mixed.transpose(1, 2).flatten(-2)


class Transformer(nn.Module):
    """Logits of the next byte at every position.

    Parameters
    ----------
    config
        Decides the shape; its seed decides the initial weights.

    Notes
    -----
    Initial weights are normal: embedding of standard deviation 1, matrices 1/sqrt(inputs). The output
    layer starts at 0, so that an untrained model gives every byte the same probability.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(config.seed)
        self.embedding = nn.Parameter(torch.randn(VOCAB, config.width, generator=generator))
        self.layers = nn.ModuleList(Layer(config, generator) for _ in range(config.depth))
        self.head = nn.Parameter(torch.zeros(VOCAB, config.width))
        cos, sin = rotary_angles(config.context, config.width // config.heads)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, shape (batch, positions, 256), of bytes given as int64 of shape (batch, positions)."""
        x = _norm(nn.functional.embedding(tokens, self.embedding))
        positions = tokens.shape[-1]
        for layer in self.layers:
            x = layer(x, self.cos[:positions], self.sin[:positions])
        return linear(_norm(x), self.head)


def _weight(outputs: int, inputs: int, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(torch.randn(outputs, inputs, generator=generator) * inputs**-0.5)


def _norm(x: Tensor) -> Tensor:
    return rms_norm(x, (x.shape[-1],))
