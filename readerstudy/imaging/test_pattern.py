"""A test pattern for a reader's display: numbers one contrast step off black and white.

The steps are those of the SMPTE test pattern: a 5 % patch on 0 % and a 95 % patch on
100 % must both be seen, or the darkest or brightest parts of an image are lost (SMPTE
RP 133-1991; J. E. Gray, J Digit Imaging 5:54, 1992, doi:10.1007/BF03167824). As in the
patterns TG18-QC (E. Samei et al., Med Phys 32:1205, 2005, doi:10.1118/1.1861159; IEC
62563-1) there are characters in place of patches: what was read was surely seen.
"""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

HALF = (320, 200)  # columns, rows; twice the CSS pixels, for displays of double density
TEXT_SIZE = 120
BLACK, DARK_STEP = 0, 13  # of 255: 0 % and 5 %
WHITE, BRIGHT_STEP = 255, 242  # 100 % and 95 %


def pattern_png(*, dark: str, bright: str) -> bytes:
    """An 8-bit grey PNG of (200, 640): `dark` on black, right of it `bright` on white.

    The font is the one that Pillow carries, so it is the same on every server.
    """
    columns, rows = HALF
    image = Image.new("L", (2 * columns, rows))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=TEXT_SIZE)
    halves = ((dark, BLACK, DARK_STEP), (bright, WHITE, BRIGHT_STEP))
    for index, (text, ground, ink) in enumerate(halves):
        left = index * columns
        draw.rectangle((left, 0, left + columns - 1, rows - 1), fill=ground)
        centre = (left + columns / 2, rows / 2)
        draw.text(centre, text, fill=ink, font=font, anchor="mm")
    file = BytesIO()
    image.save(file, "png")
    return file.getvalue()
