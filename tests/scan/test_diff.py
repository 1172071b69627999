"""`scan.diff`: what must be read, by the stamp and by nothing else (DESIGN rules 4 to 6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.catalogue import KnownFile, KnownSidecar
from shelfread.model.entry import Entry, Stamp, fold64
from shelfread.scan.diff import DiffRules, FolderDiff, compare, compare_sidecars, content_may_differ

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
OLD = NOW - 3600 * SECOND
LOW, HIGH = -(1 << 63), (1 << 63) - 1

RULES = DiffRules(
    ignore_ctime=False, ignore_inode=False, version=3, rescan_seq=None, now_ns=NOW, settle_ns=10 * SECOND
)
STAMP = Stamp(1000, OLD, OLD, 5, 77)


def row(stamp: Stamp = STAMP, **other: Any) -> KnownFile:
    values: dict[str, Any] = {
        "id": 1,
        "name": b"a.mp3",
        "size": stamp.size,
        "mtime_ns": stamp.mtime_ns,
        "ctime_ns": stamp.ctime_ns,
        "inode": stamp.inode,
        "status": "ready",
        "unsettled": False,
        "parser_version": 3,
        "reading_hash": 9,
        "read_job": 4,
    }
    return KnownFile(**{**values, **other})


def verdict(diff: FolderDiff) -> str:
    """The one thing that came of comparing one file with one row."""
    found = [word for word, part in (("read", diff.read), ("touch", diff.touch), ("gone", diff.gone)) if part]
    assert len(found) + diff.unchanged == 1
    return found[0] if found else "unchanged"


def judge(stamp: Stamp, known: KnownFile, rules: DiffRules = RULES) -> str:
    return verdict(compare([Entry(b"a.mp3", stamp)], [known], rules))


NO_CTIME, NO_INODE = {"ignore_ctime": True}, {"ignore_inode": True}


@pytest.mark.parametrize(
    ("changed", "options", "expected"),
    [
        ({}, {}, "unchanged"),
        ({"size": 1001}, {}, "read"),
        ({"size": 999}, {}, "read"),
        ({"size": 0}, {}, "read"),
        ({"mtime_ns": OLD + 1}, {}, "read"),
        # An older time is another time: a restored backup, an unpacked archive.
        ({"mtime_ns": OLD - 1}, {}, "read"),
        ({"mtime_ns": 0}, {}, "read"),
        ({"mtime_ns": -1}, {}, "read"),
        ({"mtime_ns": LOW}, {}, "read"),
        ({"mtime_ns": HIGH}, {}, "read"),
        ({"ctime_ns": OLD + 1}, {}, "read"),
        ({"ctime_ns": OLD - 1}, {}, "read"),
        ({"ctime_ns": OLD + 1}, NO_CTIME, "unchanged"),
        ({"ctime_ns": OLD + 1, "size": 1}, NO_CTIME, "read"),
        ({"inode": 78}, {}, "read"),
        # Elsewhere it is merely refreshed.
        ({"inode": 78}, NO_INODE, "touch"),
        ({"inode": -1}, NO_INODE, "touch"),
        ({"inode": 78, "mtime_ns": OLD + 1}, NO_INODE, "read"),
        # Device numbers change at a reboot.
        ({"device": 6}, {}, "unchanged"),
        ({"device": -6}, NO_INODE, "unchanged"),
    ],
)
def test_a_file_is_read_again_when_its_stamp_differs(
    changed: dict[str, int], options: dict[str, bool], expected: str
) -> None:
    assert judge(STAMP._replace(**changed), row(), RULES._replace(**options)) == expected


@pytest.mark.parametrize(
    ("known", "rules", "expected"),
    [
        ({"parser_version": 2}, {}, "read"),
        ({"parser_version": 0}, {}, "read"),
        # A newer program read it: an older one gains nothing by doing it again.
        ({"parser_version": 4}, {}, "unchanged"),
        ({"status": "error"}, {}, "unchanged"),
        ({"status": "error", "parser_version": 2}, {}, "read"),
        ({"status": "missing"}, {}, "touch"),
        ({"status": "missing", "size": 7}, {}, "read"),
        ({"read_job": 4}, {"rescan_seq": 5}, "read"),
        ({"read_job": 5}, {"rescan_seq": 5}, "unchanged"),
        ({"read_job": 6}, {"rescan_seq": 5}, "read"),
        ({"unsettled": True}, {}, "touch"),
        ({"reading_hash": None}, {}, "unchanged"),
    ],
)
def test_rows_are_read_again_for_reasons_of_their_own(
    known: dict[str, Any], rules: dict[str, Any], expected: str
) -> None:
    assert judge(STAMP, row(**known), RULES._replace(**rules)) == expected


@pytest.mark.parametrize(
    ("mtime", "ctime", "young"),
    [
        (OLD, OLD, False),
        (NOW - 9 * SECOND, OLD, True),
        (OLD, NOW - 9 * SECOND, True),
        (NOW, OLD, True),
        (NOW - 10 * SECOND + 1, OLD, True),
        (NOW - 10 * SECOND, OLD, False),
        # Times in the future count as settled; the other one decides.
        (NOW + 1, OLD, False),
        (NOW + 1, NOW - SECOND, True),
        (NOW + 1, NOW + 1, False),
        (HIGH, HIGH, False),
        (fold64(1 << 63), OLD, False),
        (0, OLD, False),
        (-1, OLD, False),
        (LOW, LOW, False),
        (-5 * SECOND, NOW - SECOND, True),
    ],
)
def test_young_files_are_not_settled(mtime: int, ctime: int, young: bool) -> None:
    stamp = STAMP._replace(mtime_ns=mtime, ctime_ns=ctime)
    assert RULES.unsettled(stamp) is young
    for known in (row(stamp), row(stamp, unsettled=True)):
        diff = compare([Entry(b"a.mp3", stamp)], [known], RULES)
        assert diff.unsettled is young
        # Its row says which it is; nothing is read for that.
        assert verdict(diff) == ("unchanged" if known.unsettled is young else "touch")


def test_without_a_settle_time_everything_is_settled() -> None:
    rules = RULES._replace(settle_ns=0)
    for at in (NOW, NOW - 1, NOW + 1, LOW, HIGH):
        assert not rules.unsettled(STAMP._replace(mtime_ns=at, ctime_ns=at))


def test_what_is_not_listed_is_gone_unless_nothing_can_be_said_of_it() -> None:
    known = [
        row(id=1, name=b"there"),
        row(id=2, name=b"gone"),
        row(id=3, name=b"odd"),
        row(id=4, name=b"missing", status="missing"),
        row(id=5, name=b"broken", status="error"),
    ]
    diff = compare([Entry(b"there", STAMP)], known, RULES, [b"odd", b"never seen"])
    assert diff.gone == [2, 5]
    assert (diff.read, diff.touch, diff.unchanged) == ([], [], 1)


@pytest.mark.parametrize(
    "turned",
    [
        "a\u0301.mp3".encode(),
        "A\u0301.MP3".encode(),
        "\u00e1.mp3".encode(),
        b"\xe1.mp3",
        b" \xc3\xa1.mp3",
        b"\xc3\xa1.mp3 ",
        b"\xc3\xa1.MP3",
    ],
)
def test_names_are_bytes_and_equal_only_when_all_bytes_are(turned: bytes) -> None:
    name = "\u00e1.mp3".encode()
    diff = compare([Entry(turned, STAMP)], [row(name=name)], RULES)
    if turned == name:
        assert diff.unchanged == 1
    else:
        assert [entry.name for entry, _ in diff.read] == [turned]
        assert diff.gone == [1]


@pytest.mark.parametrize("number", [0, 1, -1, HIGH, LOW, fold64(1 << 63), fold64((1 << 64) - 1)])
def test_extreme_stamps_compare_like_any_other(number: int) -> None:
    stamp = Stamp(1000, number, number, number, number)
    assert judge(stamp, row(stamp)) == "unchanged"
    assert judge(stamp._replace(mtime_ns=number ^ 1), row(stamp)) == "read"
    assert judge(stamp._replace(inode=number ^ 1), row(stamp)) == "read"


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({}, False),
        ({"ctime_ns": 1}, False),
        ({"inode": 1}, False),
        ({"size": 1}, True),
        ({"mtime_ns": 1}, True),
    ],
)
def test_only_size_and_time_say_that_content_may_differ(changed: dict[str, int], differs: bool) -> None:
    assert content_may_differ(STAMP._replace(**changed), row()) is differs


# For any folder whatever

_names = st.sampled_from([b"a", b"b", b"c", b"d", b"\xff", b"a "])
_numbers = st.sampled_from([0, 1, -1, OLD, NOW - SECOND, NOW, NOW + SECOND, LOW, HIGH])
_stamps = st.builds(
    Stamp, st.sampled_from([0, 1, 1000]), _numbers, _numbers, _numbers, st.sampled_from([1, 2, -9])
)
_entries = st.dictionaries(_names, _stamps).map(lambda found: [Entry(*pair) for pair in found.items()])
_rules = st.builds(
    DiffRules,
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
    st.sampled_from([None, 4, 5]),
    st.just(NOW),
    st.sampled_from([0, 10 * SECOND]),
)


@st.composite
def _folders(draw: st.DrawFn) -> tuple[list[Entry], list[KnownFile]]:
    """A listing, and rows of which some say the same as it."""
    entries = draw(_entries)
    listed = {entry.name: entry.stamp for entry in entries}
    rows = []
    for number, name in enumerate(draw(st.lists(_names, unique=True))):
        stamp = listed[name] if name in listed and draw(st.booleans()) else draw(_stamps)
        rows.append(
            row(
                stamp,
                id=number,
                name=name,
                status=draw(st.sampled_from(["ready", "missing", "error"])),
                unsettled=draw(st.booleans()),
                parser_version=draw(st.integers(1, 3)),
                read_job=draw(st.sampled_from([4, 5])),
            )
        )
    return entries, rows


@given(_folders(), _rules, st.lists(_names))
def test_every_file_and_every_row_is_in_exactly_one_part(
    folder: tuple[list[Entry], list[KnownFile]], rules: DiffRules, odd: list[bytes]
) -> None:
    entries, known = folder
    diff = compare(entries, known, rules, odd)
    listed = {entry.name: entry for entry in entries}
    by_name = {one.name: one for one in known}
    told = [entry.name for entry, _ in diff.read] + [entry.name for entry, _ in diff.touch]
    assert len(told) == len(set(told))
    assert len(told) + diff.unchanged == len(entries)
    assert set(told) <= listed.keys()
    for entry, one in (*diff.read, *diff.touch):
        assert listed[entry.name] == entry
        assert by_name.get(entry.name) == one
    silent = {one.name for one in known if one.status == "missing"} | set(odd)
    expected = [one.id for one in known if one.name not in listed and one.name not in silent]
    assert sorted(diff.gone) == sorted(expected)
    assert diff.unsettled == any(rules.unsettled(entry.stamp) for entry in entries)
    for entry in entries:
        one = by_name.get(entry.name)
        if entry.name not in told:
            assert one is not None
            assert (entry.stamp.size, entry.stamp.mtime_ns, one.status == "missing") == (
                one.size,
                one.mtime_ns,
                False,
            )


@given(_entries, _rules)
def test_what_was_just_written_needs_nothing_the_second_time(entries: list[Entry], rules: DiffRules) -> None:
    first = compare(entries, [], rules)
    assert (len(first.read), first.touch, first.unchanged, first.gone) == (len(entries), [], 0, [])
    rows = [
        row(
            entry.stamp,
            id=number,
            name=entry.name,
            unsettled=rules.unsettled(entry.stamp),
            parser_version=rules.version,
            read_job=4 if rules.rescan_seq is None else rules.rescan_seq,
        )
        for number, (entry, _) in enumerate(first.read)
    ]
    again = compare(entries, rows, rules)
    assert (again.read, again.touch, again.unchanged, again.gone) == ([], [], len(entries), [])


# Pictures


def _sidecar(name: bytes = b"cover.jpg", **changed: int) -> KnownSidecar:
    stamp = STAMP._replace(**changed)
    return KnownSidecar(name, stamp.size, stamp.mtime_ns, stamp.ctime_ns)


@pytest.mark.parametrize(
    ("known", "ignore_ctime", "every", "read"),
    [
        (_sidecar(), False, False, False),
        (_sidecar(), False, True, True),
        (_sidecar(size=1), False, False, True),
        (_sidecar(mtime_ns=OLD + 1), False, False, True),
        (_sidecar(mtime_ns=OLD - 1), True, False, True),
        (_sidecar(ctime_ns=OLD + 1), False, False, True),
        (_sidecar(ctime_ns=OLD + 1), True, False, False),
        (_sidecar(b"other.jpg"), False, False, True),
    ],
)
def test_sidecars_are_measured_again_when_their_stamp_differs(
    known: KnownSidecar, ignore_ctime: bool, every: bool, read: bool
) -> None:
    entry = Entry(b"cover.jpg", STAMP)
    diff = compare_sidecars([entry], [known], ignore_ctime=ignore_ctime, every=every)
    assert diff.read == ([entry] if read else [])
    assert diff.gone == ([b"other.jpg"] if known.name == b"other.jpg" else [])


def test_ctime_does_not_count_for_settling_where_it_does_not_count_at_all() -> None:
    now = 2_000_000_000 * 10**9
    rules = DiffRules(
        ignore_ctime=True, ignore_inode=False, version=1, rescan_seq=None, now_ns=now, settle_ns=10**10
    )
    stamp = Stamp(1, 0, now - 1, 1, 1)
    assert not rules.unsettled(stamp)
    assert rules._replace(ignore_ctime=False).unsettled(stamp)
