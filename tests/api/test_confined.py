"""`SHELFREAD_ALLOWED_ROOTS` and links, asked at every use: scans, retries, files; over real sockets."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import JobStatus
from shelfread.model.library import LibraryOptions
from shelfread.tasks.library_scan import Pools
from tests import catalogue
from tests.api.api_stand import Live
from tests.cli.staying_programs import house
from tests.conftest import NewCatalogue, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(live: Live, tmp_path: Path, pools: Pools) -> AsyncIterator[Shelf]:
    """A scanned library of the server, below a folder that links may be put into."""
    tree = Tree(tmp_path / "media" / "music")
    tree.add("A/one.mp3", title="One")
    tree.write("A/broken.mp3", b"")
    library = await live.app.libraries.add("Music", "music", [os.fsencode(tree.path)])
    made = Shelf(live.app, library.id, [tree], pools)
    await made.scan()
    yield made


@contextmanager
def _allowed(live: Live, *folders: Path) -> Iterator[None]:
    before = live.app.settings
    roots = tuple(os.fsencode(folder) for folder in folders)
    live.app.settings = before.model_copy(update={"allowed_roots": roots})
    try:
        yield
    finally:
        live.app.settings = before


async def _file_of(live: Live, title: str) -> str:
    found = (await live.ask("GET", "/api/v1/tracks")).json()["items"]
    (track,) = [one for one in found if one["title"] == title]
    return f"/api/v1/tracks/{track['id']}/file"


async def test_what_a_link_leads_to_now_is_what_may_be_scanned_or_not(
    live: Live, shelf: Shelf, tmp_path: Path
) -> None:
    job = (await live.app.jobs.listed())[0]
    problem = (await live.ask("GET", "/api/v1/problems")).json()["items"][0]
    ways = [
        f"/api/v1/libraries/{shelf.library_id}/scan",
        f"/api/v1/libraries/{shelf.library_id}/rescan",
        f"/api/v1/jobs/{job.id}/retry",
        f"/api/v1/problems/{problem['id']}/retry",
        "/api/v1/problems/retry",
    ]
    file = await _file_of(live, "One")
    with _allowed(live, tmp_path / "media"):
        assert (await live.ask("GET", file, token="read")).status_code == 200
        (tmp_path / "media").rename(tmp_path / "elsewhere")
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "music").symlink_to(tmp_path / "elsewhere" / "music")
        before = await catalogue.rows(live.app.database)
        for way in ways:
            for token in ("admin", "scan"):
                answer = await live.ask("POST", way, token=token)
                assert answer.status_code == 422, (way, answer.text)
                assert answer.json()["type"] == "/problems/path-refused"
                assert "SHELFREAD_ALLOWED_ROOTS" in answer.json()["detail"]
                assert (str(tmp_path) in answer.text) is (token == "admin")
        answer = await live.ask("GET", file)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        after = await catalogue.rows(live.app.database)
        assert {name: after[name] for name in after if name != "tokens"} == {
            name: before[name] for name in before if name != "tokens"
        }, "what is refused changes nothing"
    for way in ways:
        assert (await live.ask("POST", way, token="scan")).status_code == 202, way


async def test_a_library_that_follows_links_serves_what_they_lead_to_within_bounds(
    live: Live, shelf: Shelf, tmp_path: Path
) -> None:
    file, path = await _file_of(live, "One"), shelf.tree.path / "A/one.mp3"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path.rename(elsewhere / "one.mp3")
    path.symlink_to(elsewhere / "one.mp3")

    async def code() -> int:
        return (await live.ask("GET", file)).status_code

    assert await code() == 404, "it follows none"
    await live.app.libraries.change(shelf.library_id, options=LibraryOptions(follow_symlinks=True))
    assert await code() == 200
    with _allowed(live, tmp_path / "media"):
        assert await code() == 404
    with _allowed(live, tmp_path / "media", elsewhere):
        assert await code() == 200
    data = tmp_path / "data"
    data.mkdir()
    (data / "shelfread.db").write_text("secret")
    live.app.settings = live.app.settings.model_copy(update={"data_dir": data})
    for target in (Path("/etc/passwd"), Path("/proc/self/environ"), data / "shelfread.db"):
        assert target.is_file()
        path.unlink()
        path.symlink_to(target)
        assert await code() == 404, target


async def test_where_roots_are_confined_no_library_is_told_over_http_to_follow_links(
    live: Live, shelf: Shelf, tmp_path: Path
) -> None:
    address, follows = f"/api/v1/libraries/{shelf.library_id}", {"options": {"follow_symlinks": True}}
    (tmp_path / "media" / "more").mkdir()
    wanted = {"name": "More", "kind": "music", "paths": [str(tmp_path / "media" / "more")], **follows}
    with _allowed(live, tmp_path / "media"):
        for method, path, body in (("POST", "/api/v1/libraries", wanted), ("PATCH", address, follows)):
            answer = await live.ask(method, path, json=body)
            assert answer.status_code == 422, answer.text
            assert [one["where"] for one in answer.json()["errors"]] == ["body.options.follow_symlinks"]
    assert (await live.ask("PATCH", address, json=follows)).status_code == 200
    with _allowed(live, tmp_path / "media"):
        # What somebody chose before stays, and other changes go on.
        answer = await live.ask("PATCH", address, json={"options": {"ignore_ctime": True}})
        assert (answer.status_code, answer.json()["options"]["follow_symlinks"]) == (200, True)


async def test_a_library_without_a_folder_is_a_conflict_and_not_unknown(live: Live) -> None:
    library = await live.app.libraries.add("Empty", "music", [])
    answer = await live.ask("POST", f"/api/v1/libraries/{library.id}/scan")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert answer.json()["detail"] == "the library 'Empty' has no folder to scan"


async def test_a_library_and_its_schedule_are_made_and_changed_together_or_not_at_all(
    live: Live, shelf: Shelf, tmp_path: Path
) -> None:
    async def schedules() -> list[Any]:
        return [(row["library_id"], row["cron"]) for row in await shelf.table("schedules")]

    (tmp_path / "more").mkdir()
    wanted = {"name": "More", "kind": "music", "paths": [str(tmp_path / "more")], "schedule": "0 3 * * *"}
    taken = await live.ask("POST", "/api/v1/libraries", json=wanted | {"name": "Music"})
    assert taken.status_code == 409
    assert await schedules() == []
    made = (await live.ask("POST", "/api/v1/libraries", json=wanted)).json()
    assert made["schedule"]["cron"] == "0 3 * * *"
    address = f"/api/v1/libraries/{made['id']}"
    for change, status, cron in (
        ({"name": "Music", "schedule": "0 4 * * *"}, 409, "0 3 * * *"),
        ({"name": "Music", "schedule": None}, 409, "0 3 * * *"),
        ({"name": "Other", "schedule": "0 5 * * *"}, 200, "0 5 * * *"),
        ({"schedule": "0 6 * * *"}, 200, "0 6 * * *"),
    ):
        assert (await live.ask("PATCH", address, json=change)).status_code == status, change
        assert await schedules() == [(made["id"], cron)]
    assert (await live.ask("PATCH", address, json={"schedule": None})).json()["schedule"] is None
    assert await schedules() == []
    await live.ask("PATCH", address, json={"schedule": "0 7 * * *"})
    assert (await live.ask("DELETE", address)).status_code == 204
    assert await schedules() == []


async def test_a_worker_looks_once_more_when_it_begins(tmp_path: Path, new_catalogue: NewCatalogue) -> None:
    tree, other = Tree(tmp_path / "media" / "music"), Tree(tmp_path / "elsewhere")
    tree.add("A/one.mp3")
    other.add("A/one.mp3")
    async with house(tmp_path, await new_catalogue("sqlite")) as at_home:
        library = await at_home.library(tree.path)
        await at_home.serve(SHELFREAD_ALLOWED_ROOTS=str(tmp_path / "media"))
        await at_home.job_is(await at_home.queue(library), JobStatus.COMPLETED)
        tree.path.rename(tmp_path / "gone")
        tree.path.symlink_to(other.path)
        # As a schedule or a job that waited for long: nobody was asked over HTTP.
        job = await at_home.job_is(await at_home.queue(library), JobStatus.FAILED)
    assert job.reason == "path_refused"
    assert job.error is not None
    assert "SHELFREAD_ALLOWED_ROOTS" in job.error
