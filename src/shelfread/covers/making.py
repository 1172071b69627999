"""Makes a small picture of a large one: encoded bytes in, encoded bytes out.

Runs in a confined child process (`tasks.cover_child`), since what comes in was made by anybody. Measures a
picture by its header before anything of it is decoded, and decodes no more than the small one needs. Pure:
the same bytes and the same shape give the same result. Knows no files, no catalogue, and not what the picture
is of.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
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
    UnidentifiedImageError,
    WebPImagePlugin,
)

from shelfread.media.pictures import measure
from shelfread.media.window import Memory, Window
from shelfread.model.problem import ProblemCode

#: Raised when the same picture gives something else than before: covers made by a lower one are made again.
VERSION = 1
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

#: Format in options to Pillow's name, the type that is served, and how it is written. WEBP of method 2 takes
#: 60 % of the time of Pillow's own choice, and its files are as large.
FORMATS: dict[str, tuple[str, str, dict[str, int | bool]]] = {
    "webp": ("WEBP", "image/webp", {"method": 2}),
    "jpeg": ("JPEG", "image/jpeg", {"optimize": True}),
    "png": ("PNG", "image/png", {"compress_level": 6}),
    "avif": ("AVIF", "image/avif", {"speed": 9, "max_threads": 1}),
}

#: Wider than high by so much, and not by more: two pages on one scan. A page is 0.6 to 0.77 times as wide as
#: it is high.
_SPREAD = (1.2, 2.2)
#: Higher than wide by so much: a strip to scroll through. What is shown of it is its beginning.
_STRIP = 3.0
_STRIP_SHOWN = 1.5
#: EXIF orientation to what puts the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
_ORIENTATION = 0x0112
#: Of a small picture made by scale; WEBP has no room for more.
_MOST_SIDE = 4000

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


@dataclass(frozen=True, slots=True)
class Shape:
    """What a small picture is to be like."""

    #: webp, jpeg, png or avif.
    format: str = "webp"
    #: 1 to 100; PNG has none.
    quality: int = 80
    #: It fits inside so many pixels and is never enlarged.
    width: int = 400
    height: int = 600
    #: So many times as large as the original instead, at most 1.
    scale: float | None = None

    @property
    def key(self) -> str:
        """The same for all pictures that would come out the same."""
        size = f"{self.width}x{self.height}" if self.scale is None else f"x{self.scale:g}"
        quality = "" if self.format == "png" else f" {self.quality}"
        return f"{VERSION} {self.format}{quality} {size}"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture."""

    content: bytes
    mime: str
    width: int
    height: int


def make_thumbnail(content: bytes, shape: Shape, front: str | None = None) -> Thumbnail:
    """Make the small picture of an encoded one.

    Args:
        content: the picture as it is in its file.
        shape: what to make.
        front: of a page, the half of a double page that is the front: right or left. A wrap-around cover lies
            open with its outside up: where books open to the left, its front is the right half and the back
            cover the left one; where they open to the right (manga), the other way round. None: not a page,
            all of it is shown.

    Raises:
        PictureTrouble: it is none, is damaged, or larger than is accepted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is nobody's concern here
        try:
            return _encoded(_small(_opened(content), shape, front), shape)
        except PictureTrouble:
            raise
        except (Image.DecompressionBombError, MemoryError):
            raise PictureTrouble(ProblemCode.LIMIT_EXCEEDED, "the picture is too large") from None
        except UnidentifiedImageError:
            raise _unknown(content) from None
        except Exception as error:
            # Decoders raise whatever comes to their mind: OSError, SyntaxError, struct.error, EOFError, ...
            text = f"the picture is damaged: {str(error)[:200] or type(error).__name__}"
            raise PictureTrouble(ProblemCode.DAMAGED, text) from error


def _opened(content: bytes) -> Image.Image:
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


def _unknown(content: bytes) -> PictureTrouble:
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        return PictureTrouble(ProblemCode.UNSUPPORTED, "it is a drawing (SVG), which is not rendered")
    return PictureTrouble(ProblemCode.WRONG_FORMAT, "it is not a picture of a known format")


def _small(picture: Image.Image, shape: Shape, front: str | None) -> Image.Image:
    """The picture upright, cropped to what is shown, in its final size, in RGB."""
    turn = _UPRIGHT.get(_orientation(picture))
    width, height = _turned(picture.size, turn)
    shown = _shown(width, height, front)
    size = _fitted(*shown, shape)
    # The whole of it is made small and upright first, then cut: a half costs no more thought than a whole.
    factor = size[0] / shown[0]
    whole = max(size[0], round(width * factor)), max(size[1], round(height * factor))
    lying = _turned(whole, turn)
    full = picture.size
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        # Decoded no larger than needed: a JPEG can be read at a half, a quarter or an eighth of its size.
        picture.draft(None, lying)
    _refuse_memory(picture, full)
    picture.load()
    small: Image.Image = _resizable(picture)
    if small.size != lying:
        small = small.resize(lying, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if turn is not None:
        small = small.transpose(turn)
    left = whole[0] - size[0] if front == "right" else 0
    if size != whole:
        small = small.crop((left, 0, left + size[0], size[1]))
    return _flat(small)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the picture is shown as it lies
        return 1


def _turned(size: tuple[int, int], turn: Image.Transpose | None) -> tuple[int, int]:
    return (size[1], size[0]) if turn in _ON_ITS_SIDE else size


def _shown(width: int, height: int, front: str | None) -> tuple[int, int]:
    """How much of a page is shown: its front half, the beginning of a strip, or all."""
    if front is not None:
        if _SPREAD[0] < width / height < _SPREAD[1]:
            return (width + 1) // 2, height
        if height > _STRIP * width:
            return width, round(_STRIP_SHOWN * width)
    return width, height


def _fitted(width: int, height: int, shape: Shape) -> tuple[int, int]:
    factor = min(shape.width / width, shape.height / height) if shape.scale is None else shape.scale
    factor = min(1.0, factor)
    most = _MOST_SIDE / max(width, height)
    factor = min(factor, most)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _refuse_memory(picture: Image.Image, full: tuple[int, int]) -> None:
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


def _resizable(picture: Image.Image) -> Image.Image:
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


def _flat(picture: Image.Image) -> Image.Image:
    """In RGB; what can be seen through is white, in every format the same."""
    if picture.mode in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        return ground
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _encoded(picture: Image.Image, shape: Shape) -> Thumbnail:
    name, mime, how = FORMATS[shape.format]
    picture.info = {}  # no profile, no camera, no comment of the original goes along
    into = BytesIO()
    if shape.format == "png":
        picture.save(into, name, **how)
    else:
        picture.save(into, name, quality=shape.quality, **how)
    return Thumbnail(into.getvalue(), mime, *picture.size)
