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

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from shelfread.covers.decoding import PictureTrouble, opened, refuse_memory, resizable, unknown
from shelfread.covers.shape import Shape
from shelfread.model.problem import ProblemCode

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
            return _encoded(_small(opened(content), shape, front), shape)
        except PictureTrouble:
            raise
        except (Image.DecompressionBombError, MemoryError):
            raise PictureTrouble(ProblemCode.LIMIT_EXCEEDED, "the picture is too large") from None
        except UnidentifiedImageError:
            raise unknown(content) from None
        except Exception as error:
            # Decoders raise whatever comes to their mind: OSError, SyntaxError, struct.error, EOFError, ...
            text = f"the picture is damaged: {str(error)[:200] or type(error).__name__}"
            raise PictureTrouble(ProblemCode.DAMAGED, text) from error


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
    refuse_memory(picture, full)
    picture.load()
    small: Image.Image = resizable(picture)
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
