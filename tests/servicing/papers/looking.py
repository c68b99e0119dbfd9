"""Reads papers as a person does: the words on every page, and the picture of a page."""

import pypdfium2
from PIL import Image


def pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def words(content: bytes) -> str:
    return "\n".join(pages(content))


def picture(content: bytes, page: int = 0) -> Image.Image:
    rendered: Image.Image = pypdfium2.PdfDocument(content)[page].render(scale=2).to_pil()
    return rendered
