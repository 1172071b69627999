"""`model.job`: which scopes cover common files (PROMISES A19), and the words that users rely on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.job import JobStatus, JobType, Reason, Scope


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (b"", b"", True),
        (b"", b"A-M", True),
        (b"A-M", b"A-M", True),
        (b"A-M", b"A-M/Beatles", True),
        (b"A-M", b"N-Z", False),
        (b"A", b"A-M", False),
        (b"A/B", b"A/BC", False),
        (b"A/B", b"A/B/C/D", True),
        (b"A/B/C", b"A/C", False),
        (b"a", b"A", False),
        (b"\xff", b"\xff/x", True),
    ],
)
def test_a19_scopes_overlap_when_one_lies_in_the_other(one: bytes, other: bytes, overlap: bool) -> None:
    assert Scope(1, one).overlaps(Scope(1, other)) is overlap
    assert Scope(1, other).overlaps(Scope(1, one)) is overlap
    assert not Scope(1, one).overlaps(Scope(2, other))


_paths = st.lists(st.sampled_from([b"a", b"b", b"ab", b"\xff"]), max_size=4).map(b"/".join)


@given(_paths, _paths)
def test_a19_overlap_means_that_one_path_is_the_beginning_of_the_other(one: bytes, other: bytes) -> None:
    ours, theirs = (path.split(b"/") if path else [] for path in (one, other))
    common = min(len(ours), len(theirs))
    assert Scope(7, one).overlaps(Scope(7, other)) == (ours[:common] == theirs[:common])


def test_d9_the_words_of_a_job_are_those_promised() -> None:
    assert [status.value for status in JobStatus] == [
        "queued",
        "running",
        "completed",
        "failed",
        "cancelled",
    ]
    assert {JobType.SCAN.value, JobType.RESCAN.value} == {"scan", "rescan"}
    assert {"worker_lost", "root_unavailable", "exception"} <= {reason.value for reason in Reason}
