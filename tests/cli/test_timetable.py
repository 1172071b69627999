"""`shelfread library add|set|show|list` with schedules, and how a next run is told."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shelfread.cli.timetable import next_words
from shelfread.model.schedule import Schedule
from tests.cli.conftest import Shelf

KIND = ("--kind", "music")


def test_a_schedule_is_set_shown_changed_and_taken_away(shelf: Shelf) -> None:
    zone = {"SHELFREAD_TIMEZONE": "Asia/Tokyo"}
    added = shelf.call("library", "add", "Music", shelf.music, *KIND, "--json").json()
    assert added["schedule"] is None
    assert shelf.call("library", "show", "1", "--json").json()["schedule"] is None
    assert "next scan" not in shelf.call("library", "list").out
    ended = shelf.call("library", "set", "1", "--schedule", " 0 3  * * * ", **zone)
    assert ended.code == 0
    assert " at 03:00 (Asia/Tokyo), by `shelfread serve`." in ended.out
    shown = shelf.call("library", "show", "Music", "--json").json()["schedule"]
    assert set(shown) == {
        "cron", "words", "zone", "next_run", "last_run", "last_job_id", "last_status", "paused_since",
        "problem",
    }  # fmt: skip
    assert (shown["cron"], shown["zone"], shown["last_run"], shown["problem"]) == (
        "0 3 * * *", "Asia/Tokyo", None, None,
    )  # fmt: skip
    coming = datetime.fromisoformat(shown["next_run"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert (coming.hour, coming.minute) == (3, 0)
    assert timedelta(0) < coming - datetime.now(ZoneInfo("UTC")) <= timedelta(days=1)
    # The zone is the schedule's, whatever the settings say later.
    assert "at 03:00 (Asia/Tokyo)" in shelf.call("library", "show", "1", SHELFREAD_TIMEZONE="UTC").out
    (listed,) = shelf.libraries()
    assert listed["schedule"] == shown
    table = shelf.call("library", "list").out
    assert "next scan" in table
    assert "at 03:00 (Asia/Tokyo)" in table
    changed = shelf.call(
        "library", "set", "1", "--schedule", "30 4 * * SUN", "--json", SHELFREAD_TIMEZONE="UTC"
    ).json()
    assert (changed["schedule"]["cron"], changed["schedule"]["zone"]) == ("30 4 * * SUN", "UTC")
    # What else is changed leaves it alone.
    assert (
        shelf.call("library", "set", "1", "--name", "Sound", "--json").json()["schedule"]
        == changed["schedule"]
    )
    assert shelf.call("library", "set", "1", "--no-schedule", "--json").json()["schedule"] is None
    assert shelf.call("library", "set", "1", "--no-schedule").code == 0
    assert "next:" not in shelf.call("library", "show", "1").out


def test_a_library_is_added_with_a_schedule(shelf: Shelf) -> None:
    added = shelf.call(
        "library", "add", "Music", shelf.music, *KIND, "--schedule", "0 */6 * * *", "--json"
    ).json()
    assert added["schedule"]["cron"] == "0 */6 * * *"
    second = shelf.folder / "second"
    second.mkdir()
    ended = shelf.call("library", "add", "More", second, *KIND, "--schedule", "0 3 * * *")
    assert "Scanned by itself: " in ended.out
    third = shelf.folder / "third"
    third.mkdir()
    shelf.call("library", "add", "None", third, *KIND)
    lines = shelf.call("library", "list").out.splitlines()
    assert len([line for line in lines if " at " in line]) == 2
    assert shelf.call("library", "remove", "1").code == 0
    assert [library["schedule"] is None for library in shelf.libraries()] == [False, True]


@pytest.mark.parametrize(
    "cron",
    [
        "", " ", "@daily", "0 0 3 * * *", "0 3 * *", "0 0 30 2 *", "60 3 * * *", "\x1b[2J 3 * * *",
        b"\xff 3 * * *", "0," * 100,
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_in_one_line_and_changes_nothing(
    shelf: Shelf, cron: str | bytes
) -> None:
    assert "'0 3 * * *' is every day at 03:00" in shelf.refused(
        "library", "add", "Music", shelf.music, *KIND, "--schedule", cron
    )
    assert shelf.libraries() == []
    shelf.call("library", "add", "Music", shelf.music, *KIND, "--schedule", "0 3 * * *")
    before = shelf.libraries()
    line = shelf.refused("library", "set", "1", "--name", "Other", "--schedule", cron)
    assert "\x1b" not in line
    assert shelf.libraries() == before


def test_schedules_and_none_exclude_each_other(shelf: Shelf) -> None:
    shelf.call("library", "add", "Music", shelf.music, *KIND)
    assert "exclude" in shelf.refused("library", "set", "1", "--schedule", "0 3 * * *", "--no-schedule")
    assert "what is to change" in shelf.refused("library", "set", "1")


def test_a_row_that_somebody_broke_is_shown_as_it_is(shelf: Shelf) -> None:
    shelf.call("library", "add", "Music", shelf.music, *KIND, "--schedule", "0 3 * * *")
    with sqlite3.connect(shelf.folder / "home" / "shelfread.db") as connection:
        connection.execute("UPDATE schedules SET cron = '\x1b[2J', zone = 'Mars/\x1b[2J', problem = NULL")
    connection.close()
    for command in (("library", "show", "1"), ("library", "list")):
        ended = shelf.call(*command)
        assert ended.code == 0
        assert "\x1b" not in ended.out
        assert "(UTC)" in ended.out
    with sqlite3.connect(shelf.folder / "home" / "shelfread.db") as connection:
        connection.execute("UPDATE schedules SET next_run_at = NULL, problem = 'there is no \x1b[2J'")
    connection.close()
    ended = shelf.call("library", "show", "1")
    assert "cannot run: there is no \\x1b[2J" in ended.out
    assert shelf.call("library", "list", "--json").json()["libraries"][0]["schedule"]["next_run"] is None


def _at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("coming", "words"),
    [
        ("2026-11-22T23:59", "today at 23:59 (Europe/Berlin)"),
        ("2026-11-23T00:00", "tomorrow at 00:00 (Europe/Berlin)"),
        ("2026-11-24T03:00", "Tuesday at 03:00 (Europe/Berlin)"),
        ("2026-11-28T03:00", "Saturday at 03:00 (Europe/Berlin)"),
        ("2026-11-29T03:00", "2026-11-29 at 03:00 (Europe/Berlin)"),
        ("2027-02-01T03:00", "2027-02-01 at 03:00 (Europe/Berlin)"),
        ("2026-11-22T12:00", "due, as soon as `shelfread serve` runs"),
        ("2025-11-22T12:00", "due, as soon as `shelfread serve` runs"),
    ],
)
def test_a_next_run_is_told_in_the_clock_time_of_its_zone(coming: str, words: str) -> None:
    schedule = Schedule(1, 1, "scan", "0 3 * * *", "Europe/Berlin", _at(coming), None, None, None)
    assert next_words(schedule, _at("2026-11-22T12:00")) == words
