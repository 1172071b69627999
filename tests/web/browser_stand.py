"""A real Chromium, and a visitor who uses pages in it and notices whatever must never happen on one.

Only tests with the mark `browser` know this file: they run in processes of their own (decision 22).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Frame,
    Page,
    Request,
    Response,
    WebError,
    async_playwright,
)

from tests.cli.staying_programs import until

#: Where pictures of pages are kept.
PICTURES = Path(__file__).resolve().parents[2] / ".local" / "pictures"
#: Whether they are made: `make pictures`. No test looks at them, and they take time.
ARE_WANTED = os.environ.get("SHELFREAD_TEST_PICTURES", "") not in ("", "0")

Theme = Literal["light", "dark"]
Width = Literal["desktop", "phone"]
WIDTHS: Mapping[Width, tuple[int, int]] = {"desktop": (1280, 800), "phone": (390, 844)}
#: Every way in which people see a page.
EVERY_SIGHT: tuple[tuple[Theme, Width], ...] = (
    ("light", "desktop"),
    ("light", "phone"),
    ("dark", "desktop"),
    ("dark", "phone"),
)

#: A page that does not come to rest within this time has a fault.
DEADLINE_S = 30.0
_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: The browser asks nobody for anything by itself, and no name leads anywhere.
_ARGUMENTS = [
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
#: Runs in every page before anything of its own does. What a policy refuses is an error.
_NOTICING = """
window.addEventListener("securitypolicyviolation", (event) =>
  console.error(`the policy refuses ${event.effectiveDirective}: ${event.blockedURI || event.sample}`));
window.longTasksOfTest = [];
new PerformanceObserver((list) =>
  window.longTasksOfTest.push(...list.getEntries().map((task) => task.duration)),
).observe({ type: "longtask", buffered: true });
"""
#: Two frames later, what a page does at its next frame is done and drawn.
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def path_of_browser() -> str | None:
    """The Chromium of this machine; where `make test` has looked for one, what it found."""
    named = os.environ.get("SHELFREAD_TEST_BROWSER")
    if named is None:
        return next((path for path in map(shutil.which, _NAMES) if path), None)
    return named or None


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window; the test is skipped where there is none, and fails for it in CI."""
    path = path_of_browser()
    if path is None:
        missing = "no Chromium here: sh tools/browser.sh says how to get one"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """Somebody with a browser of their own: cookies, one page to begin with, and a keen eye.

    What must never happen is noticed all the time, on every page of the visitor, and held against the test
    when the visitor leaves: an error in the console, one that nobody caught, a request to anybody but the
    server, something that the policy of a page refuses.
    """

    def __init__(
        self, url: str, context: BrowserContext, page: Page, theme: Theme, *, javascript: bool
    ) -> None:
        self.url = url
        self.context = context
        self.page = page
        #: The address of every request so far.
        self.requests: list[str] = []
        #: What happened that must not, in words.
        self.trouble: list[str] = []
        self._expected: list[str] = []
        self._on_their_way: set[Request] = set()
        self._theme = theme
        self._javascript = javascript
        self._left = False
        self.makes_pictures = ARE_WANTED
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfinished", self._done)
        context.on("requestfailed", self._done)
        page.on("framenavigated", self._moved)

    # Using pages

    async def go(self, path: str) -> int:
        """Open a page of the server, or any address; gives the status of the answer."""
        answer = await self.page.goto(path if "://" in path else self.url + path)
        await self.settled()
        # There is no answer if only what stands behind # is another.
        return answer.status if answer is not None else 200

    async def press(self, button: str) -> None:
        """Press the button of this name in a form, and wait for the page that comes."""
        async with self.page.expect_navigation(timeout=DEADLINE_S * 1000):
            await self.page.get_by_role("button", name=button, exact=True).click()
        await self.settled()

    async def log_in(self, name: str, password: str) -> None:
        """Log in through the page for it; whether that succeeds is for the test to see."""
        await self.go("/login")
        await self.page.get_by_label("Name", exact=True).fill(name)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.press("Log in")

    async def settled(self) -> None:
        """Wait until the page is complete, nothing that it asked for is on its way, and all is drawn.

        Streams of events do not count: they stay.
        """

        async def look() -> bool:
            try:
                if await self.page.evaluate("document.readyState") != "complete" or self._on_their_way:
                    return False
                if self._javascript:
                    await self.page.evaluate(_DRAWN)
            except Error:
                # The page went away under the question: another one comes.
                if self.page.is_closed():
                    raise
                return False
            return not self._on_their_way

        await until(look, f"{self.page.url} at rest", DEADLINE_S)

    # Looking at pages

    async def axe(self) -> None:
        """Check that nobody is kept from using the page as it is now (axe-core: serious and critical)."""
        await self.settled()
        found: dict[str, Any] = (await Axe().run(self.page)).response
        bad = [
            f"{one['id']} ({one['impact']}): {one['help']}: {' '.join(map(str, at['target']))}: {at['html']}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for at in one["nodes"]
        ]
        assert not bad, "\n".join([f"axe-core on {self.page.url}:", *bad])

    async def picture(self, name: str, theme: Theme = "light", width: Width = "desktop") -> Path:
        """Where they are wanted, make a picture of the whole page; afterwards the page is as it was."""
        assert re.fullmatch(r"[a-z0-9-]+", name), "the name is that of a file"
        path = PICTURES / f"{name}-{theme}-{width}.png"
        if not self.makes_pictures:
            return path
        before = self.page.viewport_size
        wide, high = WIDTHS[width]
        await self.page.emulate_media(color_scheme=theme)
        await self.page.set_viewport_size({"width": wide, "height": high})
        await self.settled()
        await self.page.screenshot(path=path, full_page=True, animations="disabled")
        await self.page.emulate_media(color_scheme=self._theme)
        if before is not None:
            await self.page.set_viewport_size(before)
        await self.settled()
        return path

    async def long_tasks(self) -> list[float]:
        """How long each task of the page took that kept it from answering for 50 ms or more, in ms."""
        found: list[float] = await self.page.evaluate("window.longTasksOfTest")
        return found

    # What must never happen

    def expect_trouble(self, text: str) -> None:
        """The next trouble with this text in it is what the test wants; it must come.

        An answer of 4xx or 5xx is an error in the console: `expect_trouble("status of 404")`.
        """
        self._expected.append(text)

    async def leave(self) -> None:
        """Close the browser's pages; fails if anything happened on one that must not."""
        if self._left:
            return
        self._left = True
        for page in self.context.pages:
            # What the browser has told by now comes before the answer.
            with contextlib.suppress(Error):
                await page.evaluate("true")
        await self.context.close()
        trouble, missed = list(self.trouble), []
        for text in self._expected:
            fitting = next((one for one in trouble if text in one), None)
            if fitting is None:
                missed.append(f"expected, and did not come: {text}")
            else:
                trouble.remove(fitting)
        assert not trouble + missed, "\n".join(["on the pages of a visitor:", *trouble, *missed])

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location
            self.trouble.append(f"console: {message.text} ({where['url']}:{where['lineNumber']})")

    def _failed(self, error: WebError) -> None:
        self.trouble.append(f"not caught: {error.error.stack or error.error}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        self._on_their_way.add(request)
        address, own = urlsplit(request.url), urlsplit(self.url)
        if address.scheme not in ("data", "blob", "about") and address[:2] != own[:2]:
            self.trouble.append(f"another host was asked: {request.url}")

    def _done(self, request: Request) -> None:
        self._on_their_way.discard(request)

    def _answered(self, response: Response) -> None:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            self._on_their_way.discard(response.request)

    def _moved(self, frame: Frame) -> None:
        if frame == self.page.main_frame:
            # Nobody tells how it went on with what the page before had asked for.
            self._on_their_way -= {one for one in self._on_their_way if not one.is_navigation_request()}


class NewVisitor:
    """Makes visitors of servers; each leaves with the others, and says what it saw."""

    def __init__(self, browser: Browser, leaving: AsyncExitStack) -> None:
        self._browser = browser
        self._leaving = leaving

    async def __call__(
        self, url: str, *, width: Width = "desktop", theme: Theme = "light", javascript: bool = True
    ) -> Visitor:
        """Somebody who has not been here before.

        Args:
            url: of the server, without a path.
            width: of the window; on a phone there is no mouse.
            theme: which the visitor likes.
            javascript: false as if it were switched off.
        """
        wide, high = WIDTHS[width]
        context = await self._browser.new_context(
            viewport={"width": wide, "height": high},
            is_mobile=width == "phone",
            has_touch=width == "phone",
            color_scheme=theme,
            reduced_motion="no-preference",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            accept_downloads=False,
            java_script_enabled=javascript,
        )
        context.set_default_timeout(DEADLINE_S * 1000)
        await context.add_init_script(_NOTICING)
        visitor = Visitor(url, context, await context.new_page(), theme, javascript=javascript)
        self._leaving.push_async_callback(visitor.leave)
        return visitor
