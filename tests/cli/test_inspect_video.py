"""The command line and videos: what `inspect` says of files and names, what a library of them holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.corpus import make_file
from bench.corpus.pictures import picture
from bench.corpus.video import Film, Picture, Sound, Text, film
from tests.cli.conftest import Shelf

FILM = Film(
    pictures=(Picture("hevc", bit_depth=10, colour="bt2020 pq", mastering=True),),
    sounds=(
        Sound("ac3", "5.1", language="eng", default=True),
        Sound(language="ger", title="Director's \x1b[31m", commentary=True),
    ),
    texts=(Text(language="ger", forced=True), Text("pgs", "fre", sdh=True)),
    chapters=tuple((at / 20, f"Part {at}") for at in range(6)),
    cover=picture("jpeg", 60, 90, 1),
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    (folder / "Owls (1994).mkv").write_bytes(film(FILM))
    (folder / "no suffix").write_bytes(film(Film("avi", (Picture("mpeg4"),), (Sound("mp3"),))))
    (folder / "film.mp4").write_bytes(film(Film("mp4", (Picture(rotation=90),))))
    make_file(folder / "song.mp4", "mp4", seed=1, seconds=1)
    (folder / "list.mkv").write_bytes(b"#EXTM3U\nfile:///etc/passwd\n")
    (folder / "far.strm").write_bytes(b"http://127.0.0.1:9/film.mkv\n")
    return folder


def test_inspect_of_videos_gives_the_fields_of_the_contract(bare_shelf: Shelf, videos: Path) -> None:
    names = ["Owls (1994).mkv", "no suffix", "film.mp4", "song.mp4", "list.mkv", "far.strm"]
    ended = bare_shelf.run("inspect", *(videos / name for name in names), "--json")
    assert (ended.code, ended.err) == (3, "")
    owls, unnamed, clip, song, playlist, far = map(json.loads, ended.out.rstrip().split("\n"))
    assert [one["kind"] for one in (owls, unnamed, clip, song, playlist, far)] == [
        "video", "video", "video", "music", "video", "video",
    ]  # fmt: skip
    # Of the file as it is: nothing from its name, and nothing that is not signalled.
    assert owls.keys() == {
        "path", "kind", "outcome", "code", "detail", "container", "duration_s", "bitrate_kbps", "streams",
        "chapters", "has_cover", "sources",
    }  # fmt: skip
    assert [one["type"] for one in owls["streams"]] == ["video", "audio", "audio", "subtitle", "subtitle"]
    assert owls["streams"][0]["hdr"] == ["HDR10"]
    assert owls["chapters"][5] == {"start_s": 0.25, "title": "Part 5"}
    assert (playlist["outcome"], playlist["code"]) == ("error", "wrong_format")
    assert (far["outcome"], far["container"], "streams" in far) == ("ok", "strm", False)


def test_people_get_a_line_a_stream_without_control_characters(bare_shelf: Shelf, videos: Path) -> None:
    shown = bare_shelf.call("inspect", videos / "Owls (1994).mkv").out
    lines = [line.strip() for line in shown.splitlines()]
    assert any(
        line.startswith("streams") and "hevc Main 10" in line and "64 x 36" in line and "HDR10" in line
        for line in lines
    )
    assert "turned by 90 degrees" in bare_shelf.call("inspect", videos / "film.mp4").out
    assert "1 audio    ac3, 5.1, 48 kHz, 192 kbps, en, default" in lines
    assert any(line.startswith("2 audio") and line.endswith("commentary") for line in lines)
    assert "3 subtitle subrip, de, forced" in lines
    assert "4 subtitle pgs, pictures, fr, for people with hearing loss" in lines
    assert "6: 0.0 s Part 0; " in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Owls (1994) [imdbid-tt0111161]/Owls (1994) - 1080p.mkv", {"type": "movie", "version": "1080p"}),
        ("Lost/Season 1/Lost S01E01-E02.mp4", {"type": "episode", "show": "Lost", "episode_end": 2}),
        ("Owls (1994)/Owls (1994).de.forced.srt", {"type": "subtitle", "language": "de", "forced": True}),
        ("Owls (1994)/Owls (1994)-trailer.strm", {"type": "extra", "extra": "trailer"}),
    ],
)
def test_names_of_videos_are_known_by_their_suffix(
    bare_shelf: Shelf, name: str, said: dict[str, object]
) -> None:
    ended = bare_shelf.run("inspect", "--names", "--json", stdin=name.encode())
    fields = ended.json()
    assert fields["kind"] == "video"
    assert said.items() <= fields.items()


def test_a_library_of_videos_is_scanned_and_says_what_it_holds(shelf: Shelf) -> None:
    folder = shelf.folder / "Films"
    for name in ("Owls (1994)/Owls (1994).mkv", "Fog/Season 1/Fog S01E01.mkv", "Fog/Season 1/Fog S01E02.mkv"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film(Film(seed=len(name) + name.count("2"))))
    done = shelf.call("scan", folder, "--kind", "video", "--json")
    assert (done.code, done.json()["items_added"]) == (0, 3)
    items = shelf.call("library", "show", "1", "--json").json()["items"]
    assert (items["ready"], items["movies"], items["shows"], items["episodes"]) == (3, 1, 1, 2)
    said = dict(
        line.split() for line in shelf.call("library", "show", "1").out.splitlines() if len(line.split()) == 2
    )
    assert (said["movies"], said["shows"], said["episodes"]) == ("1", "1", "2")
    assert "artists" not in said
    made = shelf.call("library", "covers", "1", "--json")
    assert (made.code, made.json()["items_skipped"]) == (0, 5)
