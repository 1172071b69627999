"""The picture inside a video: the one that is meant as its cover, whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bench.corpus.pictures import picture
from bench.corpus.video import Film
from shelfread.media.kind import Source
from shelfread.media.trouble import MediaTrouble
from shelfread.media.video.embedded import MOST_BYTES, cover
from shelfread.model.problem import ProblemCode
from tests.media.video.films_on_disk import made, opened, streams_of

JPEG = picture("jpeg", 60, 90, 1)


def _cover(folder: Path, content: bytes) -> bytes:
    path = folder / "film"
    path.write_bytes(content)
    with opened(path) as source:
        return cover(source)


def _refused(folder: Path, content: bytes) -> ProblemCode:
    with pytest.raises(MediaTrouble) as trouble:
        _cover(folder, content)
    return trouble.value.code


class _Counting(Source):
    """A file whose reads are counted."""

    reads = 0

    def read_at(self, offset: int, length: int) -> bytes:
        self.reads += 1
        return super().read_at(offset, length)


def _element(name: bytes, content: bytes) -> bytes:
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _attached(name: str, content: bytes, mime: bytes = b"image/jpeg") -> bytes:
    parts = (
        _element(b"\x46\x6e", name.encode()) + _element(b"\x46\x60", mime) + _element(b"\x46\x5c", content)
    )
    return _element(b"\x61\xa7", parts)


def _matroska(*attached: bytes) -> bytes:
    segment = _element(b"\x19\x41\xa4\x69", b"".join(attached))
    return _element(b"\x1a\x45\xdf\xa3", b"\x42\x86\x81\x01") + _element(b"\x18\x53\x80\x67", segment)


def _box(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    return (8 + len(content) if length is None else length).to_bytes(4, "big") + kind + content


def _covr(content: bytes, length: int | None = None) -> bytes:
    return _box(b"covr", _box(b"data", b"\0\0\0\x0d\0\0\0\0" + content, length))


def _mp4(moov: bytes) -> bytes:
    return _box(b"ftyp", b"isom\0\0\0\0") + _box(b"moov", moov) + _box(b"mdat", b"pictures")


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_the_picture_that_an_encoder_attached_is_given_byte_for_byte(tmp_path: Path, container: str) -> None:
    content = made(Film(container, cover=JPEG))
    assert streams_of(tmp_path, content).video.has_cover
    assert _cover(tmp_path, content) == JPEG


def test_of_several_the_upright_one_that_is_called_cover_is_taken(tmp_path: Path) -> None:
    names = ("small_cover.jpg", "cover_land.jpg", "still.jpg", "Poster.jpg", "COVER.jpg")
    pictures = [_attached(name, name.encode()) for name in names]
    for kept in range(len(names), 0, -1):
        best = names[kept - 1] if kept > 2 else names[0]
        assert _cover(tmp_path, _matroska(*pictures[:kept])) == best.encode()


def test_what_is_attached_very_many_times_is_not_looked_through(tmp_path: Path) -> None:
    few = _element(b"\x19\x41\xa4\x69", _attached("a.ttf", b"", b"font/ttf") * 300)
    segment = _element(b"\x18\x53\x80\x67", few * 50)
    content = _element(b"\x1a\x45\xdf\xa3", b"\x42\x86\x81\x01") + segment
    path = tmp_path / "film"
    path.write_bytes(content)
    with opened(path) as source:
        counting = _Counting(source.fd, source.path, source.size)
        with pytest.raises(MediaTrouble):
            cover(counting)
    assert counting.reads < 10_000


def test_fonts_and_empty_pictures_are_none(tmp_path: Path) -> None:
    font = _attached("cover.ttf", b"font", b"font/ttf")
    assert _refused(tmp_path, _matroska(font, _attached("cover.jpg", b""))) is ProblemCode.DAMAGED


def test_quicktime_has_its_tags_in_another_place(tmp_path: Path) -> None:
    meta = _box(b"hdlr", bytes(25)) + _box(b"ilst", _covr(b"art"))
    assert _cover(tmp_path, _mp4(_box(b"meta", meta))) == b"art"
    assert _cover(tmp_path, _mp4(_box(b"udta", _box(b"meta", b"\0\0\0\0" + meta)))) == b"art"


def test_a_picture_that_claims_more_than_is_there_is_trouble(tmp_path: Path) -> None:
    def tagged(covr: bytes) -> bytes:
        return _mp4(_box(b"udta", _box(b"meta", bytes(4) + _box(b"ilst", covr))))

    assert _refused(tmp_path, tagged(_covr(b"art", 5000))) is ProblemCode.TRUNCATED
    assert _refused(tmp_path, tagged(_covr(b"art", MOST_BYTES + 100))) is ProblemCode.LIMIT_EXCEEDED
    assert _refused(tmp_path, tagged(_covr(b""))) is ProblemCode.DAMAGED
    assert _refused(tmp_path, _mp4(_box(b"udta", b""))) is ProblemCode.DAMAGED


@pytest.mark.parametrize(
    "content", [b"", b"\x1aE\xdf\xa3", b"RIFF....AVI ", bytes(8) + b"moov", b"#EXTM3U\n"]
)
def test_what_has_none_says_so(tmp_path: Path, content: bytes) -> None:
    assert _refused(tmp_path, content) is ProblemCode.DAMAGED


def test_no_piece_of_a_film_makes_it_raise_anything_else(tmp_path: Path) -> None:
    whole = made(Film("mp4", cover=JPEG))
    for length in range(0, len(whole), 211):
        path = tmp_path / "cut"
        path.write_bytes(whole[:length])
        with opened(path) as source, contextlib.suppress(MediaTrouble):
            assert cover(source) == JPEG
