"""A Sphinx extension for the EPUB: every page in its contents, and nothing that needs a script.

Readers of EPUB run no scripts, and take pages for XML.
"""

from __future__ import annotations

import posixpath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder

from scaling_utils.figures.embed import NEEDS_SCRIPT


class BookEpub(Epub3Builder):
    """The builder of EPUBs for a book whose front page lies in a folder."""

    def get_toc(self) -> None:
        """Take the table of contents from the front page, under the names of the files."""
        super().get_toc()
        # Sphinx puts the folder of the front page before each address as seen from there: book/../notebooks/x
        for entry in self.refnodes:
            entry["refuri"] = posixpath.normpath(entry["refuri"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_builder(BookEpub, override=True)
    app.connect("doctree-resolved", _leave_out_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _leave_out_scripts(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in doctree.findall(nodes.raw):
        if "html" in node["format"] and "<script" in node.astext():
            node[:] = [nodes.Text(without_scripts(node.astext()))]


def without_scripts(markup: str) -> str:
    """HTML as XML, without scripts and what needs them.

    >>> without_scripts('<p>a<br>b</p><script>1 < 2</script><details class="look-around">c</details>')
    '<p>a<br/>b</p>'
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup, "html.parser")
    for tag in soup.select(f"script, {NEEDS_SCRIPT}"):
        tag.decompose()
    return str(soup)
