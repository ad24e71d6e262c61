"""Names that are code appear as text in a real report, run nowhere, and leave other folders alone."""

import re
from pathlib import Path

import pandas as pd
import pytest

from scaling_utils.book.project import Project
from scaling_utils.report.report import report
from scaling_utils.report.runs import read_given

pytestmark = pytest.mark.slow

FILE_NAME = "<img src=x onerror=window.ran=1> $a$ {include}`b` ![c](d) ..csv"
ATTACKS = [
    "<script>window.ran=1</script>",
    "<img src=x onerror='window.ran=1'>",
    "</td></table><svg onload=window.ran=1>",
    "\\(\\href{javascript:window.ran=1}{go}\\) $\\frac{1$ \\[x\\]",
    "```{raw} html\n<script>window.ran=1</script>\n```",
    "{raw:html}`<b>` {{ title }} {cite}`x` {download}`../../secret`",
    "| a | b |\n|---|---|\n(label)=\n# Heading",
    "'''\nimport os; os.mkdir('ran')\n'''",
    '"); raise SystemExit("',
    "../../../../escaped",
    "=cmd|' /C calc'!A0",
    "x" * 10_000,
    "\u202egpj.exe\u200b",
    "<!--<script>",
]


def hostile_runs(slices) -> pd.DataFrame:
    """Curves under two protocols and two methods whose every name is an attack."""
    tables = []
    for method, seed in ((ATTACKS[0], 0), (ATTACKS[3], 1)):
        table = slices.assign(
            variant=method, attention=method, panel=ATTACKS[1] + ATTACKS[3], corpus=ATTACKS[2]
        )
        table["run_id"] = [
            f"{ATTACKS[number // 8 % len(ATTACKS)]} {seed} {name}"
            for number, name in enumerate(table["run_id"])
        ]
        own = {ATTACKS[4]: 1.0 + seed, ATTACKS[1]: ATTACKS[5], ATTACKS[11]: ATTACKS[8]}
        tables.append(table.assign(**own))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory, request):
    from scaling_utils.book.files import checksums

    folder = tmp_path_factory.mktemp("hostile")
    path = folder / FILE_NAME
    hostile_runs(request.getfixturevalue("curves_of_slices")).to_csv(path, index=False)
    out = folder / "inner" / "report"
    (folder / "inner").mkdir()
    before = checksums([path], folder)
    ran = report(Project(Path(__file__).parents[2]), read_given([str(path)]), out, jobs=2)
    assert ran.failures == {}
    assert checksums([path], folder) == before
    assert sorted(p.name for p in folder.iterdir()) == sorted([FILE_NAME, "inner"])
    assert [p.name for p in (folder / "inner").iterdir()] == ["report"]
    return out, ran


def tooltips_of(page):
    """What a chart of the page says of some of its marks."""
    for chart in page.locator("details.look-around").all():
        chart.locator("summary").click()
        marks = chart.locator(".chart svg .mark-symbol path")
        marks.first.wait_for()
        for number in range(0, marks.count(), max(1, marks.count() // 30)):
            marks.nth(number).hover(force=True)
            yield from page.locator(
                "#vg-tooltip-element"
            ).all_inner_texts()  # none over a mark that says nothing


def test_every_chapter_is_served_and_no_file_has_a_name_of_theirs(hostile_report):
    out, ran = hostile_report
    assert {notebook[:2] for notebook, _ in ran.results} >= {"01", "02", "03", "04", "05", "06", "07", "08"}
    names = " ".join(path.name for path in out.rglob("*"))
    assert not re.search(r"[<>$`{}]|x{50}|escaped|ran\b|\.\.", names)


def test_nothing_of_theirs_runs_and_all_of_it_can_be_read(hostile_report, browser):
    out, _ = hostile_report
    pages = sorted((out / "html").rglob("*.html"))
    asked, dialogs, tooltips = [], [], set()
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in pages:
        page.goto(path.as_uri())
        page.wait_for_function("!window.MathJax || !MathJax.startup || MathJax.startup.promise")
        page.wait_for_timeout(500)
        tooltips |= set(tooltips_of(page))
        assert page.evaluate("window.ran") is None, path
        assert page.locator("a[href^='javascript:']").count() == 0, path
        assert page.locator(".table-scroll mjx-container, img[src='x'], svg[onload]").count() == 0, path
        assert page.locator(".bd-article table script, .bd-article table img").count() == 0, path
    page.goto((out / "html/book/index.html").as_uri())
    front = page.locator("article.bd-article").inner_text()
    page.goto((out / "html/notebooks/03-isoflop-profiles/yours.html").as_uri())
    chapter = page.locator("article.bd-article").inner_text()
    page.close()
    assert dialogs == []
    assert any("<script>window.ran=1</script>" in told for told in tooltips)
    assert any("<!--<script>" in told for told in tooltips)
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
    assert FILE_NAME in front and FILE_NAME in chapter
    assert "<script>window.ran=1</script>" in chapter
