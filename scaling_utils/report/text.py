"""Text from outside on a page: it appears as it is, whatever markup it holds."""

from __future__ import annotations

import re

from scaling_utils.errors import clip

_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")

LONGEST = 300
"""Characters of a text on a page."""


def plain(text: object) -> str:
    r"""Text as Markdown that shows it: on one line, every ASCII sign as a character reference.

    A reference is never read as markup: not of Markdown, MyST, LaTeX or HTML.

    >>> plain("a_b <b>$x$</b>")
    'a&#95;b &#60;b&#62;&#36;x&#36;&#60;&#47;b&#62;'
    >>> plain("{cite}`x`\n")
    '&#123;cite&#125;&#96;x&#96;&#92;n'
    """
    return _MARKUP.sub(lambda sign: f"&#{ord(sign.group())};", clip(str(text), LONGEST).strip()) or "–"


def verbatim(text: object) -> str:
    r"""Text as a code span of Markdown, for what is to be copied: no quote or dash becomes a typographic one.

    >>> verbatim("--exclude 'Run 54'")
    "` --exclude 'Run 54' `"
    >>> print(verbatim("a ` b"))
    `` a ` b ``
    """
    shown = clip(str(text), LONGEST).strip()
    if not shown:
        return "–"
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}"
