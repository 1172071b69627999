"""`queue.cron_words`: what people are told of a schedule is what it does; an unusual one is told as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.model.schedule import ScheduleProblem
from shelfread.queue.cron import checked, next_run
from shelfread.queue.cron_words import in_words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 3 * * *", "every day at 03:00"),
        ("30 4,16 * * *", "every day at 04:30 and 16:30"),
        ("30 4 * * SUN", "every Sunday at 04:30"),
        ("30 4 * * 7", "every Sunday at 04:30"),
        ("0 3 * * mon-fri", "Monday to Friday at 03:00"),
        ("0 3 * * 1,3,5", "every Monday, Wednesday and Friday at 03:00"),
        ("0 2 1 * *", "on day 1 of every month at 02:00"),
        ("0 2 L * *", "on the last day of every month at 02:00"),
        ("0 0 1,15 1,JUL *", "on days 1 and 15 in January and July at 00:00"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0 * * * *", "every hour"),
        ("5 * * * *", "every hour, 5 minutes past"),
        ("0 */6 * * *", "every 6 hours"),
        ("1 */6 * * *", "every 6 hours, 1 minute past"),
        # No equal steps, either of two days, the first Monday, too many times: as it is.
        *((cron, f"by {cron!r}") for cron in ("*/7 * * * *", "0 3 1 * MON", "0 2 * * MON#1", "0 0-6 * * *")),
        ("rubbish", "by 'rubbish'"),
        ("", "by ''"),
    ],
)
def test_a_schedule_is_told_in_words(cron: str, words: str) -> None:
    assert in_words(cron) == words


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_numbers = st.integers(0, 23)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 59), _numbers, st.sets(st.integers(0, 7), min_size=1, max_size=2))
def test_a_run_comes_at_a_time_and_on_a_day_that_the_words_name(
    minute: int, hour: int, weekdays: set[int]
) -> None:
    cron = f"{minute} {hour} * * {','.join(str(one) for one in weekdays)}"
    run = datetime.fromtimestamp(next_run(cron, "UTC", 1_767_225_600_000_000) / 1e6, UTC)
    words = in_words(cron)
    assert f"{run:%H:%M}" in words
    assert _DAYS[run.weekday()] in words


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789*/,-#LW MONJAN", max_size=40))
def test_whatever_is_a_schedule_has_words(text: str) -> None:
    try:
        cron = checked(text)
    except ScheduleProblem:
        return
    assert in_words(cron)
