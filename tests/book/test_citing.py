"""Entries, tags and addresses by which pages, sections, figures and rows are cited."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pybtex.database import parse_string

from scaling_utils.book.cite_box import cite_box, figure_footer, picture, redirect_page
from scaling_utils.book.cite_example import example_work
from scaling_utils.book.citing import Target, Work, bibtex, csl, meta_tags
from scaling_utils.book.generated import claim_anchor
from scaling_utils.book.project import Project
from scaling_utils.book.source_links import source_buttons
from scaling_utils.claims import ledger

ROOT = Path(__file__).parents[2]
WORK = Work(
    key="scaling-laws-book:a-page",
    title="What “5 %” of N_opt costs — twice?",
    url="https://a.example/book/a-page.html",
    book="A book & its data",
    author="The contributors",
    version="1.2.0",
    commit="0123456789ab",
    date="2026-01-31",
)


class Tags(HTMLParser):
    """Collects (tag, attributes)."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_bibtex_is_read_back_as_it_was_meant():
    entry = parse_string(bibtex(WORK), "bibtex").entries[WORK.key]
    assert entry.type == "misc"
    assert entry.fields["url"] == WORK.url
    assert entry.fields["year"], entry.fields["month"] == ("2026", "1")
    assert entry.fields["title"] == "{What ``5 \\%'' of N\\_opt costs --- twice?}"
    assert "\\& its data, version 1.2.0, commit 0123456789ab" in entry.fields["howpublished"]
    assert str(entry.persons["author"][0]) == "{The contributors}"


def test_csl_holds_what_the_schema_asks():
    item = csl(WORK)
    assert item["type"] == "chapter" and item["container-title"] == WORK.book
    assert item["issued"] == {"date-parts": [[2026, 1, 31]]}
    assert item["author"] == [{"literal": "The contributors"}]
    assert item["URL"] == WORK.url and item["id"] == WORK.key and item["version"] == "1.2.0"


def test_a_build_outside_of_a_repository_names_no_commit():
    assert Work(**{**vars(WORK), "commit": ""}).edition == "version 1.2.0"


def test_meta_tags_are_escaped_and_complete():
    page = meta_tags(WORK, description='a "b" <c>', picture="https://a.example/f.png", picture_alt="A figure")
    tags = {a.get("name") or a["property"]: a["content"] for _, a in Tags(page).found}
    assert tags["citation_title"] == tags["DC.title"] == tags["og:title"] == WORK.title
    assert tags["citation_publication_date"] == "2026/01/31" and tags["DC.date"] == WORK.date
    assert tags["citation_public_url"] == tags["og:url"] == WORK.url
    assert tags["description"] == 'a "b" <c>' and tags["og:image"] == "https://a.example/f.png"


def test_tags_without_a_picture_leave_it_out():
    assert "og:image" not in meta_tags(WORK, description="a", picture="", picture_alt="")


def test_the_box_holds_entries_and_targets():
    page = cite_box(WORK, [Target("the-fit", "The fit </script>")])
    data = re.search(r'<script type="application/json" id="cite-data">(.*?)</script>', page)[1]
    assert json.loads(data)["targets"] == [{"anchor": "the-fit", "title": "The fit </script>"}]
    ids = [a["id"] for _, a in Tags(page).found if "id" in a]
    copied = [a["data-copies"] for tag, a in Tags(page).found if tag == "button"]
    assert set(copied) <= set(ids) and len(set(ids)) == len(ids)
    shown, folded = page.partition("<details")[::2]
    assert 'id="cite-bibtex"' in shown and 'id="cite-csl"' in folded.partition("</details>")[0]


def test_a_figure_names_its_data_and_links_its_files():
    facts = {"formats": ["svg", "csv.gz"], "data": "mine<1>", "sha256": "ab" * 32, "seed": 0}
    line = figure_footer(facts, stem="../figures/n/s/fit", notebook="n.ipynb", page="p.html", commit="012")
    links = [a["href"] for tag, a in Tags(line).found if tag == "a"]
    assert links == ["../figures/n/s/fit.csv.gz", "../figures/n/s/fit.svg", "n.ipynb", "p.html#stamp"]
    assert "mine&lt;1&gt;" in line and "ab" * 6 + "…" in line and "seed 0" in line


def test_a_picture_keeps_its_place_free():
    ((_, image),) = Tags(picture(url="a.svg", alt='a "b"', size=(30, 20), lazy=True, scrolls=False)).found
    assert (image["width"], image["height"], image["loading"]) == ("30", "20", "lazy")
    assert image["alt"] == 'a "b"'


def test_a_redirect_keeps_the_anchor():
    page = redirect_page("new.html", "A book")
    assert '"new.html" + location.hash' in page
    assert 'content="1; url=new.html"' in page


def test_buttons_lead_to_files_that_exist():
    page = "notebooks/03-isoflop-profiles/hoffmann2022-fig4"
    groups = source_buttons("https://github.com/a/b", branch="main", page=page, notebooks={page})
    urls = [button["url"] for group in groups for button in group["buttons"]]
    named = {found[0] for url in urls if (found := re.search(r"notebooks/[\w-]+\.ipynb", url))}
    assert len(urls) == 5 and len(named) == 1
    assert (ROOT / named.pop()).is_file()
    assert source_buttons("", branch="main", page=page, notebooks={page}) == []


def test_rows_of_the_ledger_have_addresses_of_their_own():
    anchors = [claim_anchor(row.id) for row in ledger({})]
    assert len(set(anchors)) == len(anchors) > 100
    assert all(re.fullmatch(r"claim(-[a-z0-9]+)+", anchor) for anchor in anchors)


def compiled(command, folder):
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


@pytest.fixture
def bibliography(tmp_path):
    work = example_work(Project(ROOT))
    (tmp_path / "book.bib").write_text(bibtex(work), encoding="utf-8")
    (tmp_path / "book.json").write_text(json.dumps([csl(work)]), encoding="utf-8")
    return work


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("pdflatex") or not shutil.which("bibtex"), reason="needs pdflatex, bibtex"
)
def test_the_latex_example_compiles(bibliography, tmp_path):
    shutil.copy(ROOT / "book/cite/example.tex", tmp_path)
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "example"]
    compiled(latex, tmp_path)
    assert "Warning" not in compiled(["bibtex", "example"], tmp_path)
    compiled(latex, tmp_path)
    assert "undefined" not in compiled(latex, tmp_path)
    printed = (tmp_path / "example.bbl").read_text(encoding="utf-8")
    assert bibliography.url in printed and bibliography.version in printed
    assert (tmp_path / "example.pdf").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pandoc"), reason="needs pandoc")
@pytest.mark.parametrize("entries", ["book.bib", "book.json"])
def test_the_pandoc_example_compiles(bibliography, tmp_path, entries):
    shutil.copy(ROOT / "book/cite/example.md.txt", tmp_path / "example.md")
    page = compiled(["pandoc", "--citeproc", f"--bibliography={entries}", "example.md"], tmp_path)
    assert bibliography.title.lower() in " ".join(page.split()).lower()  # styles set capitals of their own
    assert f'href="{bibliography.url}"' in page
    assert "???" not in page
