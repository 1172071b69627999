"""Browsing, searching, reading and playing, as people do it: at a desk and on a phone, in light and dark."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.api.api_stand import PASSWORD
from tests.api.book_stand import shelf_of_books
from tests.api.video_stand import shelf_of_videos
from tests.cli.staying_programs import until
from tests.conftest import Tree, catalogues
from tests.web.browser_stand import NewVisitor, Visitor
from tests.web.hostile_stand import nasty_books, nasty_music, nasty_videos
from tests.web.server_stand import ADMIN, Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_catalogue: Path
) -> AsyncIterator[Server]:
    """A server with a library of each kind, for all who only look at it."""
    folder = tmp_path_factory.mktemp("filled")
    tree = Tree(folder / "music")
    for number in range(1, 4):
        tree.add(f"Björk/Début/{number}.mp3", title=f"Song {number}", track=str(number), date="1993")
    tree.add("Abba/Gold/1.ogg", title="Waterloo", track="1", date="1974", genre="Disco")
    with catalogues(request, folder, sqlite_catalogue) as new:
        async with serving(folder, await new("sqlite")) as made:
            await made.user(ADMIN)
            await made.scanned(tree.path)
            await made.scanned(shelf_of_books(folder / "books").path, name="Books", kind="books")
            await made.scanned(shelf_of_videos(folder / "videos").path, name="Video", kind="video")
            yield made


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(new_visitor: NewVisitor, filled: Server) -> Visitor:
    """Somebody at a desk who is not logged in yet, and has all of that before them."""
    return await new_visitor(filled.url)


async def _come_in(visitor: Visitor) -> None:
    """Want to browse, and be asked who it is."""
    await visitor.go("/browse")
    await visitor.page.get_by_label("Name", exact=True).fill(ADMIN)
    await visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.press("Log in")
    assert visitor.page.url.endswith("/browse")


async def _is_searchable(visitor: Visitor, words: str) -> None:
    """Wait until what was scanned just now is looked through: a search does it behind its answer."""

    async def look() -> bool:
        await visitor.go(f"/search?q={words}")
        found = visitor.page.locator("[data-part=results] [data-row]")
        return (
            await found.count() > 0 and await visitor.page.get_by_text("not looked through yet").count() == 0
        )

    await until(look, f"{words} can be found")


async def _follow(visitor: Visitor, name: str) -> None:
    async with visitor.page.expect_navigation():
        await visitor.page.locator("main").get_by_role("link", name=name).first.click()
    await visitor.settled()


async def _look(visitor: Visitor, name: str) -> None:
    """Check a page, and make pictures of it: light and dark, desk and phone."""
    await visitor.axe()
    for theme in ("light", "dark"):
        for width in ("desktop", "phone"):
            await visitor.picture(f"browse-{name}", theme, width)
    # Colours that are on their way to others have no contrast to be judged.
    await visitor.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await visitor.axe()
    await visitor.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


async def _is_as_wide_as_its_window(visitor: Visitor) -> None:
    wide: list[int] = await visitor.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide[0] <= wide[1], visitor.page.url


WALKS = {
    "music": [
        ["/browse", "Albums", "Début", "Song 2"],
        ["/browse/artists", "Björk"],
        ["/browse/tracks?missing=1"],
    ],
    "books": [["/browse/series", "Sandman"], ["/browse/books", "Sleep", "Read"], ["/browse/books", "Emma"]],
    "trouble": [["/browse/books?problems=1", "torn"], ["/search?q=s"]],
    "films": [["/browse/movies", "The Harbour", "All of this file"], ["/browse/episodes"]],
    "shows": [["/browse/shows", "The Lighthouse", "Season 1", "Fog"]],
}


@pytest.mark.parametrize("of", WALKS)
async def test_a_walk_through_everything_that_there_is(visitor: Visitor, of: str) -> None:
    await _come_in(visitor)
    for way, steps in enumerate(WALKS[of]):
        for number, step in enumerate(steps):
            if step.startswith("/"):
                assert await visitor.go(step) == 200
            else:
                await _follow(visitor, step)
            await _look(visitor, f"{of}-{way}-{number}")


async def test_results_come_while_one_types(visitor: Visitor) -> None:
    await _come_in(visitor)
    await _is_searchable(visitor, "waterloo")
    await _is_searchable(visitor, "sandman")
    await visitor.go("/browse/tracks")
    page = visitor.page
    await expect(page.get_by_role("link", name="Song 1")).to_be_visible()
    await page.get_by_label("Search in tracks").press_sequentially("waterl")
    await expect(page.get_by_role("link", name="Song 1")).to_have_count(0)
    await expect(page.get_by_role("link", name="Waterloo")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/browse/tracks\?q=waterl$"))
    # The field keeps what is typed, and where.
    await expect(page.get_by_label("Search in tracks")).to_be_focused()
    await visitor.go("/search")
    await page.get_by_label("Words in names and titles").press_sequentially("sandm")
    await expect(page.get_by_role("heading", name="Series")).to_be_visible()
    await visitor.settled()


async def test_a_list_is_sorted_by_choosing_and_walked_by_keys(visitor: Visitor) -> None:
    await _come_in(visitor)
    await visitor.go("/browse/releases")
    page = visitor.page
    names = page.locator(".covers .name")
    await expect(names.first).to_have_text("Début")
    await page.get_by_label("Sort by").select_option("title-desc")
    await expect(names.first).to_have_text("Gold")
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(".covers a").nth(1)).to_be_focused()
    await page.keyboard.press("k")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Gold")
    await visitor.settled()


async def test_a_comic_is_read_with_the_keys(visitor: Visitor) -> None:
    await _come_in(visitor)
    await visitor.go("/browse/books")
    await _follow(visitor, "Sleep")
    await _follow(visitor, "Read")
    page = visitor.page
    leaf = page.locator(".leaf img")
    assert await leaf.evaluate("(picture) => picture.naturalWidth") > 0
    async with page.expect_navigation():
        await page.keyboard.press("ArrowRight")
    await visitor.settled()
    assert page.url.endswith("?page=2")
    assert await leaf.evaluate("(picture) => picture.naturalWidth") > 0
    async with page.expect_navigation():
        await page.keyboard.press("ArrowLeft")
    await visitor.settled()
    assert page.url.endswith("?page=1")


async def test_a_track_plays(visitor: Visitor) -> None:
    await _come_in(visitor)
    await visitor.go("/browse/tracks?sort=title")
    await _follow(visitor, "Song 1")
    sound = visitor.page.locator("audio")
    # Nothing of it is fetched before somebody wants to hear it.
    assert not [one for one in visitor.requests if one.endswith("/file")]
    seconds = await sound.evaluate(
        """(one) => new Promise((done, failed) => {
          one.onloadedmetadata = () => done(one.duration);
          one.onerror = () => failed(one.error.message);
          one.preload = "metadata";
          one.load();
        })"""
    )
    assert seconds > 0


async def test_browsing_works_without_scripts(new_visitor: NewVisitor, filled: Server) -> None:
    visitor = await new_visitor(filled.url, javascript=False)
    await _come_in(visitor)
    await visitor.go("/browse/tracks")
    await visitor.page.locator("summary", has_text="Filters").click()
    await visitor.page.get_by_label("Genre").fill("Disco")
    await visitor.press("Show")
    await expect(visitor.page.get_by_role("link", name="Waterloo")).to_be_visible()
    await expect(visitor.page.get_by_role("link", name="Song 1")).to_have_count(0)


async def test_hostile_names_run_nothing_and_break_no_page(
    new_visitor: NewVisitor, server: Server, tmp_path: Path
) -> None:
    await server.scanned(nasty_music(tmp_path / "music").path)
    await server.scanned(nasty_books(tmp_path / "books").path, name="Books", kind="books")
    await server.scanned(nasty_videos(tmp_path / "videos").path, name="Video", kind="video")
    visitor = await new_visitor(server.url, width="phone")
    met: list[str] = []
    visitor.page.on("dialog", lambda dialog: met.append(dialog.message))
    await _come_in(visitor)
    lists = ("artists", "releases", "tracks", "series", "books", "movies", "shows", "episodes")
    await visitor.go("/browse")
    await _is_as_wide_as_its_window(visitor)
    for word in lists:
        await visitor.go(f"/browse/{word}?missing=1")
        await _is_as_wide_as_its_window(visitor)
        await visitor.picture(f"browse-nasty-{word}", "light", "phone")
        links = await visitor.page.locator(f"main a[href^='/browse/{word}/']").evaluate_all(
            "(links) => [...new Set(links.map((link) => link.getAttribute('href')))]"
        )
        assert len(links) >= 5, word
        for number, link in enumerate(links):
            await visitor.go(link)
            await _is_as_wide_as_its_window(visitor)
            assert await visitor.page.locator("img[src='x']").count() == 0
            if number < 5:
                await visitor.picture(f"browse-nasty-{word}-{number}", "dark", "phone")
        await visitor.axe()
    await visitor.go("/search?q=w")
    await _is_as_wide_as_its_window(visitor)
    assert not met
