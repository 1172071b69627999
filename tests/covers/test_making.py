"""Small pictures: their size and shape, what is shown of the large one, and pictures that mean harm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from PIL import Image

from shelfread.covers.decoding import PictureTrouble
from shelfread.covers.making import FORMATS, make_thumbnail
from shelfread.covers.shape import Shape
from shelfread.model.problem import ProblemCode
from tests.covers import pictures
from tests.covers.pictures import colour_at, encoded, halves, picture, shown


def trouble_of(content: bytes) -> ProblemCode:
    with pytest.raises(PictureTrouble) as caught:
        make_thumbnail(content, Shape())
    assert caught.value.detail
    return caught.value.code


def test_c15_it_is_webp_and_fits_inside_400_by_600_when_nobody_says_otherwise() -> None:
    made = make_thumbnail(picture((1200, 1800)), Shape())
    assert (made.mime, made.width, made.height) == ("image/webp", 400, 600)
    assert shown(made.content).size == (400, 600)
    assert shown(made.content).format == "WEBP"


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1000, 1000), (400, 400)), ((500, 3000), (100, 600)), ((90, 50), (90, 50)), ((1, 1), (1, 1))],
)
def test_c15_it_keeps_its_proportions_and_is_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    made = make_thumbnail(picture(size), Shape())
    assert (made.width, made.height) == expected == shown(made.content).size


@pytest.mark.parametrize("form", FORMATS)
def test_c15_every_format_and_quality_can_be_had(form: str) -> None:
    noise = encoded(Image.effect_noise((300, 450), 80).convert("RGB"), "PNG")
    low = make_thumbnail(noise, Shape(format=form, quality=10))
    high = make_thumbnail(noise, Shape(format=form, quality=90))
    assert low.mime == FORMATS[form][1]
    assert shown(low.content).format == FORMATS[form][0]
    assert (len(low.content) < len(high.content)) == (form != "png")


@pytest.mark.parametrize(("scale", "expected"), [(0.75, (900, 1350)), (0.5, (600, 900)), (3.0, (1200, 1800))])
def test_c15_by_scale_it_is_so_much_of_the_original(scale: float, expected: tuple[int, int]) -> None:
    made = make_thumbnail(picture((1200, 1800)), Shape(scale=scale))
    assert (made.width, made.height) == expected


def test_the_same_picture_gives_the_same_bytes() -> None:
    content = encoded(Image.effect_noise((600, 900), 50).convert("RGB"))
    for form in FORMATS:
        shape = Shape(format=form)
        assert make_thumbnail(content, shape).content == make_thumbnail(content, shape).content


def test_a_key_differs_where_the_result_would() -> None:
    shapes = [
        Shape(),
        Shape(quality=70),
        Shape(width=300),
        Shape(height=500),
        Shape(scale=0.75),
        Shape("jpeg"),
    ]
    assert len({shape.key for shape in shapes}) == len(shapes)
    assert Shape("png", quality=1).key == Shape("png", quality=2).key
    assert max(len(shape.key) for shape in shapes) < 40


@pytest.mark.parametrize(("front", "colour"), [("right", "blue"), ("left", "red")])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_of_a_double_page_the_front_half_is_shown(front: str, colour: str, form: str) -> None:
    made = make_thumbnail(halves((3000, 2000), form), Shape(), front)
    assert (made.width, made.height) == (400, 533)
    assert {colour_at(made.content, across) for across in (0.02, 0.5, 0.98)} == {colour}


def test_a_wide_picture_that_is_no_page_is_shown_whole() -> None:
    made = make_thumbnail(halves((300, 200)), Shape(), None)
    assert (made.width, made.height) == (300, 200)


@pytest.mark.parametrize("size", [(230, 200), (600, 200)])
def test_an_almost_square_page_and_a_banner_are_no_double_pages(size: tuple[int, int]) -> None:
    made = make_thumbnail(halves(size), Shape(), "right")
    assert colour_at(made.content, 0.02) == "red"
    assert colour_at(made.content, 0.98) == "blue"


def test_of_a_long_strip_the_beginning_is_shown() -> None:
    image = Image.new("RGB", (400, 6000), "red")
    image.paste("blue", (0, 3000, 400, 6000))
    made = make_thumbnail(encoded(image), Shape(), "right")
    assert (made.width, made.height) == (400, 600)
    assert colour_at(made.content, 0.5, 0.98) == "red"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_a_camera_turned_is_upright(orientation: int) -> None:
    upright = Image.new("RGB", (40, 60), "red")
    upright.paste("blue", (20, 0, 40, 30))  # above, right
    back = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    lying = upright if back is None else upright.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = make_thumbnail(encoded(lying, "PNG", exif=exif), Shape())
    assert (made.width, made.height) == (40, 60)
    assert colour_at(made.content, 0.9, 0.1) == "blue"
    assert colour_at(made.content, 0.1, 0.1) == "red"
    assert colour_at(made.content, 0.9, 0.9) == "red"


def test_a_turned_double_page_is_cut_when_it_is_upright() -> None:
    lying = shown(halves((300, 200))).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    made = make_thumbnail(encoded(lying, "PNG", exif=exif), Shape(), "right")
    assert (made.width, made.height) == (150, 200)
    assert {colour_at(made.content, across) for across in (0.02, 0.98)} == {"blue"}


@pytest.mark.parametrize(
    ("mode", "colour", "form", "expected"),
    [
        ("CMYK", (0, 255, 255, 0), "JPEG", "red"),
        ("CMYK", (0, 255, 255, 0), "TIFF", "red"),
        ("L", 128, "JPEG", "grey"),
        ("L", 128, "PNG", "grey"),
        ("1", 1, "PNG", "white"),
        ("I;16", 32768, "PNG", "grey"),
        ("I;16", 65535, "PNG", "white"),
        ("I;16", 300, "TIFF", "black"),
        ("I", 32768, "TIFF", "grey"),
        ("F", 0.5, "TIFF", "grey"),
        ("RGBA", (255, 0, 0, 0), "PNG", "white"),
        ("RGBA", (255, 0, 0, 255), "WEBP", "red"),
        ("LA", (128, 255), "PNG", "grey"),
        ("RGB", "blue", "BMP", "blue"),
        ("RGB", "blue", "GIF", "blue"),
        ("RGB", "blue", "AVIF", "blue"),
        ("RGB", "blue", "WEBP", "blue"),
    ],
)
def test_every_sort_of_pixels_comes_out_in_its_colour(
    mode: str, colour: object, form: str, expected: str
) -> None:
    image = Image.new("I" if mode == "I;16" else mode, (600, 900), colour)  # type: ignore[arg-type]
    if mode == "I;16":
        image = image.convert("I;16")
    made = make_thumbnail(encoded(image, form), Shape())
    assert (made.width, made.height) == (400, 600)
    assert colour_at(made.content) == expected


def test_a_palette_is_resolved_and_what_is_transparent_in_it_is_white() -> None:
    plain = shown(halves((300, 450))).quantize(4)
    made = make_thumbnail(encoded(plain, "PNG"), Shape(width=100))
    assert [colour_at(made.content, across) for across in (0.1, 0.9)] == ["red", "blue"]
    red = plain.getpixel((0, 0))
    made = make_thumbnail(encoded(plain, "PNG", transparency=red), Shape(width=100))
    assert [colour_at(made.content, across) for across in (0.1, 0.9)] == ["white", "blue"]


def test_of_an_animation_the_first_picture_is_shown() -> None:
    frames = [Image.new("RGB", (30, 40), colour) for colour in ("red", "blue", "green")]
    for form in ("GIF", "WEBP"):
        content = encoded(frames[0], form, save_all=True, append_images=frames[1:])
        assert colour_at(make_thumbnail(content, Shape()).content) == "red"


def test_nothing_of_the_original_but_its_pixels_goes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    content = picture(exif=exif, icc_profile=b"PROFILE" * 99)
    for form in FORMATS:
        made = make_thumbnail(content, Shape(form))
        assert b"where I live" not in made.content
        assert b"PROFILE" not in made.content


def test_of_a_torn_jpeg_what_there_is_is_shown() -> None:
    whole = encoded(Image.effect_noise((600, 900), 50).convert("RGB"))
    assert make_thumbnail(whole[: len(whole) * 2 // 3], Shape()).width == 400


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ProblemCode.EMPTY_FILE),
        (b"no picture at all", ProblemCode.WRONG_FORMAT),
        (b"\xff\xd8\xff", ProblemCode.WRONG_FORMAT),
        (picture(form="PNG")[:60], ProblemCode.DAMAGED),
        (pictures.svg(), ProblemCode.UNSUPPORTED),
        (pictures.huge_png(), ProblemCode.LIMIT_EXCEEDED),
        (pictures.huge_png(10_001, 10_000), ProblemCode.LIMIT_EXCEEDED),
        (pictures.huge_png(9_000, 9_000), ProblemCode.LIMIT_EXCEEDED),
        (pictures.huge_png(4_000, 4_000), ProblemCode.DAMAGED),
    ],
    ids=["empty", "text", "torn", "cut", "svg", "65500", "over", "memory", "false"],
)
def test_what_cannot_be_shown_says_why(content: bytes, code: ProblemCode) -> None:
    assert trouble_of(content) is code


HOSTILE: dict[str, Callable[[], bytes]] = {
    "png of 65500 x 65500": pictures.huge_png,
    "gif of 100000 frames": lambda: pictures.gif_of(100_000),
    "svg": pictures.svg,
    "tiff in a circle": pictures.tiff_loop,
    "cmyk": lambda: picture((4000, 6000), (1, 2, 3, 4), mode="CMYK"),
    "no bytes": lambda: b"",
    "png with 50 MB of profile": lambda: pictures.png_with_profile(50 << 20),
    "tiff with 50 MB of profile": lambda: picture(form="TIFF", icc_profile=b"\0" * (50 << 20)),
    "90 million grey pixels": lambda: picture((9_000, 10_000), 7, mode="L", form="PNG"),
    "56 million pixels": lambda: picture((7_000, 8_000), form="PNG"),
    "95 million pixels, jpeg": lambda: picture((9_500, 10_000), form="JPEG"),
    "22 million pixels, webp": lambda: picture((1_400, 16_000), form="WEBP"),
}

_ALONE = """
import sys, time
from shelfread.covers.decoding import PictureTrouble
from shelfread.covers.making import make_thumbnail
from shelfread.covers.shape import Shape
content = sys.stdin.buffer.read()
begin = time.process_time()
try:
    print(make_thumbnail(content, Shape(), "right").width)
except PictureTrouble as trouble:
    print(trouble.code)
print(time.process_time() - begin)
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_cost_less_than_two_seconds_and_300_mb(name: str) -> None:
    # B6 8
    ended = subprocess.run(
        [sys.executable, "-c", _ALONE], input=HOSTILE[name](), capture_output=True, timeout=60, check=True
    )
    outcome, seconds, megabytes = ended.stdout.decode().split()
    assert float(seconds) < 2, outcome
    assert int(megabytes) < 300, outcome
