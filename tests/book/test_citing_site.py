"""The extension of Sphinx on a toy book: what each page gets, and the files beside the pages."""

from __future__ import annotations

import gzip
import json
import re
from xml.etree import ElementTree

import pytest

from scaling_utils.errors import BuildError
from scaling_utils.exchange import FILES_MIME, STAMP_MIME

BASE = "https://toy.example/book-of-toys/"
PAGE = "notebooks/01-count-things/small"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"></svg>'
FIGURE = f"""from IPython.display import display
bundle = {{"image/svg+xml": {SVG!r}, {FILES_MIME!r}: {{"csv": "eAo=", "png": "eA=="}}}}
display(bundle, metadata={{"scrapbook": {{"name": "drawn", "mime_prefix": ""}}}}, raw=True)
display({{{STAMP_MIME!r}: {{"data": "toys", "sha256": "{"5a" * 32}", "seed": 7}}}}, raw=True)"""
PLACED = (
    "## The drawing\n\n```{glue:figure} drawn\n:name: fig-drawn\n:alt: Toys & co.\n\nToys. They count.\n```"
)
CITED = "{cite:t}`someone2020` counts; [so do rows]{#a-row}."


@pytest.fixture(scope="module")
def cited(new_toy):
    toy = new_toy("cited")
    toy.add(toy.code(FIGURE, "remove-output"), toy.markdown(PLACED), toy.markdown(CITED))
    toy.edit(
        "_config.yml",
        "- sphinxcontrib.bibtex",
        "- sphinxcontrib.bibtex\n      - scaling_utils.book.sphinx_citing",
    )
    toy.edit("_config.yml", "dollarmath]", "attrs_inline, dollarmath]")
    toy.edit("_config.yml", "author:", f"html: {{baseurl: {BASE}}}\nauthor:")
    (toy.project.pages / "redirects.yml").write_text("book/old-index: book/index\n")
    (toy.project.pages / "anchors.txt").write_text(f"book/old-index#a-toy-book\n{PAGE}#fig-drawn-small\n")
    toy.build()
    return toy


@pytest.fixture(scope="module")
def page(cited):
    return (cited.project.html / f"{PAGE}.html").read_text(encoding="utf-8")


def test_a_page_carries_its_citation(page):
    address = f"{BASE}{PAGE}.html"
    assert f'<meta name="citation_public_url" content="{address}" />' in page
    assert re.search(r"url +=  ?\{" + re.escape(address), page)
    assert page.count('id="cite-this-page"') == 1
    data = json.loads(re.search(r'id="cite-data">(.*?)</script>', page)[1])
    targets = {target["anchor"]: target["title"] for target in data["targets"]}
    assert targets["the-drawing"] == "The drawing" and targets["fig-drawn-small"] == "Toys"
    assert all(f'id="{anchor}"' in page for anchor in targets)


def test_marks_of_references_are_no_targets(page):
    assert 'id="id1"' in page, "the toy cites nothing"
    data = json.loads(re.search(r'id="cite-data">(.*?)</script>', page)[1])
    anchors = [target["anchor"] for target in data["targets"]]
    assert "a-row" in anchors and not any(re.fullmatch(r"id\d+", anchor) for anchor in anchors)


def test_a_figure_has_one_address_its_size_and_its_stamp(cited, page):
    figure = re.search(r"<figure.*?</figure>", page[page.index("fig-drawn-small") - 90 :], re.DOTALL)[0]
    image = (
        '<img src="../../figures/01-count-things/small/drawn.svg" alt="Toys &amp; co." width="96" height="48"'
    )
    assert image in figure
    assert "toys (sha256 <code>5a5a5a5a5a5a…</code>)" in figure and "seed 7" in figure
    for suffix, content in (("svg", SVG), ("csv.gz", "x\n"), ("png", "x")):
        assert f'href="../../figures/01-count-things/small/drawn.{suffix}"' in figure
        path = cited.project.html / f"figures/01-count-things/small/drawn.{suffix}"
        read = gzip.open if suffix.endswith(".gz") else open
        with read(path, "rt", encoding="utf-8") as stream:
            assert stream.read() == content
    assert not (cited.project.html / "_images/drawn.svg").exists()


def test_scenarios_that_draw_alike_share_files(cited):
    other = (cited.project.html / "notebooks/01-count-things/large.html").read_text(encoding="utf-8")
    assert "../../figures/01-count-things/small/drawn.svg" in other
    assert not (cited.project.html / "figures/01-count-things/large").exists()


def test_the_notebook_to_download_has_no_hidden_pictures(cited):
    notebook = json.loads((cited.project.html / f"_sources/{PAGE}.ipynb").read_bytes())
    (cell,) = (cell for cell in notebook["cells"] if "remove-output" in cell["metadata"].get("tags", []))
    assert cell["outputs"] == []


def test_the_map_lists_every_page(cited):
    tree = ElementTree.parse(cited.project.html / "sitemap.xml")
    places = [element.text for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"{BASE}{PAGE}.html" in places and len(places) == 4
    assert f"Sitemap: {BASE}sitemap.xml" in (cited.project.html / "robots.txt").read_text(encoding="utf-8")


def test_a_missing_page_finds_its_style_from_any_depth(cited):
    lost = (cited.project.html / "404.html").read_text(encoding="utf-8")
    assert '<base href="/book-of-toys/" />' in lost
    assert lost.index("<base ") < lost.index('rel="stylesheet"')
    assert "cite-this-page" not in lost


def test_a_moved_page_redirects(cited):
    assert '"index.html"' in (cited.project.html / "book/old-index.html").read_text(encoding="utf-8")


def test_the_inventory_names_the_book(cited):
    assert b"# Project: A toy book\n# Version: " in (cited.project.html / "objects.inv").read_bytes()


def test_icons_are_drawn_by_the_style_sheet_alone(cited):
    static = cited.project.html / "_static"
    assert (static / "scripts/fontawesome.js").stat().st_size < 100
    assert 'content:"\uf104"' in (static / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    assert not list(static.rglob("*.map"))


def test_a_section_that_loses_its_label_stops_the_build(cited):
    site = cited.site()
    with (cited.project.pages / "anchors.txt").open("a") as stream:
        stream.write("book/index#gone\n")
    with pytest.raises(BuildError, match="book/index#gone"):
        cited.build()
    assert cited.site() == site
