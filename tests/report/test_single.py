"""Notebook and parameters as a user names them on the command line."""

from pathlib import Path

import pytest

from scaling_utils.book.project import Project
from scaling_utils.errors import ParameterError
from scaling_utils.report.single import choose_notebook, read_parameters

BOOK = Project(Path(__file__).parents[2])


def test_a_notebook_goes_by_name_or_number():
    assert choose_notebook(BOOK, "03") == "03-isoflop-profiles"
    assert choose_notebook(BOOK, "03-isoflop-profiles.ipynb") == "03-isoflop-profiles"


@pytest.mark.parametrize("name", ["99", "isoflop", "../03-isoflop-profiles", "", "0", "x" * 10_000])
def test_another_name_is_refused_with_those_there_are(name):
    with pytest.raises(ParameterError, match="03-isoflop-profiles") as error:
        choose_notebook(BOOK, name)
    assert len(str(error.value)) < 1000


def test_values_take_the_type_that_the_notebook_has():
    given = ["window=6", "resamples=50", "published=", "project_to=1e22", "published=a=b"]
    read = read_parameters(BOOK, "03-isoflop-profiles", given)
    assert read == {"window": 6.0, "resamples": 50, "published": "a=b", "project_to": 1e22}
    assert {name: type(value) for name, value in read.items()} == {
        "window": float,
        "resamples": int,
        "published": str,
        "project_to": float,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("windw=3", "Did you mean 'window'"),
        ("resamples=many", "the notebook has int"),
        ("resamples=1.5", "the notebook has int"),
        ("window", "has no value"),
        ("dataset=other.csv", "--data"),
        ("<script>=1", "no parameter '<script>'"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(given, told):
    with pytest.raises(ParameterError, match=told):
        read_parameters(BOOK, "03-isoflop-profiles", [given])


@pytest.mark.parametrize(
    "given", ["window=nan", "window=-inf", "seed=" + "9" * 400, "seed=-9223372036854775808"]
)
def test_a_number_out_of_range_is_refused(given):
    with pytest.raises(ParameterError, match="finite"):
        read_parameters(BOOK, "03-isoflop-profiles", [given])
