"""From tags as written to facts, and from names where tags are silent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.music.raw import Raw
from shelfread.media.music.tags import completed, interpret
from shelfread.model.music import Audio, Credit
from shelfread.model.picture import Picture

ID_A = "89ad4ac3-39f7-470e-963a-56509c546377"
ID_B = "f27ec8db-af05-4f36-916e-3d57f91ecf5e"


def read(**tags: str | list[str]) -> Audio:
    """Interpret tags, each with one value or several."""
    return interpret(
        Raw(tags={key: [value] if isinstance(value, str) else value for key, value in tags.items()}), b"x.mp3"
    )


def in_role(audio: Audio, role: str) -> list[tuple[str, str | None, str | None]]:
    return [(c.name, c.mbid, c.sort_name) for c in audio.credits if c.role == role]


def test_what_the_file_is_is_passed_on() -> None:
    raw = Raw("mp3", "mp3", {}, 3.5, 320, 44100, 2, 16, [Picture("front")])
    audio = interpret(raw, b"Artist/Album/01 Title.mp3")
    assert audio == Audio(
        container="mp3",
        codec="mp3",
        duration_s=3.5,
        bitrate_kbps=320,
        sample_rate=44100,
        channels=2,
        bit_depth=16,
        has_cover=True,
        pictures=[Picture("front")],
    )


def test_plain_tags_become_plain_facts() -> None:
    audio = read(
        title=" full ",
        artist="the artist",
        album="the album",
        version="Deluxe",
        genre="the genre",
        composer="the composer",
        comment=["", "the comments"],
        tracknumber="2",
        tracktotal="3",
        discnumber="4/5",
        discsubtitle="The End",
        date="2001",
        bpm="6",
        compilation="1",
    )
    assert (audio.title, audio.artist, audio.artists) == ("full", "the artist", ["the artist"])
    assert (audio.album, audio.edition, audio.composer) == ("the album", "Deluxe", "the composer")
    assert (audio.genre, audio.genres, audio.genre_keys) == ("the genre", ["the genre"], ["the genre"])
    assert (audio.comment, audio.disc_subtitle) == ("the comments", "The End")
    assert (audio.track, audio.track_total, audio.disc, audio.disc_total) == (2, 3, 4, 5)
    assert (audio.date, audio.year, audio.bpm, audio.compilation) == ("2001", 2001, 6, True)
    assert audio.albumartist is None
    assert audio.albumartists == []


def test_the_artist_text_stays_as_written_and_the_names_stand_behind_it() -> None:
    audio = read(artist="A feat. B")
    assert (audio.artist, audio.artists) == ("A feat. B", ["A", "B"])


def test_several_artist_values_are_joined_to_be_shown() -> None:
    audio = read(artist=["A / B", "C"])
    assert (audio.artist, audio.artists) == ("A / B • C", ["A / B", "C"])


def test_the_tag_for_several_artists_gives_the_names_and_the_other_the_text() -> None:
    audio = read(artist="A with B", artists=["A", "B"], albumartist="A & B", albumartists=["A", "B"])
    assert (audio.artist, audio.artists) == ("A with B", ["A", "B"])
    assert (audio.albumartist, audio.albumartists) == ("A & B", ["A", "B"])
    assert read(artists=["A", "B"]).artist == "A • B"


def test_credits_cover_every_role_with_ids_and_sort_names_in_place() -> None:
    audio = read(
        artist="A feat. B",
        artistsort="A, x feat. B, y",
        musicbrainz_artistid=[ID_A, ID_B],
        albumartist="A",
        composer="C; B",
        performer="D (bass)",
        djmixer="E",
    )
    assert in_role(audio, "artist") == [("A", ID_A, "A, x"), ("B", ID_B, "B, y")]
    assert in_role(audio, "albumartist") == [("A", ID_A, None)]
    assert in_role(audio, "composer") == [("C", None, None), ("B", ID_B, None)]
    assert in_role(audio, "performer") == [("D", None, None)]
    assert in_role(audio, "djmixer") == [("E", None, None)]


def test_ids_of_another_count_than_the_names_are_kept_unpaired() -> None:
    audio = read(artist="A & B", musicbrainz_artistid=f"{ID_A}/{ID_B}")
    assert in_role(audio, "artist") == [("A & B", None, None)]
    assert audio.musicbrainz_artistids == [ID_A, ID_B]


def test_an_id_that_is_none_is_dropped_and_shifts_nobody() -> None:
    audio = read(artist=["A", "B"], musicbrainz_artistid=["nonsense", ID_B.upper()], musicbrainz_albumid="42")
    assert in_role(audio, "artist") == [("A", None, None), ("B", ID_B, None)]
    assert audio.musicbrainz_artistids == [ID_B]
    assert audio.musicbrainz_albumid is None


@pytest.mark.parametrize(
    ("tags", "date", "original"),
    [
        ({"date": "2001-09", "originaldate": "1999"}, "2001-09", "1999"),
        ({"releasedate": "2002", "originaldate": "1999"}, "2002", "1999"),
        ({"originaldate": "1999-01-02"}, "1999-01-02", "1999-01-02"),
        ({"date": ["soon", "2001"]}, "2001", None),
        ({"date": "0000", "releasedate": "2001-00-00"}, "2001", None),
        ({"date": "Oct 3, 1995"}, "1995-10-03", None),
        ({"date": "soon"}, None, None),
    ],
)
def test_the_first_date_that_makes_sense_counts(
    tags: dict[str, Any], date: str | None, original: str | None
) -> None:
    audio = read(**tags)
    assert (audio.date, audio.original_date) == (date, original)
    assert audio.year == (int(date[:4]) if date else None)


def test_an_opus_gain_counts_only_where_replaygain_is_silent() -> None:
    audio = read(replaygain_track_gain="0 dB", r128_track_gain="256", r128_album_gain="256")
    assert (audio.replaygain_track_gain, audio.replaygain_album_gain) == (0.0, 6.0)


def test_a_vinyl_side_keeps_its_text() -> None:
    audio = read(tracknumber="B2")
    assert (audio.track, audio.track_text) == (2, "B2")


def test_several_genres_are_joined_to_be_shown() -> None:
    audio = read(genre=["Rock/Pop", "Jazz"])
    assert (audio.genre, audio.genres) == ("Rock/Pop; Jazz", ["Rock", "Pop", "Jazz"])


def test_texts_are_fit_to_store() -> None:
    audio = read(
        title="a\0b\ud800c", artist="\0", comment="c" * 9000, album="d" * 9000, lyrics="é" * (1 << 20)
    )
    assert audio.title == "ab\ufffdc"
    assert audio.artist is None
    assert len(audio.comment or "") == 4096
    assert len(audio.album or "") == 1024
    assert len((audio.lyrics or "").encode()) == 1 << 20


_KEYS = [
    "title",
    "artist",
    "artists",
    "albumartist",
    "albumartists",
    "album",
    "version",
    "genre",
    "composer",
    "comment",
    "tracknumber",
    "tracktotal",
    "discnumber",
    "disctotal",
    "discsubtitle",
    "date",
    "originaldate",
    "releasedate",
    "bpm",
    "compilation",
    "lyrics",
    "performer",
    "artistsort",
    "musicbrainz_trackid",
    "musicbrainz_artistid",
    "replaygain_track_gain",
    "replaygain_track_peak",
    "r128_track_gain",
]
_TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(["A feat. B", "1/2", ID_A, "nan"])


@given(
    st.dictionaries(st.sampled_from(_KEYS) | st.text(), st.lists(_TEXT, max_size=3)), st.binary(max_size=40)
)
def test_no_tags_and_no_name_make_it_fail(tags: dict[str, list[str]], relative: bytes) -> None:
    audio = interpret(Raw(tags=tags), relative)
    for filled in (audio, completed(audio, relative)):
        texts = [filled.title, filled.artist, filled.album, *filled.artists, *filled.genres]
        for text in (text for text in texts if text is not None):
            assert "\0" not in text
            text.encode()
        assert len(filled.genres) == len(filled.genre_keys)


def test_a_file_without_tags_is_catalogued_from_its_name_and_folders() -> None:
    silent = Audio()
    audio = completed(silent, b"Artist/Album (1999)/CD2/03 - Title.flac")
    assert (audio.title, audio.artist, audio.artists) == ("Title", "Artist", ["Artist"])
    assert (audio.album, audio.track, audio.disc) == ("Album", 3, 2)
    assert (audio.date, audio.year) == ("1999", 1999)
    assert audio.credits == [Credit("artist", "Artist", "artist")]
    assert silent == Audio()


def test_a_file_loose_in_the_root_gets_a_title_and_no_album() -> None:
    audio = completed(Audio(), b"noise.wav")
    assert (audio.title, audio.artist, audio.album, audio.track) == ("noise", None, None, None)


def test_tags_win_over_names() -> None:
    audio = read(title="T", artist="A", album="B", tracknumber="9", discnumber="1", date="2000")
    assert completed(audio, b"X/Y (1999)/CD2/03 - Z.mp3") is audio


def test_an_album_in_the_tags_takes_no_year_from_the_folder() -> None:
    audio = completed(read(album="B"), b"X/Y (1999)/03 - Z.mp3")
    assert (audio.album, audio.date) == ("B", None)


def test_a_number_that_belongs_to_the_title_is_no_track_number() -> None:
    audio = completed(read(title="22 Acacia Avenue"), b"Iron Maiden/Beast/22 Acacia Avenue.mp3")
    assert audio.track is None


@pytest.mark.parametrize(
    ("tags", "path", "disc"),
    [
        ({"tracknumber": "3"}, b"X/Y/1-03 Z.mp3", 1),
        ({"tracknumber": "4"}, b"X/Y/1-03 Z.mp3", None),
        ({"tracknumber": "4"}, b"X/Y/CD2/1-03 Z.mp3", 2),
        ({}, b"X/Y/1-03 Z.mp3", 1),
        ({"discnumber": "7"}, b"X/Y/CD2/03 Z.mp3", 7),
        ({"tracknumber": "3"}, b"X/Y/CD2/Z.mp3", 2),
        ({"tracknumber": "3"}, b"X/Y/03 Z.mp3", None),
    ],
)
def test_a_disc_in_the_name_counts_when_its_track_agrees(
    tags: dict[str, Any], path: bytes, disc: int | None
) -> None:
    assert completed(read(title="Z", artist="A", album="B", **tags), path).disc == disc


def test_a_known_artist_is_taken_off_the_front_of_a_title() -> None:
    assert completed(read(artist="ABBA"), b"x/y/05 - Abba - Waterloo.mp3").title == "Waterloo"
    assert completed(read(albumartist="Queen"), b"x.mp3").artist == "Queen"
