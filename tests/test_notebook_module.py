"""What notebooks call, run in a bare IPython shell."""

import json
import math

import pandas as pd
import pytest
from IPython.utils.capture import capture_output

from scaling_utils import load
from scaling_utils.exchange import RESULTS_MIME
from scaling_utils.figures.interactive import explore_isoflop
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.notebook import explore, publish, show, stamp
from scaling_utils.results import Estimate


@pytest.fixture(autouse=True)
def _shell():
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.instance()
    yield
    InteractiveShell.clear_instance()


def test_published_results_are_plain_json():
    with capture_output() as captured:
        publish({"a": Estimate(0.5, 0.4, 0.6), "without": Estimate(0.5), "nothing": math.nan, "text": "x"})
    record = captured.outputs[-1].data[RESULTS_MIME]
    assert json.loads(json.dumps(record, allow_nan=False)) == {
        "a": {"value": 0.5, "low": 0.4, "high": 0.6, "unit": ""},
        "without": {"value": 0.5, "unit": ""},
        "nothing": None,
        "text": "x",
    }
    glued = {o.metadata["scrapbook"]["name"] for o in captured.outputs[:-1]}
    assert {"a", "a_low", "a_high", "nothing", "text"} <= glued


def test_tables_escape_what_came_from_outside():
    with capture_output() as captured:
        show("t", pd.DataFrame({"<b>column</b>": ["<script>alert(1)</script>"]}))
    html = captured.outputs[0].data["text/html"]
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_columns_without_any_value_are_not_shown():
    frame = pd.DataFrame({"published": [math.nan, math.nan], "ours": [1.0, math.nan], "verdict": ["–", ""]})
    with capture_output() as captured:
        show("t", frame)
        show("t", frame.iloc[:0])
    some, none = (output.data["text/html"] for output in captured.outputs)
    assert "ours" in some and "published" not in some and "verdict" not in some
    assert all(name in none for name in frame)


def test_a_name_that_rows_share_spans_them():
    index = pd.MultiIndex.from_tuples([("one", "a"), ("one", "b")])
    with capture_output() as captured:
        show("t", pd.DataFrame({"x": [1.0, 2.0]}, index=index))
    html = captured.outputs[0].data["text/html"]
    assert '<th rowspan="2">one</th>' in html
    assert "class=" not in html.partition("<tbody>")[2]


def test_stamp_names_data_and_versions():
    runs = load("hoffmann2022-fig4")
    with capture_output() as captured:
        stamp(runs, parameters={"seed": 0})
    html = captured.outputs[0].data["text/html"]
    assert runs.sha256 in html
    assert "seed = 0" in html and "lmfit" in html


def test_an_interactive_chart_is_there_for_jupyter_and_for_the_page():
    runs = load("hoffmann2022-fig4")
    fit = fit_isoflop(runs, window=4.0, resamples=5, seed=0)
    with capture_output() as captured:
        explore("isoflop", explore_isoflop(fit, runs), label="Loss <against> size.")
    bundle = captured.outputs[0].data
    assert {"application/vnd.vegalite.v6+json", "text/html"} <= set(bundle)
    assert 'aria-label="Loss &lt;against&gt; size."' in bundle["text/html"]
    assert '"run":["h' in bundle["text/html"]
