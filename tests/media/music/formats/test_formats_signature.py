"""The content signature ignores tags and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from shelfread.media.kind import Source
from shelfread.media.music.formats import read_raw
from tests.media.music.formats import samples


@pytest.mark.parametrize("kind", samples.TAGGED)
def test_retagging_keeps_the_signature_even_with_large_pictures(
    kind: str, plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"song{plain[kind].suffix}"
    shutil.copy(plain[kind], path)
    before = samples.read(path).signature
    samples.tag(path)
    tagged = samples.read(path)
    samples.tag(path, samples.TAGS | {"title": "another"}, (samples.jpeg(200_000), samples.jpeg(3_000)))
    grown = samples.read(path)
    assert before is not None
    assert (tagged.code, grown.code) == (None, None)
    assert tagged.signature == before
    assert grown.signature == before


@pytest.mark.parametrize(
    "name", ["full.ape", "full.mpc", "full.dsf", "full.ogg", "full.wma", "full.alac.m4a", "full.mp3"]
)
def test_retagging_a_foreign_file_keeps_its_signature(name: str, fixtures: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((fixtures / name).read_bytes())
    before = samples.read(path).signature
    samples.tag(path, pictures=(samples.jpeg(200_000),))
    after = samples.read(path)
    assert before is not None
    assert after.signature == before
    assert after.tags["title"][0] == samples.TAGS["title"]


@pytest.mark.parametrize("kind", samples.KINDS)
def test_other_sound_has_another_signature(kind: str, plain: dict[str, Path], tmp_path: Path) -> None:
    other = samples.encode(tmp_path / f"other{plain[kind].suffix}", kind, seed=2)
    assert samples.read(other).signature != samples.read(plain[kind]).signature


def test_no_two_kinds_share_a_signature(plain: dict[str, Path]) -> None:
    # The same noise as FLAC in two containers, and as raw samples, is another matter.
    found = {
        kind: samples.read(path).signature
        for kind, path in plain.items()
        if kind not in ("flac in ogg", "rf64")
    }
    assert len(set(found.values())) >= len(found) - 1  # m4a with its index elsewhere is the same sound


class _Counting(Source):
    """A source that adds up what is asked of it."""

    __slots__ = ("asked", "reads")

    def __init__(self, fd: int, path: bytes, size: int) -> None:
        super().__init__(fd, path, size)
        self.asked = self.reads = 0

    def read_at(self, offset: int, length: int) -> bytes:
        self.asked += length
        self.reads += 1
        return super().read_at(offset, length)


@pytest.mark.parametrize("kind", ["mp3", "flac", "aac", "vorbis", "opus", "wav", "aiff"])
def test_a_large_picture_is_not_read(kind: str, plain: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / f"song{plain[kind].suffix}"
    shutil.copy(plain[kind], path)
    samples.tag(path, pictures=(samples.jpeg(3_000_000),))
    descriptor = os.open(path, os.O_RDONLY)
    source = _Counting(descriptor, os.fsencode(path), path.stat().st_size)
    try:
        raw = read_raw(source)
    finally:
        os.close(descriptor)
    assert raw.code is None
    assert raw.pictures[0].size == 3_000_000
    # Ogg spreads a picture over hundreds of small pages, whose headers must be passed.
    if raw.container != "ogg":
        assert source.asked <= 128 * 1024
        assert source.reads < 24
