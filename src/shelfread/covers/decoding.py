"""Encoded pictures of any origin on their way to pixels: what they are, and whether they may be decoded.

For `making`, in a confined process. A picture is measured by its header first, and what decoding it takes is
held against what it may, so a kilobyte that claims four thousand million pixels costs nothing. Knows no size
that is wanted.
"""

from __future__ import annotations

from io import BytesIO

# All that are used, and none that is imported later: a confined process has little to open files with.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from shelfread.media.pictures import measure
from shelfread.media.window import Memory, Window
from shelfread.model.problem import ProblemCode

#: Bytes of an encoded picture that are looked at at all.
MOST_BYTES = 64 << 20
#: Of a TIFF: its reader copies what stands beside the pixels several times.
MOST_BYTES_TIFF = 32 << 20
#: Pixels of a picture, as its header has them.
MOST_PIXELS = 100_000_000
#: Memory that decoding may take, in bytes: with everything else it stays below 300 MB.
MOST_MEMORY = 224 << 20
#: What a decoder has in memory for a pixel, with what the next step makes of it before it can let go.
_COST = {"L": 1, "1": 2, "LA": 6, "P": 9, "PA": 9, "RGBA": 8, "I;16": 4, "I;16B": 4, "I;16L": 4, "I": 6}
_COST_OTHERS = 4
#: These two decoders hold several copies of the whole canvas.
_COST_OF_FORMAT = {"WEBP": 12, "AVIF": 12}
_READ = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


AvifImagePlugin.DEFAULT_MAX_THREADS = 1
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
_PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin,
    TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip


class PictureTrouble(Exception):
    """No small picture can be made: a code from the closed list and a line for people."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def opened(content: bytes) -> Image.Image:
    """The picture with its header read, and found to be no larger than what may be decoded."""
    if not content:
        raise PictureTrouble(ProblemCode.EMPTY_FILE, "the picture has no bytes")
    most = MOST_BYTES_TIFF if content[:4] in (b"II*\0", b"MM\0*") else MOST_BYTES
    if len(content) > most:
        raise _too_large(f"{len(content) >> 20} MB", f"{most >> 20} MB")
    measured = measure(Window(Memory(content)), 0, len(content), "front")
    _refuse_pixels(measured.width or 0, measured.height or 0)
    if measured.mime == "image/jpeg" and b"\xff\xd9" not in content[-1024:]:
        content += b"\xff\xd9"  # torn off: what there is of it is shown, as everybody else does
    picture = Image.open(BytesIO(content), formats=_READ)
    _refuse_pixels(*picture.size)
    return picture


def _refuse_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large(f"{width} x {height} pixels", f"{MOST_PIXELS // 1_000_000} million pixels")


def _too_large(what: str, most: str) -> PictureTrouble:
    return PictureTrouble(ProblemCode.LIMIT_EXCEEDED, f"the picture has {what}, up to {most} are accepted")


def unknown(content: bytes) -> PictureTrouble:
    """What to say of a picture that no reader knows."""
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        return PictureTrouble(ProblemCode.UNSUPPORTED, "it is a drawing (SVG), which is not rendered")
    return PictureTrouble(ProblemCode.WRONG_FORMAT, "it is not a picture of a known format")


def refuse_memory(picture: Image.Image, full: tuple[int, int]) -> None:
    """Hold what decoding will take against what it may, once it is known at which size that will be."""
    width, height = picture.size
    cost: float = _COST_OF_FORMAT.get(picture.format or "", _COST.get(picture.mode, _COST_OTHERS))
    needed = width * height * cost
    if picture.info.get("progressive") and isinstance(picture, JpegImagePlugin.JpegImageFile):
        # All of its coefficients are kept, two bytes each, whatever size is wanted in the end.
        most = max((across * down for _, across, down, _ in picture.layer), default=1)
        planes = sum(across * down for _, across, down, _ in picture.layer) / most
        needed += 2 * planes * full[0] * full[1]
    if needed > MOST_MEMORY:
        raise _too_large(f"{full[0]} x {full[1]} pixels in this format", f"{MOST_MEMORY >> 20} MB")


def resizable(picture: Image.Image) -> Image.Image:
    """In a mode whose pixels can be mixed: no palette, not 1 bit and not 16; with alpha if there is any."""
    if picture.mode in ("RGB", "L", "CMYK", "YCbCr", "RGBA", "LA") and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I;16"):
        # Its own conversion cuts off what is above 255 instead of what is below.
        return picture.point(lambda value: value / 257, "L") if picture.mode == "I;16" else _greyed(picture)
    if picture.mode in ("I", "F"):
        return _greyed(picture)
    if picture.mode in ("PA", "La", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _greyed(picture: Image.Image) -> Image.Image:
    """Whole numbers or fractions of any range as shades of grey."""
    numbers = (picture if picture.mode == "F" else picture.convert("I")).convert("F")
    _, high = numbers.getextrema()
    assert isinstance(high, float)
    top = 65535.0 if high > 255 else 255.0 if high > 1 else 1.0
    return numbers.point(lambda value: value * (255.0 / top) + 0.0).convert("L")
