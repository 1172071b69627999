"""The promises that speak of HTTP, over a real socket against `shelfread serve` and a real scan."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.stream_client import opened, trail
from tests.conftest import Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANALYZER = "/api/v1/analyzer/library/scan"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _music(path: Path, count: int = 6) -> Tree:
    tree = Tree(path)
    for number in range(count):
        tree.add(f"Artist {number % 2}/Album/{number:03}.mp3")
    return tree


async def _library(live: Live, path: Path, name: str = "Records") -> int:
    answer = await live.ask(
        "POST", "/api/v1/libraries", json={"name": name, "kind": "music", "paths": [str(path)]}
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def _ended(live: Live, job_id: str) -> dict[str, Any]:
    """The job, when it has ended: its own stream says when."""
    async with opened(live.url, f"/api/v1/jobs/{job_id}/events", live.headers()) as stream:
        assert stream.status in (200, 204), await stream.reader.read(1_000)
        if stream.status == 200:
            await stream.all()
    job: dict[str, Any] = (await live.ask("GET", f"/api/v1/jobs/{job_id}")).json()
    assert job["status"] in ("completed", "failed", "cancelled")
    return job


async def test_d1_a_scan_over_http_is_202_with_this_body_and_is_done(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    library = await _library(live, _music(tmp_path / "music").path)
    answer = await live.ask("POST", f"/api/v1/libraries/{library}/scan", token="scan")
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"job_id", "status", "message", "coalesced"}
    assert UUID.fullmatch(body["job_id"])
    assert (body["status"], body["coalesced"]) == ("queued", False)
    job = await _ended(live, body["job_id"])
    # D9, D10, D11, D13, A5.
    assert (job["status"], job["type"], job["library_id"], job["error"]) == (
        "completed",
        "scan",
        library,
        None,
    )
    assert (job["items_found"], job["items_added"], job["items_updated"], job["items_removed"]) == (
        6,
        6,
        0,
        0,
    )
    assert job["report"]["registered"] == 6
    for name in ("queued_at", "started_at", "completed_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", job[name])
    again = (await live.ask("POST", f"/api/v1/libraries/{library}/rescan", token="scan")).json()
    job = await _ended(live, again["job_id"])
    # D16, decision 9, A6.
    assert (job["type"], job["items_unchanged"], job["items_added"]) == ("rescan", 6, 0)


async def test_d1_an_unknown_library_is_a_404(live_process: Live) -> None:
    for name in ("scan", "rescan"):
        for library in ("1", "abc", "9" * 40, "0", "-1", "%00"):
            answer = await live_process.ask("POST", f"/api/v1/libraries/{library}/{name}")
            assert answer.status_code == 404, (library, answer.text)
            assert answer.json()["type"] == "/problems/not-found"


async def test_d2_status_is_the_newest_job_or_null_and_history_is_clamped(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    library = await _library(live, _music(tmp_path / "music", 2).path)
    status, history = (f"/api/v1/libraries/{library}/scan-{what}" for what in ("status", "history"))
    answer = await live.ask("GET", status, token="read")
    assert (answer.status_code, answer.json()) == (200, {"scan_status": None})
    assert (await live.ask("GET", history, token="read")).json() == {"history": []}
    ids = []
    for _ in range(3):
        ids.append((await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()["job_id"])
        await _ended(live, ids[-1])
    assert (await live.ask("GET", status, token="read")).json()["scan_status"]["id"] == ids[-1]

    async def listed(**params: Any) -> list[str]:
        found = await live.ask("GET", history, token="read", params=params)
        assert found.status_code == 200, found.text
        return [job["id"] for job in found.json()["history"]]

    assert await listed() == ids[::-1]
    assert await listed(limit=2) == ids[:0:-1]
    assert await listed(limit=0) == await listed(limit=-5) == ids[-1:]
    assert await listed(limit=10**9) == ids[::-1]
    assert (await live.ask("GET", history, params={"limit": "many"})).status_code == 422
    for path in (status, history):
        assert (await live.ask("GET", path.replace(f"/{library}/", "/999/"))).status_code == 404


async def test_d12_paths_are_for_administrators_only(live_process: Live, tmp_path: Path) -> None:
    live = live_process
    tree = _music(tmp_path / "secret place", 3)
    tree.write("Artist 0/Album/broken.mp3", b"")
    library = await _library(live, tree.path)
    job_id = (await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()["job_id"]
    async with opened(live.url, f"/api/v1/jobs/{job_id}/events", live.headers("scan")) as stream:
        told = [str(one.data) for one in await stream.all()]
    await _ended(live, job_id)
    tree.path.rename(tmp_path / "away")
    failed = (await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()["job_id"]
    job = await _ended(live, failed)
    assert (job["status"], job["reason"]) == ("failed", "root_unavailable")
    assert "secret" in job["error"]
    paths = [
        f"/api/v1/{path}"
        for path in (
            *("libraries", f"libraries/{library}", "jobs", f"jobs/{failed}", f"jobs/{failed}/logs"),
            *(f"jobs/{job_id}/problems", f"jobs/{job_id}/logs", f"libraries/{library}/scan-history"),
            *(f"libraries/{library}/scan-status", f"jobs/{job_id}"),
        )
    ]
    for path in paths:
        answer = await live.ask("GET", path, token="scan")
        assert answer.status_code == 200, path
        told.append(answer.text)
    async with opened(live.url, f"/api/v1/jobs/{failed}/events", live.headers("read")) as stream:
        told += [str(one.data) for one in await stream.all()]
    assert not [text for text in told if "secret" in text or "broken" in text]
    assert "broken.mp3" in (await live.ask("GET", f"/api/v1/jobs/{job_id}/problems")).text
    assert "secret place" in (await live.ask("GET", f"/api/v1/libraries/{library}")).text


async def test_c18_rules_of_a_library_are_changed_over_http_and_the_report_says_what_they_leave_out(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    library = await _library(live, _music(tmp_path / "music", 6).path)
    place = f"/api/v1/libraries/{library}"

    async def scanned() -> dict[str, Any]:
        return await _ended(live, (await live.ask("POST", f"{place}/scan")).json()["job_id"])

    await scanned()
    refused = await live.ask("PATCH", place, json={"options": {"ignore": ["fine", "a[b"]}})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-request")
    assert "unclosed bracket" in refused.text
    wanted = ["# beside", "Artist 1/", "000.*"]
    changed = await live.ask("PATCH", place, json={"options": {"ignore": wanted}})
    assert changed.json()["options"]["ignore"] == wanted
    job = await scanned()
    assert (job["items_removed"], job["report"]["left_out"]["files"]) == (4, 4)
    assert [(rule["files"], rule["rule"], rule["line"]) for rule in job["report"]["left_out"]["rules"]] == [
        (3, "Artist 1/", 2),
        (1, "000.*", 3),
    ]
    for path in ("", "/logs"):
        told = (await live.ask("GET", f"/api/v1/jobs/{job['id']}{path}", token="read")).text
        assert "left_out" in told or "leaves out 3 files" in told
        assert "Artist" not in told
    await live.ask("PATCH", place, json={"options": {"ignore": []}})
    job = await scanned()
    assert (job["items_restored"], job["items_removed"], job["report"]["left_out"]) == (4, 0, None)


async def test_a13_a14_a15_a19_paths_become_jobs(live_process: Live, tmp_path: Path) -> None:
    live = live_process
    for name in ("A-M", "N-Z"):
        _music(tmp_path / "music" / name, 2)
    parts = [str(tmp_path / "music" / name) for name in ("A-M", "N-Z")]
    # Decision 10: new roots are for administrators.
    refused = await live.ask("POST", ANALYZER, token="scan", json={"paths": parts})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    assert (await live.ask("GET", "/api/v1/libraries")).json()["items"] == []
    answer = await live.ask("POST", ANALYZER, json={"paths": parts, "split_paths": False, "force": False})
    assert answer.status_code == 202
    body = answer.json()
    assert body == {"job_ids": [body["job_id"]], "job_id": body["job_id"], "queued": True, "coalesced": False}
    assert (await _ended(live, body["job_id"]))["items_added"] == 4
    answer = await live.ask("POST", ANALYZER, token="scan", json={"paths": parts, "split_paths": True})
    body = answer.json()
    assert (answer.status_code, len(body["job_ids"])) == (202, 2)
    assert set(body) == {"job_ids", "queued", "coalesced"}
    jobs = [await _ended(live, job_id) for job_id in body["job_ids"]]
    assert len({job["request_id"] for job in jobs}) == 1
    assert [job["items_found"] for job in jobs] == [2, 2]
    body = (await live.ask("POST", ANALYZER, token="scan", json={"paths": parts, "force": True})).json()
    assert (await _ended(live, body["job_id"]))["type"] == "rescan"


async def test_decision_10_a_path_above_roots_absorbs_them_and_files_keep_their_ids(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    for name in ("inner", "far/below"):
        _music(tmp_path / "music" / name, 3)
    inner = [str(tmp_path / "music" / name) for name in ("inner", "far/below")]
    first = (await live.ask("POST", ANALYZER, json={"paths": inner})).json()
    assert (await _ended(live, first["job_id"]))["items_added"] == 6
    (before,) = (await live.ask("GET", "/api/v1/libraries")).json()["items"]
    assert len(before["roots"]) == 2
    _music(tmp_path / "music" / "beside", 2)
    answer = await live.ask("POST", ANALYZER, token="scan", json={"paths": [str(tmp_path / "music")]})
    assert answer.status_code == 403
    body = (await live.ask("POST", ANALYZER, json={"paths": [str(tmp_path / "music")]})).json()
    job = await _ended(live, body["job_id"])
    assert (job["items_added"], job["items_unchanged"], job["items_moved"], job["items_removed"]) == (
        2,
        6,
        0,
        0,
    )
    (after,) = (await live.ask("GET", "/api/v1/libraries")).json()["items"]
    assert [root["path"] for root in after["roots"]] == [str(tmp_path / "music")]
    assert after["items"]["ready"] == 8


async def test_a16_nothing_to_scan_is_a_400_and_nothing_is_queued(live_process: Live) -> None:
    bodies: list[dict[str, Any]] = [{}, {"paths": []}, {"paths": None}]
    for body in bodies:
        answer = await live_process.ask("POST", ANALYZER, json=body)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/nothing-to-scan")
    assert (await live_process.ask("POST", ANALYZER)).status_code == 400
    assert (await live_process.ask("GET", "/api/v1/jobs")).json() == {"items": [], "next": None}


async def test_a9_a10_the_timeout_is_set_over_http_and_counts_from_the_next_job_on(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    library = await _library(live, _music(tmp_path / "music", 1).path)

    async def timeout() -> int:
        job_id = (await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()["job_id"]
        return int((await _ended(live, job_id))["timeout_s"])

    config = "/api/v1/config"
    assert (await live.ask("GET", config)).json() == {"analyzer_scan_job_timeout": None}
    assert await timeout() == 21_600
    answer = await live.ask("PUT", config, json={"analyzer_scan_job_timeout": 600})
    assert (answer.status_code, answer.json()) == (200, {"analyzer_scan_job_timeout": 600})
    assert await timeout() == 600
    values: list[Any] = ["600", 59, 1e9, 600.5, [], True, {"a": 1}]
    for wrong in values:
        answer = await live.ask("PUT", config, json={"analyzer_scan_job_timeout": wrong})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == "body.analyzer_scan_job_timeout"
    answer = await live.ask("PUT", config, json={"analyzer_scan_job_timeout": 900, "colour": "red"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-key")
    assert answer.json()["errors"][0]["where"] == "body.colour"
    assert (await live.ask("GET", config)).json() == {"analyzer_scan_job_timeout": 600}
    assert (await live.ask("PUT", config, json={"analyzer_scan_job_timeout": None})).status_code == 200
    assert await timeout() == 21_600


async def test_decision_6_a_second_request_gets_the_same_job(live: Live, tmp_path: Path) -> None:
    library = await _library(live, _music(tmp_path / "music", 1).path)
    first = (await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()
    second = (await live.ask("POST", f"/api/v1/libraries/{library}/rescan")).json()
    assert (first["coalesced"], second["coalesced"]) == (False, True)
    assert first["job_id"] == second["job_id"]
    job = (await live.ask("GET", f"/api/v1/jobs/{first['job_id']}", token="read")).json()
    assert job["type"] == "rescan"
    # D13: nothing is invented before anything was counted.
    assert {job[name] for name in job if name.startswith("items_")} == {None}


async def test_b1_b2_b3_a_job_is_watched_read_and_remembered(live_process: Live, tmp_path: Path) -> None:
    live = live_process
    tree = _music(tmp_path / "music", 40)
    os.truncate(tree.path / "Artist 0" / "Album" / "000.mp3", 0)
    library = await _library(live, tree.path)
    async with opened(live.url, "/api/v1/events", live.headers("read")) as everything:
        assert everything.headers["content-type"].startswith("text/event-stream")
        snapshot = await everything.next()
        assert snapshot is not None
        assert (snapshot.name, snapshot.data["jobs"]) == ("snapshot", [])
        job_id = (await live.ask("POST", f"/api/v1/libraries/{library}/scan")).json()["job_id"]
        async with opened(live.url, f"/api/v1/jobs/{job_id}/events", live.headers("read")) as one:
            told = await asyncio.wait_for(one.all(), 60)
        await asyncio.wait_for(everything.until("job", job_id=job_id, kind="completed"), 60)
    kinds = [event.data["kind"] for event in told if event.name == "job"]
    assert (kinds[0], kinds[-1]) == ("queued", "completed")
    assert {event.name for event in told} >= {"job", "batch", "log", "progress"}
    progress = [event.data for event in told if event.name == "progress"]
    assert progress[-1]["items_found"] == 40
    events, lines = trail(told)
    assert events == list(range(1, len(events) + 1))
    assert trail([event for event in everything.seen if event.data.get("job_id") == job_id]) == (
        events,
        lines,
    )
    log = (await live.ask("GET", f"/api/v1/jobs/{job_id}/logs", token="read", params={"limit": 500})).json()
    assert [line["seq"] for line in log["items"]] == lines
    problems = (await live.ask("GET", f"/api/v1/jobs/{job_id}/problems", token="read")).json()["items"]
    assert [problem["code"] for problem in problems] == ["empty_file"]
    listed = (await live.ask("GET", "/api/v1/jobs?type=scan", token="read")).json()["items"]
    assert listed[0]["id"] == job_id
    # Who has everything is told not to come back.
    async with opened(live.url, f"/api/v1/jobs/{job_id}/events", live.headers(), one.last_id) as again:
        assert again.status == 204
