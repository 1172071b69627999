"""What a server tells of itself to those who look after it, and that no secret is in it."""

from __future__ import annotations

from typing import Any

import pytest

from shelfread import __version__
from shelfread.settings import Settings, WorkerSettings
from shelfread.store.migrate import HEAD
from tests.api.api_stand import Live
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _asked(live: Live) -> dict[str, Any]:
    answer = await live.ask("GET", "/api/v1/system")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_server_tells_what_it_is_and_stands_on(live: Live, music: Shelf) -> None:
    before = await _asked(live)
    assert (before["version"], before["libraries"]) == (__version__, 1)
    assert before["database"]["kind"] == ("sqlite" if live.app.database.is_sqlite else "postgresql")
    assert before["database"]["schema"] == HEAD
    assert before["database"]["size_bytes"] > 100_000
    assert before["data"]["path"] == str(live.app.settings.data_dir)
    assert before["data"]["total_bytes"] >= before["data"]["free_bytes"] > 0
    assert before["queue"] == {"queued": 0, "running": 0, "oldest_queued_at": None}
    assert {"sqlalchemy", "mutagen"} <= {one["name"] for one in before["libraries_of_others"]}
    await live.app.request_scan(await music.library())
    after = await _asked(live)
    assert after["queue"]["queued"] == 1
    assert after["queue"]["oldest_queued_at"].endswith("Z")
    assert after["uptime_s"] > before["uptime_s"]
    assert after["started_at"] == before["started_at"]


async def test_settings_say_where_they_are_from_and_no_secret_is_told(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = live.app.settings.data_dir
    data.mkdir(exist_ok=True)
    (data / "shelfread.env").write_text("SHELFREAD_PARSERS=3\nSHELFREAD_WORKER_COUNT=2\n")
    monkeypatch.setenv("SHELFREAD_DATA_DIR", str(data))
    url = "postgresql://ada:swordfish@host/shelf?password=swordfish"
    monkeypatch.setenv("SHELFREAD_DATABASE_URL", url)
    monkeypatch.setenv("SCROBBLER_ANALYZER_PATHS", "/srv/music")
    changed = {"parsers": 3, "database_url": url, "analyzer_paths": (b"/srv/music",)}
    monkeypatch.setattr(live.app, "settings", live.app.settings.model_copy(update=changed))
    put = await live.ask("PUT", "/api/v1/config", json={"analyzer_scan_job_timeout": 7200})
    assert put.status_code == 200
    answer = await live.ask("GET", "/api/v1/system")
    assert "swordfish" not in answer.text
    found = {one.pop("name"): tuple(one.values()) for one in answer.json()["settings"]}
    assert len(found) == len(Settings.model_fields) + len(WorkerSettings.model_fields)
    assert found["SHELFREAD_DATABASE_URL"] == (None, "environment", True)
    assert found["SHELFREAD_DATA_DIR"] == (str(data), "environment", False)
    assert found["SHELFREAD_PARSERS"] == (3, "file", False)
    assert found["SHELFREAD_WORKER_COUNT"] == (2, "file", False)
    assert found["SHELFREAD_ANALYZER_PATHS"] == (["/srv/music"], "environment", False)
    assert found["SHELFREAD_ANALYZER_SCAN_JOB_TIMEOUT"] == (7200, "database", False)
    assert found["SHELFREAD_WALKERS"] == (0, "default", False)
