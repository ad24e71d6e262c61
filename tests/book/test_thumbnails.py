"""Thumbnails are made for the figures that pages ask for, and for no others."""

import io

from PIL import Image

from scaling_utils.book.thumbnails import SIZE, add_thumbnails

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">
<rect width="90" height="30" fill="#c00"/></svg>"""


def test_only_what_a_page_asks_for_is_made(tmp_path):
    for name in ("asked", "other"):
        (tmp_path / "figures/n/s").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"figures/n/s/{name}.svg").write_text(SVG)
    (tmp_path / "book").mkdir()
    (tmp_path / "book/index.md").write_text(
        "```{image} ../figures/n/s/asked.thumb.webp\n```\n```{image} ../figures/n/s/absent.thumb.webp\n```\n"
    )
    add_thumbnails(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.webp")] == ["asked.thumb.webp"]
    picture = Image.open(io.BytesIO((tmp_path / "figures/n/s/asked.thumb.webp").read_bytes()))
    assert picture.size == SIZE
    assert picture.getpixel((5, 5)) == (255, 255, 255)
    red = picture.getpixel((SIZE[0] // 2, SIZE[1] // 2))
    assert red[0] > 180 and red[1] < 30
