"""The files of a figure: the same picture, and the points that it shows."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from scaling_utils.figures.files import csv_of, drawn_data, pdf_of, png_of, svg_of
from scaling_utils.figures.style import use_house_style
from scaling_utils.figures.svg import lean

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


def test_svg_draws_the_same_marks_in_fewer_bytes(figure):
    plain = io.StringIO()
    figure.savefig(plain, format="svg", metadata={"Date": None}, bbox_inches="tight")
    short = lean(plain.getvalue())
    assert len(short) < 0.8 * len(plain.getvalue())
    for tag in ("use", "path", "clipPath"):
        before, after = (
            list(ElementTree.fromstring(t).iter(f"{{http://www.w3.org/2000/svg}}{tag}"))
            for t in (plain.getvalue(), short)
        )
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            np.testing.assert_allclose(points_of(old), points_of(new), atol=0.0101)


def points_of(element):
    """Where an element is: the points of a path, or the place of a mark."""
    moved = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
    if element.tag.endswith("use"):
        return [float(n) for n in (moved.groups() if moved else (element.get("x", 0), element.get("y", 0)))]
    found, here, start = [np.zeros((0, 2))], np.zeros(2), np.zeros(2)
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", element.get("d", "")):
        if command in "Zz":
            here = start
            continue
        given = np.array(re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers), dtype=float)
        for step in given.reshape(-1, {"Q": 2, "C": 3}.get(command.upper(), 1), 2):
            found.append(step + here if command.islower() else step)
            here = found[-1][-1]
        start = here if command == "M" else start
    return np.concatenate(found)


def test_ids_that_are_referred_to_or_given_stay(figure):
    figure.axes[0].lines[0].set_gid("curve-of-the-law")
    svg = svg_of(figure)
    ids = set(re.findall(r'\sid="([^"]+)"', svg))
    assert "curve-of-the-law" in ids
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= ids


@pytest.mark.parametrize("write", [svg_of, pdf_of, csv_of])
def test_files_are_the_same_each_time(write):
    assert write(drawn()) == write(drawn())


def test_a_png_is_the_same_each_time(figure):
    svg = svg_of(figure)
    assert png_of(svg) == png_of(svg)


def test_png_is_small_and_sized(figure):
    with Image.open(io.BytesIO(png_of(svg_of(figure)))) as image:
        assert image.mode == "P"
        assert image.width == pytest.approx(6 * 120, rel=0.1)


def test_an_empty_figure_has_no_rows():
    assert drawn_data(Figure()).empty
