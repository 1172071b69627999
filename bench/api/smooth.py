"""How smooth the page of a job stays in a real browser while its scan goes on."""

from __future__ import annotations

import shutil

from bench.api.server import PASSWORD, USER, Server, served
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.stand import Stand, add_library, ended

NAME = "smooth"
MEANING = (
    "Chromium has the page of a job open during the first scan of the music corpus, from its request to two "
    "seconds after its end. tasks: what kept the page from answering for 50 ms or more at a time, as the "
    "browser itself tells of it (long tasks); 0 stands for a scan without one. Browser, server and scan "
    "share the machine's processors."
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_NOTICE = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask", buffered: true });
"""


async def measure(stand: Stand) -> None:
    """On each database, as often as there are rounds."""
    path = next((found for found in map(shutil.which, _NAMES) if found), None)
    if path is None:
        stand.notes.append("smooth: not measured, there is no Chromium.")
        return
    for database in stand.databases():
        tasks: list[float] = []
        for _ in range(stand.given.rounds):
            stand.quiet()
            async with served(stand, database, stand.tiny()) as server:
                found = await _looked_at(stand, server, path)
            print(f"    {database}: {len(found)} long tasks, {[round(one) for one in found]} ms", flush=True)
            tasks += found or [0.0]
        stand.note(Figure(NAME, "tasks", database, "ms", tasks, Bar("max", 200)))


async def _looked_at(stand: Stand, server: Server, path: str) -> list[float]:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise Unavailable("the page in a browser: pip install playwright") from None
    library = await add_library(server.app, "Music", stand.music())
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage"])
        page = await browser.new_page()
        await page.add_init_script(_NOTICE)
        await page.goto(f"{server.url}/login?next=/jobs")
        await page.get_by_label("Name", exact=True).fill(USER)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url("**/jobs")
        job_id = (await server.app.request_scan(library)).job.id
        await page.goto(f"{server.url}/jobs/{job_id}")
        job = await ended(server.app, job_id, 0.1)
        if job.status != "completed":
            raise Unavailable(f"the scan was {job.status}: {job.error}")
        await page.wait_for_timeout(2000)
        found: list[float] = await page.evaluate("window.longTasks")
        await browser.close()
    return found
