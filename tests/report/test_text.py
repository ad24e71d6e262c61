"""Text of strangers on a page stays text."""

import html
import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scaling_utils.book.tables import table
from scaling_utils.errors import clip
from scaling_utils.report.text import LONGEST, plain, verbatim

HOSTILE = [
    "<script>alert(1)</script>",
    "{include} /etc/passwd",
    "{{ title }}",
    "{raw}`html <b>`",
    "$\\href{javascript:alert(1)}{x}$",
    "![x](http://example.org/x.png)",
    "<http://example.org>",
    "```{code-cell}\nimport os\n```",
    "| a | b |\n|---|---|",
    "(label)=",
    "# heading",
    "1. item",
    "[a]: http://example.org",
    "&lt;b&gt; &#60;",
]


@given(st.text(max_size=400))
@example("".join(HOSTILE))
@example("x" * 10_000)
def test_markdown_shows_the_text_and_nothing_else(text):
    shown = MarkdownIt("commonmark").enable("table").renderInline(plain(text))
    assert not re.search(r"<[a-z/!]", shown)
    assert html.unescape(shown) in (clip(text, LONGEST).strip(), "–")


@given(st.text(max_size=50))
def test_no_sign_of_markup_is_left(text):
    assert not re.search(r"[<>`{}$\\\[\]|*_~:(]", re.sub(r"&#\d+;", "", plain(text)))


@given(st.text(max_size=400))
@example("--exclude 'Run 54' --exclude 'a | b'")
@example("a ``b` \\| $x$ {cite}`y`")
@example("`" * 300)
def test_a_code_span_shows_the_text_letter_by_letter(text):
    cell = table(("",), [(verbatim(text),)])
    shown = MarkdownIt("commonmark", {"typographer": True}).enable(["table", "replacements", "smartquotes"])
    (code,) = re.findall(r"<td>(.*?)</td>", shown.render(cell), re.DOTALL)
    wanted = " ".join(clip(text, LONGEST).split())
    assert html.unescape(code) == (f"<code>{wanted}</code>" if wanted else "–")
