"""Full causal attention, and block-sparse attention after Lu et al. 2025 (needs PyTorch)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

SHARPNESS = 0.35
"""Attention logits are SHARPNESS x head width x cosine of query and key."""


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of coordinates by an angle that grows with the position (rotary positions).

    Parameters
    ----------
    x
        Shape (batch, heads, positions, width of a head).
    cos, sin
        Shape (positions, half the width of a head), from `rotary_angles`.
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def rotary_angles(context: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of position times frequency, frequencies from 1 down to about 1e-4."""
    frequency = 1e4 ** -(torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    angle = torch.outer(torch.arange(context, dtype=torch.float64), frequency)
    return angle.cos().float(), angle.sin().float()


def full_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal softmax attention over all earlier positions and the own one.

    Parameters
    ----------
    q, k, v
        Shape (batch, heads, positions, width of a head); q and k of root mean square 1.
    """
    return scaled_dot_product_attention(q, k, v, is_causal=True, scale=SHARPNESS)


def block_sparse_attention(q: Tensor, k: Tensor, v: Tensor, *, block: int, top_k: int) -> Tensor:
    """Causal attention to the own block and the earlier blocks whose mean key fits the query best.

    Parameters
    ----------
    q, k, v
        As in `full_attention`; the number of positions is a multiple of `block`.
    block
        Positions per block.
    top_k
        Blocks seen by a query, its own included; where fewer exist, all of them.

    Notes
    -----
    *Source*: Lu et al. 2025, section 2.2: the gate is the inner product of the query with the mean of a
    block's keys; the own block is always in, attended causally; no block of the future is.

    *Departures from the source*: the blocks left out are masked rather than skipped, so that it costs
    as much as full attention; neither is credited with less.
    """
    return scaled_dot_product_attention(
        q, k, v, attn_mask=_seen(q, k, block=block, top_k=top_k), scale=SHARPNESS
    )


def _seen(q: Tensor, k: Tensor, *, block: int, top_k: int) -> Tensor:
    """Which keys each query sees, shape (batch, heads, positions, positions)."""
    positions = q.shape[-2]
    blocks = positions // block
    means = k.unflatten(-2, (blocks, block)).mean(dim=-2)
    gate = (q @ means.transpose(-1, -2)).detach()
    own = torch.arange(positions) // block
    other = torch.arange(blocks)
    gate = gate.masked_fill(other > own[:, None], -torch.inf).masked_fill(other == own[:, None], torch.inf)
    best = gate.topk(min(top_k, blocks), dim=-1).indices
    chosen = torch.zeros_like(gate, dtype=torch.bool).scatter_(-1, best, True)
    # top-k also picks blocks of the future where too few past ones exist: the causal mask drops them.
    causal = torch.ones(positions, positions, dtype=torch.bool).tril()
    return chosen.repeat_interleave(block, dim=-1) & causal
