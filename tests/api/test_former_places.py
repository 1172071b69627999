"""Where the file of an item was before: told with the item, to administrators."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.book_stand import book_of
from tests.api.catalogue_stand import got, track_of
from tests.api.video_stand import movie_of
from tests.conftest import Shelf
from tests.web.html_stand import looked_at

pytestmark = pytest.mark.asyncio(loop_scope="session")


def paths(shelf: Shelf, item: dict[str, Any]) -> list[str]:
    """Former places below the root, the newest first; their times must be in that order, too."""
    places = item["former_places"]
    times = [one["until"] for one in places]
    assert times == sorted(times, reverse=True)
    return [os.path.relpath(one["path"], shelf.tree.path) for one in places]


async def test_d12_a_track_that_moved_twice_tells_an_administrator_where_it_was(
    live: Live, music: Shelf
) -> None:
    track_id = await track_of(live, "Jóga")
    first = os.path.relpath((await got(live, f"/tracks/{track_id}", "admin"))["path"], music.tree.path)
    assert (await got(live, f"/tracks/{track_id}", "admin"))["former_places"] == []
    music.tree.move(first, "Elsewhere/<b>one</b>.mp3")
    await music.scan()
    music.tree.move("Elsewhere/<b>one</b>.mp3", "Third/two.mp3")
    await music.scan()
    item = await got(live, f"/tracks/{track_id}", "admin")
    assert item["path"].endswith("/Third/two.mp3")
    assert paths(music, item) == ["Elsewhere/<b>one</b>.mp3", first]
    for token in ("read", "scan"):
        assert "former_places" not in await got(live, f"/tracks/{track_id}", token)
    assert all("former_places" not in one for one in (await got(live, "/tracks", "admin"))["items"])
    page = (await looked_at(live, f"/browse/tracks/{track_id}", token="admin")).text
    assert page.index("Elsewhere/<b>one</b>.mp3") < page.index(first)
    assert "Elsewhere/" not in (await looked_at(live, f"/browse/tracks/{track_id}")).text


async def test_a_book_and_the_file_of_a_film_tell_where_they_were(
    live: Live, comics: Shelf, films: Shelf
) -> None:
    book = await book_of(live, "Sandman 002.cbz")
    movie = await movie_of(live, "Two Halves")
    comics.tree.move("Sandman/Sandman 002.cbz", "Elsewhere/moved.cbz")
    films.tree.move("films/Two Halves (1995)", "films/Moved/Two Halves (1995)")
    await comics.scan()
    await films.scan()
    assert paths(comics, await got(live, f"/books/{book['id']}", "admin")) == ["Sandman/Sandman 002.cbz"]
    was = "films/Two Halves (1995)/Two Halves (1995) cd1.avi"
    (version,) = (await got(live, f"/movies/{movie['id']}", "admin"))["versions"]
    assert paths(films, version["parts"][0]) == [was]
    assert paths(films, await got(live, f"/videos/{version['parts'][0]['id']}", "admin")) == [was]
    for page in (f"movies/{movie['id']}", f"videos/{version['parts'][0]['id']}"):
        assert was in (await looked_at(live, f"/browse/{page}", token="admin")).text
        assert "Elsewhere until" not in (await looked_at(live, f"/browse/{page}")).text
