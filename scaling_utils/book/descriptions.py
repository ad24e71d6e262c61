"""The page on what written descriptions say of the five figures: claims, verdicts, evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from scaling_utils.book.description_evidence import evidence
from scaling_utils.book.results import Results
from scaling_utils.book.tables import scrolling, table
from scaling_utils.errors import DataError, clip
from scaling_utils.published import read_checked
from scaling_utils.runs.registry import data_folder

Verdict = Literal["right", "partly", "wrong", "cannot be seen"]

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

_PLACE = r"\{[^{}]*\}"
_MATH = r"\$[^$]*\$"
_MATH_OR_PLACE = re.compile(rf"{_MATH}|{_PLACE}")
_MAY_HOLD_DIGITS = re.compile(
    rf"{_PLACE}|{_MATH}|`[^`]*`|(?:Approach|Figure|Table|Equation|Appendix|Section) [A-Z]?\.?\d+|\bC4\b"
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(_Strict):
    """One checkable claim of a description, in our words.

    Parameters
    ----------
    id
        Name of the claim.
    claim
        What the description says.
    verdict
        ``right``, ``partly``, ``wrong``, or ``cannot be seen`` where the figure does not show it at all.
    evidence
        Why; places such as ``{moba_lowest:.2f}`` take numbers from `evidence()`, and ``{ours[a][value]:.3f}``
        from what the notebook of `page` published. Numbers are never typed here.
    page
        Notebook and scenario whose results `evidence` quotes; None for none.
    otherwise
        The evidence where that page has no result.
    """

    id: _Id
    claim: _Text
    verdict: Verdict
    evidence: _Text
    page: Annotated[str, StringConstraints(pattern=r"^[\w-]+/[\w-]+$")] | None = None
    otherwise: str = ""

    @model_validator(mode="after")
    def _quotes_a_page_or_none(self) -> Claim:
        if (self.page is None) != (not self.otherwise):
            raise ValueError(f"'{self.id}': page and otherwise belong together")
        if (self.page is None) == ("{ours[" in self.evidence):
            raise ValueError(f"'{self.id}': results are quoted as {{ours[...]}} and need a page")
        return self

    @model_validator(mode="after")
    def _types_no_number(self) -> Claim:
        for text in (self.evidence, self.otherwise):
            typed = re.search(r"\S*\d\S*", _MAY_HOLD_DIGITS.sub("", text))
            if typed:
                raise ValueError(f"'{self.id}': the number in '{clip(typed[0], 40)}' is typed, not computed")
        return self


class Described(_Strict):
    """A figure and what its description claims.

    Parameters
    ----------
    id
        Name of the figure.
    title
        Heading.
    bibkey, locator
        Where the figure is.
    shows
        What it shows, in a sentence or two.
    claims
        The claims.
    """

    id: _Id
    title: _Text
    bibkey: _Text
    locator: _Text
    shows: _Text
    claims: tuple[Claim, ...] = Field(min_length=1)


class _File(_Strict):
    figures: tuple[Described, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> _File:
        counted = Counter(claim.id for figure in self.figures for claim in figure.claims)
        twice = sorted(name for name, count in counted.items() if count > 1)
        if twice:
            raise ValueError(f"two claims are called {twice[0]}")
        return self


def descriptions(path: Path | None = None) -> tuple[Described, ...]:
    """The described figures with their claims, in the order of the file.

    Parameters
    ----------
    path
        The file; by default the project's.

    Raises
    ------
    DataError
        If the file is missing, is not YAML, or an entry does not follow `Described`.

    Examples
    --------
    >>> [figure.bibkey for figure in descriptions()][:2]
    ['kaplan2020scaling', 'hoffmann2022training']
    """
    return _read(path or data_folder() / "descriptions.yaml")


def description_fragments(results: Results) -> dict[str, str]:
    """Markdown on the descriptions by the name of its fragment.

    Parameters
    ----------
    results
        What the executed notebooks published.
    """
    return {
        "descriptions.md": descriptions_tables(results),
        "descriptions-score.md": scrolling(descriptions_score()),
    }


def descriptions_tables(results: Results, *, path: Path | None = None) -> str:
    """Markdown: one section and table per figure.

    Parameters
    ----------
    results
        What the executed notebooks published.
    path
        As for `descriptions`.

    Raises
    ------
    DataError
        As for `descriptions`, or if evidence quotes a number that does not exist.
    """
    return "\n".join(_section(figure, results) for figure in descriptions(path))


def descriptions_score(*, path: Path | None = None) -> str:
    """Markdown: how many claims of each figure got which verdict.

    Examples
    --------
    >>> descriptions_score().splitlines()[0]
    '| Figure | right | partly | wrong | cannot be seen | claims |'
    """
    rows = [(f"{{ref}}`described-{figure.id}`", *_counts(figure.claims)) for figure in descriptions(path)]
    every = [claim for figure in descriptions(path) for claim in figure.claims]
    return table(("Figure", *get_args(Verdict), "claims"), [*rows, ("**All**", *_counts(every))])


def argued(claim: Claim, results: Results) -> str:
    """The evidence of a claim with its numbers in place.

    Raises
    ------
    DataError
        If it quotes a number that does not exist, or formats one in a way that does not fit.
    """
    numbers: Mapping[str, Any] = evidence()
    text = claim.evidence
    if claim.page is not None:
        notebook, _, scenario = claim.page.partition("/")
        ours = results.get((notebook, scenario))
        text, numbers = (claim.otherwise, numbers) if ours is None else (text, {**numbers, "ours": ours})
    return _MATH_OR_PLACE.sub(lambda m: m[0] if m[0][0] == "$" else _fill(m[0], numbers, claim), text)


def _fill(place: str, numbers: Mapping[str, Any], claim: Claim) -> str:
    try:
        return place.format_map(numbers)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(
            f"claim '{claim.id}': '{clip(place, 60)}' cannot be filled ({clip(str(error), 80)})",
            remedy="Correct the place in data/descriptions.yaml.",
        ) from error


def _section(figure: Described, results: Results) -> str:
    header = ("What the description says", "Verdict", "Evidence")
    rows: list[tuple[str, ...]] = [
        (claim.claim, f"**{claim.verdict}**", argued(claim, results)) for claim in figure.claims
    ]
    return (
        f"(described-{figure.id})=\n## {figure.title}\n\n"
        f"{{cite:t}}`{figure.bibkey}`, {figure.locator}. {figure.shows}\n\n"
        f"{scrolling(table(header, rows))}"
    )


def _counts(claims: list[Claim] | tuple[Claim, ...]) -> tuple[str, ...]:
    found = Counter(claim.verdict for claim in claims)
    return (*(str(found[verdict]) for verdict in get_args(Verdict)), str(len(claims)))


@cache
def _read(path: Path) -> tuple[Described, ...]:
    return read_checked(path, _File, what="descriptions").figures
