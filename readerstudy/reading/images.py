"""The pixels of one image as a reader's browser gets them."""

from readerstudy.cases import selectors as cases
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.rendering import shown_pixels


class ImageUnusableError(Exception):
    """The image of a read is missing, damaged or another; tells neither arm nor case.

    Raised `from None`, so that no log learns them from what went before.
    """


def image_pixels(
    *, case: Case, method: str, sha256: str, window: str, name: str
) -> bytes:
    """The three slices of an image: always 12288 bytes, windowed as for every arm.

    sha256: of the image as it was when the study opened.
    name: what a log may call it. Raises ImageUnusableError if it is not that image.
    """
    try:
        rendition = cases.rendition_get(case=case, method=method)
    except Rendition.DoesNotExist:
        raise ImageUnusableError(_unusable(name)) from None
    return rendition_pixels(rendition, sha256=sha256, window=window, name=name)


def rendition_pixels(
    rendition: Rendition, *, sha256: str, window: str, name: str = "a read"
) -> bytes:
    """As image_pixels, of a row that was fetched already."""
    try:
        values = cases.rendition_values(rendition)
    except (Refused, OSError, ValueError):
        raise ImageUnusableError(_unusable(name)) from None
    if rendition.sha256 != sha256:
        raise ImageUnusableError(_unusable(name))
    return shown_pixels(values, window=window)


def _unusable(name: str) -> str:
    return f"The image of {name} cannot be used."
