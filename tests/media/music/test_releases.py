"""Grouping the tracks of a folder into releases."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.music.people import key_of, split_artists
from shelfread.media.music.releases import VARIOUS_ARTISTS, album_artist, arrange, disc_count, earliest
from shelfread.model.music import ReleaseKey, TrackFacts

ID_A = "89ad4ac3-39f7-470e-963a-56509c546377"
ID_B = "f27ec8db-af05-4f36-916e-3d57f91ecf5e"


def track(file_id: int, album: str | None = "Album", **facts: Any) -> TrackFacts:
    """A track as tags would give it."""
    written = {"albumartist": None, "artist": None, "edition": None, "compilation": None} | facts
    keys = {
        name: [key_of(one) for one in split_artists([written[name]] if written[name] else [])]
        for name in ("albumartist", "artist")
    }
    return TrackFacts(
        file_id=file_id,
        album=album,
        albumartist=written["albumartist"],
        albumartist_keys=keys["albumartist"],
        artist=written["artist"],
        artist_keys=keys["artist"],
        edition=written["edition"],
        compilation=written["compilation"],
        musicbrainz_albumid=written.get("mbid"),
    )


def grouped(releases: list[ReleaseKey]) -> list[list[int]]:
    return sorted(release.file_ids for release in releases)


def test_one_folder_with_one_album_title_is_one_release() -> None:
    (release,) = arrange(b"X/Album", [track(1, artist="A"), track(2, "album ", artist="B"), track(3)])
    assert release.file_ids == [1, 2, 3]
    assert (release.title, release.albumartist, release.mbid) == ("Album", None, None)


def test_a_track_without_album_artist_takes_the_only_one_of_its_title() -> None:
    (release,) = arrange(b"X", [track(1, albumartist="A"), track(2), track(3, albumartist="a")])
    assert release.file_ids == [1, 2, 3]
    assert release.albumartist == "A"


def test_two_album_artists_with_an_equal_title_in_one_folder_are_two_releases() -> None:
    releases = arrange(b"X", [track(1, albumartist="A"), track(2, albumartist="B"), track(3)])
    assert grouped(releases) == [[1], [2], [3]]


def test_disc_folders_share_the_release_of_their_parent() -> None:
    keys = {
        arrange(folder, [track(number, albumartist="A")])[0].key
        for number, folder in enumerate([b"X/Album", b"X/Album/CD1", b"X/Album/Disc 2", b"X/Album (CD3)"])
    }
    assert len(keys) == 1


def test_equal_titles_in_different_folders_are_different_releases() -> None:
    tracks = [track(1, "Greatest Hits")]
    assert arrange(b"A/Greatest Hits", tracks)[0].key != arrange(b"B/Greatest Hits", tracks)[0].key


def test_a_musicbrainz_release_is_the_release_wherever_it_lies() -> None:
    (one,) = arrange(b"X", [track(1, mbid=ID_A), track(2, "Album CD2", mbid=ID_A), track(3)])
    assert one.file_ids == [1, 2, 3]
    assert (one.key, one.mbid) == (f"mbid:{ID_A}", ID_A)
    assert arrange(b"Y", [track(9, mbid=ID_A)])[0].key == one.key


def test_two_musicbrainz_releases_of_one_title_stay_two_and_adopt_nobody() -> None:
    releases = arrange(b"X", [track(1, mbid=ID_A), track(2, mbid=ID_B), track(3)])
    assert grouped(releases) == [[1], [2], [3]]


def test_editions_part_when_every_track_names_one() -> None:
    deluxe, plain = track(1, edition="Deluxe"), track(2, edition="Remaster")
    assert grouped(arrange(b"X", [deluxe, plain])) == [[1], [2]]


def test_the_version_of_a_single_track_does_not_tear_an_album_apart() -> None:
    (release,) = arrange(b"X", [track(1), track(2, edition="Live"), track(3, edition="Remix"), track(4)])
    assert release.file_ids == [1, 2, 3, 4]
    assert release.edition is None


def test_an_edition_named_by_all_tracks_is_shown_and_leaves_the_key_alone() -> None:
    (deluxe,) = arrange(b"X", [track(1, edition="Deluxe"), track(2, edition="Deluxe")])
    assert deluxe.edition == "Deluxe"
    assert deluxe.key == arrange(b"X", [track(1)])[0].key


def test_tracks_without_album_belong_to_no_release() -> None:
    assert arrange(b"", [track(1, None), track(2, "")]) == []


def test_keys_are_short_and_tell_apart_what_only_looks_alike() -> None:
    long = arrange(b"x" * 3000, [track(1, "y" * 1024)])[0].key
    assert len(long) <= 512
    assert long != arrange(b"x" * 3001, [track(1, "y" * 1024)])[0].key
    assert arrange(b"\xff", [track(1)])[0].key != arrange(b"ff", [track(1)])[0].key
    assert arrange(b"X", [track(1, 'a","b')])[0].key != arrange(b"X", [track(1, "a", albumartist="b")])[0].key


_TRACKS = st.builds(
    track,
    st.integers(1, 10_000),
    st.sampled_from([None, "Album", "album", "Other"]),
    albumartist=st.sampled_from([None, "A", "a", "B", "A / B"]),
    artist=st.sampled_from([None, "A", "B", "A feat. B", "A ft. C"]),
    edition=st.sampled_from([None, "Deluxe", "deluxe", "Live"]),
    compilation=st.sampled_from([None, True, False]),
    mbid=st.sampled_from([None, None, ID_A, ID_B]),
)


@given(st.lists(_TRACKS, max_size=9, unique_by=lambda one: one.file_id), st.randoms())
def test_no_order_of_the_input_changes_the_releases(tracks: list[TrackFacts], random: Any) -> None:
    releases = arrange(b"X/Y", tracks)
    shuffled = random.sample(tracks, len(tracks))
    assert arrange(b"X/Y", shuffled) == releases
    assert album_artist(shuffled) == album_artist(tracks)
    placed = [file_id for release in releases for file_id in release.file_ids]
    assert sorted(placed) == sorted(one.file_id for one in tracks if one.album)
    assert [release.key for release in releases] == sorted({release.key for release in releases})


@pytest.mark.parametrize(
    ("artists", "text", "keys"),
    [
        (["X", "X"], "X", ("x",)),
        (["X", "X feat. Y"], "X", ("x",)),
        (["X feat. Y", "X ft. Z"], "X", ("x",)),
        (["X / Y", "X / Y"], "X / Y", ("x", "y")),
        (["X", "Y"], VARIOUS_ARTISTS, ("various artists",)),
        (["X", "Y feat. X"], VARIOUS_ARTISTS, ("various artists",)),
        ([None, "X"], "X", ("x",)),
        ([None], None, ()),
    ],
)
def test_track_artists_decide_where_no_album_artist_is_said(
    artists: list[str | None], text: str | None, keys: tuple[str, ...]
) -> None:
    for order in permutations(artists):
        found = album_artist(track(number, artist=artist) for number, artist in enumerate(order))
        assert found == (text, keys)


def test_a_compilation_is_by_various_artists_unless_an_album_artist_is_said() -> None:
    assert album_artist([track(1, artist="X", compilation=True)]).text == VARIOUS_ARTISTS
    said = [track(1, artist="X", albumartist="Z", compilation=True), track(2, artist="Y")]
    assert album_artist(said) == ("Z", ("z",))


def test_the_date_of_a_release_is_the_earliest_and_most_exact() -> None:
    assert earliest(["2001", "2001-09-04", "2001-10", None]) == "2001-09-04"
    assert earliest(["2002", "2001"]) == "2001"
    assert earliest([None]) is None


def test_the_number_of_discs_is_the_highest_told() -> None:
    assert disc_count([(1, 2), (None, None), (3, None)]) == 3
    assert disc_count([(None, None)]) is None
