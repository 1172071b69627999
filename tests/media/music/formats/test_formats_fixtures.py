"""Real files of other projects: every one is read as its makers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.music.formats import samples

_FULL = ["aiff", "alac.m4a", "ape", "dsf", "flac", "m4a", "mp3", "mpc", "ogg", "opus", "wma", "wv"]


@pytest.mark.parametrize("suffix", _FULL)
def test_a_full_file_gives_every_tag(suffix: str, fixtures: Path) -> None:
    raw = samples.read(fixtures / f"full.{suffix}")
    assert (raw.code, raw.detail) == (None, None)
    first = {key: values[0] for key, values in raw.tags.items()}
    expected = {"title": "full", "artist": "the artist", "album": "the album", "genre": "the genre",
                "composer": "the composer", "comment": "the comments", "bpm": "6", "compilation": "1",
                "date": "2001"}  # fmt: skip
    assert {key: first.get(key) for key in expected} == expected
    assert first["tracknumber"].lstrip("0") in ("2", "2/3", "2/03")
    assert first["discnumber"].lstrip("0") in ("4", "4/5", "4/05")
    assert raw.duration_s == pytest.approx(0.01 if suffix == "dsf" else 1.0, abs=0.1)
    assert raw.signature


def test_a_wav_file_gives_the_tags_it_holds(fixtures: Path) -> None:
    raw = samples.read(fixtures / "full.wav")
    assert raw.code is None
    assert raw.tags["title"] == ["full"]
    assert raw.tags["tracknumber"] == ["2/3"]


@pytest.mark.parametrize("suffix", ["ape", "flac", "m4a", "mp3", "ogg", "wma"])
def test_both_pictures_are_measured(suffix: str, fixtures: Path) -> None:
    raw = samples.read(fixtures / f"image.{suffix}")
    assert raw.code is None
    assert sorted((p.mime, p.width, p.height) for p in raw.pictures) == [
        ("image/jpeg", 2, 3),
        ("image/png", 2, 3),
    ]
    assert any(picture.type == "front" for picture in raw.pictures)


@pytest.mark.parametrize("suffix", ["flac", "m4a", "mp3", "ogg", "wma"])
def test_an_odd_date_is_no_problem(suffix: str, fixtures: Path) -> None:
    raw = samples.read(fixtures / f"unparseable.{suffix}")
    assert raw.code is None
    assert raw.tags["date"] == ["Oct 3, 1995"]


def test_odd_dates_and_discs_are_given_as_written(fixtures: Path) -> None:
    assert samples.read(fixtures / "space_time.mp3").tags["date"][0].startswith("2009-09-04")
    assert samples.read(fixtures / "t_time.m4a").tags["date"][0].startswith("1987-03-31")
    assert samples.read(fixtures / "date_with_slashes.ogg").tags["date"] == ["2005/06/05"]
    assert samples.read(fixtures / "discc.ogg").tags["disctotal"] == ["5"]
    assert "genre" not in samples.read(fixtures / "emptylist.mp3").tags
