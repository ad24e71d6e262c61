"""The files of a figure: the same picture, and the points that it shows."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pikepdf
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image
from vl_convert import svg_to_png

from scaling_utils.figures.files import CSS_DPI, PNG_DPI, csv_of, drawn_data, lay_out, pdf_of, png_of, svg_of
from scaling_utils.figures.pdf import lean as lean_pdf
from scaling_utils.figures.style import use_house_style
from scaling_utils.figures.svg import lean
from scaling_utils.figures.svg_paths import shortened
from scaling_utils.figures.ticks import plain_powers

SVG = "{http://www.w3.org/2000/svg}"
X = np.geomspace(1, 1e4, 25)


@pytest.fixture
def figure():
    return drawn()


def drawn():
    use_house_style()
    figure = Figure(figsize=(6, 3))
    left, right = figure.subplots(1, 2)
    left.plot(X, X**-0.1, label="law, fitted")
    left.plot(X, X**-0.2, marker="o", ls="")
    left.axhline(0.5)
    left.axvspan(1, 10)
    left.set(xscale="log", xlabel="Compute C\n(FLOPs)", ylabel="Loss", title="Curves")
    right.fill_between(X, X, 2 * X, label="95 % band")
    right.scatter([1.0, 2.0, np.nan], [3.0, 4.0, 5.0], label="runs")
    return figure


def test_data_are_the_points_drawn(figure):
    data = drawn_data(figure)
    assert data.groupby(["panel", "series"]).size().to_dict() == {
        (1, "law, fitted"): 25,
        (1, "line 2"): 25,
        (2, "95 % band"): 25,
        (2, "runs"): 2,
    }
    band = data[data["series"] == "95 % band"]
    np.testing.assert_allclose(band["y_high"], 2 * band["y"])
    np.testing.assert_allclose(data.loc[data["series"] == "law, fitted", "y"], X**-0.1)


def test_csv_is_read_back(figure):
    text = csv_of(figure)
    assert text.startswith("# panel 1: Curves; x = Compute C (FLOPs); y = Loss\n# panel 2: ")
    read = pd.read_csv(io.StringIO(text), comment="#")
    points = ["x", "y", "y_high"]
    pd.testing.assert_frame_equal(read[points], drawn_data(figure)[points], rtol=1e-4)
    names = dict(re.findall(r"^# series (\d+): panel \d, (.*)$", text, flags=re.MULTILINE))
    assert [names[str(n)] for n in read["series"]] == drawn_data(figure)["series"].tolist()


def test_svg_draws_the_same_picture_in_fewer_bytes(figure):
    for axes in figure.axes:  # few, so that a square of the root and marks of several looks are there, too
        axes.scatter(X, X, c=np.arange(X.size), alpha=0.5)
        axes.set_title(r"$\sqrt{C^{a}}$")
    plain = io.StringIO()
    figure.savefig(plain, format="svg", metadata={"Date": None}, bbox_inches="tight")
    short = lean(plain.getvalue())
    assert len(short) < 0.5 * len(plain.getvalue())
    require_same_picture(plain.getvalue(), short)


def require_same_picture(one, other):
    before, after = drawn_by(one), drawn_by(other)
    assert before.shape == after.shape
    change = np.abs(before - after).max(axis=2)
    assert change.mean() < 0.1  # of 255
    assert change.max() < 100  # the edge of a line that lies between two pixels


def drawn_by(svg):
    return np.asarray(Image.open(io.BytesIO(svg_to_png(svg, scale=1.25))).convert("RGB")).astype(int)


def test_a_pdf_draws_the_same_with_fewer_decimals_and_its_text_is_text(figure):
    plain = io.BytesIO()
    figure.savefig(plain, format="pdf", metadata={"CreationDate": None})
    short = lean_pdf(plain.getvalue())
    assert len(short) < 0.9 * len(plain.getvalue())
    before, after = instructions(plain.getvalue()), instructions(short)
    assert [operator for _, operator in before] == [operator for _, operator in after]
    for (given, operator), (rounded, _) in zip(before, after, strict=True):
        if operator in ("m", "l", "c", "re"):
            np.testing.assert_allclose(rounded, given, atol=0.0051)
        else:
            assert rounded == given
    assert "TJ" in {operator for _, operator in after}


def instructions(pdf):
    """What the page of a PDF draws: operands and operator of each step."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        steps = pikepdf.parse_content_stream(document.pages[0])
        return [
            ([float(o) if isinstance(o, (int, Decimal)) else repr(o) for o in operands], str(operator))
            for operands, operator in steps
        ]


def test_a_curve_that_goes_on_smoothly_is_told_without_its_control():
    drawn = "M 0 0 Q 5 9 10 9 Q 15 9 20 0 C 20 -3 22 -5 25 -5 C 28 -5 30 -3 30 0 Q 33 8 40 0"
    assert shortened(drawn) == "m0 0q5 9 10 9t10-9c0-3 2-5 5-5s5 2 5 5q3 8 10 0"


def test_marks_alike_are_one_line_and_keep_their_places(figure):
    plain = io.StringIO()
    figure.savefig(plain, format="svg")
    group = ElementTree.fromstring(lean(plain.getvalue())).find(f".//{SVG}marker/..")
    (marker, line) = group
    assert line.get("style") == f"marker:url(#{marker.get('id')});fill:none;stroke:none"
    shown = marker[0].get("href")
    assert shown.startswith("#")
    places = [
        [float(use.get("x")), float(use.get("y"))]
        for use in ElementTree.fromstring(plain.getvalue()).iter(f"{SVG}use")
        if use.get("x")
    ]
    corners = corners_of(line.get("d"))
    found = [places.index(p) for p in places if np.allclose(p, corners[0], atol=0.0051)]
    assert found
    np.testing.assert_allclose(places[found[0] : found[0] + len(corners)], corners, atol=0.0051)


def corners_of(line):
    """Corners of a shortened path of lines alone."""
    found = [np.zeros(2)]
    for command, given in re.findall(r"([a-z])([^a-z]*)", line):
        values = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", given)]
        steps = {"h": [(v, 0) for v in values], "v": [(0, v) for v in values]}.get(
            command, list(zip(values[::2], values[1::2], strict=True))
        )
        found += steps
    return np.cumsum(found, axis=0)[1:]


def test_ids_that_are_referred_to_or_given_stay(figure):
    figure.axes[0].lines[0].set_gid("curve-of-the-law")
    svg = svg_of(figure, lay_out(figure))
    ids = set(re.findall(r'\sid="([^"]+)"', svg))
    assert "curve-of-the-law" in ids
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= ids


def test_no_two_elements_have_one_id():
    figure = Figure()
    for axes in figure.subplots(1, 2):  # as in two bars of the same colours
        axes.imshow(np.eye(2))
    ids = re.findall(r'\sid="([^"]+)"', svg_of(figure, lay_out(figure)))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("write", [svg_of, pdf_of])
def test_files_are_the_same_each_time(write):
    one, other = drawn(), drawn()
    assert write(one, lay_out(one)) == write(other, lay_out(other))


def test_a_table_is_the_same_each_time():
    assert csv_of(drawn()) == csv_of(drawn())


def test_a_figure_is_laid_out_as_one_that_is_saved_tight(figure):
    tight, reference = io.StringIO(), drawn()
    plain_powers(reference)
    reference.savefig(tight, format="svg", metadata={"Date": None}, bbox_inches="tight")
    require_same_picture(tight.getvalue(), svg_of(figure, lay_out(figure)))


def test_powers_of_ten_are_text_and_other_labels_stay(figure):
    left, right = figure.axes
    right.set_xscale("log", base=2)
    plain_powers(figure)
    assert [left.xaxis.get_major_formatter()(x) for x in (1e-5, 1e3)] == ["10⁻⁵", "10³"]
    assert "$" in right.xaxis.get_major_formatter()(4.0)
    assert left.yaxis.get_major_formatter()(2.5) == ""


def test_a_png_is_the_same_each_time(figure):
    svg = svg_of(figure, lay_out(figure))
    assert png_of(svg) == png_of(svg)


def test_colours_of_a_png_are_near_those_of_the_svg():
    use_house_style()
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    for n, colour in enumerate(colormaps["viridis"](np.linspace(0, 1, 12))):
        axes.plot([0, 10], [n, 12 - n], color=colour, marker="o")
        axes.fill_between([0, 10], [n, n], [n + 2, 12 - n], color=colour, alpha=0.18)
    svg = svg_of(figure, lay_out(figure))
    shown, drawn = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
        for png in (png_of(svg), svg_to_png(svg, scale=PNG_DPI / CSS_DPI))
    )
    assert np.abs(shown - drawn).mean() < 3


def test_png_is_small_and_sized(figure):
    with Image.open(io.BytesIO(png_of(svg_of(figure, lay_out(figure))))) as image:
        assert image.mode == "P"
        assert image.width == pytest.approx(6 * 105, rel=0.1)


def test_an_empty_figure_has_no_rows():
    assert drawn_data(Figure()).empty
