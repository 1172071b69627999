"""Questions about the catalogue that tests of HTTP share."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.api.api_stand import Live


async def got(live: Live, path: str, token: str = "read", **more: Any) -> Any:
    """What a list, or one of its items, says."""
    answer = await live.ask("GET", f"/api/v1{path}", token=token, **more)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def track_of(live: Live, title: str) -> int:
    """The id of a track."""
    tracks = (await got(live, "/tracks"))["items"]
    return next(int(one["id"]) for one in tracks if one["title"] == title)


async def found_of(live: Live, words: str, more: str = "") -> dict[str, Any]:
    """What a search finds when it has looked through everything."""
    while True:
        found: dict[str, Any] = await got(live, f"/search?q={quote(words)}{more}")
        if found["complete"]:
            return found
