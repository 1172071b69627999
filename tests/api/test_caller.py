"""`api.caller`: who asks, by which name, and whether the page of another site is behind it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from shelfread.api.caller import caller_of, is_of_another_site, is_own, own_names

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))


def _scope(client: str | None = "203.0.113.5", scheme: str = "http", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"client": (client, 1) if client else None, "scheme": scheme, "headers": named}


@pytest.mark.parametrize(
    ("client", "said", "address"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # no proxy of ours: a word of its own
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("127.0.0.1", "evil, 10.0.0.3", "10.0.0.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_where_a_request_comes_from_is_what_trusted_proxies_say(
    client: str | None, said: str, address: str
) -> None:
    assert caller_of(_scope(client, x_forwarded_for=said), PROXIES).address == address


@pytest.mark.parametrize(
    ("client", "scheme", "said", "secure"),
    [
        ("203.0.113.5", "http", "https", False),
        ("203.0.113.5", "https", "http", True),
        ("127.0.0.1", "http", "https", True),
        ("127.0.0.1", "http", "http", False),
        ("127.0.0.1", "http", "https, http", False),
    ],
)
def test_only_a_trusted_proxy_can_say_that_the_way_is_encrypted(
    client: str, scheme: str, said: str, secure: bool
) -> None:
    assert caller_of(_scope(client, scheme, x_forwarded_proto=said), PROXIES).secure is secure


def test_one_person_with_many_addresses_is_one_neighbourhood() -> None:
    first, second = (caller_of(_scope(one), ()).neighbourhood for one in ("2001:db8::1", "2001:db8::9:9"))
    assert first == second == "2001:db8::/64"
    assert caller_of(_scope("203.0.113.5"), ()).neighbourhood == "203.0.113.5"


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:4848", "localhost.", "127.0.0.1:1", "127.9.9.9", "[::1]:4848", "[::1]",
        "shelf.lan", "media.example.org", "a.example.net", "a.b.example.net:80", "10.0.0.7",
    ],
)  # fmt: skip
def test_names_of_its_own_are_known(host: str) -> None:
    more = ("media.example.org", "*.example.net", "10.0.0.7")
    assert is_own(host, own_names("shelf.lan"), more, anywhere=False)


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost",
        "localhost/x", "localhost:x", "localhost:999999", "example.net", "evilexample.net", "192.0.2.1",
        "[::1", "2130706433",
        "localhost?x", "a localhost", "localhost#",
    ],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not is_own(host, own_names("127.0.0.1"), ("*.example.net",), anywhere=False)


def test_who_listens_everywhere_takes_every_address_and_no_other_name() -> None:
    names = own_names("0.0.0.0")
    assert is_own("192.0.2.1:80", names, (), anywhere=True)
    assert is_own("[2001:db8::1]", names, (), anywhere=True)
    assert not is_own("evil.example", names, (), anywhere=True)
    assert is_own("evil.example", names, ("*",), anywhere=False)


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "same-site"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "odd"}, True),
        ({"origin": "http://shelf:4848"}, False),
        ({"origin": "http://shelf"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "http://shelf.evil.example:4848"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"origin": "http://[bad"}, True),
        ({"origin": "file:///x"}, True),
        # What a browser says of the whole way goes before what a page's address looks like.
        ({"sec_fetch_site": "same-origin", "origin": "https://shelf"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "http://shelf:4848"}, True),
    ],
)
def test_a_page_of_another_site_is_told_by_what_browsers_say(headers: dict[str, str], foreign: bool) -> None:
    assert is_of_another_site(_scope(host="shelf:4848", **headers)) is foreign


def test_ports_that_go_without_saying_are_the_same() -> None:
    for origin in ("https://media.example.org", "https://media.example.org:443"):
        assert not is_of_another_site(_scope(host="media.example.org", origin=origin))
