"""From an executed notebook to a page: pure functions on notebooks."""

from __future__ import annotations

import copy
import json

import pytest

from scaling_utils.book.generated import published_results
from scaling_utils.book.labels import defined_labels, suffix_labels
from scaling_utils.book.normalise import (
    add_title,
    drop_results,
    hide_parameters,
    normalise,
    refuse_errors,
    scrub,
    scrub_outputs,
    strip_traces,
)
from scaling_utils.errors import BuildError
from scaling_utils.exchange import RESULTS_MIME


def markdown(source):
    return {"cell_type": "markdown", "id": "x", "metadata": {}, "source": source}


def code(*outputs, tags=(), **metadata):
    return {
        "cell_type": "code",
        "id": "y",
        "metadata": {"tags": list(tags), **metadata},
        "source": "",
        "outputs": list(outputs),
        "execution_count": 1,
    }


def data(**content):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {k.replace("__", "/"): v for k, v in content.items()},
    }


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def relabelled(text, name="s"):
    return suffix_labels(notebook(markdown(text)), name)["cells"][0]["source"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(a)=\n# A", "(a-s)=\n# A"),
        ("$$ x $$ (a)\n{eq}`a`", "$$ x $$ (a-s)\n{eq}`a-s`"),
        ("$$\nx\n$$ (a)", "$$\nx\n$$ (a-s)"),
        (
            "```{math}\n:label: a\nx\n```\n{eq}`the law <a>`",
            "```{math}\n:label: a-s\nx\n```\n{eq}`the law <a-s>`",
        ),
        (
            "```{figure} a.svg\n:name: a\n```\n{numref}`a`",
            "```{figure} a.svg\n:name: a-s\n```\n{numref}`a-s`",
        ),
        (":::{table}\n:name: a\n:::\n[x](#a)", ":::{table}\n:name: a-s\n:::\n[x](#a-s)"),
        ("(a)=\n# A\n[](a) and <project:#a>", "(a-s)=\n# A\n[](a-s) and <project:#a-s>"),
        ("(a)=\n# A\n{ref}`b` [y](#b) {ref}`ab`", "(a-s)=\n# A\n{ref}`b` [y](#b) {ref}`ab`"),
        ("```python\n(a)=\n```\n{ref}`a`", "```python\n(a)=\n```\n{ref}`a`"),
        ("```\n(a)=\n```\n(b)=\n# B", "```\n(a)=\n```\n(b-s)=\n# B"),
        ("```{note}\n```\n(b)=\n# B", "```{note}\n```\n(b-s)=\n# B"),
    ],
)
def test_labels_get_the_scenario(before, after):
    assert relabelled(before) == after


def test_labels_in_metadata_and_markdown_outputs():
    figure = code(data(text__markdown="$$ x $$ (law)\n"), mystnb={"figure": {"name": "fig", "caption": "c"}})
    page = suffix_labels(notebook(markdown("{numref}`fig` {eq}`law`"), figure), "s")
    assert page["cells"][0]["source"] == "{numref}`fig-s` {eq}`law-s`"
    assert page["cells"][1]["metadata"]["mystnb"]["figure"]["name"] == "fig-s"
    assert page["cells"][1]["outputs"][0]["data"]["text/markdown"] == "$$ x $$ (law-s)\n"
    assert defined_labels(notebook(figure)) == {"fig", "law"}


def test_nothing_depends_on_time_or_chance():
    one = notebook(markdown("# A"), code(papermill={"duration": 1.0}, execution={"t": 1}))
    other = copy.deepcopy(one)
    other["cells"][0]["id"] = "another"
    other["metadata"] = {"papermill": {"start_time": "now"}, "language_info": {"version": "3.99"}}
    del other["cells"][1]["metadata"]["execution"]
    assert json.dumps(strip_traces(one)) == json.dumps(strip_traces(other))


def test_paths_and_addresses_are_scrubbed_longest_first():
    places = {"/home/ann/book": ".", "/home/ann": "~", "/tmp": "<tmp>"}
    assert scrub("/home/ann/book/x /home/ann/y /tmp/z /home/anna", places) == "./x ~/y <tmp>/z /home/anna"
    assert scrub("https://a.org/tmp/x tmp/y", places) == "https://a.org/tmp/x tmp/y"
    assert scrub("<object object at 0x7f0011223344>", {}) == "<object object at 0x0>"
    assert scrub("0x7f0011223344 0x10", {}) == "0x0 0x10"
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "at 0xabc\n"},
        data(text__html=["<b>\n", "/home/ann/y</b>"], application__json={"p": ["/tmp/x"]}, image__png="/tmp"),
    ]
    page = scrub_outputs(notebook(code(*outputs)), places)
    stream, display = page["cells"][0]["outputs"]
    assert stream["text"] == "at 0x0\n"
    assert display["data"] == {
        "text/html": "<b>\n~/y</b>",
        "application/json": {"p": ["<tmp>/x"]},
        "image/png": "/tmp",
    }


def test_parameters_are_folded_away():
    page = hide_parameters(notebook(code(tags=["parameters"]), code(tags=["injected-parameters"]), code()))
    assert ["hide-input" in c["metadata"]["tags"] for c in page["cells"]] == [True, True, False]
    assert hide_parameters(page) == page


def test_published_results_leave_the_page_and_are_merged():
    first, second = (
        {"output_type": "display_data", "data": {RESULTS_MIME: r}} for r in ({"a": 1, "b": 1}, {"b": 2})
    )
    executed = notebook(code(first, data(text__plain="x")), code(second))
    assert published_results(executed) == {"a": 1, "b": 2}
    assert [len(cell["outputs"]) for cell in drop_results(executed)["cells"]] == [1, 0]


def test_title_goes_to_the_first_heading_only():
    page = add_title(notebook(markdown("```\n# no\n```\n(a)=\n# A?\n\n# B")), "T")
    assert page["cells"][0]["source"] == "```\n# no\n```\n(a)=\n# A? — T\n\n# B"
    with pytest.raises(BuildError, match="no title"):
        add_title(notebook(markdown("## A")), "T")


def test_an_error_output_is_refused():
    error = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
    with pytest.raises(BuildError, match=r"cell 2 .* ValueError"):
        refuse_errors(notebook(markdown("# A"), code(error)))


def test_input_is_left_alone():
    executed = notebook(
        markdown("(a)=\n# A [x](../b.md)"), code(data(text__plain="at 0xff"), tags=["parameters"])
    )
    before = copy.deepcopy(executed)
    page = normalise(executed, scenario="s", title="T", places={})
    assert executed == before
    assert page["cells"][0]["source"] == "(a-s)=\n# A [x](../../b.md) — T"
