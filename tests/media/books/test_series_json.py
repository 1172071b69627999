"""series.json: what it says of a series."""

from __future__ import annotations

import json

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.series_json import read_series_json
from shelfread.model.books import SeriesFacts
from shelfread.model.problem import ProblemCode

_SAID = {
    "type": "comicSeries",
    "publisher": "Barn Comics",
    "imprint": None,
    "name": "Owls",
    "comicid": 5,
    "year": 2011,
    "description_text": None,
    "description_formatted": "<p>It is cold.</p>",
    "volume": 4,
    "booktype": "Print",
    "age_rating": "Teen",
    "total_issues": 53,
    "publication_run": "November 2011 - May 2016",
    "status": "Ended",
}


def test_c6_all_that_it_says_is_read_with_its_wrapping_or_without() -> None:
    wanted = SeriesFacts(
        name="Owls",
        status="Ended",
        publisher="Barn Comics",
        year=2011,
        volume=4,
        summary="It is cold.",
        total=53,
        age_rating="Teen",
        comic_format="Print",
    )
    wrapped = {"version": "1.0.2", "metadata": _SAID}
    for said in (wrapped, _SAID):
        assert read_series_json(json.dumps(said).encode()) == wanted
    assert read_series_json(b"\xef\xbb\xbf" + json.dumps(wrapped).encode()) == wanted


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ProblemCode.DAMAGED),
        (b"{", ProblemCode.DAMAGED),
        (b"[]", ProblemCode.DAMAGED),
        (b'{"metadata": 5}', ProblemCode.DAMAGED),
        (b"\xff\xfe{", ProblemCode.DAMAGED),
        (b"[" * 900_000, ProblemCode.DAMAGED),
        (b" " * (1 << 20) + b"{}", ProblemCode.LIMIT_EXCEEDED),
    ],
    ids=["empty", "torn", "a list", "no series", "no text", "deep", "long"],
)
def test_c3_what_is_none_is_a_trouble(content: bytes, code: ProblemCode) -> None:
    with pytest.raises(BookTrouble) as caught:
        read_series_json(content)
    assert caught.value.code is code


def test_c6_values_of_the_wrong_sort_are_not_known() -> None:
    for value in (None, True, -1, [1], {"a": 1}, ""):
        assert read_series_json(json.dumps(dict.fromkeys(_SAID, value)).encode()) == SeriesFacts()
