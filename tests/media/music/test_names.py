"""Facts from names and folders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.music.names import disc_folder, from_name, release_folder


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("01 - Title.mp3", {"track": 1, "title": "Title"}),
        ("01-Title.mp3", {"track": 1, "title": "Title"}),
        ("01. Title.mp3", {"track": 1, "title": "Title"}),
        ("01_-_Some_Title.mp3", {"track": 1, "title": "Some Title"}),
        ("01 Title.mp3", {"track": 1, "title": "Title"}),
        ("7 - Title.mp3", {"track": 7, "title": "Title"}),
        ("00 - Intro.mp3", {"track": 0, "title": "Intro"}),
        ("1-03 Title.flac", {"disc": 1, "track": 3, "title": "Title"}),
        ("10-01 - Title.flac", {"disc": 10, "track": 1, "title": "Title"}),
        ("A1 Title.mp3", {"track": 1, "track_text": "A1", "title": "Title"}),
        ("B2. Title.mp3", {"track": 2, "track_text": "B2", "title": "Title"}),
        ("01.mp3", {"track": 1, "title": "01"}),
        ("1999.mp3", {"title": "1999"}),
        ("99 Luftballons.mp3", {"title": "99 Luftballons"}),
        ("X/99 Luftballons.mp3", {"album": "X", "title": "99 Luftballons"}),
        ("X/12 Title.mp3", {"album": "X", "track": 12, "title": "Title"}),
        ("7 Rings.mp3", {"title": "7 Rings"}),
        ("50-50.mp3", {"title": "50-50"}),
        ("1-800-273-8255.mp3", {"title": "1-800-273-8255"}),
        ("10-15 Saturday Night.mp3", {"title": "10-15 Saturday Night"}),
        ("Mr. Blue Sky.mp3", {"title": "Mr. Blue Sky"}),
        ("Artist - Title.mp3", {"artist": "Artist", "title": "Title"}),
        ("U2 - One.mp3", {"artist": "U2", "title": "One"}),
        ("D12 - Purple Pills.mp3", {"artist": "D12", "title": "Purple Pills"}),
        ("1979 - Song.mp3", {"title": "1979 - Song"}),
        ("Artist - 01 - Title.mp3", {"artist": "Artist", "track": 1, "title": "Title"}),
        (
            "Artist - Album - 01 - Title.mp3",
            {"artist": "Artist", "album": "Album", "track": 1, "title": "Title"},
        ),
        (
            "Artist/Album (1999)/CD1/03. Title.flac",
            {"artist": "Artist", "album": "Album", "year": 1999, "disc": 1, "track": 3, "title": "Title"},
        ),
        (
            "Artist - Album [2001]/02 Song.mp3",
            {"artist": "Artist", "album": "Album", "year": 2001, "track": 2, "title": "Song"},
        ),
        (
            "ABBA/1992 - Gold [FLAC]/01 x.mp3",
            {"artist": "ABBA", "album": "Gold", "year": 1992, "track": 1, "title": "x"},
        ),
        (
            "A/ABBA - 1992 - Gold (Disc 2)/01.x.mp3",
            {"artist": "ABBA", "album": "Gold", "year": 1992, "disc": 2, "track": 1, "title": "x"},
        ),
        (
            "Various Artists/Hits/01 Artist - Title.mp3",
            {"album": "Hits", "track": 1, "artist": "Artist", "title": "Title"},
        ),
        (
            "Queen/Hits/05 - Bohemian Rhapsody - Live.mp3",
            {"artist": "Queen", "album": "Hits", "track": 5, "title": "Bohemian Rhapsody - Live"},
        ),
        (
            "Queen/Hits/05 - queen - Bohemian Rhapsody.mp3",
            {"artist": "queen", "album": "Hits", "track": 5, "title": "Bohemian Rhapsody"},
        ),
        ("Taylor Swift/1989/x.mp3", {"artist": "Taylor Swift", "album": "1989", "title": "x"}),
        ("Album (1999) (Deluxe)/x.mp3", {"album": "Album (Deluxe)", "year": 1999, "title": "x"}),
        ("Disc 1/x.mp3", {"disc": 1, "title": "x"}),
        ("...And Justice/x.mp3", {"album": "...And Justice", "title": "x"}),
        (" /x.mp3", {"title": "x"}),
        (".mp3", {"title": ".mp3"}),
        ("line\nbreak.mp3", {"title": "line break"}),
    ],
)
def test_a_name_says_what_its_form_says_and_no_more(path: str, facts: dict[str, Any]) -> None:
    assert from_name(path.encode()) == facts


def test_a_name_that_is_not_utf8_is_shown_with_replacements() -> None:
    assert from_name(b"\xff/01 - caf\xe9.mp3") == {"album": "\ufffd", "track": 1, "title": "caf\ufffd"}


def test_a_known_artist_decides_what_a_dash_means() -> None:
    assert from_name(b"x/y/05 - Abba - Waterloo.mp3", ["ABBA"])["title"] == "Waterloo"
    assert from_name(b"Waterloo - Live.mp3", ["ABBA"]) == {"title": "Waterloo - Live"}


@pytest.mark.parametrize(
    ("name", "disc", "release"),
    [
        ("CD1", 1, "A"),
        ("CD 2", 2, "A"),
        ("cd_03", 3, "A"),
        ("Disc 3", 3, "A"),
        ("Disk04", 4, "A"),
        ("disc-12", 12, "A"),
        ("Disc one", 1, "A"),
        ("Disc 1 of 3", 1, "A"),
        ("CD1 - The Early Years", 1, "A"),
        ("Disc 1 (Live)", 1, "A"),
        ("DVD 2", 2, "A"),
        ("Album (Disc 2)", 2, "A/Album"),
        ("Album [CD2]", 2, "A/Album"),
        ("Album - CD 2", 2, "A/Album"),
        ("Album CD2", 2, "A/Album"),
        ("Album (Disc Two)", 2, "A/Album"),
        ("CD", None, "A/CD"),
        ("CD 1999", None, "A/CD 1999"),
        ("Disco 1", None, "A/Disco 1"),
        ("Discworld 2", None, "A/Discworld 2"),
        ("ACDC1", None, "A/ACDC1"),
        ("Volume 2", None, "A/Volume 2"),
    ],
)
def test_disc_folders_collapse_onto_their_release(name: str, disc: int | None, release: str) -> None:
    assert disc_folder(name) == disc
    assert release_folder(f"A/{name}".encode()) == release.encode()


def test_a_release_folder_keeps_its_bytes() -> None:
    assert release_folder(b"caf\xe9 (Disc 1)") == b"caf\xe9"
    assert release_folder(b"\xff/CD1") == b"\xff"
    assert release_folder(b"CD1") == b""
    assert release_folder(b"") == b""


@given(st.binary(max_size=80) | st.text(alphabet="01 -._()[]/CDAx1999", max_size=60).map(str.encode))
def test_any_bytes_give_a_title_and_no_exception(path: bytes) -> None:
    facts = from_name(path)
    if path.replace(b"\0", b""):
        assert facts["title"] or path.rpartition(b"/")[2].strip(b"\0") == b""
    release_folder(path)
