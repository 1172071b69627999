"""What tests of pages share: asking as a browser does, and looking at what comes."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

import httpx
import pytest

from tests.api.api_stand import Live

#: Pages are the same, whatever the database is.
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
#: What a browser says that goes from page to page.
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
#: A name that would do harm where it is not taken as text.
HOSTILE = "<img src=x onerror=alert(1)>\u202e\nevil\"'&"
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


async def get(live: Live, path: str, token: str | None = "admin", status: int = 200) -> str:
    """A page as text, which is well formed."""
    answer = await live.ask("GET", path, token=token, headers=BROWSER)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
    well_formed(answer.text)
    return answer.text


async def post(
    live: Live, path: str, form: Mapping[str, str | Sequence[str]] | None = None, token: str | None = "admin"
) -> httpx.Response:
    """What a form answers."""
    answer = await live.ask("POST", path, token=token, headers=BROWSER, data=dict(form or {"next": ""}))
    if answer.status_code != 303:
        well_formed(answer.text)
    return answer


async def part(live: Live, path: str, name: str, token: str | None = "admin") -> str:
    """A part of a page alone."""
    answer = await live.ask("GET", path, token=token, headers=BROWSER | {"X-Part": name})
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
    begin = f'<template data-part="{name}">'
    assert answer.text.startswith(begin)
    assert answer.text.count("<template") == 1
    return answer.text.removeprefix(begin).removesuffix("</template>")


def words(text: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def well_formed(text: str) -> None:
    """Check that every element is closed, ids are there once, and every field has a label."""
    looked = _Looked()
    looked.feed(text)
    looked.close()
    assert looked.open == [], looked.open
    assert len(looked.ids) == len(set(looked.ids)), sorted(looked.ids)
    assert looked.labelled <= set(looked.ids), looked.labelled - set(looked.ids)
    assert looked.unlabelled - looked.labelled == set(), looked.unlabelled - looked.labelled
    assert not re.search(r"\s(?:style|on\w+)=[\"']", re.sub(r'"[^"]*"', '""', text))


class _Looked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        #: Fields that need a label somewhere.
        self.unlabelled: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        said = dict(attrs)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby"):
            if name in said and (tag, name) != ("output", "for"):
                self.labelled.add(str(said[name]))
        is_field = tag in ("input", "select", "textarea") and said.get("type") not in ("hidden", "submit")
        if is_field and "label" not in self.open and "aria-label" not in said:
            self.unlabelled.add(str(said.get("id") or said.get("name")))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open[-1] == tag, (self.open[-3:], tag, self.getpos())
        self.open.pop()
