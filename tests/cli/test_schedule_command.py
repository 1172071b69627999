"""`shelfread schedule`: what is there, what comes next, what became of the last run; pause, resume, run."""

from __future__ import annotations

from tests.cli.conftest import Shelf

CRON = "0 3 * * *"


def test_schedules_are_listed_set_paused_resumed_run_and_removed(shelf: Shelf) -> None:
    shelf.call("library", "add", "Music", shelf.music, "--kind", "music")
    assert "No library is scanned by itself." in shelf.call("schedule", "list").out
    assert "is not scanned by itself" in shelf.call("schedule", "show", "1").out
    for act in ("pause", "resume", "run"):
        ended = shelf.call("schedule", act, "1")
        assert (ended.code, "has no schedule" in ended.err) == (2, True)
    ended = shelf.call("schedule", "set", "1", CRON, "--zone", "Asia/Tokyo")
    assert "every day at 03:00, Asia/Tokyo" in ended.out
    assert "at 03:00 (Asia/Tokyo)" in ended.out
    assert "never" in ended.out
    shown = shelf.call("schedule", "show", "Music", "--json").json()
    assert (shown["library_id"], shown["library"]) == (1, "Music")
    assert (shown["schedule"]["words"], shown["schedule"]["last_status"]) == ("every day at 03:00", None)
    assert shelf.call("schedule", "list", "--json").json() == {"schedules": [shown]}
    table = shelf.call("schedule", "list").out
    assert "every day at 03:00, Asia/Tokyo" in table
    paused = shelf.call("schedule", "pause", "1", "--json").json()["schedule"]
    assert (paused["next_run"], paused["paused_since"] is None) == (None, False)
    assert "paused" in shelf.call("library", "list").out
    run = shelf.call("schedule", "run", "1", "--json").json()
    assert run["coalesced"] is False
    assert "was queued already" in shelf.call("schedule", "run", "1").out
    assert "queued" in shelf.call("schedule", "show", "1").out
    resumed = shelf.call("schedule", "resume", "1", "--json").json()["schedule"]
    assert (resumed["last_job_id"], resumed["last_status"]) == (run["job_id"], "queued")
    assert resumed["next_run"] is not None
    assert shelf.call("schedule", "remove", "1", "--json").json() == {"library_id": 1, "removed": True}
    assert "had no schedule" in shelf.call("schedule", "remove", "1").out


def test_a_schedule_that_cannot_be_is_told_in_one_line(shelf: Shelf) -> None:
    shelf.call("library", "add", "Music", shelf.music, "--kind", "music")
    for args, words in (
        (("0 3 * *",), "it has 4 fields"),
        ((CRON, "--zone", "Mars/Base"), "there is no time zone 'Mars/Base'"),
    ):
        ended = shelf.call("schedule", "set", "1", *args)
        assert (ended.code, words in ended.err, ended.err.count("\n")) == (2, True, 1)
    assert shelf.call("schedule", "list", "--json").json() == {"schedules": []}
    assert shelf.call("schedule").code == 2
