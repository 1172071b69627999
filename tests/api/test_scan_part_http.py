"""A scan of some folders of a library over HTTP: which parts they are, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelfread.model.job import Scope
from tests.api.api_stand import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_folders_of_a_library_are_scanned_alone(live: Live, tmp_path: Path) -> None:
    for name in ("one/Abba/Gold", "two", "other"):
        (tmp_path / name).mkdir(parents=True)
    one, two = tmp_path / "one", tmp_path / "two"
    library = await live.app.libraries.add("Music", "music", [os.fsencode(one), os.fsencode(two)])
    address = f"/api/v1/libraries/{library.id}/scan"
    roots = {root.path: root.id for root in library.roots}
    wanted = [str(one / "Abba"), str(one / "Abba/Gold/"), str(two)]
    answer = await live.ask("POST", address, token="scan", json={"paths": wanted})
    assert answer.status_code == 202, answer.text
    assert answer.json()["message"] == "a scan of a part of 'Music' is queued"
    job = await live.app.jobs.get(answer.json()["job_id"])
    assert job is not None
    assert set(job.scopes) == {Scope(roots[os.fsencode(one)], b"Abba"), Scope(roots[os.fsencode(two)], b"")}
    for paths, status, kind in (
        ([str(tmp_path / "other")], 422, "path-refused"),
        ([str(tmp_path)], 422, "path-refused"),
        ([str(one / "..")], 422, "path-refused"),
        (["Abba"], 422, "path-refused"),
        ([], 422, "invalid-request"),
    ):
        refused = await live.ask("POST", address, token="scan", json={"paths": paths})
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}"), paths
    assert (await live.ask("POST", address, token="read", json={"paths": wanted})).status_code == 403
    assert (await live.ask("POST", address, token="scan")).json()["job_id"] is not None
