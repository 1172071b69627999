"""Genres."""

from __future__ import annotations

import pytest

from shelfread.media.music.genres import genre_keys, split_genres


@pytest.mark.parametrize(
    ("values", "genres"),
    [
        (["Rock"], ["Rock"]),
        (["Rock; Pop/Folk, Jazz"], ["Rock", "Pop", "Folk", "Jazz"]),
        (["Rock", "Pop"], ["Rock", "Pop"]),
        (["Rock", "rock ", "ROCK; Pop"], ["Rock", "Pop"]),
        (["Hip-Hop/Rap"], ["Hip-Hop", "Rap"]),
        (["R&B/Soul"], ["R&B", "Soul"]),
        (["Drum & Bass"], ["Drum & Bass"]),
        (["Singer/Songwriter"], ["Singer/Songwriter"]),
        (["Rock, Folk, World, & Country; Pop"], ["Rock", "Folk, World, & Country", "Pop"]),
        (["; / ,", "", " "], []),
        ([], []),
    ],
)
def test_genres_are_split_trimmed_and_told_once(values: list[str], genres: list[str]) -> None:
    assert split_genres(values) == genres


def test_genre_keys_follow_the_genres() -> None:
    assert genre_keys(["Hip‐Hop", "ROCK"]) == ["hip-hop", "rock"]
