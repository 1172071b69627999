"""Whether a file is a video, where its name leaves it open: moving pictures make one, a cover does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus import make_file
from bench.corpus.pictures import picture
from bench.corpus.video import Film, Picture, Sound
from shelfread.media.video.guess import is_video
from shelfread.media.window import Memory
from tests.media.video.films_on_disk import made


@pytest.mark.parametrize(
    "film",
    [
        Film(),
        Film("mp4"),
        Film("mov"),
        Film("asf", (Picture("wmv2"),), (Sound("wma"),)),
        Film("avi", (Picture("mpeg4"),), (Sound("mp3"),)),
        Film("mpegts"),
    ],
    ids=lambda film: film.container,
)
def test_films_are_videos(film: Film) -> None:
    assert is_video(Memory(made(film)))


@pytest.mark.parametrize("form", ["m4a", "mp4", "wma", "ogg", "opus", "mp3", "flac", "wav"])
def test_music_is_none_with_a_cover_either(tmp_path: Path, form: str) -> None:
    path = tmp_path / "song"
    make_file(path, form, seed=1, seconds=1, cover=picture("jpeg", 60, 60, 1) if form == "m4a" else None)
    assert not is_video(Memory(path.read_bytes()))


def test_ogg_with_pictures_is_one() -> None:
    page = b"OggS\0\2" + bytes(20) + b"\1\x2a"
    assert is_video(Memory(page + b"\x80theora\3\2\1"))
    assert not is_video(Memory(page + b"\1vorbis"))


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\n", bytes(5000), b"\0\0\0\x08moov", b"RIFF1234WAVE"])
def test_what_is_no_container_is_none(content: bytes) -> None:
    assert not is_video(Memory(content))
