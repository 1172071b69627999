"""Searching everything at once."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import found_of
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf
from tests.web.html_stand import asked, looked_at
from tests.web.test_frame import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@LASTING
@ON_SQLITE
async def test_a_search_finds_things_of_every_kind(
    live: Live, music: Shelf, comics: Shelf, films: Shelf
) -> None:
    assert "Type a word" in (await looked_at(live, "/search")).text
    for words, found in (
        ("bjork", "Artists Name Björk Albums"),
        ("sandm", "Sandman 3 books"),
        ("lightho", "The Lighthouse 2010 · 3 seasons"),
        ("emma", "Emma"),
    ):
        await found_of(live, words)
        assert found in (await looked_at(live, f"/search?q={words}")).text, words
    assert "Nothing has these words." in (await looked_at(live, "/search?q=zzzz")).text


@LASTING
@ON_SQLITE
async def test_what_is_searched_for_stays_in_both_fields_and_the_results_come_alone(
    live: Live, music: Shelf
) -> None:
    await found_of(live, "joga")
    page = await looked_at(live, "/search?q=%22jo%22+%3Cscript%3E")
    said = [one["value"] for one in page.fields if one.get("name") == "q"]
    assert said == ['"jo" <script>'] * 2
    alone = await asked(live, "/search?q=joga", X_Part="results")
    assert alone.text.startswith('<template data-part="results">')
    assert "Jóga" in alone.text
    assert "<input" not in alone.text


@LASTING
@ON_SQLITE
async def test_what_there_is_more_of_leads_to_the_list_of_its_kind(live: Live, films: Shelf) -> None:
    await found_of(live, "lighthouse")
    for _ in range(2):
        page = await looked_at(live, "/search?q=s")
    assert [link for link in page.links if "?q=s" in link] <= ["/browse/episodes?q=s", "/browse/movies?q=s"]
    for link in [link for link in page.links if "?q=" in link]:
        await looked_at(live, link)
