"""The book as a PDF and as an EPUB."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from scaling_utils.book.epub import epub_config, make_epub
from scaling_utils.book.epub_package import repacked
from scaling_utils.book.mathml import mathml
from scaling_utils.book.pdf import find_browser, make_pdf
from scaling_utils.book.printed import contents, one_document
from scaling_utils.errors import BuildError, ScalingError

CHART = """from IPython.display import HTML, display
from scaling_utils.figures.embed import look_around
display(HTML(look_around("x", {"data": "1 < 2 && 3"}, label="A chart")))"""
ROOT = Path(__file__).parents[2]
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture
def browser():
    try:
        return find_browser()
    except ScalingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def epub(new_toy):
    """The EPUB of a toy book with a chart to look around in."""
    toy = new_toy("epub")
    toy.add(toy.code(CHART))
    toy.build()
    return make_epub(toy.project)


@pytest.mark.parametrize(
    "tex",
    [
        r"L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}",
        r"^{\alpha}",
        r"\begin{align} a &= b \\ c &= d \end{align}",
        r"\mathrm{Huber}_\delta \left( \ln \hat L - \ln L \right)",
    ],
)
def test_formulas_become_mathml(tex):
    assert ElementTree.fromstring(mathml(tex, block=True)).tag == f"{MATHML}math"


def test_a_formula_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="nonsense"):
        mathml(r"\nonsense{x}")


def test_the_contents_keep_order_and_depth(toy):
    toy.project.toc.write_text(
        "format: jb-book\nroot: book/index\nparts:\n- caption: One\n  chapters:\n  - file: book/a.md\n"
        "    sections:\n    - {file: notebooks/b, title: Bee}\n- caption: Two\n  chapters: [{file: book/c}]\n"
    )
    assert [(entry.docname, entry.title, entry.depth) for entry in contents(toy.project)] == [
        ("book/index", None, 0),
        (None, "One", 0),
        ("book/a", None, 0),
        ("notebooks/b", "Bee", 1),
        (None, "Two", 0),
        ("book/c", None, 0),
    ]


def test_times_and_order_in_an_epub_are_fixed(tmp_path):
    def made(names, year):
        path = tmp_path / "x.epub"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                content = {"mimetype": "application/epub+zip"}.get(name, "<p>a&nbsp;b</p><math/>")
                archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
        return path.read_bytes()

    one = repacked(made(["a.xhtml", "mimetype", "b.xhtml"], 2020), 10**9)
    assert one == repacked(made(["b.xhtml", "a.xhtml", "mimetype"], 2024), 10**9)
    (tmp_path / "y.epub").write_bytes(one)
    with zipfile.ZipFile(tmp_path / "y.epub") as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("a.xhtml").decode() == "<p>a\xa0b</p><math/>"


def test_links_to_what_an_epub_does_not_hold_lead_to_the_site(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.epub", "w") as archive:
        links = '<p><a href="../claims.json">c</a><a href="b.xhtml#x">b</a><a href="https://a.org">a</a></p>'
        archive.writestr("book/a.xhtml", links)
        archive.writestr("book/b.xhtml", "<p/>")
    (tmp_path / "y.epub").write_bytes(
        repacked((tmp_path / "x.epub").read_bytes(), 10**9, base="https://book.example/of/")
    )
    with zipfile.ZipFile(tmp_path / "y.epub") as archive:
        page = archive.read("book/a.xhtml").decode()
    assert re.findall('href="([^"]+)"', page) == [
        "https://book.example/of/claims.json",
        "b.xhtml#x",
        "https://a.org",
    ]


@pytest.fixture(scope="module")
def epubcheck():
    """Runs EPUBCheck, the validator of the format's own stewards; what it complains of."""
    jar = Path(os.environ.get("EPUBCHECK", "/usr/share/java/epubcheck.jar"))
    if not jar.is_file() or not shutil.which("java"):
        pytest.skip("there is no EPUBCheck; install Debian's package epubcheck, or name a jar in EPUBCHECK")

    def check(path):
        command = ["java", "-jar", str(jar), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        told = (done.stdout + done.stderr).splitlines()
        assert "EPUBCheck completed" in told, told
        return [line for line in told if line.startswith(("FATAL", "ERROR", "WARNING"))]

    return check


@pytest.mark.slow
def test_readers_take_the_epub_of_a_toy(epub, epubcheck, tmp_path):
    assert epubcheck(epub) == []
    with zipfile.ZipFile(epub) as archive, zipfile.ZipFile(tmp_path / "broken.epub", "w") as broken:
        for name in archive.namelist():
            page = archive.read(name)
            broken.writestr(name, page.replace(b"</p>", b'<a href="gone.xhtml">x</a></p>'))
    assert any("gone.xhtml" in problem for problem in epubcheck(tmp_path / "broken.epub"))


@pytest.mark.slow
def test_readers_take_the_epub_of_the_book(epubcheck):
    whole = ROOT / "_build/book.epub"
    if not whole.is_file():
        pytest.skip("there is no EPUB of the book; run make epub first")
    assert epubcheck(whole) == []


def test_pictures_and_markup_that_epub_does_not_know(tmp_path):
    webp = BytesIO()
    Image.new("RGB", (2, 2), "red").save(webp, "WEBP")
    page = (
        '<html><head></head><body><style>a</style><p class="collapsed admonition-title">t</p>'
        '<img src="../_images/x.thumb.webp"/><svg width="1"></svg></body></html>'
    )
    item = '<item id="{0}" href="{0}" media-type="{1}" />'
    with zipfile.ZipFile(tmp_path / "x.epub", "w") as archive:
        archive.writestr("a/p.xhtml", page)
        archive.writestr("b/p.xhtml", "<html><head></head><body><math/></body></html>")
        archive.writestr("_images/x.thumb.webp", webp.getvalue())
        archive.writestr("_images/y.svg", '<svg><path id="blank"/><path d="M0 0"/></svg>')
        items = [("a/p.xhtml", "application/xhtml+xml"), ("b/p.xhtml", "application/xhtml+xml")]
        listed = [item.format(*pair) for pair in [*items, ("_images/x.thumb.webp", "image/webp")]]
        archive.writestr("content.opf", "".join(listed))
    (tmp_path / "y.epub").write_bytes(repacked((tmp_path / "x.epub").read_bytes(), 10**9))
    with zipfile.ZipFile(tmp_path / "y.epub") as archive:
        assert archive.read("a/p.xhtml").decode() == (
            '<html><head><style>a</style></head><body><span class="collapsed admonition-title">t</span>'
            '<img src="../_images/x.thumb.png"/><svg xmlns="http://www.w3.org/2000/svg" width="1"></svg>'
            "</body></html>"
        )
        assert Image.open(BytesIO(archive.read("_images/x.thumb.png"))).format == "PNG"
        assert archive.read("_images/y.svg") == b'<svg><path d="" id="blank"/><path d="M0 0"/></svg>'
        package = archive.read("content.opf").decode()
    assert re.findall('href="([^"]+)" media-type="([^"]+)"(?: properties="([^"]+)")?', package) == [
        ("a/p.xhtml", "application/xhtml+xml", "svg"),
        ("b/p.xhtml", "application/xhtml+xml", "mathml"),
        ("_images/x.thumb.png", "image/png", ""),
    ]


def test_the_settings_of_the_epub_have_no_scripts_and_no_buttons():
    config = {
        "title": "T",
        "author": "A",
        "launch_buttons": {"binderhub_url": "https://b.org"},
        "sphinx": {"config": {"extensions": ["myst_nb", "sphinx_copybutton"], "html_js_files": ["a.js"]}},
    }
    made = epub_config(config)
    assert "launch_buttons" not in made
    assert "html_js_files" not in made["sphinx"]["config"]
    assert made["sphinx"]["config"]["extensions"] == [
        "myst_nb",
        "scaling_utils.book.mathml",
        "scaling_utils.book.sphinx_epub",
    ]
    assert "launch_buttons" in config, "the book's own settings stay"


def test_without_a_browser_there_is_one_clear_message(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("scaling_utils.book.pdf.BROWSERS", ("chromium",))
    with pytest.raises(ScalingError, match=r"no browser that prints is installed .* --browser PATH"):
        find_browser()
    with pytest.raises(ScalingError, match="no browser at 'elsewhere'"):
        find_browser("elsewhere")


@pytest.mark.slow
def test_one_document_holds_every_page_and_its_links_lead_somewhere(built):
    text = one_document(built.project)
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', text)
    assert links and set(links) <= set(ids)
    assert text.count('class="printed-page printed-depth-') == 4
    assert "127.0.0.1" not in text and str(built.project.root) not in text
    sources = re.findall(r'(?:src|href)="(?!#|http)([^"?]+)', text)
    assert sources and all((built.project.html / source).is_file() for source in sources)
    assert text == one_document(built.project)


@pytest.mark.slow
def test_the_pdf_is_whole_and_the_same_twice(built, browser):
    first = make_pdf(built.project, browser=browser).read_bytes()
    assert first.startswith(b"%PDF-") and b"(A toy book)" in first
    assert b"(D:19800101000000+00'00')" in first
    assert b"127.0.0.1" not in first
    assert make_pdf(built.project, browser=browser).read_bytes() == first
    assert built.leftovers() == []


@pytest.mark.slow
def test_a_browser_that_fails_leaves_the_pdf_that_stood(built):
    built.project.pdf.write_bytes(b"before")
    with pytest.raises(BuildError, match="did not print the book"):
        make_pdf(built.project, browser=sys.executable)
    assert built.project.pdf.read_bytes() == b"before"
    assert built.leftovers() == []


@pytest.mark.slow
def test_the_epub_is_well_formed_and_the_same_twice(built):
    first = make_epub(built.project).read_bytes()
    with zipfile.ZipFile(built.project.epub) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert archive.read("mimetype") == b"application/epub+zip"
        pages = [name for name in names if name.endswith(".xhtml")]
        trees = {name: ElementTree.fromstring(archive.read(name)) for name in pages}
        package = archive.read("content.opf").decode()
    with_formulas = [
        name for name, tree in trees.items() if next(tree.iter(f"{MATHML}math"), None) is not None
    ]
    assert len(with_formulas) == 3
    assert package.count('properties="mathml"') == len(with_formulas)
    assert make_epub(built.project).read_bytes() == first
    assert built.leftovers() == []
