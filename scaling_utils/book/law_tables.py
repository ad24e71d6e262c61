"""Fragments on the laws: every form with its equation, and the numbers that papers give it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scaling_utils.book.tables import scrolling, table
from scaling_utils.laws import LAWS, AllocationLaw, KnownLaw, Law, Parameter, allocation_laws, published_laws

STATUS = {
    "read-in-source": "read in the source",
    "secondary": "second-hand",
    "computed": "computed",
}
"""How a number was read, in words for a table."""

UNITS = {"loss": "that of the loss", "compute": "that of compute"}
"""Units of a form that the numbers of a law make definite."""

FOLDED = 12
"""A table of more laws is folded away until asked for."""

PLAIN = (1e-3, 1e6)
"""Numbers between these are written out, others with a power of ten."""


def law_fragments() -> dict[str, str]:
    """Markdown on each form (equation, parameters, published numbers) and on the allocations, by fragment.

    Examples
    --------
    >>> fragments = law_fragments()
    >>> "L(C) = A" in fragments["law-power-law.md"], "lu2025-moba-8k" in fragments["law-power-law.md"]
    (True, True)
    """
    sections = {f"law-{law.id}.md": _section(law) for law in LAWS.values()}
    return sections | {"law-allocations.md": allocation_table()}


def allocation_table() -> str:
    r"""Markdown table of the published laws for the best model size or number of tokens, and their sources.

    Examples
    --------
    >>> r"$0.0992\,C^{0.4981}$" in allocation_table()
    True
    """
    laws = list(allocation_laws().values())
    return _with_sources(("Law", "Gives", "in numbers"), [_allocation_row(law) for law in laws], laws)


def exact(value: float) -> str:
    r"""A number in TeX with all the digits it was printed with.

    >>> exact(0.33917084), exact(8.8e13), exact(1e7)
    ('0.33917084', '8.8 \\times 10^{13}', '10^{7}')
    """
    if PLAIN[0] <= abs(value) < PLAIN[1]:
        return f"{value:.10g}"
    mantissa, power = f"{value:.9e}".split("e")
    mantissa, ten = f"{float(mantissa):.10g}", f"10^{{{int(power)}}}"
    return ten if mantissa == "1" else rf"{mantissa} \times {ten}"


def _section(law: Law) -> str:
    bibkey, _, locator = law.source.partition(", ")
    symbols = {parameter.name: parameter.symbol for parameter in law.parameters}
    parameters = table(
        ("Parameter", "In code", "Unit"),
        [(f"${p.symbol}$", f"`{p.name}`", _unit(p, symbols)) for p in law.parameters],
    )
    stated = [known for known in published_laws().values() if known.form is law]
    header = ("Law", *(f"${p.symbol}$" for p in law.parameters))
    rows = [(f"`{known.id}`", *(f"${exact(known.values[name])}$" for name in law.names)) for known in stated]
    numbers = _with_sources(header, rows, stated)
    if len(stated) > FOLDED:
        numbers = f":::::{{dropdown}} {len(stated)} published laws\n{numbers}:::::\n"
    return (
        f"(law-{law.id})=\n### {law.title}\n\n$$\n{law.equation}\n$$\n\n"
        f'{{cite:t}}`{bibkey}`, {locator}. In code: `LAWS["{law.id}"]`.\n\n{parameters}\n{numbers}'
    )


def _allocation_row(law: AllocationLaw) -> tuple[str, ...]:
    compute = r"C_{\min}" if law.variable == "flops_min" else "C"
    power = rf"{compute}^{{{exact(law.exponent)}}}"
    return (
        f"`{law.id}`",
        "$N_{opt}$" if law.quantity == "params" else "$D_{opt}$",
        rf"$\propto {power}$" if law.coefficient is None else rf"${exact(law.coefficient)}\,{power}$",
    )


def _with_sources(
    header: tuple[str, ...], rows: list[tuple[str, ...]], laws: Sequence[KnownLaw | AllocationLaw]
) -> str:
    """A table whose last column numbers the sources listed below it; laws of one source share a number."""
    origins = [_origin(law) for law in laws]
    numbered = {origin: str(number) for number, origin in enumerate(dict.fromkeys(origins), start=1)}
    told = [(*row, numbered[origin]) for row, origin in zip(rows, origins, strict=True)]
    listed = "".join(f"{number}. {origin}\n" for origin, number in numbered.items())
    return f"{scrolling(table((*header, 'Ref.'), told))}\n{listed}"


def _origin(law: KnownLaw | AllocationLaw) -> str:
    unit = f", $C$ in {law.compute_unit}s" if law.compute_unit else ""
    told = f"{{cite:t}}`{law.source.bibkey}`, {law.source.locator}; {STATUS[law.status]}"
    return f"{told}; $N$ {law.conventions.param_count}{unit}. {_escaped(law.note)}".rstrip()


def _unit(parameter: Parameter, symbols: dict[str, str]) -> str:
    unit = UNITS.get(parameter.unit, parameter.unit)
    return re.sub(r"(\w+)\^(\w+)", lambda m: f"× {m[1]}$^{{{symbols[m[2]]}}}$", unit) or "–"


def _escaped(text: str) -> str:
    return re.sub(r"([*_`$])", r"\\\1", text)
