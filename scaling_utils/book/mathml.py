"""A Sphinx extension: formulas as MathML, for readers that run no scripts (EPUB)."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer `mathml` with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(tex: str, *, block: bool = False) -> str:
    r"""MathML of a formula in LaTeX.

    Parameters
    ----------
    tex
        The formula, without dollar signs.
    block
        Whether it stands on a line of its own.

    Raises
    ------
    ValueError
        If the formula uses a command that docutils does not know.

    Examples
    --------
    >>> print(mathml("N^a"))
    <math xmlns="http://www.w3.org/1998/Math/MathML">
      <msup>
        <mi>N</mi>
        <mi>a</mi>
      </msup>
    </math>
    """
    from docutils.utils.math.latex2mathml import tex2mathml

    # docutils knows aligned, not align, and needs something that a leading exponent can stand on
    tex = re.sub(r"\\(begin|end)\{align\*?\}", r"\\\1{aligned}", tex)
    return as_xml(tex2mathml(re.sub(r"^\s*(?=[\^_])", "{}", tex), as_block=block))


def as_xml(markup: str) -> str:
    r"""Markup with characters in place of the names that HTML has for them and XML has not.

    >>> as_xml("a&nbsp;&lt;&nbsp;b") == "a\xa0&lt;\xa0b"
    True
    """
    return _ENTITY.sub(lambda match: unescape(match[0]), markup)


def _inline(visitor: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    visitor.body.append(_rendered(node, block=False))
    raise SkipNode


def _display(visitor: Any, node: Any) -> None:
    from docutils.nodes import SkipNode
    from sphinx.util.math import get_node_equation_number

    ids = "".join(f'<span id="{escape(name)}"></span>' for name in node["ids"])
    number = (
        f'<span class="eqno">({get_node_equation_number(visitor, node)})</span>' if node["number"] else ""
    )
    visitor.body.append(f'<div class="math">{ids}{number}{_rendered(node, block=True)}</div>\n')
    raise SkipNode


def _rendered(node: Any, *, block: bool) -> str:
    from sphinx.util import logging

    try:
        return mathml(node.astext(), block=block)
    except (ValueError, IndexError) as error:
        logging.getLogger(__name__).warning("a formula has no MathML: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"
