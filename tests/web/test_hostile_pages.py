"""What files say is text on every page, whatever it tries to be: through real scans of real files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from markupsafe import escape

from shelfread.tasks.library_scan import Pools
from shelfread.web.kinds import ITEM_KINDS
from tests.api.api_stand import Live
from tests.api.catalogue_stand import found_of, got
from tests.conftest import Shelf, Tree
from tests.web.hostile_stand import NASTY, nasty_books, nasty_music, nasty_videos
from tests.web.html_stand import asked, checked_page
from tests.web.test_frame import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _text(live: Live, path: str) -> str:
    """A page on which nothing but the pages' own program runs."""
    answer = await asked(live, path, "admin")
    assert answer.status_code == 200, (path, answer.text[:500])
    page = checked_page(answer.text)
    assert len(re.findall("<script", answer.text)) == 1
    assert all(re.match("/|#", link) for link in page.links), path
    return answer.text


async def _scanned(live: Live, kind: str, tree: Tree, pools: Pools) -> None:
    library = await live.app.libraries.add(NASTY["leave"], kind, [os.fsencode(tree.path)])
    await Shelf(live.app, library.id, [tree], pools).outcome()


async def _every_page(live: Live, kind: str) -> dict[str, str]:
    """Every list and every item of a kind of library, by its address."""
    found = {"/browse": await _text(live, "/browse")}
    for one in ITEM_KINDS.values():
        if one.library_kind != kind:
            continue
        found[f"/browse/{one.word}"] = await _text(live, f"/browse/{one.word}?missing=1")
        items: list[dict[str, Any]] = (await got(live, f"/{one.word}?limit=500", "admin"))["items"]
        assert len(items) >= len(NASTY), one.word
        for item in items:
            address = f"/browse/{one.word}/{item['id']}"
            found[address] = await _text(live, address)
            for link in re.findall(r'href="(/(?:browse/(?:shows/\d+/|videos)|read)[^"]*)"', found[address]):
                found[link] = await _text(live, link)
    return found


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "made"), [("music", nasty_music), ("books", nasty_books), ("video", nasty_videos)]
)
async def test_what_files_say_is_nothing_but_text(
    live: Live,
    tmp_path: Path,
    kind: str,
    made: Callable[[Path], Tree],
    pools: Pools,
    book_pools: Pools,
    video_pools: Pools,
) -> None:
    reading = {"music": pools, "books": book_pools, "video": video_pools}[kind]
    await _scanned(live, kind, made(tmp_path / "nasty"), reading)
    pages = await _every_page(live, kind)
    for trying in ("run", "leave"):
        said = f"<bdi>{escape(NASTY[trying])}</bdi>"
        for one in ITEM_KINDS.values():
            if one.library_kind == kind:
                assert said in pages[f"/browse/{one.word}"], (trying, one.word)
                of_kind = [text for path, text in pages.items() if path.startswith(f"/browse/{one.word}/")]
                assert any(said in text for text in of_kind), (trying, one.word)
    every = "".join(pages.values())
    # A character that would turn what stands behind it is a mark that one sees, and lines are one.
    assert "harmless\N{REPLACEMENT CHARACTER}gpj.exe" in every
    assert "<bdi>first" in every
    assert NASTY["stretch"] in every


@ON_SQLITE
async def test_a_search_for_markup_finds_it_as_text(live: Live, tmp_path: Path, pools: Pools) -> None:
    await _scanned(live, "music", nasty_music(tmp_path / "nasty"), pools)
    await found_of(live, "script alert")
    for said in (*NASTY.values(), "script alert"):
        await _text(live, f"/search?q={quote(said)}")
        for word in ("tracks", "artists", "releases"):
            await _text(live, f"/browse/{word}?q={quote(said)}&missing={quote(said)}")
    found = await _text(live, "/search?q=script+alert")
    assert str(escape(NASTY["run"])) in found


@ON_SQLITE
async def test_what_an_address_says_is_nothing_but_text(live: Live) -> None:
    for said in map(quote, NASTY.values()):
        for query in (f"genre={said}", f"sort={said}", f"after={said}", f"library_id={said}", f"year={said}"):
            answer = await asked(live, f"/browse/releases?{query}")
            assert answer.status_code in (200, 422), query
            page = checked_page(answer.text)
            assert all(link.startswith(("/", "#")) for link in page.links)
