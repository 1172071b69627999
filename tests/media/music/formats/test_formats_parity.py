"""Our readers against mutagen and tinytag, over every kind of file that can be made here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tinytag import TinyTag, TinyTagException

from tests.media.music.formats import samples

_CONTAINERS = {".mp3": "mp3", ".mp2": "mp3", ".flac": "flac", ".m4a": "mp4", ".ogg": "ogg", ".opus": "ogg",
               ".oga": "ogg", ".wav": "wav", ".aiff": "aiff", ".wma": "asf", ".wv": "wavpack", ".tta": "tta",
               ".aac": "aac", ".ac3": "ac3"}  # fmt: skip
_CODECS = {"mp3": "mp3", "mp3 without xing": "mp3", "mp2": "mp2", "flac": "flac", "aac": "aac",
           "aac first moov": "aac", "aac in fragments": "aac", "alac": "alac", "vorbis": "vorbis",
           "opus": "opus", "flac in ogg": "flac", "wav": "pcm", "wav 24": "pcm", "rf64": "pcm",
           "aiff": "pcm", "wma": "wma",
           "wavpack": "wavpack", "tta": "tta", "adts": "aac", "ac3": "ac3"}  # fmt: skip


@pytest.mark.parametrize("kind", samples.KINDS)
def test_a_sound_file_has_no_problem_and_the_facts_it_was_made_with(
    kind: str, plain: dict[str, Path]
) -> None:
    raw = samples.read(plain[kind])
    assert (raw.code, raw.detail) == (None, None)
    assert raw.container == _CONTAINERS[plain[kind].suffix]
    assert raw.codec == _CODECS[kind]
    assert raw.sample_rate == samples.KINDS[kind][3]
    assert raw.channels == 2
    assert raw.duration_s == pytest.approx(1.2, abs=0.12)
    assert raw.bitrate_kbps
    assert raw.bitrate_kbps > 0
    assert raw.signature is not None
    assert len(raw.signature) == 17


@pytest.mark.parametrize(
    "kind", [kind for kind in samples.KINDS if kind not in ("mp2", "rf64", "aac in fragments")]
)
def test_technical_facts_are_those_of_mutagen(kind: str, plain: dict[str, Path]) -> None:
    raw = samples.read(plain[kind])
    file: Any = samples.mut.File(plain[kind])
    assert raw.duration_s == pytest.approx(file.info.length, abs=0.08)
    assert raw.sample_rate == getattr(file.info, "sample_rate", 48000)
    assert raw.channels == getattr(file.info, "channels", 2)
    bits = getattr(file.info, "bits_per_sample", 0) or getattr(file.info, "sample_size", 0)
    if bits and kind not in ("aac", "aac first moov"):
        assert raw.bit_depth == bits


@pytest.mark.parametrize(
    "kind", ["mp3", "flac", "aac", "alac", "opus", "vorbis", "wav", "aiff", "mp3 without xing"]
)
def test_technical_facts_are_those_of_tinytag(kind: str, plain: dict[str, Path]) -> None:
    raw = samples.read(plain[kind])
    try:
        other = TinyTag.get(plain[kind])
    except TinyTagException as trouble:
        pytest.skip(f"tinytag cannot: {trouble}")
    assert other.duration is not None
    assert raw.duration_s == pytest.approx(other.duration, abs=0.12)
    assert raw.sample_rate == other.samplerate
    assert raw.channels == other.channels


@pytest.mark.parametrize("kind", samples.TAGGED)
def test_tags_and_pictures_written_by_mutagen_are_read_back(
    kind: str, plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"song{plain[kind].suffix}"
    shutil.copy(plain[kind], path)
    samples.tag(path, pictures=(samples.jpeg(50_000, exif=20_000), samples.jpeg(900, 30, 20)))
    raw = samples.read(path)
    assert (raw.code, raw.detail) == (None, None)
    found = {key: values[0] for key, values in raw.tags.items() if key in samples.TAGS}
    assert found == samples.TAGS
    assert raw.tags["musicbrainz_albumid"] == [samples.MUSICBRAINZ]
    second = "other" if raw.container == "mp4" else "back"
    shown = sorted((p.type, p.mime, p.width, p.height, p.size) for p in raw.pictures)
    assert shown == sorted([("front", "image/jpeg", 640, 480, 50_000), (second, "image/jpeg", 30, 20, 900)])


@pytest.mark.parametrize("kind", ["mp3", "vorbis", "opus", "flac", "aac"])
def test_several_values_of_a_key_stay_several(kind: str, plain: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / f"song{plain[kind].suffix}"
    shutil.copy(plain[kind], path)
    file: Any = samples.mut.File(path)
    if file.tags is None:
        file.add_tags()
    if kind == "mp3":
        file.tags.add(samples.mut.id3.TPE1(encoding=1, text=["One", "Två", "三"]))
    else:
        file["\xa9ART" if kind == "aac" else "artist"] = ["One", "Två", "三"]
    file.save()
    assert samples.read(path).tags["artist"] == ["One", "Två", "三"]


def test_an_mp3_with_ape_and_old_tags_uses_them_only_to_fill_gaps(
    plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "song.mp3"
    shutil.copy(plain["mp3"], path)
    bare = samples.read(path)
    ape = samples.mut.apev2.APEv2()
    ape["Title"], ape["Album"] = "from ape", "ape album"
    ape.save(path)
    with path.open("ab") as file:
        file.write(
            b"TAG"
            + b"old title".ljust(30, b"\0")
            + b"old artist".ljust(30, b"\0")
            + bytes(34)
            + bytes(30)
            + b"\x11"
        )
    tags = samples.mut.id3.ID3()
    tags.add(samples.mut.id3.TIT2(encoding=3, text="new title"))
    tags.save(path, v1=0)
    # Saving without ID3v1 drops the old tag, so it is put back.
    with path.open("ab") as file:
        file.write(
            b"TAG"
            + b"old title".ljust(30, b"\0")
            + b"old artist".ljust(30, b"\0")
            + bytes(34)
            + bytes(30)
            + b"\x11"
        )
    raw = samples.read(path)
    assert raw.code is None
    assert raw.tags["title"] == ["new title"]
    assert raw.tags["album"] == ["ape album"]
    assert raw.tags["artist"] == ["old artist"]
    assert raw.tags["genre"] == ["Rock"]
    assert raw.signature == bare.signature


def test_flac_behind_an_id3_tag_is_read_as_flac(plain: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    shutil.copy(plain["flac"], path)
    samples.tag(path, {"title": "own title"})
    tags = samples.mut.id3.ID3()
    tags.add(samples.mut.id3.TIT2(encoding=3, text="id3 title"))
    tags.add(samples.mut.id3.TPE1(encoding=3, text="id3 artist"))
    tags.save(path, v1=0)
    raw = samples.read(path)
    assert (raw.container, raw.code) == ("flac", None)
    assert raw.tags["title"] == ["own title"]
    assert raw.tags["artist"] == ["id3 artist"]
    assert raw.duration_s == pytest.approx(1.2, abs=0.01)
