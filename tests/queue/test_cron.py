"""`queue.cron`: what is a schedule, and when it runs next, also where clocks are set forward and back."""

from __future__ import annotations

import time
import zoneinfo
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.model.schedule import ScheduleProblem
from shelfread.queue.cron import checked, next_run

BERLIN = "Europe/Berlin"


def _us(text: str, zone: str = "UTC", fold: int = 0) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(moment.timestamp()) * 1_000_000


def _runs(cron: str, zone: str, start: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        start = next_run(cron, zone, start)
        found.append(f"{datetime.fromtimestamp(start / 1e6, ZoneInfo(zone)):%d %H:%M %Z}")
    return found


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("  0\t3 *  * * ", "0 3 * * *"),
        ("*/15 0-6,22 1,15 JAN-mar mon#1", "*/15 0-6,22 1,15 JAN-mar mon#1"),
        ("0 0 L * *", "0 0 L * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 * 2 MON#5", "0 0 * 2 MON#5"),
        ("0 0 30 2 MON", "0 0 30 2 MON"),
    ],
)
def test_a_schedule_is_five_fields(text: str, tidy: str) -> None:
    assert checked(text) == tidy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it has 0 fields, and five are wanted"),
        ("@daily", "it has 1 fields"),
        ("0 3 * *", "it has 4 fields"),
        ("0 0 3 * * *", "it has 6 fields, and five are wanted: minute, hour, day of the month, month"),
        ("60 3 * * *", "'60' is no minute"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 3 0 * *", "'0' is no day of the month"),
        ("0 3 * 13 *", "'13' is no month"),
        ("0 3 * * 8", "'8' is no day of the week"),
        ("0 3 * * L", "'L' is no day of the week"),
        ("-1 3 * * *", "'-1' is no minute"),
        ("*/0 3 * * *", "'*/0' is no minute"),
        ("5-1 3 * * *", "'5-1' is no minute"),
        (",, 3 * * *", "',,' is no minute"),
        ("0 3 * * 1#6", "is no day of the week"),
        ("0 0 30 2 *", "is no time that ever comes"),
        ("0 0 31 4,6,9,11 *", "is no time that ever comes"),
        ("٣ 3 * * *", "is no schedule"),
        ("0 3 * * *\0", "is no schedule"),
        ("\x1b[2J 3 * * *", "is no schedule"),
        ("0 3 * * \ud800", "is no schedule"),
        ("0," * 60 + "0 3 * * *", "is no schedule"),
        ("'; DROP TABLE schedules; --", "is no schedule"),
    ],
)
def test_what_is_no_schedule_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(ScheduleProblem) as caught:
        checked(text)
    message = str(caught.value)
    assert words in message
    assert "'0 3 * * *' is every day at 03:00" in message
    assert message.isprintable()
    assert len(message) < 400


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789*/,-#LW MONJAN", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    started = time.monotonic()
    try:
        tidy = checked(text)
    except ScheduleProblem:
        return
    finally:
        assert time.monotonic() - started < 2
    assert checked(tidy) == tidy
    assert next_run(tidy, BERLIN, _us("2026-03-29T00:00")) > _us("2026-03-29T00:00")


def test_the_next_run_is_after_the_moment_that_is_asked_for() -> None:
    three = _us("2026-11-22T03:00")
    assert next_run("0 3 * * *", "UTC", three - 1) == three
    assert next_run("0 3 * * *", "UTC", three - 1_000_000) == three
    assert next_run("0 3 * * *", "UTC", three) == three + 86_400_000_000
    assert next_run("0 3 * * *", "UTC", three + 1) == three + 86_400_000_000
    assert next_run("0 3 * * *", BERLIN, three) == _us("2026-11-23T03:00", BERLIN)


def test_a_time_that_is_skipped_in_spring_is_made_up_once_at_the_end_of_the_gap() -> None:
    start = _us("2026-03-28T12:00", BERLIN)
    assert _runs("30 2 * * *", BERLIN, start, 2) == ["29 03:00 CEST", "30 02:30 CEST"]
    assert _runs("0,30 2 * * *", BERLIN, start, 3) == ["29 03:00 CEST", "30 02:00 CEST", "30 02:30 CEST"]
    assert _runs("0 3 * * *", BERLIN, start, 2) == ["29 03:00 CEST", "30 03:00 CEST"]


def test_a_time_that_comes_twice_in_autumn_runs_the_first_time_only() -> None:
    start = _us("2026-10-24T12:00", BERLIN)
    assert _runs("30 2 * * *", BERLIN, start, 2) == ["25 02:30 CEST", "26 02:30 CET"]
    # Also when somebody asks in between, or in the second of the two hours.
    for minute in ("02:10", "02:40"):
        after = _us(f"2026-10-25T{minute}", BERLIN, fold=1)
        assert _runs("30 2 * * *", BERLIN, after, 1) == ["26 02:30 CET"]
        assert _runs("0-59 2 * * *", BERLIN, after, 1) == ["26 02:00 CET"]


def test_a_star_goes_by_the_time_that_passes() -> None:
    spring = _us("2026-03-29T01:00", BERLIN)
    assert _runs("30 * * * *", BERLIN, spring, 3) == ["29 01:30 CET", "29 03:30 CEST", "29 04:30 CEST"]
    assert _runs("*/30 2 * * *", BERLIN, spring, 1) == ["30 02:00 CEST"]
    autumn = _us("2026-10-25T01:45", BERLIN)
    assert _runs("30 * * * *", BERLIN, autumn, 3) == ["25 02:30 CEST", "25 02:30 CET", "25 03:30 CET"]


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "*/20 * * * *", "15 */5 * * *", "0 0 L * *"])
def test_runs_only_go_forward_in_zones_with_rules_of_their_own(zone: str, cron: str) -> None:
    start = _us("2011-12-25T00:00", zone)
    for _ in range(400):
        coming = next_run(cron, zone, start)
        assert coming > start
        start = coming + 1


def test_a_zone_or_a_clock_that_cannot_be_is_a_problem_in_words() -> None:
    for zone in ("Mars/Base", "", "../../etc/passwd", "\0", "Europe"):
        with pytest.raises(ScheduleProblem, match="there is no time zone"):
            next_run("0 3 * * *", zone, 0)
    for moment in (10**30, -(10**30), 253_402_300_799_000_000):
        with pytest.raises(ScheduleProblem):
            next_run("0 3 * * *", "UTC", moment)
    for cron in ("", "rubbish", "0 0 3 * * *", "0 0 30 2 *", "٣ 3 * * *"):
        with pytest.raises(ScheduleProblem):
            next_run(cron, "UTC", 0)


def test_utc_needs_no_list_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError("no list")

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    assert next_run("0 3 * * *", "UTC", 0) == 3 * 3600 * 1_000_000
    assert datetime.fromtimestamp(0, UTC).hour == 0
