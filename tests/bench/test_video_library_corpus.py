"""The generated library of films and episodes: seeded, no two files alike, all of them sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus.video_files import clip
from bench.corpus.video_library import ALL_LAYOUTS, build
from bench.corpus.video_making import VideoLibrary
from shelfread.media.video import reading
from tests.media.video.films_on_disk import opened


def _written(folder: Path, seed: int) -> tuple[VideoLibrary, dict[str, bytes]]:
    library = build([folder / "a", folder / "b"], ALL_LAYOUTS, seed=seed)
    return library, {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_seed_writes_the_same_library_and_every_file_differs(tmp_path: Path) -> None:
    library, files = _written(tmp_path / "1", 1)
    again, same = _written(tmp_path / "2", 1)
    other, others = _written(tmp_path / "3", 2)
    assert library == again
    assert files == same
    assert other != library
    assert others.keys() != files.keys()
    videos = [files[f"{'ab'[place.root]}/{place.path}"] for place in library.videos]
    assert len(set(videos)) == len(videos) > 300
    # Each is of one film or one episode.
    files_of = [one.files for one in library.movies]
    files_of += [one.files for show in library.shows for one in show.episodes]
    assert sum(map(len, files_of)) == len(library.videos)
    assert not library.videos & {extra.place for extra in library.extras}
    # What subtitles are for is there.
    assert all(one.of <= library.videos for one in (*library.subtitles, *library.sounds))


@pytest.mark.parametrize("what", ["mkv", "hevc.mkv", "mp4", "m4v", "avi", "ts", "m2ts", "mpg", "vob", "webm"])
def test_copies_are_sound_and_told_apart(tmp_path: Path, what: str) -> None:
    found = []
    for number in (1, 2):
        path = tmp_path / f"{number}.{what.rpartition('.')[2]}"
        path.write_bytes(clip(what, number))
        with opened(path) as source:
            found.append(reading.read(source))
    assert [one.code for one in found] == [None, None]
    assert found[0].signature != found[1].signature
    assert found[0].item.streams == found[1].item.streams
