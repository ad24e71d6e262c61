import re

import pytest

from scaling_utils.book.law_tables import STATUS, allocation_table, exact, law_fragments
from scaling_utils.laws import LAWS, allocation_laws, published_laws


def source_of(row, text):
    number = row.rstrip("| ").rpartition("| ")[2]
    return next(line for line in text.splitlines() if line.startswith(f"{number}. "))


def test_every_form_and_every_published_law_has_its_place():
    fragments = law_fragments()
    assert set(fragments) == {f"law-{name}.md" for name in LAWS} | {"law-allocations.md"}
    for law in published_laws().values():
        text = fragments[f"law-{law.form.id}.md"]
        assert law.form.equation in text
        row = next(line for line in text.splitlines() if line.startswith(f"| `{law.id}` |"))
        assert all(f"${exact(value)}$" in row for value in law.values.values())
        source = source_of(row, text)
        assert STATUS[law.status] in source and f"`{law.source.bibkey}`, {law.source.locator};" in source
        assert f"$N$ {law.conventions.param_count}" in source


def test_every_allocation_is_listed_with_what_compute_means():
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*)$", allocation_table(), flags=re.MULTILINE))
    assert rows.keys() == allocation_laws().keys()
    for law in allocation_laws().values():
        assert (r"C_{\min}" in rows[law.id]) == (law.variable == "flops_min")
        assert rf"C$ in {law.compute_unit}s" in source_of(rows[law.id], allocation_table())
        assert (r"\propto" in rows[law.id]) == (law.coefficient is None)


def test_rows_of_a_table_have_as_many_cells_as_its_header():
    for text in law_fragments().values():
        blocks = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
        assert blocks
        for block in blocks:
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


@pytest.mark.parametrize("value", [0.076, 8.8e13, 2085.43, 0.33917084, 1e6, 12846.0, 5.984e-4])
def test_numbers_keep_their_digits(value):
    told = exact(value).replace(r" \times 10^{", "e").replace("10^{", "1e").rstrip("}")
    assert float(told) == value
