"""A CSV to start from: comments that say what belongs where, and rows to write over."""

from __future__ import annotations

from scaling_utils.conventions import training_flops
from scaling_utils.runs.columns import BY_NAME

_SIZES = (7e7, 1.6e8, 4.1e8)
_TOKENS_PER_PARAM = 20
_POINTS = 3


def template(*, curves: bool = False) -> str:
    """The text of a CSV to start from; it can be read as it is.

    Parameters
    ----------
    curves
        Several rows per run, with their step, instead of the final point of each.

    Returns
    -------
    str
        Comment lines, column names, and made-up rows.

    Examples
    --------
    >>> print(template())
    # One row per training run. Write your runs over the rows below; ...
    """
    names = ["run_id", *(["step"] if curves else []), "params", "tokens", "flops", "loss"]
    rows = "several rows per training run, one for each evaluation" if curves else "one row per training run"
    lines = [
        f"# {rows[0].upper()}{rows[1:]}. Write your runs over the rows below; they are made up.",
        "# Numbers in full or with an exponent: 1400000000 or 1.4e9. Lines like this one may stay.",
        "# Of params, tokens and flops one may be left out: C = 6 N D fills it in.",
        "#",
        *(f"# {name}: {BY_NAME[name].meaning}{_unit(name)}" for name in names),
        ",".join(names),
    ]
    for i, params in enumerate(_SIZES, 1):
        for point in range(1, _POINTS + 1) if curves else (_POINTS,):
            tokens = _TOKENS_PER_PARAM * params * point / _POINTS
            cells = {
                "run_id": f"run-{i}",
                "step": f"{1000 * point}",
                "params": f"{params:.4g}",
                "tokens": f"{tokens:.4g}",
                "flops": f"{training_flops(params, tokens):.4g}",
                "loss": f"{4.2 - 0.3 * i - 0.1 * point:.2f}",
            }
            lines.append(",".join(cells[name] for name in names))
    return "\n".join(lines) + "\n"


def _unit(name: str) -> str:
    unit = BY_NAME[name].unit
    return f" Unit: {unit}." if unit else ""
