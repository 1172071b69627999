"""Hints become scopes: quiet period, cap, folding, both sides of a move (DESIGN rule 7)."""

from __future__ import annotations

import random

from shelfread.model.job import Scope
from shelfread.watch.collector import MOST_FOLDERS, Collector


def _scopes(*paths: str, root: int = 1) -> tuple[Scope, ...]:
    return tuple(Scope(root, path.encode()) for path in paths)


def _noted(*paths: str, now: float = 0.0) -> Collector:
    collector = Collector(2, 30)
    for scope in _scopes(*paths):
        collector.note(scope, now)
    return collector


def test_nothing_is_due_before_anything_happened() -> None:
    collector = Collector(2, 30)
    assert collector.due_at is None
    assert collector.take(1e9) == ()


def test_it_waits_until_it_is_quiet() -> None:
    collector = _noted("a")
    collector.note(Scope(1, b"b"), 1.5)
    assert collector.due_at == 3.5
    assert collector.take(3.4) == ()
    assert collector.take(3.5) == _scopes("a", "b")
    assert collector.due_at is None


def test_what_never_is_quiet_waits_no_longer_than_the_cap() -> None:
    collector = Collector(2, 30)
    for second in range(60):
        collector.note(Scope(1, b"download"), float(second))
        if collector.take(float(second)):
            break
    assert second == 30


def test_a_cap_below_the_quiet_period_does_not_cut_it_short() -> None:
    collector = Collector(5, 1)
    collector.note(Scope(1, b"a"), 0)
    assert collector.due_at == 5


def test_a_parent_absorbs_its_children_in_either_order() -> None:
    assert _noted("a/b/c", "a", "a/d", "ab").take(2) == _scopes("a", "ab")
    assert _noted("a", "").take(2) == _scopes("")


def test_both_sides_of_a_move_are_in_one_answer_also_between_roots() -> None:
    collector = _noted("from")
    collector.note(Scope(2, b"to"), 0)
    assert collector.take(2) == (Scope(1, b"from"), Scope(2, b"to"))


def test_many_folders_of_a_root_are_all_of_it_and_those_of_others_stay() -> None:
    collector = _noted(*(f"album {number}" for number in range(MOST_FOLDERS + 1)))
    collector.note(Scope(2, b"one"), 0)
    assert collector.take(2) == (Scope(1, b""), Scope(2, b"one"))
    # One folder with many below it is one folder.
    assert _noted(*(f"a/{number}" for number in range(MOST_FOLDERS)), "a", "b").take(2) == _scopes("a", "b")


def test_whatever_was_noted_is_covered_and_nothing_is_scanned_twice() -> None:
    rng = random.Random(7)
    for _ in range(200):
        collector = Collector(2, 30)
        noted = [
            Scope(rng.randrange(2), "/".join(rng.choices("abc", k=rng.randrange(4))).encode())
            for _ in range(rng.randrange(1, 90))
        ]
        for scope in noted:
            collector.note(scope, 0)
        taken = collector.take(2)
        assert all(any(one.covers(scope) for one in taken) for scope in noted)
        assert not any(one is not other and one.overlaps(other) for one in taken for other in taken)
