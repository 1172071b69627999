"""The corpus generator makes what it says: playable files, readable tags, same bytes for same seed."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import av
import pytest
from mutagen import id3
from mutagen.aac import AAC
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4

from bench.corpus import FORMATS, damage, make_file, music, picture, sample, suffix, tag_file, tree
from bench.corpus.tags import KINDS

TAGS: dict[str, str | list[str]] = {
    "title": "Slack Water 夜",
    "artist": ["Mira Solberg", "Ida Okonjo"],
    "albumartist": "Mira Solberg",
    "album": "Harbour Lights",
    "genre": ["Folk", "Jazz"],
    "date": "2014-05",
    "tracknumber": "3/12",
    "discnumber": "1/2",
    "bpm": "120",
    "compilation": "1",
    "lyrics": "la la\nla",
    "comment": "hello",
    "musicbrainz_trackid": "0f0f0f0f-0000-4000-8000-000000000001",
    "musicbrainz_albumid": "0f0f0f0f-0000-4000-8000-000000000002",
    "replaygain_track_gain": "-3.20 dB",
}
SILENT = {"ape", "mpc"}  # no encoder: valid frames that hold silence


def decoded(path: Path) -> tuple[float, bytes]:
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.audio[0]))
    return sum(frame.samples / frame.sample_rate for frame in frames), b"".join(
        bytes(f.planes[0]) for f in frames
    )


def opened(path: Path) -> Any:
    # mutagen.File takes a raw AAC with ID3 in front for an MP3.
    return AAC(path) if path.suffix == ".aac" else KINDS[path.suffix](path)


def said(path: Path) -> dict[str, list[str]]:
    """A few fields by canonical name, read in each container's own way."""
    audio = opened(path)
    tags: Any = id3.ID3(path) if path.suffix == ".aac" else audio.tags
    if isinstance(tags, id3.ID3):
        keys = {"title": "TIT2", "artist": "TPE1", "genre": "TCON", "album": "TALB", "track": "TRCK"}
        release = "TXXX:MusicBrainz Album Id"
    elif isinstance(audio, MP4):
        keys = {
            "title": "\xa9nam",
            "artist": "\xa9ART",
            "genre": "\xa9gen",
            "album": "\xa9alb",
            "track": "trkn",
        }
        release = "----:com.apple.iTunes:MusicBrainz Album Id"
        tags = dict(tags) | {
            "trkn": ["/".join(map(str, tags["trkn"][0]))],
            release: [value.decode() for value in tags[release]],
        }
    elif isinstance(audio, ASF):
        keys = {"title": "Title", "artist": "Author", "genre": "WM/Genre", "album": "WM/AlbumTitle"}
        keys["track"] = "WM/TrackNumber"
        release = "MusicBrainz/Album Id"
    elif path.suffix in (".ape", ".wv", ".mpc"):
        keys = {"title": "Title", "artist": "Artist", "genre": "Genre", "album": "Album", "track": "Track"}
        release = "MUSICBRAINZ_ALBUMID"
    else:
        tags["track"] = [f"{tags['TRACKNUMBER'][0]}/{tags['TRACKTOTAL'][0]}"]
        keys = {name: name for name in ("title", "artist", "genre", "album", "track")}
        release = "MUSICBRAINZ_ALBUMID"
    keys["musicbrainz_albumid"] = release
    return {name: [str(value) for value in tags[key]] for name, key in keys.items()}


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_file_of_each_format_plays_and_is_deterministic(tmp_path: Path, fmt: str) -> None:
    path, again, other = (tmp_path / f"{name}{suffix(fmt)}" for name in ("one", "two", "three"))
    make_file(path, fmt, seed=7, seconds=1.5)
    make_file(again, fmt, seed=7, seconds=1.5)
    make_file(other, fmt, seed=8, seconds=1.5)
    assert path.read_bytes() == again.read_bytes() != other.read_bytes()
    seconds, sound = decoded(path)
    assert seconds == pytest.approx(1.5, abs=0.06)
    assert opened(path).info.length == pytest.approx(1.5, abs=0.06)
    if fmt in SILENT:
        assert not any(sound)
    else:
        assert len(set(sound)) > 50
        assert sound != decoded(other)[1]


@pytest.mark.parametrize("fmt", FORMATS)
def test_tags_and_covers_read_back(tmp_path: Path, fmt: str) -> None:
    front, back = picture("jpeg", 64, 64, 1), picture("png", 48, 40, 2)
    path, retagged = tmp_path / f"a{suffix(fmt)}", tmp_path / f"b{suffix(fmt)}"
    make_file(path, fmt, tags=TAGS, cover=front, second_cover=back)
    assert said(path) == {
        "title": [TAGS["title"]],
        "artist": TAGS["artist"],
        "genre": TAGS["genre"],
        "album": ["Harbour Lights"],
        "track": ["3/12"],
        "musicbrainz_albumid": [TAGS["musicbrainz_albumid"]],
    }
    assert decoded(path)[0] == pytest.approx(1, abs=0.06)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2
    content = path.read_bytes()
    if suffix(fmt) not in (".ogg", ".opus"):  # there pictures are text
        assert front in content
        assert back in content

    make_file(retagged, fmt, tags={"title": "Before", "mood": "gone"}, cover=back)
    tag_file(retagged, TAGS, front)
    assert said(retagged) == said(path)
    assert b"Before" not in retagged.read_bytes()
    assert decoded(retagged)[1] == decoded(path)[1]


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_pictures_are_real(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(picture(kind, 333, 201, 5))
    assert path.read_bytes() == picture(kind, 333, 201, 5) != picture(kind, 333, 201, 6)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (333, 201)


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_sample_library_has_everything(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    tracks = sample.build(one)
    sample.build(two)
    assert digests(one) == digests(two)
    found = {path.suffix for path in one.rglob("*") if path.is_file()}
    assert found == {suffix(fmt) for fmt in FORMATS} | {".jpg", ".txt", ""}
    assert 60 <= tracks <= 80
    assert (one / ".shelfignore").read_text().splitlines()[1:3] == ["extras/", "!extras/Interview (kept).mp3"]
    assert FLAC(one / "Orchestre du Val d'Orbe/Symphonie des marées/CD2/01 V. Basse mer.flac")[
        "discnumber"
    ] == ["2"]
    with pytest.raises(av.FFmpegError):
        av.open(str(one / "Loose Ends/Broken Download.m4a"))
    untagged = one / "Otto Lindqvist - Northern Engines (1998)/01 - Ignition.mp3"
    assert opened(untagged).tags is None
    for path in one.rglob("*"):
        assert path.stat().st_mtime < 1_700_000_000


def test_a_small_music_corpus_has_the_right_mix(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    size = music.build(one, tracks=200, seed=3, processes=1)
    music.build(two, tracks=200, seed=3, processes=2)
    assert digests(one) == digests(two)
    files = [path for path in one.rglob("*") if path.is_file()]
    assert Counter(path.suffix[1:] for path in files) == music.shares(200)
    assert sum(path.stat().st_size for path in files) == size
    assert 80_000 < size / 200 < 140_000
    assert len({path.parent for path in files}) == 18
    assert {len(path.relative_to(one).parts) for path in files} == {3}
    sounds = set()
    for path in files:
        title = said(path)["title"][0] if "musicbrainz_albumid" in str(opened(path).tags).lower() else None
        assert title is None or title in path.name
        assert path.stat().st_mtime < 1_705_000_000
        with av.open(str(path)) as container:
            packets = container.demux(container.streams.audio[0])
            sounds.add(hashlib.sha256(b"".join(bytes(packet) for packet in packets)).digest())
    assert len(sounds) == 200
    for fmt in music.MIX:
        seconds, _ = decoded(min(path for path in files if path.suffix == suffix(fmt)))
        assert seconds > 0.5
    md5s = [FLAC(path).info.md5_signature for path in files if path.suffix == ".flac"]
    assert len(set(md5s)) == len(md5s)


def test_the_mix_is_exact_at_full_size() -> None:
    assert music.shares(10_000) == music.MIX
    albums = music.plan(10_000, 908, 1)
    assert len({(album.artist, album.title) for album in albums}) == 908
    assert sum(len(album.tracks) for album in albums) == 10_000


def test_a_small_tree_has_its_counts_and_valid_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    size = tree.build(one, files=2000, folders=300)
    tree.build(two, files=2000, folders=300)
    assert digests(one) == digests(two)
    files = [path for path in one.rglob("*") if path.is_file()]
    assert len(files) == 2000
    assert sum(path.is_dir() for path in one.rglob("*")) == 300
    assert sum(path.stat().st_size for path in files) == size
    assert {path.suffix for path in files} == {".mp3", ".flac", ".jpg", ".txt", ".nfo"}
    assert max(path.stat().st_size for path in files) <= 200
    assert max(len(path.relative_to(one).parts) for path in files) > 8
    for kind in (".mp3", ".flac"):
        path = next(path for path in files if path.suffix == kind)
        assert decoded(path)[0] > 0
        assert opened(path).info.length > 0
    with av.open(str(next(path for path in files if path.suffix == ".jpg"))) as container:
        assert next(container.decode(video=0)).width == 1


def test_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    whole = bytes(range(1, 101))

    def fresh() -> Path:
        path.write_bytes(whole)
        return path

    assert damage.cut(fresh(), 0.25).read_bytes() == whole[:25]
    assert damage.cut(fresh(), 10).read_bytes() == whole[:10]
    torn = damage.torn(fresh()).read_bytes()
    assert torn == whole[:33] + bytes(33) + whole[66:]
    flipped = damage.flip(fresh(), 5, seed=1, start=20, stop=40).read_bytes()
    assert flipped == damage.flip(fresh(), 5, seed=1, start=20, stop=40).read_bytes()
    changed = [at for at, byte in enumerate(flipped) if byte != whole[at]]
    assert len(changed) == 5
    assert all(20 <= at < 40 for at in changed)
    assert damage.empty(fresh()).read_bytes() == b""
    renamed = damage.misname(fresh(), ".mp3")
    assert renamed == tmp_path / "x.mp3"
    assert renamed.read_bytes() == whole
    assert not path.exists()


def test_the_command_line(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bench.corpus",
        "tree",
        str(tmp_path / "t"),
        "--files",
        "20",
        "--folders",
        "5",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("tree: 20 files in 5 folders")
    assert len(run.stdout.splitlines()) == 1
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "not an empty folder" in again.stderr
