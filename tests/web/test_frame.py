"""What stands around all pages: what they load, coming and going, colours, and problems told to people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shelfread.model.account import Right
from shelfread.web import rendering
from tests.api.api_stand import PASSWORD, Live, client_of
from tests.api.lasting_servers import LASTING
from tests.cli.staying_programs import house

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Pages are the same, whatever the database is.
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
#: What a browser says that goes from page to page.
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}


@LASTING
@ON_SQLITE
async def test_a_page_loads_files_of_this_server_and_runs_nothing_else(live: Live) -> None:
    page = await live.ask("GET", "/login", token=None, headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    # Nothing in the page itself runs or colours anything, and nothing comes from elsewhere.
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:", page.text)
    loaded = {path for path in re.findall(r'(?:src|href)="([^"]+)"', page.text) if "/static/" in path}
    assert {urlsplit(path).path for path in loaded} == {
        "/static/icon.svg",
        "/static/page.css",
        "/static/page.js",
    }
    for path in sorted(loaded):
        answer = await live.ask("GET", path, token=None)
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")
        assert answer.content == rendering.static_files()[urlsplit(path).path.rpartition("/")[2]]
        assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", answer.content)
        assert ("immutable" in answer.headers["cache-control"]) == ("?v=" in path)


@LASTING
@ON_SQLITE
async def test_only_the_files_of_pages_can_be_asked_for(live: Live) -> None:
    for name in ("base.html", "nothing.css", "..%2fpages.py", "%2e%2e/pages.py", "page.css%00", "page.css/"):
        answer = await live.ask("GET", f"/static/{name}", token=None)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), name


async def test_the_one_program_of_the_pages_stays_short() -> None:
    assert rendering.static_files()["page.js"].count(b"\n") < 300


@ON_SQLITE
async def test_who_is_not_known_is_asked_to_log_in_and_comes_back_to_the_page(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    sent = await live.ask("GET", "/jobs?status=failed", token=None, headers=BROWSER)
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fjobs%3Fstatus%3Dfailed")
    asked = await live.ask("GET", sent.headers["location"], token=None, headers=BROWSER)
    assert 'name="next" value="/jobs?status=failed"' in asked.text
    form = {"name": "ada", "password": "wrong wrong", "next": "/jobs?status=failed"}
    wrong = await live.ask("POST", "/login", token=None, headers=BROWSER, data=form)
    assert wrong.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    assert "wrong wrong" not in wrong.text
    right = await live.ask("POST", "/login", token=None, headers=BROWSER, data=form | {"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/jobs?status=failed")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


@ON_SQLITE
@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "jobs",
        "/a\tb",
    ],
)
async def test_a_login_leads_to_no_other_site(live: Live, address: str) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    form = {"name": "ada", "password": PASSWORD, "next": address}
    answer = await live.ask("POST", "/login", token=None, headers=BROWSER, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@ON_SQLITE
async def test_the_page_of_another_site_can_fill_in_no_form(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    form = {"name": "ada", "password": PASSWORD}
    said = BROWSER | {"Sec-Fetch-Site": "cross-site"}
    answer = await live.ask("POST", "/login", token=None, headers=said, data=form)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@LASTING
@ON_SQLITE
async def test_a_form_that_is_none_is_refused_with_words(live: Live) -> None:
    typed = BROWSER | {"Content-Type": "application/x-www-form-urlencoded"}
    for headers, content, status in (
        (BROWSER | {"Content-Type": "application/json"}, b"{}", 415),
        (typed, b"name=%ff", 422),
        (typed, b"name=a%00b", 422),
        (typed, b"a=1&" * 3000, 422),
        (typed, "name=ä".encode("latin-1"), 422),
    ):
        answer = await live.ask("POST", "/login", token=None, headers=headers, content=content)
        assert answer.status_code == status, content[:20]
        assert answer.text.startswith("<!doctype html>")


@LASTING
@ON_SQLITE
async def test_a_person_meets_a_page_where_a_program_meets_a_document(live: Live) -> None:
    person = await live.ask("GET", "/nowhere", token="read", headers=BROWSER)
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in person.text
    program = await live.ask("GET", "/nowhere", token="read")
    assert program.json()["type"] == "/problems/not-found"
    # The API speaks to programs, whoever asks.
    both = await live.ask("GET", "/api/v1/jobs/nowhere", token="read", headers=BROWSER)
    assert both.json()["type"] == "/problems/not-found"


@LASTING
@ON_SQLITE
async def test_the_colours_that_somebody_chose_stay(live: Live) -> None:
    answer = await live.ask(
        "POST", "/theme", token=None, headers=BROWSER, data={"theme": "dark", "next": "/login"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "shelfread_theme=dark" in answer.headers["set-cookie"]
    dark = await live.ask("GET", "/login", token=None, headers=BROWSER | {"Cookie": "shelfread_theme=dark"})
    assert '<html lang="en" data-theme="dark">' in dark.text
    odd = await live.ask("GET", "/login", token=None, headers=BROWSER | {"Cookie": 'shelfread_theme="><b>'})
    assert '<html lang="en">' in odd.text


@ON_SQLITE
async def test_the_link_of_the_first_start_leads_to_a_user_and_the_first_library(
    tmp_path: Path, database_url: str
) -> None:
    async with house(tmp_path, database_url) as made:
        program = await made.serve("--workers", "0")
        link = json.loads(program.out.read_text())["setup_url"]
        base, _, code = link.partition("/setup#")
        # What a browser says of an unencrypted address.
        own = BROWSER | {"Origin": base}
        form = {"code": code, "name": "ada", "password": PASSWORD}
        async with client_of(base) as browser:
            assert "Welcome to Shelfread" in (await browser.get("/setup", headers=own)).text
            wrong = await browser.post("/setup", data=form | {"code": "another"}, headers=own)
            assert wrong.status_code == 403
            assert "This is not the secret of the set-up link" in wrong.text
            short = await browser.post("/setup", data=form | {"password": "short"}, headers=own)
            assert short.status_code == 422
            assert "short" not in re.findall(r'value="([^"]*)"', short.text)
            first = await browser.post("/setup", data=form, headers=own)
            assert (first.status_code, first.headers["location"]) == (303, "/libraries/new?first=1")
            assert (await browser.get("/api/v1/me")).json()["scope"] == "admin"
            later = await browser.get("/setup", headers=own)
            assert "This server is set up" in later.text
