"""Open problems over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.retrying import MOST_SCOPES
from shelfread.model.job import JobStatus, Origin
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_problem_is_listed_and_tried_again_by_whoever_may_scan(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    listed = await got(live, "/problems")
    (problem,) = listed["items"]
    assert (await got(live, f"/problems?code={problem['code']}&library_id={music.library_id}")) == listed
    assert (await got(live, f"/problems?library_id={music.library_id + 1}"))["items"] == []
    track = (await got(live, "/tracks?has_problem=true"))["items"]
    assert [one["problems"][0]["id"] for one in track] == [problem["id"]]
    # Nothing changed: a scan leaves it alone.
    await music.scan()
    assert music.opened == []
    again = f"/api/v1/problems/{problem['id']}/retry"
    assert (await live.ask("POST", again, token="read")).status_code == 403
    answer = await live.ask("POST", again, token="scan")
    assert answer.status_code == 202, answer.text
    job = await live.app.jobs.get(answer.json()["job_id"])
    assert job is not None
    assert (job.status, [scope.relative for scope in job.scopes]) == (JobStatus.QUEUED, [b"Bad/Bad"])
    assert (await live.ask("POST", again, token="scan")).json()["coalesced"] is True
    await music.scan()
    assert [Path(one).name for one in music.opened] == ["bad.flac"]
    for unknown in ("0", "999999", "%00", str(10**30), "..%2f"):
        assert (await live.ask("POST", f"/api/v1/problems/{unknown}/retry")).status_code == 404


async def test_open_problems_are_counted_by_code_and_those_of_missing_files_are_not(
    live: Live, music: Shelf
) -> None:
    assert await got(live, "/problems/counts") == {"items": [], "total": 0}
    for name in ("1.mp3", "2.mp3", "3.mp3"):
        music.tree.write(f"Bad/Bad/{name}", b"")
    music.tree.write("Bad/Bad/4.flac", b"fLaC nothing")
    await music.scan()
    counted = await got(live, "/problems/counts")
    of_code = {one["code"]: one["open"] for one in counted["items"]}
    listed = (await got(live, "/problems"))["items"]
    assert of_code == {code: [one["code"] for one in listed].count(code) for code in of_code}
    assert [one["open"] for one in counted["items"]] == [3, 1]
    assert counted["total"] == 4
    assert await got(live, f"/problems/counts?library_id={music.library_id}") == counted
    assert (await got(live, f"/problems/counts?library_id={music.library_id + 1}"))["total"] == 0
    music.tree.delete("Bad/Bad/4.flac")
    await music.scan()
    assert [one["open"] for one in (await got(live, "/problems/counts"))["items"]] == [3]


async def test_all_problems_of_a_code_are_tried_again_by_one_job_a_library(
    live: Live, music: Shelf, tmp_path: Path
) -> None:
    again = "/api/v1/problems/retry"
    assert (await live.ask("POST", again, token="read")).status_code == 403
    assert (await live.ask("POST", again, token="scan")).status_code == 409
    for name in ("A/A/1.mp3", "A/A/2.mp3", "B/B/3.mp3"):
        music.tree.write(name, b"")
    music.tree.write("C/C/4.flac", b"fLaC nothing")
    await music.scan()
    other = Tree(tmp_path / "other")
    other.write("5.mp3", b"")
    library = await live.app.libraries.add("Other", "music", [os.fsencode(other.path)])
    others = Shelf(live.app, library.id, [other], music.pools)
    await others.scan()
    code = (await got(live, "/problems/counts"))["items"][0]["code"]
    answer = await live.ask("POST", f"{again}?code={code}", token="scan")
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["problems"] == 4
    assert [one["message"] for one in told["jobs"]] == [
        "a scan of parts of 'Music' is queued", "a scan of 'Other' is queued",
    ]  # fmt: skip
    jobs = [await live.app.jobs.get(one["job_id"]) for one in told["jobs"]]
    assert [(job.library_id, job.status, job.origin) for job in jobs if job is not None] == [
        (one.library_id, JobStatus.QUEUED, Origin.RETRY) for one in (music, others)
    ]
    assert [[scope.relative for scope in job.scopes] for job in jobs if job is not None] == [
        [b"A/A", b"B/B"], [b""],
    ]  # fmt: skip
    await music.scan()
    assert sorted(Path(one).name for one in music.opened) == ["1.mp3", "2.mp3", "3.mp3"]
    mine = (await live.ask("POST", f"{again}?library_id={music.library_id}")).json()
    assert (mine["problems"], len(mine["jobs"]), mine["jobs"][0]["coalesced"]) == (4, 1, True)


async def test_problems_in_very_many_folders_are_tried_again_by_a_scan_of_the_whole_library(
    live: Live, music: Shelf
) -> None:
    for number in range(MOST_SCOPES + 1):
        music.tree.write(f"Bad/{number}/1.mp3", b"")
    await music.scan()
    told = (await live.ask("POST", "/api/v1/problems/retry")).json()
    assert told["problems"] == MOST_SCOPES + 1
    (one,) = told["jobs"]
    assert one["message"] == "a scan of 'Music' is queued"
    job = await live.app.jobs.get(one["job_id"])
    assert job is not None
    assert [scope.relative for scope in job.scopes] == [b""]
    await music.scan()
    assert len(music.opened) == MOST_SCOPES + 1


async def _of_bad(live: Live, *, ignored: bool) -> list[dict[str, Any]]:
    listed = await got(live, f"/problems?ignored={str(ignored).lower()}", token="admin")
    return [one for one in listed["items"] if "/Bad/" in one["path"]]


async def test_an_ignored_problem_is_not_shown_until_its_file_changes(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    (problem,) = await _of_bad(live, ignored=False)
    assert problem["ignored_at"] is None
    address = f"/api/v1/problems/{problem['id']}"
    assert (await live.ask("POST", f"{address}/ignore", token="read")).status_code == 403
    answer = await live.ask("POST", f"{address}/ignore", token="scan")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["ignored_at"] is not None
    assert told | {"ignored_at": None} == {key: problem[key] for key in problem if key != "path"}
    assert (await live.ask("POST", f"{address}/ignore", token="scan")).json() == told
    assert await _of_bad(live, ignored=False) == []
    assert [one["id"] for one in await _of_bad(live, ignored=True)] == [problem["id"]]
    counted = {"code": problem["code"], "open": 0, "ignored": 1}
    assert await got(live, "/problems/counts") == {"items": [counted], "total": 0}
    assert (await live.ask("POST", "/api/v1/problems/retry")).status_code == 409
    # What a job was about stays told, with when it was set aside.
    job_id = (await got(live, "/jobs?type=scan"))["items"][0]["id"]
    assert [one["ignored_at"] for one in (await got(live, f"/jobs/{job_id}/problems"))["items"]] == [
        told["ignored_at"]
    ]
    # It is read again, and nothing is new.
    await music.scan(rescan=True)
    assert await _of_bad(live, ignored=False) == []
    music.tree.move("Bad/Bad/bad.flac", "Other/Bad/worse.flac")
    assert (await music.scan())["moved"] == 1
    assert await _of_bad(live, ignored=False) == []
    (aside,) = await _of_bad(live, ignored=True)
    assert aside["ignored_at"] == told["ignored_at"]
    shown = await live.ask("POST", f"/api/v1/problems/{aside['id']}/unignore", token="scan")
    assert shown.json()["ignored_at"] is None
    assert [one["id"] for one in await _of_bad(live, ignored=False)] == [aside["id"]]
    await live.ask("POST", f"/api/v1/problems/{aside['id']}/ignore", token="scan")
    music.tree.write("Other/Bad/worse.flac", b"fLaC nothing at all")
    await music.scan()
    (open_again,) = await _of_bad(live, ignored=False)
    assert (open_again["code"], open_again["ignored_at"]) == (problem["code"], None)
    assert await _of_bad(live, ignored=True) == []
    for unknown in ("0", "999999", "%00", "..%2f"):
        for act in ("ignore", "unignore"):
            assert (await live.ask("POST", f"/api/v1/problems/{unknown}/{act}")).status_code == 404
