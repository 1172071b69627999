"""How pages say numbers, sizes, times, states, and texts from files."""

from __future__ import annotations

from typing import Any

import pytest

from shelfread.model.job import JobStatus, JobType, Phase
from shelfread.model.problem import ProblemCode
from shelfread.web import words
from shelfread.web.troubles import TROUBLES


def test_everything_that_the_program_knows_has_a_name_for_people() -> None:
    assert set(words.STATES) == {str(one) for one in JobStatus}
    assert set(words.TYPES) == {str(one) for one in JobType}
    assert set(words.PHASES) == {str(one) for one in Phase}
    assert set(TROUBLES) == {str(one) for one in ProblemCode}
    for trouble in TROUBLES.values():
        assert trouble.advice.endswith(".")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&\"'", "<bdi>&lt;b&gt;&amp;&#34;&#39;</bdi>"),
        ("a\u202egpj.exe", "<bdi>a\ufffdgpj.exe</bdi>"),
        ("one\r\ntwo\u2028three", "<bdi>one two three</bdi>"),
        ("\x00\x1b[31m\x7f\x9b\ufeff", "<bdi>\ufffd\ufffd[31m\ufffd\ufffd\ufffd</bdi>"),
        ("half \ud800 of a character", "<bdi>half \ufffd of a character</bdi>"),
        (12, "<bdi>12</bdi>"),
    ],
)
def test_a_text_from_a_file_is_one_line_and_nothing_but_text(text: object, shown: str) -> None:
    assert words.said(text) == shown
    words.said(text).encode()
    assert "\n" not in words.plain(text)


def test_counts_sizes_and_spans_are_as_people_write_them() -> None:
    assert [words.number(one) for one in (None, 0, 999, 12_345, 1_234_567.8)] == [
        "–",
        "0",
        "999",
        "12\u202f345",
        "1\u202f234\u202f568",
    ]
    assert [words.counted(one, "file", "files") for one in (0, 1, 2000)] == [
        "0 files",
        "1 file",
        "2\u202f000 files",
    ]
    sizes = [words.size(one) for one in (None, 0, 999, 1000, 12_345, 999_950, 5e9, 3e18)]
    assert sizes == ["–", "0 bytes", "999 bytes", "1.0 KB", "12 KB", "1.0 MB", "5.0 GB", "3000 PB"]
    spans = [words.duration(one) for one in (None, 0.04, 9.96, 59.6, 200, 7500, 86_400, 300_000)]
    assert spans == ["–", "0.0 s", "10 s", "1 min 0 s", "3 min 20 s", "2 h 5 min", "1 day", "3 days"]
    assert [words.clock(one) for one in (None, 59.7, 185, 3723)] == ["–", "1:00", "3:05", "1:02:03"]
    rates = [words.per_second(*one) for one in ((None, 3), (5, None), (5, 0), (0, 2), (5000, 2))]
    assert rates == ["–", "–", "–", "0 a second", "2\u202f500 a second"]


def test_times_are_told_in_utc_until_the_page_knows_better() -> None:
    time = "2026-01-31T08:15:30.123456Z"
    shown = '<time datetime="2026-01-31T08:15:30.123456+00:00" data-time="ago">2026-01-31 08:15 UTC</time>'
    assert words.when(time, "ago") == shown
    assert ">2026-01-31<" in words.when(time, "day")
    assert words.when(None) == words.when("no time") == words.when('"><b>') == "–"
    assert words.seconds_between(time, "2026-01-31T08:15:31.623456Z") == 1.5
    assert words.seconds_between("2026-01-31T08:15:31Z", time) == 0
    assert words.seconds_between(time, None) is None


def test_the_state_of_a_job_is_what_it_does() -> None:
    def state(**job: Any) -> str:
        return words.state({"cancel_requested_at": None, "phase": None, **job})

    assert state(status="running", phase="discovering") == "discovering"
    assert state(status="running", phase="reading") == "running"
    asked = "2026-01-31T08:15:30Z"
    assert state(status="running", phase="discovering", cancel_requested_at=asked) == "cancelling"
    assert state(status="cancelled", cancel_requested_at=asked) == "cancelled"
    assert state(status="completed") == "done"
    assert state(status="unheard of") == "unheard of"
