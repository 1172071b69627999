"""Pictures beside videos, by the names that are usual."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.video.sidecars import picture_type


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("poster.jpg", ("poster", None, None)),
        ("POSTER.JPG", ("poster", None, None)),
        ("folder.png", ("poster", None, None)),
        ("cover.webp", ("poster", None, None)),
        ("movie.jpg", ("poster", None, None)),
        ("show.jpg", ("poster", None, None)),
        ("default.jpg", ("poster", None, None)),
        ("fanart.jpg", ("fanart", None, None)),
        ("fanart1.jpg", ("fanart", None, None)),
        ("backdrop.jpg", ("fanart", None, None)),
        ("backdrop2.jpg", ("fanart", None, None)),
        ("background-3.jpg", ("fanart", None, None)),
        ("art.jpg", ("fanart", None, None)),
        ("banner.jpg", ("banner", None, None)),
        ("logo.png", ("logo", None, None)),
        ("clearlogo.png", ("logo", None, None)),
        ("clearart.png", ("clearart", None, None)),
        ("thumb.jpg", ("thumb", None, None)),
        ("landscape.jpg", ("thumb", None, None)),
        ("disc.png", ("disc", None, None)),
        ("season01-poster.jpg", ("poster", 1, None)),
        ("season01.jpg", ("poster", 1, None)),
        ("Season 2.jpg", ("poster", 2, None)),
        ("season10-fanart.jpg", ("fanart", 10, None)),
        ("season1-banner.jpg", ("banner", 1, None)),
        ("season2016-poster.jpg", ("poster", 2016, None)),
        ("season-specials-poster.jpg", ("poster", 0, None)),
        ("season00-poster.jpg", ("poster", 0, None)),
        ("season-all-poster.jpg", ("poster", None, None)),
        ("Show - S01E01-thumb.jpg", ("thumb", None, "Show - S01E01")),
        ("Show.S01E01.thumb.jpg", ("thumb", None, "Show.S01E01")),
        ("The Owls (1994)-poster.jpg", ("poster", None, "The Owls (1994)")),
        ("The Owls (1994)-fanart2.jpg", ("fanart", None, "The Owls (1994)")),
        ("The Owls (1994)-clearlogo.png", ("logo", None, "The Owls (1994)")),
        ("Léon-Poster.jpg", ("poster", None, "Léon")),
        # Names of films, and of something else.
        ("The Owls (1994).jpg", None),
        ("The Cover.jpg", None),
        ("Modern Art.jpg", None),
        ("Thumb War.jpg", None),
        ("The Disc-o Story.jpg", None),
        ("season.jpg", None),
        ("season01-notes.jpg", None),
        ("IMG_0001.jpg", None),
        ("poster", None),
        ("", None),
        ("-poster.jpg", None),
    ],
)  # fmt: skip
def test_a_name_says_what_a_picture_shows(
    name: str, found: tuple[str, int | None, str | None] | None
) -> None:
    assert picture_type(name.encode()) == found


@given(st.binary(max_size=300))
def test_no_name_is_too_odd(name: bytes) -> None:
    picture_type(name)
