"""What makes a rendered site unfit: missing pages, tracebacks, loads from other hosts."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from scaling_utils.book.accessible import say_what_is_shown
from scaling_utils.book.site import MATHJAX_PARTS, add_mathjax, add_vega, check_site, remote_loads
from scaling_utils.errors import BuildError

FINE = """<link rel="canonical" href="https://here.org/"><a href="https://a.org">a</a>
<script src="_static/a.js"></script><script>let home = "https://here.org/";</script><img src="a.png">"""


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://b.org/c.js"></script>',
        '<script src="//b.org/c.js"></script>',
        '<script type="module">import x from "https://b.org/c.mjs"</script>',
        '<link rel="stylesheet" href="http://b.org/c.css">',
        '<link rel="preload" as="font" href="https://b.org/c.woff2">',
        '<link rel="shortcut icon" href="https://b.org/c.ico">',
        '<img src="https://b.org/c.png">',
        '<img srcset="a.png 1x, https://b.org/c.png 2x">',
        '<iframe src="https://b.org/"></iframe>',
        '<p style="background: url(https://b.org/c.png)">',
        '<style>@import "https://b.org/c.css";</style>',
    ],
)
def test_loads_from_other_hosts_are_found(tag):
    assert remote_loads(FINE) == []
    assert len(remote_loads(FINE + tag)) == 1


@pytest.fixture
def site(tmp_path):
    (tmp_path / "book").mkdir()
    for name in ("index.html", "book/index.html"):
        (tmp_path / name).write_text(FINE)
    (tmp_path / "a.css").write_text("p {background: url(data:image/png;base64,AA)}")
    return tmp_path


def test_a_whole_site_passes(site):
    check_site(site, ["book/index"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("book/index.html", "Traceback (most recent call last)", "book/index.html holds a traceback"),
        ("book/index.html", '<div class="output traceback x">', "book/index.html holds a traceback"),
        ("book/index.html", '<img src="https://b.org/c">', "book/index.html loads https://b.org/c"),
        ("a.css", "@import url('//b.org/c.css')", "a.css loads //b.org/c.css"),
    ],
)
def test_an_unfit_site_is_refused(site, name, text, message):
    (site / name).write_text(text)
    with pytest.raises(BuildError) as caught:
        check_site(site, ["book/index"])
    assert message in str(caught.value)


def test_a_missing_page_is_named(site):
    with pytest.raises(BuildError, match=r"book/x\.html is missing"):
        check_site(site, ["book/index", "book/x"])


def test_mathjax_comes_with_its_fonts_and_extensions(tmp_path):
    add_mathjax(tmp_path)
    mathjax = tmp_path / "_static" / "mathjax"
    assert "3.2.2" in (mathjax / "startup.js").read_text()
    assert all((mathjax / f"{part}.js").is_file() for part in MATHJAX_PARTS)
    assert (mathjax / "output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").is_file()
    assert (mathjax / "input/tex/extensions/boldsymbol.js").is_file()


def test_the_library_of_the_charts_is_made_once(tmp_path):
    (tmp_path / "_static").mkdir()
    kept = tmp_path / f"vega-{version('vl-convert-python')}.js"
    kept.write_text("made before")
    add_vega(tmp_path, tmp_path)
    assert (tmp_path / "_static" / "vega.js").read_text() == "made before"


def test_parts_of_the_theme_get_names_and_roles(tmp_path):
    page = tmp_path / "index.html"
    toggle = '<summary><span class="toctree-toggle" role="presentation"></span></summary>'
    page.write_text(f'{toggle}<summary>x</summary><div role="list" class="citation-list"></div>')
    say_what_is_shown(tmp_path)
    text = page.read_text()
    assert text.count("aria-label=") == 1 and "<summary>x</summary>" in text
    assert 'role="doc-bibliography"' in text and 'role="list"' not in text


@pytest.mark.slow
def test_the_library_of_the_charts_is_a_plain_script(tmp_path):
    (tmp_path / "_static").mkdir()
    add_vega(tmp_path, tmp_path)
    code = (tmp_path / "_static" / "vega.js").read_text()
    assert code.startswith('(() => {"use strict";')
    assert "window.vegaEmbed=" in code
    assert not re.search(r"^\s*(?:import|export)\b", code, re.MULTILINE)
