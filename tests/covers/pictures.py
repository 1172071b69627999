"""Pictures for the tests of covers: honest ones, and those that are after the reader's memory and time."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    size: tuple[int, int] = (120, 180),
    colour: Any = "red",
    *,
    mode: str = "RGB",
    form: str = "JPEG",
    **how: Any,
) -> bytes:
    """One colour, encoded."""
    return encoded(Image.new(mode, size, colour), form, **how)


def encoded(image: Image.Image, form: str = "JPEG", **how: Any) -> bytes:
    """An image as the bytes of its file."""
    into = BytesIO()
    image.save(into, form, **how)
    return into.getvalue()


def halves(size: tuple[int, int] = (300, 200), form: str = "PNG", **how: Any) -> bytes:
    """Left half red, right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    return encoded(image, form, **how)


def shown(content: bytes) -> Image.Image:
    """What is in a small picture."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def colour_at(content: bytes, across: float = 0.5, down: float = 0.5) -> str:
    """The colour at a place of a picture, as a word."""
    image = shown(content).convert("RGB")
    found = image.getpixel((int(across * (image.width - 1)), int(down * (image.height - 1))))
    assert isinstance(found, tuple)
    names = {
        "red": (255, 0, 0), "blue": (0, 0, 255), "white": (255, 255, 255), "black": (0, 0, 0),
        "grey": (128, 128, 128), "green": (0, 128, 0), "yellow": (255, 255, 0), "cyan": (0, 255, 255),
    }  # fmt: skip
    return min(names, key=lambda name: sum((a - b) ** 2 for a, b in zip(names[name], found, strict=True)))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def huge_png(width: int = 65_500, height: int = 65_500) -> bytes:
    """A kilobyte that says it is four thousand million pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 4096)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def png_with_profile(size: int) -> bytes:
    """A PNG with a colour profile of so many bytes, packed small."""
    plain = picture(form="PNG")
    profile = png_chunk(b"iCCP", b"p\0\0" + zlib.compress(b"\0" * size))
    return plain[:33] + profile + plain[33:]


def gif_of(frames: int) -> bytes:
    """A GIF whose picture is followed by very many others."""
    one = picture((8, 12), form="GIF")
    head, body = one[:-1], one[one.index(b",") : -1]
    return head + body * (frames - 1) + b";"


def tiff_loop() -> bytes:
    """A TIFF whose directory says that the next directory is itself."""
    plain = bytearray(picture((8, 12), form="TIFF"))
    (at,) = struct.unpack_from("<I", plain, 4)
    (entries,) = struct.unpack_from("<H", plain, at)
    struct.pack_into("<I", plain, at + 2 + 12 * entries, at)
    return bytes(plain)


def svg() -> bytes:
    """A drawing with a script and a picture from elsewhere."""
    return (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script>'
        b'<image href="http://127.0.0.1:9/x.png"/><text>&x;</text></svg>'
    )
