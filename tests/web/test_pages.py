"""The page of the first set-up over a real socket: what it loads, what it may, and where its link leads."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from shelfread.web import pages
from tests.api.api_stand import PASSWORD, Live, client_of
from tests.cli.staying_programs import house

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILES = Path(pages.__file__).parent / "files"
VISIT = Path(__file__).parent / "visit.mjs"
#: Pages are the same, whatever the database is.
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


@ON_SQLITE
async def test_a_page_loads_files_of_this_server_and_runs_nothing_else(live: Live) -> None:
    page = await live.ask("GET", "/setup", token=None)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self';")
    # Nothing in the page itself runs or colours anything, and nothing comes from elsewhere.
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:", page.text)
    loaded = set(re.findall(r'(?:src|href)="([^"]+)"', page.text)) - {"/openapi.json"}
    assert loaded == {f"/static/{name}" for name in pages.TYPES}
    for path in sorted(loaded):
        answer = await live.ask("GET", path, token=None)
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")
        assert answer.headers["content-type"] == pages.TYPES[path.rpartition("/")[2]]
        assert answer.content == (FILES / path.rpartition("/")[2]).read_bytes()
        assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", answer.content)


@ON_SQLITE
async def test_only_the_files_of_pages_can_be_asked_for(live: Live) -> None:
    for name in ("setup.html", "nothing.css", "..%2fpages.py", "%2e%2e/pages.py", "page.css%00", "page.css/"):
        answer = await live.ask("GET", f"/static/{name}", token=None)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), name


async def test_a_page_can_be_used_on_a_phone_and_without_a_mouse_or_eyes() -> None:
    page = (FILES / "setup.html").read_text()
    assert '<html lang="en">' in page
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert 'role="alert"' in page
    fields = set(re.findall(r'<input id="([\w-]+)"', page))
    assert fields == set(re.findall(r'<label[^>]* for="([\w-]+)"', page))
    ids = re.findall(r'\sid="([\w-]+)"', page)
    assert len(ids) == len(set(ids))
    named = set(re.findall(r'aria-(?:describedby|labelledby)="([\w-]+)"', page))
    # What the page's program looks for is there.
    looked_for = set(re.findall(r'at\("([\w-]+)"\)', (FILES / "setup.js").read_text()))
    assert named | looked_for <= set(ids)


@ON_SQLITE
async def test_the_link_of_the_first_start_leads_to_a_user_and_a_token(
    tmp_path: Path, database_url: str
) -> None:
    async with house(tmp_path, database_url) as made:
        program = await made.serve("--workers", "0")
        link = json.loads(program.out.read_text())["setup_url"]
        assert urlsplit(link).path == "/setup"
        # What a browser says of what a page asks for; of an unencrypted address it says nothing but this.
        base = link.partition("/setup#")[0]
        own = {"Origin": base}
        user = {"secret": urlsplit(link).fragment, "name": "ada", "password": PASSWORD}
        async with client_of(base) as browser:
            assert (await browser.get("/setup")).status_code == 200
            assert (await browser.get("/api/v1/setup")).json() == {"done": False}
            wrong = await browser.post("/api/v1/setup", json=user | {"secret": "another"}, headers=own)
            assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/forbidden")
            assert (await browser.post("/api/v1/setup", json=user, headers=own)).status_code == 201
            # Who comes back to the page is known by the cookie.
            assert (await browser.get("/api/v1/setup")).json() == {"done": True}
            assert (await browser.get("/api/v1/me")).json()["scope"] == "admin"
            wanted = {"name": "command line", "scope": "admin"}
            token = (await browser.post("/api/v1/tokens", json=wanted, headers=own)).json()["secret"]
        async with client_of(program.url) as curl:
            headers = {"Authorization": f"Bearer {token}"}
            assert (await curl.get("/api/v1/me", headers=headers)).json()["name"] == "command line"


@ON_SQLITE
@pytest.mark.skipif(shutil.which("node") is None, reason="nothing here runs the program of a page")
async def test_the_program_of_the_page_takes_a_visitor_from_the_link_to_a_token(
    tmp_path: Path, database_url: str
) -> None:
    program = tmp_path / "setup.mjs"
    shutil.copyfile(FILES / "setup.js", program)

    async with house(tmp_path, database_url) as made:
        server = await made.serve("--workers", "0")
        link = json.loads(server.out.read_text())["setup_url"]

        async def visited(link: str) -> dict[str, Any]:
            words = [VISIT, FILES / "setup.html", program, link, "Ada", PASSWORD]
            node = await asyncio.create_subprocess_exec(
                "node", *map(str, words), stdout=asyncio.subprocess.PIPE
            )
            out, _ = await node.communicate()
            assert node.returncode == 0
            found: dict[str, Any] = json.loads(out)
            return found

        found = await visited(link)
        first, refused, welcomed, given = found["seen"]
        # The code came with the link, so nobody is asked for it, before it was refused.
        assert first["focus"] == "name"
        assert "code-field" not in first["shown"]
        assert first["trouble"] is None
        assert refused["trouble"].startswith("This is not the secret of the set-up link")
        assert {"first-user", "code-field"} <= set(refused["shown"])
        assert refused["focus"] == "trouble"
        assert {"made", "first-user", "done"} & set(welcomed["shown"]) == {"made"}
        assert (welcomed["trouble"], welcomed["focus"], found["who"]) == (None, "made-title", "Ada")
        # The code is used up, and not in the address any more.
        assert welcomed["address"] == link.partition("#")[0]
        assert given["focus"] == "token-place"
        assert f"Bearer {found['token']}'" in found["add"]
        async with client_of(server.url) as curl:
            headers = {"Authorization": f"Bearer {found['token']}"}
            assert (await curl.get("/api/v1/me", headers=headers)).json()["scope"] == "admin"
        # Somebody else who follows the link hears that it is done.
        (other,) = (await visited(link))["seen"]
        assert {"made", "first-user", "done"} & set(other["shown"]) == {"done"}
