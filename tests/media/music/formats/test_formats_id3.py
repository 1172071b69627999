"""ID3v2 as programs really write it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from shelfread.media.music.formats import id3, id3_frames
from shelfread.media.window import Memory
from shelfread.model.picture import Picture
from shelfread.model.problem import ProblemCode
from tests.media.music.formats import samples


def _safe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: str, data: bytes, flags: int = 0, plain: bool = True) -> bytes:
    size = struct.pack(">I", len(data)) if plain else _safe(len(data))
    return name.encode() + size + struct.pack(">H", flags) + data


def _tag(body: bytes, major: int = 3, flags: int = 0) -> bytes:
    return b"ID3" + bytes((major, 0, flags)) + _safe(len(body)) + body


def _parse(data: bytes) -> tuple[dict[str, list[str]], list[Picture], str | None]:
    tags: dict[str, list[str]] = {}
    pictures: list[Picture] = []
    trouble = id3.parse(Memory(data), data[:64], 0, 0, tags, pictures)
    return tags, pictures, trouble


@pytest.mark.parametrize(
    "data",
    [
        b"\0" + "Größe".encode("latin-1"),
        b"\1\xff\xfe" + "Größe".encode("utf-16-le"),
        b"\1\xfe\xff" + "Größe".encode("utf-16-be"),
        b"\1" + "Größe".encode("utf-16-le"),  # the mark was forgotten
        b"\1\xff\xfe" + "Größe".encode("utf-16-le") + b"\0\0\0",  # one byte too many
        b"\2" + "Größe".encode("utf-16-be"),
        b"\3" + "Größe".encode() + b"\0",
    ],
)
def test_every_encoding_is_understood(data: bytes) -> None:
    assert _parse(_tag(_frame("TIT2", data)))[0] == {"title": ["Größe"]}


@pytest.mark.parametrize("major", [3, 4])
def test_nul_separates_values_in_both_versions(major: int) -> None:
    utf16 = b"\1\xff\xfe" + "a\0".encode("utf-16-le") + b"\xff\xfe" + "b".encode("utf-16-le")
    body = _frame("TPE1", b"\3one\0two") + _frame("TCOM", utf16)
    assert _parse(_tag(body, major))[0] == {"artist": ["one", "two"], "composer": ["a", "b"]}


def test_lone_surrogates_and_bad_bytes_are_replaced() -> None:
    body = _frame("TIT2", b"\1\xff\xfe" + b"\x00\xd8a\0") + _frame("TALB", b"\3\xed\xa0\x80x\xff")
    for values in _parse(_tag(body))[0].values():
        assert "\ufffd" in values[0]
        values[0].encode()


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("(17)", ["Rock"]),
        ("17", ["Rock"]),
        ("(51)(39)", ["Techno-Industrial", "Noise"]),
        ("(4)Eurodisco", ["Disco", "Eurodisco"]),
        ("(17)Rock", ["Rock"]),
        ("((I think)", ["(I think)"]),
        ("(RX)", ["Remix"]),
        ("(999)", ["(999)"]),
        ("255", ["255"]),
        ("(live)", ["(live)"]),
        ("Hip-Hop", ["Hip-Hop"]),
        ("٣", ["٣"]),
    ],
)
def test_numeric_genres_become_names(written: str, names: list[str]) -> None:
    assert id3_frames.genres(written) == names


def test_unsynchronisation_is_undone_for_the_whole_tag_of_old_versions() -> None:
    body = _frame("TIT2", b"\1\xff\xfe" + "Größe".encode("utf-16-le")) + _frame("TALB", b"\0x\xff\xe0y")
    assert _parse(_tag(body.replace(b"\xff", b"\xff\0"), 3, 0x80))[0] == {
        "title": ["Größe"],
        "album": ["xÿày"],
    }


def test_unsynchronisation_is_undone_for_single_frames_of_24() -> None:
    data = (b"\1\xff\xfe" + "Größe".encode("utf-16-le")).replace(b"\xff", b"\xff\0")
    body = _frame("TIT2", _safe(len(data) - 1) + data, 0x03, plain=False) + _frame(
        "TALB", b"\3next", plain=False
    )
    assert _parse(_tag(body, 4))[0] == {"title": ["Größe"], "album": ["next"]}


@pytest.mark.parametrize("major", [3, 4])
def test_compressed_frames_are_inflated_within_a_limit(major: int) -> None:
    def packed(data: bytes) -> bytes:
        size = struct.pack(">I", len(data)) if major == 3 else _safe(len(data))
        return size + zlib.compress(data)

    flags = 0x80 if major == 3 else 0x09
    bomb = packed(b"\3" + b"a" * 9_000_000)
    body = b"".join(
        _frame(name, data, flags, plain=major == 3)
        for name, data in (
            ("TIT2", packed(b"\3small")),
            ("USLT", packed(b"\3eng\0" + b"b" * 9_000_000)),
            ("TALB", bomb),
        )
    )
    tags = _parse(_tag(body, major))[0]
    assert tags["title"] == ["small"]
    assert len(tags["lyrics"][0]) == 1 << 20
    assert len(tags["album"][0]) == 1024


def test_an_extended_header_is_passed() -> None:
    frame = _frame("TIT2", b"\3yes")
    assert _parse(_tag(struct.pack(">IHI", 6, 0, 0) + frame, 3, 0x40))[0] == {"title": ["yes"]}
    assert _parse(_tag(_safe(6) + b"\1\0" + frame, 4, 0x40))[0] == {"title": ["yes"]}


@pytest.mark.parametrize("plain", [True, False])
def test_24_sizes_are_understood_both_ways(plain: bool) -> None:
    body = _frame("TIT2", b"\3" + b"x" * 300, plain=plain) + _frame("TALB", b"\3next") + bytes(20)
    tags, _, trouble = _parse(_tag(body, 4))
    assert tags == {"title": ["x" * 300], "album": ["next"]}
    assert trouble is None


def test_version_22_has_its_own_names_and_pictures() -> None:
    def old(name: str, data: bytes) -> bytes:
        return name.encode() + len(data).to_bytes(3, "big") + data

    picture = samples.jpeg(400, 12, 34)
    body = (
        old("TT2", b"\0title") + old("TRK", b"\x002/3") + old("TYE", b"\x001999") + old("COM", b"\0eng\0said")
    )
    body += old("TCO", b"\0(17)") + old("PIC", b"\0JPG\3desc\0" + picture) + bytes(9)
    tags, pictures, trouble = _parse(_tag(body, 2))
    assert trouble is None
    assert tags == {
        "title": ["title"], "tracknumber": ["2/3"], "comment": ["said"], "genre": ["Rock"], "date": ["1999"]
    }  # fmt: skip
    assert pictures == [Picture("front", "image/jpeg", 12, 34, 400)]


def test_year_and_day_of_23_become_one_date() -> None:
    body = _frame("TYER", b"\x002001") + _frame("TDAT", b"\x003112") + _frame("TORY", b"\x001984")
    tags: dict[str, list[str]] = _parse(_tag(body))[0]
    assert tags["date"] == ["2001-12-31"]
    assert tags["originalyear"] == ["1984"]


def test_comments_of_programs_are_no_comments_and_the_undescribed_one_wins() -> None:
    body = _frame("COMM", b"\0engiTunNORM\0 000") + _frame("COMM", b"\0engmine\0second")
    assert _parse(_tag(body))[0] == {"comment": ["second"]}
    body += _frame("COMM", b"\1eng\xff\xfe\0\0\xff\xfef\0i\0r\0s\0t\0")
    assert _parse(_tag(body))[0] == {"comment": ["first"]}


def test_people_identifiers_and_free_frames_are_mapped() -> None:
    body = (
        _frame("TIPL", b"\3producer\0P One\0mix\0M Two\0DJ-mix\0D Three")
        + _frame("TMCL", b"\3guitar\0G Four")
        + _frame("UFID", b"http://musicbrainz.org\x00" + samples.MUSICBRAINZ.encode())
        + _frame("TXXX", b"\3REPLAYGAIN_TRACK_GAIN\x00-6.48 dB")
        + _frame("TXXX", b"\1\xff\xfeA\0r\0t\0i\0s\0t\0s\0\0\0\xff\xfex\0\0\0\xff\xfey\0")
        + _frame("RVA2", b"album\0\1\xf9\0\0")
    )
    assert _parse(_tag(body, 4))[0] == {
        "producer": ["P One"], "mixer": ["M Two"], "djmixer": ["D Three"], "performer": ["G Four (guitar)"],
        "musicbrainz_trackid": [samples.MUSICBRAINZ], "replaygain_track_gain": ["-6.48 dB"],
        "artists": ["x", "y"], "replaygain_album_gain": ["-3.50 dB"],
    }  # fmt: skip


def test_values_are_limited_in_length_and_number() -> None:
    body = _frame("TIT2", b"\3" + b"x" * 5000) + _frame(
        "TPE1", b"\3" + b"\0".join(b"%d" % n for n in range(900))
    )
    body += _frame("COMM", b"\3eng\0" + b"c" * 9000)
    tags = _parse(_tag(body))[0]
    assert len(tags["title"][0]) == 1024
    assert len(tags["artist"]) == 256
    assert len(tags["comment"][0]) == 4096


def test_a_frame_longer_than_the_tag_is_damage_and_keeps_what_was_before(
    tmp_path: Path, plain: dict[str, Path]
) -> None:
    body = _frame("TIT2", b"\3kept") + b"TALB\0\0\xff\xff\0\0\3lost"
    path = tmp_path / "song.mp3"
    path.write_bytes(_tag(body) + plain["mp3"].read_bytes())
    raw = samples.read(path)
    assert raw.code is ProblemCode.DAMAGED
    assert raw.tags["title"] == ["kept"]
    assert raw.duration_s == pytest.approx(1.2, abs=0.1)


def test_two_tags_in_a_row_do_not_hide_the_sound(tmp_path: Path, plain: dict[str, Path]) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(
        _tag(_frame("TIT2", b"\3first"))
        + _tag(_frame("TIT2", b"\3second"))
        + plain["mp3 without xing"].read_bytes()
    )
    raw = samples.read(path)
    assert raw.code is None
    assert raw.tags["title"] == ["first"]
    assert raw.sample_rate == 22050


def test_more_than_a_hundred_pictures_are_not_counted() -> None:
    body = b"".join(_frame("APIC", b"\0image/jpeg\0\3\0" + samples.jpeg(150)) for _ in range(150))
    assert len(_parse(_tag(body))[1]) == 100
