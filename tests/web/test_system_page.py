"""The page of the server: who works, what is set, and who may see and change which of it."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import pytest

from shelfread.model.library import Library
from shelfread.queue.presence import Presence
from shelfread.settings import Settings, WorkerSettings
from shelfread.store import worker_rows
from shelfread.web.setting_words import MEANINGS, setting_told
from shelfread.web.system import is_little
from tests.api.api_stand import Live
from tests.api.lasting_servers import LASTING
from tests.web.test_frame import BROWSER, ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")

_HOSTILE = "<script>alert(1)</script>\u202e\n'\"&"


async def _page(live: Live, token: str = "admin", **headers: str) -> str:
    answer = await live.ask("GET", "/system", token=token, headers=BROWSER | headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def _library(live: Live, path: Path) -> Library:
    return await live.app.libraries.add("Music", "music", [os.fsencode(path)])


async def _worker(live: Live, host: str) -> str:
    made = str(uuid.uuid4())

    async def work(connection: object) -> None:
        await worker_rows.insert_worker(
            connection,  # type: ignore[arg-type]
            worker_id=made,
            kind="standalone",
            host=host,
            pid=4711,
            version="0.0.1",
            now=1,
        )

    await live.app.database.write(work)
    return made


@ON_SQLITE
async def test_readers_see_workers_and_queue_and_nothing_of_the_machine(live: Live, tmp_path: Path) -> None:
    own = await Presence.enter(live.app.database, "managed")
    try:
        live.workers.worker_id = own.id
        await live.app.request_scan(await _library(live, tmp_path))
        shown = await _page(live, "read")
        assert "This server" in shown
        assert re.search(r"<dt>Waiting</dt><dd><a [^>]*>1 job</a>", shown)
        assert "The oldest came" in shown
        for word in ("SHELFREAD_DATA", "process ", str(live.app.settings.data_dir), "/people", "Run now"):
            assert word not in shown.partition("<details class")[0], word
        assert 'id="settings"' not in shown
        assert 'id="storage"' not in shown
        assert f"process {own.id}" not in shown
        assert re.search(r"process \d+", await _page(live))
    finally:
        await own.leave()


@ON_SQLITE
async def test_a_lost_worker_is_shown_with_its_job_and_its_host_is_text(live: Live, tmp_path: Path) -> None:
    library = await _library(live, tmp_path)
    gone = await _worker(live, _HOSTILE)
    job = await live.app.request_scan(library)
    assert await live.app.jobs.claim_next(gone) is not None
    shown = await _page(live)
    assert '<span class="state bad">lost</span>' in shown
    assert "Another worker takes over soon." in shown
    assert f'href="/jobs/{job.job.id}">Scan of' in shown
    assert "<script>alert" not in shown
    assert "\u202e" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\N{REPLACEMENT CHARACTER} " in shown


@LASTING
@ON_SQLITE
async def test_without_a_worker_the_page_says_what_to_do(live: Live) -> None:
    shown = await _page(live, "scan")
    assert "Nobody works off the queue now." in shown
    assert "SHELFREAD_WORKER_COUNT" in shown


@LASTING
@ON_SQLITE
async def test_only_the_parts_that_are_asked_for_are_made_and_only_for_who_may(live: Live) -> None:
    both = await _page(live, **{"X-Part": "work,schedules"})
    assert re.findall(r'<template data-part="(\w+)">', both) == ["work", "schedules"]
    assert "Storage" not in both
    assert "No library is scanned by itself." in both
    parts = await live.ask("GET", "/system", token="read", headers=BROWSER | {"X-Part": "work,schedules"})
    assert parts.status_code == 200
    assert "No library is scanned by itself." not in parts.text


@ON_SQLITE
async def test_schedules_of_all_libraries_run_rest_and_go_on(live: Live, tmp_path: Path) -> None:
    wanted = {"name": "Music <script>alert(1)</script>", "kind": "music", "paths": [str(tmp_path)]}
    made = await live.ask("POST", "/api/v1/libraries", json=wanted | {"schedule": "0 3 * * *"})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    shown = await _page(live)
    assert "every day at 03:00" in shown
    assert "not yet" in shown
    assert "<script>alert" not in shown
    for act, done in (("pause", "The schedule rests"), ("resume", "goes on"), ("run", "A scan is queued")):
        sent = await live.ask("POST", f"/system/schedules/{number}/{act}", headers=BROWSER, data={"a": "b"})
        assert sent.status_code == 303, sent.text
        said = await live.ask("GET", sent.headers["location"], headers=BROWSER)
        assert done in said.text
        assert ("Go on" in said.text) == (act == "pause")
    assert (await live.ask("GET", "/api/v1/jobs/counts")).json()["queued"] == 1
    for token, path, status in (
        ("scan", f"{number}/run", 403),
        ("admin", f"{number}/destroy", 404),
        ("admin", "99/run", 404),
        ("admin", "..%2fusers/run", 404),
    ):
        address = f"/system/schedules/{path}"
        refused = await live.ask("POST", address, token=token, headers=BROWSER, data={"a": "b"})
        assert refused.status_code == status, path
        assert refused.text.startswith("<!doctype html>")


@ON_SQLITE
async def test_how_long_a_job_may_run_is_set_here_and_taken_away(live: Live) -> None:
    sent = await live.ask("POST", "/system", headers=BROWSER, data={"timeout": " 7200 "})
    assert (sent.status_code, sent.headers["location"]) == (303, "/system?done=saved")
    shown = await _page(live)
    assert 'value="7200"' in shown
    assert "now it is 2 hours (set here)" in shown
    for typed, why in (("5", "It must be 60 to 2678400 seconds."), ('an "hour"', "This is no whole number.")):
        wrong = await live.ask("POST", "/system", headers=BROWSER, data={"timeout": typed})
        assert wrong.status_code == 422
        assert why in wrong.text
        assert f'value="{typed.replace(chr(34), "&#34;")}"' in wrong.text
    assert (await live.ask("GET", "/api/v1/config")).json() == {"analyzer_scan_job_timeout": 7200}
    await live.ask("POST", "/system", headers=BROWSER, data={"timeout": ""})
    assert (await live.ask("GET", "/api/v1/config")).json() == {"analyzer_scan_job_timeout": None}
    assert "now it is 6 hours (default)" in await _page(live)
    refused = await live.ask("POST", "/system", token="scan", headers=BROWSER, data={"timeout": "60"})
    assert refused.status_code == 403


@ON_SQLITE
async def test_settings_say_where_they_are_from_and_secrets_stay_hidden(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://ada:swordfish@host/shelf"
    monkeypatch.setenv("SHELFREAD_DATABASE_URL", url)
    monkeypatch.setenv("SHELFREAD_ALLOWED_HOSTS", "media.example,<b>")
    changed = {"database_url": url, "allowed_hosts": ("media.example", "<b>")}
    monkeypatch.setattr(live.app, "settings", live.app.settings.model_copy(update=changed))
    shown = await _page(live)
    assert "swordfish" not in shown
    assert "set, and not shown" in shown
    assert "<bdi>media.example</bdi><br><bdi>&lt;b&gt;</bdi>" in shown
    assert str(live.app.settings.data_dir) in shown


async def test_every_setting_has_a_meaning_for_people() -> None:
    ours = {name.upper() for name in Settings.model_fields}
    assert ours | {f"WORKER_{name.upper()}" for name in WorkerSettings.model_fields} == set(MEANINGS)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PARSERS", 0, "one for each processor"),
        ("PARSERS", 3, "3"),
        ("SETTLE_SECONDS", 10.0, "10 s"),
        ("WATCH_SWEEP_SECONDS", 5400.0, "1 hour 30 min"),
        ("ANALYZER_SCAN_JOB_TIMEOUT", 61, "61 s"),
        ("WORKER_STALL_SECONDS", 900.0, "15 min"),
        ("MOVE_DAYS", 1, "1 day"),
        ("LOG_RETENTION_DAYS", 0, "for ever"),
        ("DEBUG", False, "off"),
        ("ALLOWED_ROOTS", [], "not set"),
    ],
)
async def test_values_are_said_as_people_say_them(name: str, value: object, told: str) -> None:
    setting = {"name": f"SHELFREAD_{name}", "value": value, "origin": "file", "secret": False}
    assert setting_told(setting)["told"] == [told]


@pytest.mark.parametrize(
    ("free", "total", "little"), [(4, 100, True), (5, 100, False), (0, 100, True), (None, None, False)]
)
async def test_less_than_a_twentieth_of_a_disk_is_little(
    free: int | None, total: int | None, little: bool
) -> None:
    assert is_little(free, total) == little
