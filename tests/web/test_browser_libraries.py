"""The pages of libraries in a real browser: one is made, scanned, held, confirmed, forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Dialog, expect

from tests.api.api_stand import PASSWORD
from tests.conftest import Tree
from tests.web.browser_stand import DEADLINE_S, NewVisitor, Theme, Visitor, Width
from tests.web.server_stand import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: A visitor at a desk, and one on a phone at night.
SIGHTS: tuple[tuple[Theme, Width], ...] = (("light", "desktop"), ("dark", "phone"))


def _says_yes(visitor: Visitor) -> None:
    async def accept(dialog: Dialog) -> None:
        await dialog.accept()

    visitor.page.on("dialog", accept)


async def _fits(visitor: Visitor) -> None:
    """Nothing makes the page wider than its window."""
    wider = await visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, visitor.page.url


@pytest.mark.parametrize("javascript", [True, False], ids=["live", "without scripts"])
async def test_a_library_is_chosen_folder_by_folder_and_scanned(
    server: Server, new_visitor: NewVisitor, tmp_path_factory: pytest.TempPathFactory, javascript: bool
) -> None:
    folder = tmp_path_factory.mktemp("media")
    tree = Tree(folder / "Good Music")
    for number in range(3):
        tree.add(f"Abba/Gold/{number}.mp3")
    visitor = await new_visitor(server.url, javascript=javascript)
    await visitor.log_in(ADMIN, PASSWORD)
    page = visitor.page
    await expect(page.get_by_role("heading", name="Libraries", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Add your first library").click()
    await page.get_by_label("Folder", exact=True).fill(str(folder))
    await visitor.press("Open")
    await visitor.press("Good Music")
    await visitor.press("Take this folder")
    await expect(page.get_by_label("Music", exact=True)).to_be_checked()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Good Music")
    await page.get_by_label("Name", exact=True).fill("Mine")
    await page.get_by_label("Scan by itself").select_option("0 3 * * *")
    await visitor.press("Add it and scan")
    assert "/jobs/" in page.url
    (library,) = await server.app.libraries.all()
    await server.scan(library)
    await visitor.go("/")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Mine"))
    await expect(card).to_contain_text("3 tracks")
    await expect(card).to_contain_text("every day at 03:00")
    if javascript:
        # A scan that somebody else asks for is seen without asking for the page again.
        tree.add("Abba/Gold/new.mp3")
        await server.scan(library)
        await expect(card).to_contain_text("4 tracks", timeout=DEADLINE_S * 1000)
        await expect(card).to_contain_text("1 added", timeout=DEADLINE_S * 1000)


async def test_nobody_is_kept_from_using_the_pages_of_libraries(
    server: Server, new_visitor: NewVisitor, tmp_path: Path
) -> None:
    tree = Tree(tmp_path / "A folder with a name that is long enough to need more room than a phone has")
    for number in range(25):
        tree.add(f"Abba/Gold/{number:02}.mp3")
    tree.add("Björk/Début/1.mp3")
    tree.write("Björk/Début/torn.mp3", b"no sound")
    library = await server.scanned(tree.path)
    (tree / "Björk/Début/1.mp3").unlink()
    await server.scan(library)
    tree.delete("Abba")
    await server.scan(library)
    address = f"/libraries/{library.id}"
    pages = {
        "libraries": "/",
        "library": address,
        "library-new": f"/libraries/new?first=1&open={tree.path.parent}&take={tree.path}",
        "library-edit": f"{address}/edit",
        "missing": f"{address}/missing",
        "held": "/held",
    }
    for theme, width in SIGHTS:
        visitor = await new_visitor(server.url, theme=theme, width=width)
        await visitor.log_in(ADMIN, PASSWORD)
        for name, path in pages.items():
            assert await visitor.go(path) == 200
            await visitor.page.evaluate(
                "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
            )
            await visitor.axe()
            await _fits(visitor)
            await visitor.picture(name, theme, width)
        await visitor.leave()


async def test_what_vanished_at_once_waits_for_a_word_and_goes_with_it(
    server: Server, visitor: Visitor, tmp_path: Path
) -> None:
    tree = Tree(tmp_path / "music")
    for number in range(25):
        tree.add(f"Abba/Gold/{number:02}.mp3")
    tree.add("Björk/Début/1.mp3")
    library = await server.scanned(tree.path)
    await visitor.log_in(ADMIN, PASSWORD)
    _says_yes(visitor)
    page = visitor.page
    await visitor.go("/")
    tree.delete("Abba")
    await server.scan(library)
    seen = page.get_by_text("25 files vanished at once.")
    await expect(seen).to_be_visible(timeout=DEADLINE_S * 1000)
    await page.get_by_role("link", name="Look whether that is right").click()
    await expect(page.get_by_text("25 files would be marked as missing.")).to_be_visible()
    await visitor.press(f"They are really gone: {tree.path}")
    await expect(page.get_by_role("status").filter(has_text="Confirmed.")).to_be_visible()
    await expect(page.get_by_text("Nothing is held.")).to_be_visible()
    await visitor.go(f"/libraries/{library.id}/missing")
    await visitor.press("All missing files")
    await visitor.press("Forget them")
    await expect(page.get_by_text("Nothing is missing here.")).to_be_visible()
    await visitor.go(f"/libraries/{library.id}/edit")
    await page.get_by_label("Type its name").fill("Music")
    await visitor.press("Forget this library")
    await expect(page.get_by_text("Nothing is catalogued yet.")).to_be_visible()
    assert (tree / "Björk/Début/1.mp3").exists()
