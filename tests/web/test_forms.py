"""What people fill in: fields as they come, and where a form leads to."""

from __future__ import annotations

import pytest

from shelfread.api.problems import ApiProblem
from shelfread.web.forms import Form, back_of, own_address


def test_fields_are_what_was_typed() -> None:
    form = Form([("a", " x "), ("a", "y"), ("b", "  "), ("lines", "one\n\n two \n"), ("p", " secret ")])
    assert (form.text("a"), form.raw("p"), form.text("nothing")) == ("x", " secret ", "")
    assert form.all("a") == [" x ", "y"]
    assert form.all("b") == []
    assert form.lines("lines") == ["one", "two"]
    assert form.ticked("b")
    assert not form.ticked("c")


@pytest.mark.parametrize(("said", "number"), [("", None), (" 12 ", 12), ("-3", -3), ("0" * 18, 0)])
def test_a_whole_number_is_read(said: str, number: int | None) -> None:
    assert Form([("n", said)]).number("n") == number


@pytest.mark.parametrize("said", ["--5", "-", "1.5", "1e3", "x", "٣", "²", "1_000", "9" * 19, "5-", "0x1"])
def test_what_is_no_whole_number_is_refused_with_words(said: str) -> None:
    with pytest.raises(ApiProblem) as refused:
        Form([("n", said)]).number("n")
    assert (refused.value.status, refused.value.detail) == (422, "n: this is no whole number")


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("", "/jobs"),
        ("/jobs?status=failed&done=cancel", "/jobs?status=failed"),
        ("/jobs?done=cancel&library_id=3&done=retry", "/jobs?library_id=3"),
        ("/search?q=a+%26+b", "/search?q=a+%26+b"),
        ("/problems?code=", "/problems?code="),
        ("https://elsewhere.example/", "/jobs"),
        ("//[", "/jobs"),
    ],
)
def test_a_form_leads_back_to_where_it_stood_without_what_was_said_there(address: str, back: str) -> None:
    assert back_of(Form([("next", address)]), "/jobs") == back


def test_an_own_address_is_one_of_this_server() -> None:
    for own in ("/", "/jobs?status=failed", "/a//b", "/%0d%0aLocation:x"):
        assert own_address(own) == own
    for other in ("", "jobs", "//x", "/\\x", "\\\\x", "http:/x", "/a b\n", "/ü", "/a\x00", "?x", "/\r\nX: y"):
        assert own_address(other, "/otherwise") == "/otherwise", other
