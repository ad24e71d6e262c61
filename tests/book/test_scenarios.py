"""Which notebook runs on which data: the file, and its fit to the notebooks."""

from __future__ import annotations

import pytest

from scaling_utils.book.scenarios import (
    Scenario,
    final_parameters,
    load_scenarios,
    own_parameters,
    select,
)
from scaling_utils.errors import BuildError, ParameterError

ENTRY = "- {notebook: 01-count-things, name: %s, title: T, parameters: {%s}}\n"


def write(project, text):
    project.scenarios.write_text(text)
    return project


def test_toy_scenarios_load(toy):
    assert [s.docname for s in load_scenarios(toy.project)] == [
        "notebooks/01-count-things/small",
        "notebooks/01-count-things/large",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY % ("a", "") + ENTRY % ("a", ""), "01-count-things/a is listed twice"),
        ("- {notebook: 01-count-thing, name: a, title: T}", "Did you mean '01-count-things'?"),
        ("- {notebook: 01-count-things, name: a, title: T, params: {}}", "entry 1, 'params': unknown key"),
        ("- {notebook: 01-count-things, name: a}", "entry 1, 'title': this key is missing"),
        ("- {notebook: 01-count-things, name: ../a, title: T}", "entry 1, 'name'"),
        (ENTRY % ("a", "n: [1, 2]"), "entry 1, 'parameters.n': must be a plain text, number"),
        (ENTRY % ("a", "n: .nan"), "entry 1, 'parameters.n'"),
        (ENTRY % ("a", "n: 2020-01-01"), "entry 1, 'parameters.n'"),
        ("notebook: x", "the file"),
        ("- [", "not valid YAML"),
    ],
)
def test_bad_scenarios_are_refused(toy, text, message):
    with pytest.raises(BuildError) as caught:
        load_scenarios(write(toy.project, text))
    assert message in str(caught.value)
    assert str(caught.value).startswith("notebooks/scenarios.yml: ")


def test_own_parameters_are_literals_of_four_types(toy):
    source = "a = 1\nb = -2.5  # in nats\nc = 'x'\n\n# comment = not read\nd: bool = True"
    assert toy.parameters(source) == {"a": 1, "b": -2.5, "c": "x", "d": True}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a = 1  # default=1", "exactly one '='"),
        ("a = [1]", "not a plain parameter"),
        ("a = None", "not a plain parameter"),
        ("a = f()", "not a plain parameter"),
        ("import x", "exactly one '='"),
        ("a = 'x", "not a plain parameter"),
        ("a.b = 1", "not a plain parameter"),
        ("a = 1\na = 2", "set twice"),
    ],
)
def test_other_parameter_lines_are_refused(toy, source, message):
    with pytest.raises(ParameterError, match="cell 2, line") as caught:
        toy.parameters(source)
    assert message in str(caught.value)


def test_only_one_parameters_cell(toy):
    with pytest.raises(ParameterError, match="cells 1, 2 are all tagged"):
        toy.write([toy.code("a = 1", "parameters"), toy.code("b = 1", "parameters")])
        own_parameters(toy.path)


def test_a_file_that_is_no_notebook_is_refused(toy):
    toy.path.write_text("{}")
    with pytest.raises(BuildError, match=r"01-count-things\.ipynb: not a notebook"):
        own_parameters(toy.path)


def scenario(**parameters):
    return Scenario(notebook="01-count-things", name="a", title="A", parameters=parameters)


def test_unknown_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(ParameterError, match=r"no parameter 'varaint'. Did you mean 'variant'\?"):
        final_parameters(scenario(varaint="x"), {"variant": "y", "seed": 0})


@pytest.mark.parametrize(("given", "own"), [("1", 1), (1, "1"), (1.0, 1), (True, 1), (1, True), ("x", 1.0)])
def test_a_parameter_of_another_type_is_refused(given, own):
    with pytest.raises(ParameterError, match="parameter n is"):
        final_parameters(scenario(n=given), {"n": own})


def test_a_whole_number_serves_as_float():
    merged = final_parameters(scenario(n=2), {"n": 1.0})
    assert merged == {"n": 2.0}
    assert type(merged["n"]) is float


def test_selection_by_prefix_notebook_and_scenario(toy):
    listed = load_scenarios(toy.project)
    assert select(listed, ()) == select(listed, ["01"]) == select(listed, ["01-count-things"]) == listed
    assert [s.name for s in select(listed, ["01-count-things/large"])] == ["large"]
    both = ["01-count-things/large", "01-count-things/small"]
    assert select(listed, both) == select(listed, both[::-1]) == listed
    for wrong in ("0", "02", "01-count", "large"):
        with pytest.raises(ParameterError, match="is called"):
            select(listed, ["01", wrong])
