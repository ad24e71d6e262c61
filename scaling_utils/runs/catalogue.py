"""What the registry holds, and what of it is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scaling_utils.runs import download
from scaling_utils.runs.dataset import Dataset
from scaling_utils.runs.registry import datasets


@dataclass(frozen=True)
class CatalogueRow:
    """A dataset and whether its file is at hand; as text, one line of a list.

    Parameters
    ----------
    dataset
        Its entry in the registry.
    state
        ``bundled``, ``pending`` (to be measured), ``mirrored``, ``cached``, ``damaged`` (a copy with another
        checksum) or ``absent``.
    conventions
        What C, N and the loss mean, in words; of the default variant, and empty for laws.
    url
        Public address of the file; empty where it is bundled.
    """

    dataset: Dataset
    state: Literal["bundled", "pending"] | download.State
    conventions: str
    url: str

    def __str__(self) -> str:
        entry = self.dataset
        return f"{entry.id:<25} {self.state:<9} {entry.licence:<10} {entry.title}"


def catalogue() -> list[CatalogueRow]:
    """What the registry holds and what is at hand; never uses the network.

    Examples
    --------
    >>> print(catalogue()[0])
    hoffmann2022-fig4   bundled   CC-BY-4.0   Hoffmann et al. 2022, Figure 4: ...
    """
    return [
        CatalogueRow(
            dataset=entry,
            state=_state(entry),
            conventions=_conventions_text(entry),
            url="" if entry.remote is None else entry.remote.url,
        )
        for entry in datasets().values()
    ]


def _state(entry: Dataset) -> Literal["bundled", "pending"] | download.State:
    if entry.remote is not None:
        return download.state(entry.remote)
    return "pending" if entry.pending else "bundled"


def _conventions_text(entry: Dataset) -> str:
    if entry.kind == "laws":
        return ""
    c = entry.conventions_of()
    return f"C by {c.flop_rule}, N {c.param_count}, loss in {c.loss_unit}"
