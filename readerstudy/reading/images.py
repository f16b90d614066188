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
    unusable = ImageUnusableError(f"The image of {name} cannot be used.")
    try:
        rendition = cases.rendition_get(case=case, method=method)
        values = cases.rendition_values(rendition)
    except (Rendition.DoesNotExist, Refused, OSError, ValueError):
        raise unusable from None
    if rendition.sha256 != sha256:
        raise unusable
    return shown_pixels(values, window=window)
