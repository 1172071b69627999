"""One video: an NFO beside it is believed before the container, and the container before the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus.video import Film
from shelfread.media.kind import Reading
from shelfread.media.video.reading import inspect, read
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Video
from tests.media.video.films_on_disk import made, opened


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _reading(folder: Path, name: str, content: bytes, **beside: str) -> Reading:
    path = folder / Path(name).name
    path.write_bytes(content)
    for suffix, text in beside.items():
        target = folder / "movie.nfo" if suffix == "movie" else path.with_suffix(f".{suffix}")
        target.write_text(text)
    with opened(path, beside=bool(beside), relative=name.encode()) as source:
        return read(source)


def _video(found: Reading) -> Video:
    assert isinstance(found.item, Video)
    return found.item


def test_a_film_is_what_its_name_and_its_container_say(folder: Path) -> None:
    found = _reading(
        folder, "The Owls (1994)/The Owls (1994) - 1080p.mkv", made(Film(title="www.example.org"))
    )
    video = _video(found)
    assert (found.code, found.detail) == (None, None)
    assert found.signature is not None
    assert (video.type, video.title, video.year) == ("movie", "The Owls", 1994)
    assert (video.container, len(video.streams)) == ("matroska", 2)
    assert video.sources == ["container", "name"]
    assert {"title", "year", "type"} <= set(video.guessed)
    assert "duration_s" not in video.guessed


def test_an_nfo_wins_and_keeps_what_others_know(folder: Path) -> None:
    nfo = '<movie><title>Owls</title><year>1995</year><uniqueid type="tmdb">278</uniqueid></movie>'
    name = "The Owls (1994) [imdbid-tt0111161]/The Owls (1994) [imdbid-tt0111161].mkv"
    video = _video(_reading(folder, name, made(Film()), nfo=nfo))
    assert (video.title, video.year) == ("Owls", 1995)
    assert video.provider_ids == {"tmdb": "278", "imdb": "tt0111161"}
    assert video.sources == ["nfo", "container", "name"]
    assert not {"title", "year", "type"} & set(video.guessed)


def test_movie_nfo_speaks_for_the_film_of_its_folder(folder: Path) -> None:
    nfo = "<movie><title>Owls</title></movie>"
    assert (
        _video(_reading(folder, "The Owls (1994)/The Owls (1994).mkv", made(Film()), movie=nfo)).title
        == "Owls"
    )


def test_an_nfo_of_several_episodes_says_where_they_end(folder: Path) -> None:
    one = "<episodedetails><title>Part {0}</title><season>1</season><episode>{0}</episode></episodedetails>"
    name = "Night Watch/Season 1/Night Watch S01E03.mkv"
    video = _video(_reading(folder, name, made(Film()), nfo=one.format(3) + one.format(4)))
    assert (video.type, video.title, video.season, video.episode, video.episode_end) == (
        "episode",
        "Part 3",
        1,
        3,
        4,
    )
    assert video.show == "Night Watch"


def test_the_end_of_several_episodes_is_not_lost_to_an_nfo_of_the_first(folder: Path) -> None:
    nfo = "<episodedetails><season>1</season><episode>3</episode></episodedetails>"
    name = "Night Watch/Season 1/Night Watch S01E03-E04.mkv"
    assert _video(_reading(folder, name, made(Film()), nfo=nfo)).episode_end == 4
    other = nfo.replace(">3<", ">7<")
    video = _video(_reading(folder, name, made(Film()), nfo=other))
    assert (video.episode, video.episode_end) == (7, None)


def test_a_broken_nfo_is_a_problem_and_the_film_stays(folder: Path) -> None:
    found = _reading(folder, "The Owls (1994).mkv", made(Film()), nfo="<movie><title>")
    assert found.code is ProblemCode.METADATA_UNREADABLE
    assert found.detail is not None
    assert "The Owls (1994).nfo beside it" in found.detail
    assert (_video(found).title, len(_video(found).streams)) == ("The Owls", 2)


def test_a_broken_film_keeps_what_its_name_says(folder: Path) -> None:
    content = made(Film("mp4"))
    found = _reading(folder, "The Owls (1994).mp4", content[: len(content) // 2])
    assert found.code is ProblemCode.TRUNCATED
    assert (_video(found).title, _video(found).year) == ("The Owls", 1994)


def test_a_subtitle_and_a_strm_are_not_looked_into(folder: Path) -> None:
    found = _reading(folder, "The Owls (1994).de.forced.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHoo\n")
    video = _video(found)
    assert (found.code, video.type, video.language, video.forced) == (None, "subtitle", "de", True)
    found = _reading(folder, "The Owls (1994).strm", b"http://127.0.0.1:9/x\n")
    assert (found.code, _video(found).container) == (None, "strm")


def test_sound_beside_a_film_has_no_pictures_and_that_is_fine(folder: Path) -> None:
    found = _reading(folder, "The Owls (1994).de.mka", made(Film(pictures=())))
    assert (found.code, _video(found).type) == (None, "audio")


def test_inspect_takes_nothing_from_the_name(folder: Path) -> None:
    path = folder / "The Owls (1994).mkv"
    path.write_bytes(made(Film(title="Inside")))
    with opened(path) as source:
        video = _video(inspect(source))
    assert (video.title, video.year, video.type, video.guessed) == ("Inside", None, None, [])
