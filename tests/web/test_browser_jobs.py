"""Jobs and problems in a real browser: numbers that move, stopping, looking again, keys, colours, a phone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Dialog, expect

from shelfread.model.job import Job, JobStatus
from shelfread.web.words import number
from tests.api.api_stand import PASSWORD
from tests.cli.staying_programs import many_files, until
from tests.conftest import Tree
from tests.web.browser_stand import NewVisitor, Theme, Visitor, Width
from tests.web.server_stand import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: Files of a library that is in the middle of its scan for long enough to be stopped there.
FILES = 3000
_NO_WIDER = "document.documentElement.scrollWidth <= window.innerWidth"


async def comes_in(visitor: Visitor, place: str = "/jobs") -> None:
    """Log in on the way to a page."""
    await visitor.go(f"/login?next={place}")
    await visitor.page.get_by_label("Name", exact=True).fill(ADMIN)
    await visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.press("Log in")
    assert visitor.page.url == visitor.url + place


@asynccontextmanager
async def held(server: Server, scanner: psutil.Process) -> AsyncIterator[None]:
    """A scan that does not go on, and that keeps nobody from writing.

    One that is stopped in the middle of a transaction keeps the catalogue to itself until its supervisor
    ends it, and no wish to cancel can be written before that.
    """
    path = server.house.env["SHELFREAD_DATABASE_URL"].removeprefix("sqlite:///")

    async def stopped() -> bool:
        scanner.suspend()
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
        except sqlite3.OperationalError:
            scanner.resume()
            return False
        return True

    try:
        await until(stopped, "a scan between two transactions")
        yield
    finally:
        # A cancelled scan that does not answer is ended by its supervisor.
        with contextlib.suppress(psutil.NoSuchProcess):
            scanner.resume()


async def scanner_of(server: Server) -> psutil.Process:
    """The process that will scan."""

    async def look() -> psutil.Process | None:
        return next(iter(server.program.scanners()), None)

    return await until(look, "a process that scans")


def processed(job: Job) -> str:
    assert job.counters is not None
    return number(job.counters.processed)


async def test_the_numbers_of_a_scan_move_while_it_goes_on_and_are_those_of_the_database(
    server: Server, visitor: Visitor, tmp_path: Path
) -> None:
    library = await server.library(many_files(tmp_path / "music", FILES))
    scanner = await scanner_of(server)
    await comes_in(visitor)
    async with held(server, scanner):
        job_id = await server.house.queue(library)
        await server.house.job_is(job_id, JobStatus.RUNNING)
        await visitor.go(f"/jobs/{job_id}")
        head = visitor.page.locator("[data-part=head]")
        await expect(head.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
        await visitor.axe()
    await server.house.is_in_the_middle(job_id)
    async with held(server, scanner):
        # What was written before it was held is read here as the page has it; nothing comes any more.
        job = await server.house.job(job_id)
        assert job.status is JobStatus.RUNNING
        await expect(head.locator("[data-count=processed]")).to_have_text(processed(job))
        await expect(visitor.page.locator(".activity [data-count=processed]")).to_have_text(processed(job))
        await expect(head.locator("[data-count=added]")).to_have_text(processed(job))
        await expect(head.locator(".phases [aria-current=step]")).to_have_count(1)
        await visitor.axe()
    job = await server.house.job_is(job_id, JobStatus.COMPLETED)
    await expect(head.locator(".state")).to_have_text("done")
    assert job.counters is not None
    for name in ("found", "added", "updated", "unchanged", "failed", "removed"):
        shown = number(getattr(job.counters, name))
        await expect(head.locator(f"[data-count={name}]")).to_have_text(shown)
    assert job.counters.added == FILES
    await expect(visitor.page.locator("[data-part=timeline] li.good")).to_contain_text("Done")
    await expect(visitor.page.locator(".activity")).not_to_contain_text("under way")


async def test_a_list_of_jobs_moves_and_keeps_what_is_ticked(
    server: Server, visitor: Visitor, tmp_path: Path
) -> None:
    library = await server.library(many_files(tmp_path / "music", 50))
    await server.scan(library)
    await comes_in(visitor)
    page = visitor.page
    rows = page.locator("tr[data-row]")
    before = await rows.count()
    await rows.first.get_by_role("checkbox").check()
    job = await server.scan(library)
    await expect(page.locator(f"tr[data-job='{job.id}'] .state")).to_have_text("done")
    assert await rows.count() > before
    assert await page.locator("tbody :checked").count() == 1
    await page.get_by_role("checkbox", name="Tick all").check()
    assert await page.locator("tbody :checked").count() > before
    questions: list[str] = []

    async def answered(dialog: Dialog) -> None:
        questions.append(dialog.message)
        await dialog.accept()

    page.on("dialog", answered)
    await visitor.press("Stop the ticked")
    assert questions == ["Stop the ticked jobs?"]
    await expect(page.get_by_text("Those that had not ended were asked to stop.")).to_be_visible()


async def test_a_scan_is_stopped_from_the_box_of_what_is_under_way(
    server: Server, visitor: Visitor, tmp_path: Path
) -> None:
    library = await server.library(many_files(tmp_path / "music", FILES))
    scanner = await scanner_of(server)
    await comes_in(visitor, "/problems?aside=1")
    job_id = await server.house.queue(library)
    await server.house.is_in_the_middle(job_id)
    async with held(server, scanner):
        box = visitor.page.locator(".activity")
        await expect(box).to_contain_text("1 job is under way")
        await visitor.press("Cancel scan Music")
        await expect(visitor.page.get_by_role("status").first).to_have_text("It was asked to stop.")
        assert visitor.page.url == f"{visitor.url}/problems?aside=1&done=cancel"
        await expect(box.get_by_role("button", name="Cancel scan Music")).to_have_text("Cancelling")
    await server.house.job_is(job_id, JobStatus.CANCELLED)
    await expect(box).not_to_contain_text("under way")


async def test_a_file_that_was_mended_is_looked_at_again_and_is_no_problem_any_more(
    server: Server, visitor: Visitor, tmp_path: Path
) -> None:
    tree = Tree(tmp_path / "music")
    tree.add("Björk/Début/1.mp3")
    broken = tree.write("Björk/Début/2.mp3", b"")
    await server.scanned(tree.path)
    await comes_in(visitor, "/problems")
    await expect(visitor.page.get_by_text("1 file or folder is in trouble")).to_be_visible()
    await visitor.page.get_by_role("link", name="Empty file").click()
    await visitor.settled()
    tree.add("Björk/Début/2.mp3")
    await visitor.press(f"Look again: {broken}")
    await expect(visitor.page.get_by_text("It is tried again.")).to_be_visible()

    async def mended() -> bool:
        await visitor.go("/problems")
        return await visitor.page.get_by_text("No problems. Every file could be read.").is_visible()

    await until(mended, "no problem any more")


async def test_the_colours_are_chosen_in_the_menu_and_by_a_key(server: Server, visitor: Visitor) -> None:
    await comes_in(visitor, "/jobs?status=failed")
    html = visitor.page.locator("html")
    await visitor.page.get_by_label("You and how this looks").click()
    await visitor.press("Dark")
    await expect(html).to_have_attribute("data-theme", "dark")
    # What was chosen on the page stays chosen.
    assert visitor.page.url == f"{visitor.url}/jobs?status=failed"
    dark = await visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await visitor.axe()
    async with visitor.page.expect_navigation():
        await visitor.page.keyboard.press("t")
    await visitor.settled()
    await expect(html).to_have_attribute("data-theme", "light")
    assert await visitor.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


async def test_keys_lead_through_the_pages(server: Server, visitor: Visitor, tmp_path: Path) -> None:
    await server.scanned(many_files(tmp_path / "music", 5))
    await comes_in(visitor, "/problems")
    page = visitor.page
    async with page.expect_navigation(url="**/jobs"):
        await page.keyboard.press("g")
        await page.keyboard.press("j")
    await visitor.settled()
    links = page.locator("tr[data-row] a")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.closest('tr').matches('[data-row]')")
    count = await links.count()
    for _ in range(count):
        await page.keyboard.press("j")
    last = "document.activeElement.closest('tr') === [...document.querySelectorAll('tr[data-row]')].at(-1)"
    assert await page.evaluate(last)
    await page.keyboard.press("k")
    assert await page.evaluate(last) == (await page.locator("tr[data-row]").count() == 1)
    await page.keyboard.press("?")
    await expect(page.locator("dialog#keys")).to_be_visible()
    await visitor.axe()
    # Keys of the page do nothing behind the help.
    await page.keyboard.press("j")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog#keys")).to_be_hidden()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search everything")).to_be_focused()
    await page.keyboard.type("g?jt/")
    await expect(page.get_by_label("Search everything")).to_have_value("g?jt/")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_use_every_page_on_a_desk_and_on_a_phone(
    server: Server, new_visitor: NewVisitor, tmp_path: Path, theme: Theme
) -> None:
    tree = Tree(tmp_path / "music")
    tree.add("Björk/Début/1.mp3")
    tree.write(f"Bad/{'A very long name without an end ' * 6}/{'x' * 200}.mp3", b"")
    tree.write("Bad/‮reversed <b>.flac", b"fLaC nothing")
    library = await server.scanned(tree.path)
    done = await server.scan(library, rescan=True)
    widths: tuple[Width, ...] = ("desktop", "phone")
    for width in widths:
        visitor = await new_visitor(server.url, theme=theme, width=width)
        # Whoever is not logged in asks for themselves in vain.
        await visitor.go("/login")
        await visitor.axe()
        assert await visitor.page.evaluate(_NO_WIDER)
        await comes_in(visitor)
        for name, path, status in (
            ("jobs", "/jobs", 200),
            ("jobs-none", "/jobs?status=failed", 200),
            ("job", f"/jobs/{done.id}", 200),
            ("problems", "/problems", 200),
            ("problems-of-a-kind", "/problems?code=empty_file", 200),
            ("problem-page", "/jobs/nothing", 404),
            ("odd-address", "/jobs?status=nonsense", 422),
        ):
            if status != 200:
                visitor.expect_trouble(f"status of {status}")
            assert await visitor.go(path) == status
            assert await visitor.page.evaluate(_NO_WIDER), (path, width)
            for details in await visitor.page.locator("main details").all():
                await details.locator("summary").click()
            await visitor.axe()
            await visitor.picture(name, theme, width)


async def test_without_scripts_forms_work_too(
    server: Server, new_visitor: NewVisitor, tmp_path: Path
) -> None:
    job = await server.scan(await server.library(many_files(tmp_path / "music", 5)))
    visitor = await new_visitor(server.url, javascript=False)
    await comes_in(visitor, f"/jobs/{job.id}")
    await visitor.press("Do it again")
    await expect(visitor.page.get_by_text("It is tried again.")).to_be_visible()
    assert job.id not in visitor.page.url
