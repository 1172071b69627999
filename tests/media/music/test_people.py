"""Names, keys and credits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.music.people import (
    KEY_LENGTH,
    credits_for,
    key_of,
    share_mbids,
    split_artists,
    split_role,
)

ID_A = "89ad4ac3-39f7-470e-963a-56509c546377"
ID_B = "f27ec8db-af05-4f36-916e-3d57f91ecf5e"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "the  beatles "),
        ("Guns N' Roses", "Guns N’ Roses"),
        ('"Weird Al" Yankovic', "“Weird Al” Yankovic"),
        ("a-ha", "A‐ha"),
        ("Björk", "Bjo\u0308rk"),
        ("ＡＢＢＡ", "ABBA"),
        ("Straße", "STRASSE"),
        ("ABBA", "\ufeffABBA\u200b"),
        ("Boards of Canada", "Boards\u00a0of Canada"),
    ],
)
def test_two_spellings_of_a_name_have_one_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Björk", "Bjork"), ("Beatles", "The Beatles"), ("P!nk", "Pink"), ("Yes", "Yes!")]
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@given(st.text(st.characters(codec=None), min_size=1, max_size=400))
def test_the_key_of_a_key_is_itself_and_is_short_and_never_empty(name: str) -> None:
    key = key_of(name)
    assert key
    assert key_of(key) == key
    assert len(key) <= KEY_LENGTH


def test_long_names_that_differ_at_the_end_have_different_keys() -> None:
    assert key_of("x" * 1000 + "a") != key_of("x" * 1000 + "b")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("AC/DC", ["AC/DC"]),
        ("AC / DC", ["AC / DC"]),
        ("Tyler, The Creator", ["Tyler, The Creator"]),
        ("Earth, Wind & Fire", ["Earth, Wind & Fire"]),
        ("Simon & Garfunkel", ["Simon & Garfunkel"]),
        ("Steins;Gate", ["Steins;Gate"]),
        ("Little Feat", ["Little Feat"]),
        ("Little Feat Live feat. X", ["Little Feat Live", "X"]),
        ("X feat. Little Feat", ["X", "Little Feat"]),
        ("+ / -", ["+ / -"]),
        ("A / B", ["A", "B"]),
        ("A / B / C", ["A", "B", "C"]),
        ("A feat. B", ["A", "B"]),
        ("A FEAT B", ["A", "B"]),
        ("A ft. B", ["A", "B"]),
        ("A Ft B", ["A", "B"]),
        ("A featuring B & C", ["A", "B & C"]),
        ("A (feat. B)", ["A", "B"]),
        ("A [ft. B (UK)] / C", ["A", "B (UK)", "C"]),
        ("A; B", ["A", "B"]),
        ("A; a ; B", ["A", "B"]),
        ("Left Feather", ["Left Feather"]),
        ("feat. B", ["feat. B"]),
        ("A / ", ["A /"]),
        (" ; ", [";"]),
        ("", []),
    ],
)
def test_one_artist_value_is_split_on_the_listed_separators_only(value: str, names: list[str]) -> None:
    assert split_artists([value.strip()]) == names


def test_several_artist_values_are_not_split() -> None:
    assert split_artists(["A / B", "C feat. D", "a / b"]) == ["A / B", "C feat. D"]


def test_other_roles_are_split_on_slash_and_semicolon() -> None:
    assert split_role(["Lennon/McCartney;Harrison / Starr"]) == ["Lennon/McCartney", "Harrison", "Starr"]
    assert split_role(["Bach, Johann Sebastian"]) == ["Bach, Johann Sebastian"]


def test_an_instrument_is_no_part_of_a_performer() -> None:
    written = ["Carol Kaye (bass; guitar); Hal Blaine (drums)", "Prince (The Artist) Nelson"]
    assert split_role(written, instruments=True) == ["Carol Kaye", "Hal Blaine", "Prince (The Artist) Nelson"]


def test_ids_and_sort_names_go_by_position_when_there_are_as_many() -> None:
    made = credits_for("artist", ["A", "B"], [ID_A, None], ["a, 1", "b, 2"])
    assert [(c.role, c.name, c.key, c.mbid, c.sort_name) for c in made] == [
        ("artist", "A", "a", ID_A, "a, 1"),
        ("artist", "B", "b", None, "b, 2"),
    ]


def test_ids_are_never_paired_when_the_counts_differ() -> None:
    made = credits_for("artist", ["A", "B"], [ID_A], ["a", "b", "c"])
    assert [(c.mbid, c.sort_name) for c in made] == [(None, None), (None, None)]


def test_an_id_is_shared_with_the_same_name_in_other_roles() -> None:
    made = credits_for("artist", ["A"], [ID_A]) + credits_for("composer", ["a", "B"])
    share_mbids(made)
    assert [c.mbid for c in made] == [ID_A, ID_A, None]


def test_a_name_with_two_ids_shares_neither() -> None:
    made = credits_for("artist", ["A"], [ID_A]) + credits_for("albumartist", ["A"], [ID_B])
    made += credits_for("composer", ["A"])
    share_mbids(made)
    assert [c.mbid for c in made] == [ID_A, ID_B, None]


@given(st.lists(st.text(st.characters(codec=None)), max_size=3))
def test_splitting_never_fails_and_never_gives_an_empty_name(values: list[str]) -> None:
    for names in (split_artists(values), split_role(values, instruments=True)):
        assert all(name.strip() for name in names)
        assert len({key_of(name) for name in names}) == len(names)
