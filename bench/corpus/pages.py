"""Draws pages and covers of books, seeded: soft coloured shapes with words on them, as JPEG, PNG or WEBP.

Pillow encodes here, since it knows all three; `pictures` makes those of sound files with what encodes sound.
"""

from __future__ import annotations

import functools
import io
import random
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Format = Literal["jpg", "png", "webp"]
FORMATS: tuple[Format, ...] = ("jpg", "png", "webp")
#: The quickest that each has to offer: these are made by the thousand.
_ENCODED = {
    "jpg": ("JPEG", {"quality": 80}),
    "png": ("PNG", {"compress_level": 1}),
    "webp": ("WEBP", {"quality": 70, "method": 0}),
}
#: Pixels of one soft shape; fewer make a picture that compresses worse.
_GRAIN = 24


def page(
    fmt: Format, width: int, height: int, seed: int, lines: Sequence[str] = (), *, grain: int = _GRAIN
) -> bytes:
    """The bytes of one picture; `lines` are written on it as far as its Latin typeface has their letters.

    300 by 450 pixels give a JPEG of about 8 kB; 1200 by 1800 with a grain of 8 one of 500 kB.
    """
    rng = random.Random(f"page {seed}")
    across, down = max(2, width // grain), max(2, height // grain)
    tone = [rng.randrange(20, 150) for _ in range(3)]
    shades = [bytes(min(255, base + (step >> 2)) for step in range(256)) for base in tone]
    channels = [rng.randbytes(across * down).translate(shade) for shade in shades]
    small = Image.merge("RGB", [Image.frombytes("L", (across, down), one) for one in channels])
    image = small.resize((width, height), Image.Resampling.BICUBIC)
    if lines:
        size = max(10, width // 11)
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            pen.text((size, size + number * size * 3 // 2), line, fill="white", font=_font(size))
    target = io.BytesIO()
    name, options = _ENCODED[fmt]
    image.save(target, name, **options)
    return target.getvalue()


def marked(jpeg: bytes, number: int) -> bytes:
    """The same JPEG with a number in a comment: another file that shows the same, at no cost."""
    return jpeg[:2] + b"\xff\xfe\0\x0a" + number.to_bytes(8, "big") + jpeg[2:]


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
