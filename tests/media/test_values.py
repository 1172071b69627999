"""Texts, numbers and dates: what tools write, and what of it is believed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media import values


def test_c6_texts_lose_what_no_text_has_and_are_cut() -> None:
    assert values.text(" a\0b\x07\r\nc\td\r ") == "ab\nc\td"
    assert values.text("x\ud800y") == "x\ufffdy"
    assert values.name("  One\n\tname  ") == "One name"
    assert values.text(" \n ") is values.text("\0\x01") is values.text(None) is values.text(7) is None
    for cut, most in ((values.text, 64 << 10), (values.name, 1 << 10)):
        assert len((cut("x" * 1_000_000) or "").encode()) == most
        assert most - 4 < len((cut("é漢" * 500_000) or "").encode()) <= most


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ann Owl, Bob Fox", ["Ann Owl", "Bob Fox"]),
        ("Ann Owl,Bob Fox,,  ,ann owl", ["Ann Owl", "Bob Fox"]),
        ("Owl, Ann; Fox, Bob", ["Owl, Ann", "Fox, Bob"]),
        ("Ann Owl\nBob Fox", ["Ann Owl", "Bob Fox"]),
        ("Ann Owl, Jr., Bob Fox, Ph.D.", ["Ann Owl, Jr.", "Bob Fox, Ph.D."]),
        ('"Owl, Ann", Bob Fox', ["Owl, Ann", "Bob Fox"]),
        ("Moth (Earth-9, of the West), Bat", ["Moth (Earth-9, of the West)", "Bat"]),
        ("Bat (torn, Moth", ["Bat (torn", "Moth"]),
        ('5" Owl, Bob', ['5" Owl', "Bob"]),
        ("", []),
        (", ;", []),
    ],
)
def test_c6_lists_are_split_where_names_end(written: str, names: list[str]) -> None:
    assert values.names(written) == names


def test_c6_a_subject_keeps_its_commas_and_lists_have_an_end() -> None:
    assert values.names("War, fiction", commas=False) == ["War, fiction"]
    assert values.names("War, fiction; Peace", commas=False) == ["War, fiction", "Peace"]
    assert len(values.names(",".join(map(str, range(10_000))))) == values.MOST_NAMES


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("7", 7),
        (" 12 ", 12),
        ("0", 0),
        ("-1", None),
        ("", None),
        ("1.5", None),
        ("9" * 20, None),
        ("٣", None),
        (3, 3),
        (-1, None),
        (True, None),
        (10**9, None),
        (None, None),
        (1.0, None),
    ],
)
def test_c6_minus_one_and_nothing_are_unknown(written: object, whole: int | None) -> None:
    assert values.whole(written) == whole


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("4.5", 4.5),
        ("3,5", 3.5),
        (4, 4.0),
        ("6", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        ("", None),
        ("x", None),
        (float("nan"), None),
        (True, None),
        ([], None),
        (10**400, None),
    ],
)
def test_c6_a_rating_is_within_its_scale(written: object, number: float | None) -> None:
    assert values.decimal(written, 5) == number


@pytest.mark.parametrize(
    ("number", "sorts"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("1,5", 1.5),
        ("16-17", 16),
        ("Annual 2", 2),
        ("½", 0.5),
        ("1½", 1.5),
        ("1/2", 0.5),
        ("-1", -1),
        ("X-1", 1),
        ("1A", 1),
        (".5", 0.5),
        ("1.MU", 1),
        ("3/12", 3),
        ("Alpha", None),
        ("", None),
        (None, None),
        ("9" * 400, float("9" * 9)),
    ],
)
def test_c6_a_number_sorts_by_the_first_number_in_it(number: str | None, sorts: float | None) -> None:
    assert values.number_sort(number) == sorts


def test_c6_numbers_stay_as_written_without_an_empty_fraction() -> None:
    said = [1, 1.0, 2.5, "3.0", "4.50", " Annual  2 ", float("inf"), True, None]
    assert [values.number(one) for one in said] == [
        "1",
        "1",
        "2.5",
        "3",
        "4.50",
        "Annual 2",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2008", "2008"),
        ("2008-06", "2008-06"),
        ("2008-6-7", "2008-06-07"),
        ("2008/06/07", "2008-06-07"),
        ("20080607", "2008-06-07"),
        ("1998-04-30T16:00:00+00:00", "1998-04-30"),
        ("2001-02-30", "2001-02"),
        ("2001-13-01", "2001"),
        ("June 2008", "2008"),
        ("c. 1850", "1850"),
        ("1850-1860 or so", None),
        ("0101-01-01T00:00:00+00:00", None),
        ("0000", None),
        ("soon", None),
    ],
)
def test_c6_partial_dates_stay_partial(written: str, date: str | None) -> None:
    assert values.date(written) == date
    assert values.year_of(date) == (int(date[:4]) if date else None)


@pytest.mark.parametrize(
    ("written", "isbn"),
    [
        ("978-0-306-40615-7", "9780306406157"),
        ("9780306406157", "9780306406157"),
        ("979 10 90636 07 1", "9791090636071"),
        ("0-306-40615-2", "0306406152"),
        ("0-8044-2957-x", "080442957X"),
        ("9780306406158", None),
        ("0306406153", None),
        ("5901234123457", None),  # a barcode, and no book's
        ("0000000000", None),
        ("٩٧٨٠٣٠٦٤٠٦١٥٧", None),
        ("x" * 1000, None),
        ("", None),
    ],
)
def test_c6_a_wrong_check_digit_is_no_isbn(written: str, isbn: str | None) -> None:
    assert values.isbn(written) == isbn


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("eng", "en"),
        ("en_us", "en-US"),
        ("pt-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("English", "en"),
        ("Klingon", "Klingon"),
        ("x-klingon", "x-klingon"),
        ("tlh", "tlh"),
        ("und", None),
        ("", None),
        ("Unknown", None),
    ],
)
def test_c6_languages_are_bcp_47_where_that_can_be_told(written: str, language: str | None) -> None:
    assert values.language(written) == language


def test_c6_only_pages_of_the_web_are_addresses() -> None:
    said = "https://a.example/1, http://b.example javascript:alert(1) file:///etc/passwd ftp://c HTTPS://D"
    assert values.web(said) == ["https://a.example/1", "http://b.example", "HTTPS://D"]
    assert len(values.web(" ".join(f"https://{n}.example" for n in range(1000)))) == 20


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain & <3 simple", "Plain & <3 simple"),
        ("<p>One</p><p>Two<br/>three</p>", "One\nTwo\nthree"),
        ("<div><b>A</b> &amp; <i>B</i>&nbsp;&hellip;</div>", "A & B\xa0…"),
        ("<script>alert('x')</script>ok<style>p{}</style><!-- <p>no</p> -->", "ok"),
        ("a<br>\n\n\n\n<br>b", "a\n\nb"),
        ("<p></p>", None),
        ("", None),
    ],
)
def test_c6_descriptions_lose_their_markup(html: str, text: str | None) -> None:
    assert values.plain(html) == text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<script>", "<!--", "&", "&#", "\n ", "<br", "(", '"', ",", " \n"]
)
def test_c3_no_text_takes_long(piece: str) -> None:
    content = piece * (300_000 // len(piece))
    started = time.process_time()
    values.plain(content)
    values.names(content)
    values.web(content)
    values.date(content)
    values.language(content)
    values.number_sort(values.number(content))
    assert time.process_time() - started < 1


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text())))
def test_c3_no_value_is_an_exception(value: object) -> None:
    for reader in (values.text, values.name, values.whole, values.number, values.date, values.isbn):
        reader(value)
    values.names(value)
    values.decimal(value, 5)
    values.number_sort(values.number(value))
    for found in (values.language(value), values.plain(value), *values.web(value)):
        assert found is None or found.encode() is not None
