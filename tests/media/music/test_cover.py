"""The picture inside a sound file: of every format that has one, the front where it is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelfread.media.kind import Source
from shelfread.media.music import KIND
from shelfread.media.music.cover import NoCover
from shelfread.media.pictures import mime_of
from shelfread.model.problem import ProblemCode
from tests.shared_fixtures import FIXTURES, needs_fixtures

SOUNDS = FIXTURES / "audio"
pytestmark = needs_fixtures


def cover_of(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    try:
        return KIND.cover(Source(fd, os.fsencode(path), path.stat().st_size))
    finally:
        os.close(fd)


@pytest.mark.parametrize("suffix", ["ape", "flac", "m4a", "mp3", "ogg", "wma"])
def test_c5_the_front_picture_of_every_format_is_found(suffix: str) -> None:
    found = cover_of(SOUNDS / f"image.{suffix}")
    assert mime_of(found) in ("image/png", "image/jpeg")
    # All of them hold the same front.
    assert found == cover_of(SOUNDS / "image.mp3")


@pytest.mark.parametrize("name", ["full.mp3", "full.flac", "full.wav", "full.wma", "unparseable.ogg"])
def test_a_sound_file_without_a_picture_says_so(name: str) -> None:
    with pytest.raises(NoCover) as caught:
        cover_of(SOUNDS / name)
    assert caught.value.code is ProblemCode.DAMAGED


@pytest.mark.parametrize("suffix", ["ape", "flac", "m4a", "mp3", "ogg", "wma"])
@pytest.mark.parametrize("keep", [0, 10, 200, 1000, 3000])
def test_a_torn_file_gives_a_picture_or_a_reason(tmp_path: Path, suffix: str, keep: int) -> None:
    path = tmp_path / f"torn.{suffix}"
    path.write_bytes((SOUNDS / f"image.{suffix}").read_bytes()[:keep])
    found: bytes | str
    try:
        found = cover_of(path)
    except NoCover as trouble:
        found = trouble.detail
    assert found
