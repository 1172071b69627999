"""Numbers, dates and gains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.music import numbers
from shelfread.media.music.numbers import Position, date_of, position


@pytest.mark.parametrize(
    ("text", "number", "written", "total"),
    [
        ("3", 3, None, None),
        ("03", 3, None, None),
        ("3/12", 3, None, 12),
        (" 3 / 12 ", 3, None, 12),
        ("3 of 12", 3, None, 12),
        ("3/", 3, None, None),
        ("/12", None, None, 12),
        ("3/x", 3, None, None),
        ("9999", 9999, None, None),
        ("３", 3, None, None),
        ("3.0", 3, None, None),
        ("A1", 1, "A1", None),
        ("b2/8", 2, "b2", 8),
        ("AA1", 1, "AA1", None),
        ("A-1", 1, "A-1", None),
        ("B", None, "B", None),
        ("1.05", 5, "1.05", None),
        ("2-11", 11, "2-11", None),
        ("0", None, None, None),
        ("0/0", None, None, None),
        ("-1", None, None, None),
        ("10000", None, None, None),
        ("9" * 5000, None, None, None),
        ("²", None, None, None),
        ("CD1", None, None, None),
        ("garbage", None, None, None),
        ("", None, None, None),
    ],
)
def test_a_place_is_read_as_people_write_it(
    text: str, number: int | None, written: str | None, total: int | None
) -> None:
    assert position(text) == Position(number, written, total)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2001", "2001"),
        ("2001-09", "2001-09"),
        ("2001-09-04", "2001-09-04"),
        ("2001-9-4", "2001-09-04"),
        ("20010904", "2001-09-04"),
        ("20010904123000", "2001-09-04"),
        ("2001/09/04", "2001-09-04"),
        ("2001.09.04", "2001-09-04"),
        ("2005 06 05", "2005-06-05"),
        ("2009-09-04 14:20", "2009-09-04"),
        ("2009-09-04T14:20:00Z", "2009-09-04"),
        ("2009-09 14:20", "2009-09"),
        ("2009 14:20", "2009"),
        ("1987-03-31T07:00:00Z", "1987-03-31"),
        ("04.09.2001", "2001-09-04"),
        ("25/09/2001", "2001-09-25"),
        ("09/25/2001", "2001-09-25"),
        ("04/09/2001", "2001"),
        ("04/04/2001", "2001-04-04"),
        ("Oct 3, 1995", "1995-10-03"),
        ("October 3rd 1995", "1995-10-03"),
        ("3 Oct 1995", "1995-10-03"),
        ("1995 Oct 3", "1995-10-03"),
        ("Sept. 1995", "1995-09"),
        ("c. 1985", "1985"),
        ("Decade 1985", "1985"),
        ("2001-00-00", "2001"),
        ("2001-09-00", "2001-09"),
        ("2001-13-05", "2001"),
        ("2001-02-29", "2001-02"),
        ("2000-02-29", "2000-02-29"),
        ("1900-02-29", "1900-02"),
        ("2001-04-31", "2001-04"),
        ("２００１", "2001"),
        (" 2001 ", "2001"),
        ("1999-2001", None),
        ("200109", None),
        ("0000", None),
        ("0000-00-00", None),
        ("9999", None),
        ("99", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_keeps_the_part_that_is_valid(text: str, date: str | None) -> None:
    assert date_of(text) == date


@given(st.text(st.characters(codec=None)) | st.from_regex(r"[0-9 /.:T-]{0,24}", fullmatch=True))
def test_a_date_is_partial_or_none_and_never_an_exception(text: str) -> None:
    date = date_of(text)
    assert date is None or len(date) in (4, 7, 10)
    assert date is None or date_of(date) == date
    assert numbers.year_of(date) is None or 1000 <= (numbers.year_of(date) or 0) <= 2999


@given(st.text(st.characters(codec=None)))
def test_no_text_makes_a_number_reader_fail(text: str) -> None:
    for read in (position, numbers.beats, numbers.flag, numbers.gain, numbers.peak, numbers.r128_gain):
        read(text)


@pytest.mark.parametrize(
    ("text", "decibels"),
    [
        ("-7.25 dB", -7.25),
        ("-7.25dB", -7.25),
        ("+3,1 dB", 3.1),
        ("−3.5 DB", -3.5),
        ("0.00 dB", 0.0),
        ("0", 0.0),
        ("nan", None),
        ("inf dB", None),
        ("1e9", None),
        ("1_0", None),
        ("loud", None),
        ("", None),
    ],
)
def test_a_gain_of_zero_is_real_and_garbage_is_none(text: str, decibels: float | None) -> None:
    assert numbers.gain(text) == decibels


@pytest.mark.parametrize(
    ("text", "decibels"),
    [("0", 5.0), ("-1536", -1.0), ("256", 6.0), ("99999", None), ("-7 dB", None), ("", None)],
)
def test_an_opus_gain_is_counted_in_256ths_and_five_decibels_up(text: str, decibels: float | None) -> None:
    assert numbers.r128_gain(text) == decibels


def test_peaks_tempos_and_flags_are_read() -> None:
    assert [numbers.peak(text) for text in ("0.98", "1,02", "-1", "nan")] == [0.98, 1.02, None, None]
    assert [numbers.beats(text) for text in ("128", "127,5 BPM", "0", "-3", "x")] == [
        128,
        127.5,
        None,
        None,
        None,
    ]
    assert [numbers.flag(text) for text in ("1", "True", "YES", "0", "no", "maybe")] == [
        *(True, True, True, False, False, None)
    ]
