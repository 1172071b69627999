"""The stand for tests with a browser: it can use a page, and it sees what must never happen on one."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.api.api_stand import PASSWORD
from tests.conftest import Tree
from tests.web.browser_stand import PICTURES, NewVisitor, Theme, Visitor, Width
from tests.web.server_stand import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

POLICY = "default-src 'self'; img-src *"
PAGES = {
    "/": "<p>Nothing is wrong here</p>",
    "/login": (
        '<form method="post"><label>Name <input name="name"></label>'
        '<label>Password <input name="password" type="password"></label><button>Log in</button></form>'
    ),
    "/says": '<script src="/says.js"></script>',
    "/throws": '<script src="/throws.js"></script>',
    "/busy": '<script src="/busy.js"></script>',
    "/listens": '<p id="heard"></p><script src="/listens.js"></script>',
    "/calls": '<script src="/calls.js"></script><p id="called"></p>',
    "/inline": "<script>document.title = 'Another'</script>",
    "/gone": "<p>Gone</p>",
    "/bars": '<form><input name="of nothing"></form><p style="color: #eee; background: #fff">pale</p>',
}
PROGRAMS = {
    "/says.js": "console.error('so it says')",
    "/throws.js": "setTimeout(() => { throw new Error('thrown at nobody') })",
    "/busy.js": "for (const end = performance.now() + 120; performance.now() < end; );",
    "/listens.js": (
        "new EventSource('/events').onmessage = (event) =>"
        " document.getElementById('heard').textContent = event.data"
    ),
    "/calls.js": (
        "addEventListener('load', async () => {"
        " await fetch('/slow'); document.getElementById('called').textContent = 'answered' })"
    ),
}


class Publisher:
    """A server of small pages, good ones and bad ones."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        status, kind, body = "200 OK", "text/html", ""
        if method == "POST":
            length = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
            self.sent.append((await reader.readexactly(length)).decode())
            body = "<p>Welcome</p>"
        elif path in PAGES:
            body = PAGES[path]
            status = "410 Gone" if path == "/gone" else status
        elif path in PROGRAMS:
            kind, body = "text/javascript", PROGRAMS[path]
        elif path == "/elsewhere":
            body = f'<img alt="" src="{self.url.replace("127.0.0.1", "localhost")}/picture">'
        elif path == "/events":
            kind, body = "text/event-stream", "data: a word\n\n"
        if kind == "text/html":
            body = (
                f'<!doctype html><html lang="en"><title>Page</title><main><h1>Page</h1>{body}</main></html>'
            )
        policy = "" if path == "/bars" else f"Content-Security-Policy: {POLICY}\r\n"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nConnection: close\r\n{policy}\r\n"
            f"{body}".encode()
        )
        await writer.drain()
        if path != "/events":
            writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def publisher(leaving: AsyncExitStack) -> AsyncIterator[Publisher]:
    """Answers on a port of its own."""
    made = Publisher()
    listening = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield made
    await leaving.aclose()
    made.close()
    listening.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reader(new_visitor: NewVisitor, publisher: Publisher) -> Visitor:
    """Somebody who reads those pages."""
    return await new_visitor(publisher.url)


# Of a real server


async def test_the_set_up_page_makes_the_first_user(fresh_server: Server, new_visitor: NewVisitor) -> None:
    visitor = await new_visitor(fresh_server.url)
    assert await visitor.go(fresh_server.set_up_path) == 200
    page = visitor.page
    await expect(page).to_have_title("Set up · Shelfread")
    await visitor.axe()
    # The code, which no server sees and no field shows, is still there behind that.
    await page.get_by_label("How this looks").click()
    await visitor.press("Dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.get_by_label("Set-up code")).to_be_hidden()
    await page.get_by_label("Name", exact=True).fill(ADMIN)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.press("Create the first user")
    await expect(page.get_by_role("heading", name="Your first library")).to_be_visible()
    await visitor.axe()
    assert [user.name for user in await fresh_server.app.accounts.users()] == [ADMIN]
    assert {address.startswith(fresh_server.url + "/") for address in visitor.requests} == {True}


async def test_a_picture_is_a_file_of_the_wanted_width_and_theme(visitor: Visitor) -> None:
    await visitor.go("/setup")
    unwanted = PICTURES / "not-wanted-light-desktop.png"
    visitor.makes_pictures = False
    assert await visitor.picture("not-wanted") == unwanted
    assert not unwanted.exists()
    visitor.makes_pictures = True
    themes: tuple[Theme, ...] = ("light", "dark")
    widths: dict[Width, int] = {"desktop": 1280, "phone": 390}
    seen = set()
    for theme in themes:
        for width, pixels in widths.items():
            path = await visitor.picture("set-up-is-done", theme, width)
            assert path == PICTURES / f"set-up-is-done-{theme}-{width}.png"
            content = path.read_bytes()
            assert struct.unpack(">I", content[16:20]) == (pixels,)
            seen.add(content)
    assert len(seen) == 4
    assert await visitor.page.evaluate("innerWidth") == 1280


async def test_the_server_scans_real_files_through_its_queue(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tree = Tree(tmp_path_factory.mktemp("music"))
    tree.add("Björk/Début/1.mp3")
    library = await server.scanned(tree.path)
    tree.add("Björk/Début/2.mp3")
    job = await server.scan(library)
    assert job.counters is not None
    assert (job.counters.added, job.counters.unchanged) == (1, 1)


# What a visitor is


async def test_a_visitor_is_as_the_test_wants(publisher: Publisher, new_visitor: NewVisitor) -> None:
    asked = ["(prefers-color-scheme: dark)", "(hover: none)", "(width: 390px)", "(prefers-reduced-motion)"]
    where = "[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]"
    for visitor, answers in (
        (await new_visitor(publisher.url), [False, False, False, False]),
        (await new_visitor(publisher.url, width="phone", theme="dark"), [True, True, True, False]),
    ):
        await visitor.page.set_content('<meta name="viewport" content="width=device-width">')
        said = await visitor.page.evaluate("(asked) => asked.map((one) => matchMedia(one).matches)", asked)
        assert said == answers
        assert await visitor.page.evaluate(where) == ["en-GB", "Europe/Berlin"]


async def test_logging_in_fills_in_the_form_and_waits_for_the_page_that_comes(
    publisher: Publisher, new_visitor: NewVisitor
) -> None:
    for javascript in (True, False):
        visitor = await new_visitor(publisher.url, javascript=javascript)
        await visitor.log_in(ADMIN, "a b")
        assert publisher.sent.pop() == f"name={ADMIN}&password=a+b"
        assert await visitor.page.get_by_text("Welcome").is_visible()


async def test_a_page_is_at_rest_when_all_is_answered_but_streams(reader: Visitor) -> None:
    await reader.go("/calls")
    assert await reader.page.get_by_text("answered").is_visible()
    await reader.go("/listens")
    await expect(reader.page.get_by_text("a word")).to_be_visible()
    await reader.settled()


async def test_long_tasks_are_noticed(reader: Visitor) -> None:
    await reader.go("/busy")
    assert max(await reader.long_tasks()) >= 100
    await reader.go("/")
    assert max(await reader.long_tasks(), default=0) < 100


# What must never happen


async def test_a_page_with_nothing_wrong_is_left_in_peace(reader: Visitor) -> None:
    assert await reader.go("/") == 200
    await reader.axe()
    await reader.leave()


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/says", r"console: so it says \(http://127\.0\.0\.1:\d+/says\.js:0\)"),
        ("/throws", "not caught: Error: thrown at nobody"),
        ("/elsewhere", r"another host was asked: http://localhost:\d+/picture"),
        ("/inline", "the policy refuses script-src-elem: inline"),
        ("/gone", "console: Failed to load resource: the server responded with a status of 410"),
    ],
    ids=lambda word: word[1:] if word[0] == "/" else "",
)
async def test_what_must_never_happen_fails_the_test(reader: Visitor, path: str, complaint: str) -> None:
    await reader.go(path)
    with pytest.raises(AssertionError, match=complaint):
        await reader.leave()


async def test_trouble_that_a_test_wants_must_come_once(
    publisher: Publisher, new_visitor: NewVisitor
) -> None:
    for times, complaint in ((0, "did not come: status of 410"), (1, None), (2, "console: Failed")):
        visitor = await new_visitor(publisher.url)
        visitor.expect_trouble("status of 410")
        for _ in range(times):
            assert await visitor.go("/gone") == 410
        if complaint is None:
            await visitor.leave()
        else:
            with pytest.raises(AssertionError, match=complaint):
                await visitor.leave()


async def test_what_keeps_people_from_using_a_page_fails_with_rule_element_and_page(reader: Visitor) -> None:
    await reader.go("/bars")
    with pytest.raises(AssertionError) as failed:
        await reader.axe()
    said = str(failed.value)
    assert said.startswith(f"axe-core on {reader.url}/bars:\n")
    assert "label (critical): Form elements must have labels: input: <input" in said
    assert "color-contrast (serious): " in said
    assert ": p: <p style=" in said


async def test_each_visitor_has_cookies_of_their_own(publisher: Publisher, new_visitor: NewVisitor) -> None:
    first, second = [await new_visitor(publisher.url) for _ in range(2)]
    await first.go("/")
    await first.page.evaluate("document.cookie = 'a=1'")
    await second.go("/")
    assert await second.page.evaluate("document.cookie") == ""


# Where there is no browser


@pytest.mark.parametrize(("ci", "code", "says"), [("", 0, "1 skipped"), ("true", 1, "1 error")])
async def test_without_a_browser_tests_are_skipped_and_fail_in_ci(
    tmp_path: Path, ci: str, code: int, says: str
) -> None:
    test = f"{__file__}::test_each_visitor_has_cookies_of_their_own"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "pytest", "-o", f"cache_dir={tmp_path}", "-rs", test],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"SHELFREAD_TEST_BROWSER": "", "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout
    assert "no Chromium here: sh tools/browser.sh says how to get one" in done.stdout
