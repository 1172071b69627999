"""Signatures: the same work has the same one whatever its tags say, another work another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mutagen.mp4 import MP4

from bench.corpus.video import Film
from shelfread.media.video.signature import of_ends, of_payload
from shelfread.media.window import Memory
from tests.media.video.films_on_disk import film_streams, made, streams_of

BOTH = pytest.mark.parametrize("container", ["matroska", "mp4"])


class _Counting(Memory):
    read = 0

    def read_at(self, offset: int, length: int) -> bytes:
        found = super().read_at(offset, length)
        self.read += len(found)
        return found


@BOTH
def test_another_title_is_the_same_work(container: str, tmp_path: Path) -> None:
    first = film_streams(tmp_path, Film(container, title="Owls")).signature
    assert first is not None
    assert (
        film_streams(tmp_path, Film(container, title="Many owls, and one of them is deaf")).signature == first
    )
    assert len(first) <= 32


@BOTH
def test_other_pictures_are_another_work(container: str, tmp_path: Path) -> None:
    first, second = (film_streams(tmp_path, Film(container, seed=seed)).signature for seed in (1, 2))
    assert first != second


def test_a_retagged_mp4_is_the_same_work_wherever_its_index_stands(tmp_path: Path) -> None:
    plain = Film("mp4")
    first = film_streams(tmp_path, plain).signature
    path = tmp_path / "tagged.mp4"
    path.write_bytes(made(plain))
    tags: Any = MP4(path)  # type: ignore[no-untyped-call]
    tags["\xa9nam"] = ["A title " * 500]
    tags.save()
    assert streams_of(tmp_path, path.read_bytes()).signature == first
    content = made(plain)
    index = content.index(b"moov") - 4
    assert streams_of(tmp_path, content[:32] + content[index:] + content[32:index]).signature == first


def test_tags_that_are_written_behind_the_clusters_change_nothing(tmp_path: Path) -> None:
    content = made(Film())
    first = streams_of(tmp_path, content).signature
    # What a tool does that edits in place: the segment grows, the seek head names them.
    segment = content.index(bytes.fromhex("18538067"))
    size = int.from_bytes(content[segment + 4 : segment + 12], "big") & (1 << 56) - 1
    tags = bytes.fromhex("1254c367") + b"\x88" + bytes.fromhex("7373") + b"\x85" + bytes(5)
    longer = (size + len(tags) | 1 << 56).to_bytes(8, "big")
    grown = content[: segment + 4] + longer + content[segment + 12 :]
    assert streams_of(tmp_path, grown + tags).signature == first


def test_no_more_than_112_kib_are_read() -> None:
    source = _Counting(bytes(10 << 20))
    assert of_ends(source) != of_ends(_Counting(bytes((10 << 20) + 1)))
    assert source.read <= 112 << 10
    small = _Counting(b"abc")
    of_payload(small, (0, 3), (0, 3), 3)
    assert small.read == 3, "no byte twice"
