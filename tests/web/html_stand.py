"""Reading a page as a browser would, and what must hold of every one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx

from tests.api.api_stand import Live

#: What a browser says that goes from page to page.
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
#: What stands inside of a line; all else begins another one.
_INSIDE = {"a", "b", "bdi", "code", "em", "kbd", "span", "time"}
_VOID = {"meta", "link", "input", "img", "br", "hr", "source"}
#: Nobody sees them, and they turn round or hide what stands beside them.
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Html(HTMLParser):
    """A page: its ids, labels, fields, headings and links, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), (tag, attrs)
        self.tags.add(tag)
        self._line(tag)
        self.attributes |= set(given)
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "label" and given.get("for"):
            self.labelled.add(given["for"] or "")
        if tag in ("select", "textarea") or (tag == "input" and given.get("type") != "hidden"):
            # One that stands inside of its label has it.
            self.fields.append(given | ({"aria-label": "its own"} if "label" in self.open else {}))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        # Some may be left open; pages close all.
        self._line(tag)
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def _line(self, tag: str) -> None:
        if tag not in _INSIDE:
            self.words.append(" ")

    @property
    def text(self) -> str:
        """What somebody reads."""
        return " ".join("".join(self.words).split())


def checked_page(text: str) -> Html:
    """A page after what must hold of every one was looked at."""
    page = Html(text)
    assert not page.open, page.open
    assert len(set(page.ids)) == len(page.ids), page.ids
    assert not [
        one for one in page.fields if one.get("id") not in page.labelled and not one.get("aria-label")
    ]
    main = page.headings[: page.headings.index(2) + 1] if 2 in page.headings else page.headings
    assert main[:1] == [1], page.headings
    assert all(later <= sooner + 1 for sooner, later in zip(page.headings, page.headings[1:], strict=False))
    assert not [name for name in page.attributes if name == "style" or name.startswith("on")]
    assert not _UNSEEN.search(text)
    return page


async def looked_at(live: Live, path: str, status: int = 200, token: str = "read", **more: str) -> Html:
    """A page of the server, looked at."""
    answer = await asked(live, path, token, **more)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
    return checked_page(answer.text)


async def asked(live: Live, path: str, token: str = "read", **more: str) -> httpx.Response:
    """What the server answers a browser; `more` are headers, with _ for -."""
    headers = BROWSER | {name.replace("_", "-"): value for name, value in more.items()}
    return await live.ask("GET", path, token=token, headers=headers)
