"""An anchor that was public stays, or the build fails."""

from __future__ import annotations

import json

import pytest

from scaling_utils.book.anchors import add_anchors, anchors_of, check_anchors, moved_pages
from scaling_utils.book.edition import EDITION
from scaling_utils.book.project import Project
from scaling_utils.errors import BuildError

PAGE = """<html><head></head><body><nav><a id="nav"></a><section id="outside"></section></nav><article>
<section id="the-fit"><span id="fit-mine"></span><h2>The fit</h2><p id="paragraph">x</p>
<span id="id7"></span><span id="cite-target-name"></span>
<figure id="fig-fit"></figure><div class="math notranslate" id="equation-law"></div>
<dl><dt id="term-loss">loss</dt></dl><span id="claim-hoff-a2-a">claim</span></section></article>
<section id="after"></section></body></html>"""
LABELS = ["claim-hoff-a2-a", "equation-law", "fig-fit", "fit-mine", "term-loss", "the-fit"]


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "book").mkdir()
    (tmp_path / "book/_toc.yml").write_text("root: book/index\n")
    for folder in (project.staged, project.html / "book"):
        folder.mkdir(parents=True)
    (project.staged / EDITION).write_text(json.dumps({"empty": ["notebooks/n/empty"]}))
    for name in ("index.html", "book/index.html"):
        (project.html / name).write_text(PAGE)
    return project


def test_anchors_are_those_that_people_may_cite():
    assert sorted(anchors_of(PAGE)) == LABELS


def test_the_title_of_a_notebook_is_no_address():
    assert anchors_of(PAGE) - anchors_of(PAGE, titled=False) == {"the-fit"}


def test_new_anchors_are_added_once_and_sorted(project):
    (project.pages / "anchors.txt").write_text("book/index#the-fit\nbook/old#x\n")
    assert add_anchors(project) == [f"book/index#{label}" for label in LABELS if label != "the-fit"]
    lines = (project.pages / "anchors.txt").read_text().split()
    assert lines == sorted(lines) and len(lines) == len(LABELS) + 1
    assert add_anchors(project) == []


def test_a_lost_anchor_stops_the_build(project):
    (project.pages / "anchors.txt").write_text("book/index#the-fit\nbook/index#gone\nnotebooks/n/empty#a\n")
    with pytest.raises(BuildError, match="book/index#gone") as caught:
        check_anchors(project, project.html, ["book/index"])
    assert "#the-fit" not in str(caught.value) and "#a" not in str(caught.value)


def test_an_anchor_may_move_with_its_page(project):
    (project.pages / "anchors.txt").write_text("book/old#the-fit\n")
    (project.pages / "redirects.yml").write_text("book/old: book/index\n")
    check_anchors(project, project.html, ["book/index"])


@pytest.mark.parametrize("text", ["[book/old]", "book/old: 3", "a: [", "book/old: {a: b}"])
def test_wrong_redirects_are_named(project, text):
    (project.pages / "redirects.yml").write_text(text)
    with pytest.raises(BuildError, match=r"book/redirects\.yml"):
        moved_pages(project)


def test_without_a_site_there_is_nothing_to_add(tmp_path):
    with pytest.raises(BuildError, match="scaling-book build"):
        add_anchors(Project(tmp_path))
