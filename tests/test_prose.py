"""Numbers in sentences come from a run: digits in prose are refused outside of names and definitions."""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[1] / "book").glob("*.md"))

MARKUP = re.compile(
    r"```.*?```|~~~.*?~~~"  # directives and code, whatever they hold
    r"|\{[\w:.+-]+\}`[^`]*`|`[^`]*`"
    r"|\$\$.*?\$\$|\$[^$]*\$"
    r"|^:{3,}.*?$|\]\([^)]*\)|^:\w+:.*?$|^\([\w.-]+\)=$|^\d+\. ",
    re.DOTALL | re.MULTILINE,
)
NAMES = re.compile(
    r"(?:95|80) %|Approach(?:es)? \d(?:(?:, \d)* (?:and|or) \d)?"
    r"|(?:Figure|Table)s? [A-Z]?\d+(?: and [A-Z]?\d+)*(?:\(p\))?|Equations? \d\.\d|[Ss]ections? \d(?:\.\d)?"
    r"|10th|90th|C4|Llama 3|\d+(?:[–-]\d+)?K\b|Python 3\.11|CC BY 4\.0|SHA-256|sha256"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_prose_types_no_numbers(page):
    prose = NAMES.sub("", MARKUP.sub("", page.read_text(encoding="utf-8")))
    assert [line for line in prose.splitlines() if re.search(r"\d", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_figure_of_a_page_has_alt_text(page):
    figures = re.findall(
        r"^[`:]{3,}\{figure\}.*?^[`:]{3,}$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert all(re.search(r"^:alt: \S", figure, re.MULTILINE) for figure in figures)
