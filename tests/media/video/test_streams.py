"""Streams: every fact that the generator can put into a container comes out of it again (issue 6, 3)."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import pytest

from bench.corpus.pictures import picture
from bench.corpus.video import Film, Picture, Sound, Text
from shelfread.media.video.mediainfo import look
from shelfread.media.window import Memory
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Stream
from tests.media.video.films_on_disk import film_streams, made, streams_of

_CHAPTERS = ((0.0, "One"), (0.2, "Zwei & drei"))
FILMS = {
    "everything in Matroska": Film(
        pictures=(Picture(colour="bt709", language="eng", title="The film", default=True),),
        sounds=(
            Sound("aac", "5.1", language="ger", title="Deutsch", default=True),
            Sound("ac3", "stereo", language="eng", commentary=True),
            Sound("flac", "mono", rate=44_100),
            Sound("opus", "7.1"),
            Sound("eac3", "5.1"),
        ),
        texts=(
            Text("subrip", "fre", forced=True),
            Text("ass", "eng", sdh=True, title="Signs & Songs"),
            Text("pgs", "spa", default=True),
            Text("vobsub", "por"),
            Text("webvtt", "ita"),
        ),
        chapters=_CHAPTERS,
    ),
    "everything in MP4": Film(
        "mp4",
        (Picture(language="eng"),),
        (Sound("aac", "5.1", language="ger"), Sound("opus", "stereo"), Sound("ac3", "5.1", commentary=True)),
        (Text("mov_text", "fre", forced=True), Text("mov_text", "eng", sdh=True)),
        chapters=_CHAPTERS,
    ),
    "hevc with ten bits": Film(pictures=(Picture("hevc", bit_depth=10, width=128, height=72),)),
    "av1 with ten bits": Film(pictures=(Picture("av1", bit_depth=10, width=128, height=72),)),
    "vp9 in WebM": Film("webm", (Picture("vp9"),), (Sound("opus"),), (Text("webvtt", "eng"),)),
    "vp8 in WebM": Film("webm", (Picture("vp8"),), (Sound("vorbis"),)),
    "mpeg2 of a DVD": Film(
        "mpegps", (Picture("mpeg2", width=720, height=576, pixel=Fraction(64, 45)),), (Sound("ac3", "5.1"),)
    ),
    "mpeg2 in a recording": Film(
        "mpegts", (Picture("mpeg2", interlaced=True),), (Sound("mp2", language="ger"), Sound("ac3"))
    ),
    "mpeg4 in AVI": Film("avi", (Picture("mpeg4"),), (Sound("mp3"),)),
    "prores in QuickTime": Film("mov", (Picture("prores", bit_depth=10),), (Sound("pcm"),)),
    "interlaced, with wide pixels": Film(pictures=(Picture(interlaced=True, pixel=Fraction(4, 3)),)),
    "24 pictures of cinema": Film(pictures=(Picture(rate=Fraction(24000, 1001), width=192, height=80),)),
    "film of a phone": Film("mp4", (Picture(rotation=90),)),
    "film of a phone, upside down": Film("mov", (Picture(rotation=180),)),
    "Flash": Film("flv"),
    "Windows Media": Film("asf", (Picture("wmv2"),), (Sound("wma"),)),
    "without sound": Film(sounds=()),
    "two pictures": Film(pictures=(Picture(), Picture("mpeg4", title="Angle 2"))),
}
_LANGUAGES = {
    "eng": "en", "ger": "de", "fre": "fr", "spa": "es", "por": "pt", "ita": "it", "": None,
}  # fmt: skip
_SHAPES = {
    "interlaced, with wide pixels": "2.37:1",
    "24 pictures of cinema": "2.40:1",
    "film of a phone": "9:16",
}
#: What these do not signal.
_NO_RATE, _NO_DEPTH, _NO_SCAN = {"asf"}, {"mov"}, {"asf", "webm"}
_DRAWN = {"pgs", "vobsub"}
_COLOURS = {
    "bt709": ("bt709", "bt709", "bt709"),
    "bt2020 pq": ("bt2020", "pq", "bt2020nc"),
    "bt2020 hlg": ("bt2020", "hlg", "bt2020nc"),
    "": (None, None, None),
}


@pytest.mark.parametrize("name", FILMS)
def test_streams_are_what_the_generator_put_in(name: str, tmp_path: Path) -> None:
    what = FILMS[name]
    video = film_streams(tmp_path, what).video
    assert video.container == what.container
    assert video.duration_s == pytest.approx(what.seconds, abs=0.12)
    assert video.sources == ["container"]
    size = len(made(what))
    assert video.bitrate_kbps == pytest.approx(size * 8 / (video.duration_s or 1) / 1000, rel=0.05, abs=2)
    parts: list[Picture | Sound | Text] = [*what.pictures, *what.sounds, *what.texts]
    assert [stream.index for stream in video.streams] == list(range(len(parts)))
    for stream, part in zip(video.streams, parts, strict=True):
        assert stream.codec == part.codec
        if what.container in ("matroska", "webm", "mp4", "mpegts"):
            assert stream.language == _LANGUAGES[part.language]
        if what.container == "matroska":
            assert (stream.default, stream.title) == (part.default, part.title or None)
        if isinstance(part, Picture):
            _same_picture(name, stream, part, what.container)
        elif isinstance(part, Sound):
            assert stream.type == "audio"
            assert (stream.channels, stream.layout) == (_channels(part), part.layout)
            assert (stream.sample_rate, stream.commentary) == (part.rate, part.commentary or None)
            assert stream.spatial is None
        else:
            assert stream.type == "subtitle"
            assert stream.pictures is (part.codec in _DRAWN)
            assert (bool(stream.forced), bool(stream.sdh)) == (part.forced, part.sdh)
    assert [(one.start_s, one.title) for one in video.chapters] == list(what.chapters)


def _channels(part: Sound) -> int:
    return {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[part.layout]


def _same_picture(name: str, stream: Stream, part: Picture, container: str) -> None:
    assert stream.type == "video"
    assert (stream.width, stream.height) == (part.width, part.height)
    assert stream.rotation == (part.rotation or None)
    assert stream.aspect == _SHAPES.get(name, "16:9")
    if container not in _NO_RATE:
        assert stream.frame_rate == pytest.approx(float(part.rate), abs=0.001)
    if container not in _NO_DEPTH and part.codec != "vp8":
        assert stream.bit_depth == part.bit_depth
    if container not in _NO_SCAN and part.codec in ("h264", "mpeg2"):
        assert stream.interlaced is part.interlaced
    assert (stream.primaries, stream.transfer, stream.matrix) == _COLOURS[part.colour]
    assert stream.hdr == []
    if container in ("matroska", "webm", "mpegts", "mpegps", "flv", "asf"):
        assert stream.bitrate_kbps is None, "what a container has in all is not the picture's"


@pytest.mark.parametrize(
    ("picture", "container", "hdr"),
    [
        (Picture("hevc", bit_depth=10, colour="bt2020 pq", mastering=True), "matroska", ["HDR10"]),
        (
            Picture("hevc", bit_depth=10, colour="bt2020 pq", mastering=True, dynamic=True),
            "matroska",
            ["HDR10+", "HDR10"],
        ),
        (Picture("hevc", bit_depth=10, colour="bt2020 hlg"), "mp4", ["HLG"]),
        (Picture("hevc", bit_depth=10, dolby=(5, 6, 0)), "mp4", ["Dolby Vision 5"]),
        (
            Picture("hevc", bit_depth=10, colour="bt2020 pq", mastering=True, dolby=(8, 6, 1)),
            "mp4",
            ["Dolby Vision 8.1", "HDR10"],
        ),
        (
            Picture("hevc", bit_depth=10, colour="bt2020 hlg", dolby=(8, 3, 4)),
            "mp4",
            ["Dolby Vision 8.4", "HLG"],
        ),
        (Picture("hevc", bit_depth=10, colour="bt709", dolby=(8, 3, 2)), "mp4", ["Dolby Vision 8.2"]),
        (Picture("hevc", bit_depth=10), "mp4", []),
    ],
    ids=lambda value: " and ".join(value) or "none" if isinstance(value, list) else "",
)
def test_kinds_of_hdr_are_told_apart(
    picture: Picture, container: str, hdr: list[str], tmp_path: Path
) -> None:
    stream = film_streams(tmp_path, Film(container, (picture,))).video.streams[0]
    assert stream.hdr == hdr
    assert (stream.codec, stream.profile, stream.bit_depth) == ("hevc", "Main 10", 10)
    assert (stream.primaries, stream.transfer, stream.matrix) == _COLOURS[picture.colour]


def test_profiles_and_levels_are_those_of_the_stream(tmp_path: Path) -> None:
    first = film_streams(tmp_path, FILMS["mpeg2 of a DVD"]).video.streams[0]
    assert (first.profile, first.level) == ("Main", "Main")
    first = film_streams(tmp_path, FILMS["everything in Matroska"]).video.streams[0]
    assert (first.profile, first.level) == ("Constrained Baseline", "1")
    second = film_streams(tmp_path, FILMS["everything in Matroska"]).video.streams[1]
    assert (second.codec, second.profile) == ("aac", "LC")


def test_atmos_is_told_from_the_box_that_signals_it(tmp_path: Path) -> None:
    film = Film("mp4", sounds=(Sound("eac3", "5.1", atmos=True), Sound("eac3", "5.1")))
    sounds = film_streams(tmp_path, film).video.streams[1:]
    assert [stream.spatial for stream in sounds] == ["Atmos", None]


def test_a_bitrate_that_was_counted_is_given(tmp_path: Path) -> None:
    film = Film(pictures=(Picture(counted=4_000_000), Picture()), sounds=())
    assert [one.bitrate_kbps for one in film_streams(tmp_path, film).video.streams] == [4000, None]


@pytest.mark.parametrize("container", ["mpegts", "mpegps"])
def test_of_a_large_recording_only_the_ends_are_read(container: str) -> None:
    film = Film(container, (Picture("mpeg2"),), (Sound("ac3"),))
    once = made(film)
    source = _Counting(once * (40_000_000 // len(once)))
    parser = {"mpegts": "MpegTs", "mpegps": "MpegPs"}[container]
    found = look(source, parser)
    assert len(found.streams) == 2
    assert source.read <= 9 << 20


class _Counting(Memory):
    read = 0

    def read_at(self, offset: int, length: int) -> bytes:
        found = super().read_at(offset, length)
        self.read += len(found)
        return found


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_an_attached_picture_is_a_cover_and_no_stream(container: str, tmp_path: Path) -> None:
    film = Film(container, cover=picture("jpeg", 60, 90, 1), title="Two Owls")
    video = film_streams(tmp_path, film).video
    assert video.has_cover
    assert [stream.type for stream in video.streams] == ["video", "audio"]
    assert video.title == "Two Owls"
    assert not film_streams(tmp_path, Film(container)).video.has_cover


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    for name in ("film.mp4", "film.avi", "film.ts", "film"):
        found = streams_of(tmp_path, made(Film()), name)
        assert (found.trouble, found.video.container) == (None, "matroska")


def test_a_disc_recording_has_packets_of_192_bytes(tmp_path: Path) -> None:
    film = Film("mpegts", muxing=(("mpegts_m2ts_mode", "1"),))
    assert film_streams(tmp_path, film).video.container == "m2ts"


def test_a_recording_may_begin_in_the_middle_of_a_packet(tmp_path: Path) -> None:
    found = streams_of(tmp_path, made(FILMS["mpeg2 in a recording"])[100:])
    assert found.trouble is None
    assert [stream.codec for stream in found.video.streams] == ["mpeg2", "mp2", "ac3"]


def _element(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + struct.pack(">Q", len(body) | 1 << 56) + body


def test_the_flags_that_only_matroska_has_are_read(tmp_path: Path) -> None:
    head = _element("1A45DFA3", _element("4282", b"matroska"))
    track = _element("D7", b"\7") + _element("73C5", b"\7") + _element("83", b"\1") + _element("86", b"V_VP9")
    shape = _element("E0", _element("B0", b"\x40") + _element("BA", b"\x24") + _element("53B8", b"\x03"))
    text = _element("D7", b"\3") + _element("73C5", b"\3") + _element("83", b"\x11")
    text += _element("86", b"S_TEXT/UTF8") + _element("55AB", b"\1") + _element("55AF", b"\1")
    tracks = _element("1654AE6B", _element("AE", track + shape) + _element("AE", text))
    body = _element("1549A966", _element("2AD7B1", b"\x0f\x42\x40")) + tracks
    content = head + _element("18538067", body + _element("1F43B675", _element("E7", b"\0") + bytes(4000)))
    video = streams_of(tmp_path, content).video
    assert [stream.type for stream in video.streams] == ["video", "subtitle"]
    assert video.streams[0].stereo_mode == "top-bottom (left eye first)"
    assert (video.streams[1].sdh, video.streams[1].commentary) == (True, True)


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", ProblemCode.EMPTY_FILE, "empty"),
        (b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n", ProblemCode.WRONG_FORMAT, "playlist"),
        (b"<!DOCTYPE html><html></html>", ProblemCode.WRONG_FORMAT, "web page"),
        (b"<html><body>404</body></html>", ProblemCode.WRONG_FORMAT, "web page"),
        (b"\x7fELF\2\1\1" + bytes(100), ProblemCode.WRONG_FORMAT, "program"),
        (b"PK\3\4" + bytes(100), ProblemCode.WRONG_FORMAT, "zip"),
        (b"Rar!\x1a\7\1\0" + bytes(100), ProblemCode.WRONG_FORMAT, "RAR"),
        (b"\xff\xd8\xff\xe0" + bytes(100), ProblemCode.WRONG_FORMAT, "JPEG"),
        (bytes(5000), ProblemCode.WRONG_FORMAT, "never finished"),
        (b"hello\n", ProblemCode.WRONG_FORMAT, "text"),
        (b"G", ProblemCode.WRONG_FORMAT, "text"),
        (b"\x00", ProblemCode.WRONG_FORMAT, "zeros"),
        (random.Random(1).randbytes(9000), ProblemCode.WRONG_FORMAT, "nothing that is known"),
        (bytes(32768) + b"\1CD001\1" + bytes(2000), ProblemCode.UNSUPPORTED, "image of a disc"),
        (
            bytes.fromhex("b7d800203749da11a64e0007e95ead8d") + bytes(500),
            ProblemCode.UNSUPPORTED,
            "Media Center",
        ),
    ],
)
def test_what_is_no_video_is_called_by_what_it_is(
    content: bytes, code: ProblemCode, word: str, tmp_path: Path
) -> None:
    found = streams_of(tmp_path, content, "film.mp4")
    assert found.trouble is not None
    assert found.trouble.code is code
    assert word in found.trouble.detail
    assert found.video.streams == []


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    found = streams_of(tmp_path, made(Film("mp4", pictures=())))
    assert found.trouble is not None
    assert found.trouble.code is ProblemCode.WRONG_FORMAT
    assert [stream.codec for stream in found.video.streams] == ["aac"]


def test_an_address_in_a_strm_file_is_never_followed(tmp_path: Path) -> None:
    found = streams_of(tmp_path, b"file:///etc/passwd\n", "film.strm")
    assert (found.trouble, found.video.container, found.video.streams) == (None, "strm", [])
    assert found.signature is not None


@pytest.mark.parametrize(
    ("start", "word"), [(b"DVDVIDEO-VMG", "dvd"), (b"INDX0200", "bluray"), (b"MOBJ0200", "bluray")]
)
def test_the_index_of_a_disc_stands_for_it(start: bytes, word: str, tmp_path: Path) -> None:
    found = streams_of(tmp_path, start + bytes(3000), "VIDEO_TS.IFO")
    assert (found.trouble, found.video.container) == (None, word)
