"""The page of the server in a real browser: it moves with the jobs; a schedule runs, rests and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from shelfread.queue.schedule import Schedules
from tests.api.api_stand import PASSWORD
from tests.web.browser_stand import EVERY_SIGHT, NewVisitor, Visitor
from tests.web.server_stand import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


async def _scheduled(server: Server, folder: Path) -> None:
    """A library that is scanned every night."""
    folder.mkdir()
    library = await server.library(folder, name="Music <b>&</b>")
    await Schedules(server.app.database).put(library.id, "0 3 * * *", "Europe/Berlin")


async def test_a_schedule_runs_now_and_the_page_shows_the_end_of_it_by_itself(
    visitor: Visitor, server: Server, tmp_path: Path
) -> None:
    await _scheduled(server, tmp_path / "music")
    await visitor.log_in(ADMIN, PASSWORD)
    await visitor.go("/system")
    page = visitor.page
    workers = page.get_by_role("region", name="Workers and queue")
    await expect(workers.get_by_role("cell", name="This server")).to_be_visible()
    await expect(page.get_by_role("cell", name="every day at 03:00")).to_be_visible()
    await expect(page.get_by_role("cell", name="not yet")).to_be_visible()
    await visitor.axe()
    await visitor.press("Run now: Music <b>&</b>")
    # Nobody loads the page again.
    await expect(page.get_by_role("link", name="The last scan of Music <b>&</b>: done")).to_be_visible()
    await visitor.press("Pause: Music <b>&</b>")
    await expect(page.get_by_role("cell", name="rests")).to_be_visible()
    await visitor.press("Go on: Music <b>&</b>")
    await expect(page.get_by_role("cell", name="rests")).to_have_count(0)


async def test_what_is_set_here_counts_and_what_is_wrong_stays_in_the_field(visitor: Visitor) -> None:
    await visitor.log_in(ADMIN, PASSWORD)
    await visitor.go("/system")
    field = visitor.page.get_by_label("Seconds that a job may run")
    await field.fill("7200")
    await visitor.press("Save")
    await expect(visitor.page.get_by_role("cell", name="2 hours")).to_be_visible()
    await field.fill("5")
    visitor.expect_trouble("status of 422")
    await visitor.press("Save")
    await expect(visitor.page.get_by_role("alert")).to_contain_text("It must be 60 to 2678400 seconds.")
    await expect(field).to_have_value("5")
    await visitor.axe()


async def test_the_page_fits_and_keeps_nobody_out(
    new_visitor: NewVisitor, server: Server, tmp_path: Path
) -> None:
    await _scheduled(server, tmp_path / "music")
    for theme, width in EVERY_SIGHT:
        visitor = await new_visitor(server.url, theme=theme, width=width)
        await visitor.log_in(ADMIN, PASSWORD)
        assert await visitor.go("/system") == 200
        for closed in await visitor.page.locator("main details").all():
            await closed.locator("summary").click()
        await visitor.axe()
        assert await visitor.page.evaluate(_FITS), (theme, width)
        await visitor.picture("system", theme, width)
        await visitor.leave()
