"""What will be done to the queue: a list of faults that follows from a seed and nothing else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A way to break something."""

    KILL_CHILD = "the process of a scan is killed"
    KILL_WORKER = "a standalone worker is killed"
    KILL_SERVER = "the server is killed, with its workers"
    KILL_PARSER = "a parser is killed"
    KILL_WALKER = "a walker is killed"
    STOP_CHILD = "the process of a scan is stopped for longer than a lease, then goes on"
    STOP_WORKER = "a worker and its scans are stopped for longer than a lease, then go on"
    STOP_LOOP = "only the worker that watches is stopped for longer than a lease, then goes on"
    STOP_INSIDE = "a worker and its scan are stopped inside a transaction, then go on"
    TERM_WORKER = "a worker is told to leave (SIGTERM)"
    CLOCK = "the clock of one worker jumps by hours"
    DISK_FULL = "the disk of the database is full for a while"
    END_BACKEND = "PostgreSQL ends the connection of a scan"
    END_PRESENCE = "PostgreSQL ends the connection that proves a worker alive"
    RESTART_FAST = "PostgreSQL is restarted (fast)"
    RESTART_CRASH = "PostgreSQL is restarted (immediate)"
    CANCEL = "a job is cancelled"


class Point(StrEnum):
    """When it is to strike."""

    ANY = "at any moment"
    WALKING = "before the first batch"
    WORKING = "after a batch"
    BEFORE_COMMIT = "in a transaction, all written and nothing committed"
    AFTER_COMMIT = "right after a commit"


@dataclass(frozen=True)
class Fault:
    """One thing to be done."""

    number: int
    kind: Kind
    point: Point
    #: How long it lasts, in seconds.
    hold_s: float
    #: How far a clock jumps, in hours.
    hours: float
    #: The pause before the next one.
    pause_s: float
    #: Chooses among what is there.
    choice: float

    def __str__(self) -> str:
        more = f", for {self.hold_s:.1f} s" if self.hold_s else ""
        more += f", by {self.hours:+.1f} h" if self.hours else ""
        return f"{self.number:4}  {self.kind.name.lower():13} {self.point}{more}"


#: How often each occurs. What costs much of the machine's time is rarer.
_BOTH: Mapping[Kind, float] = {
    Kind.KILL_CHILD: 30,
    Kind.KILL_PARSER: 14,
    Kind.KILL_WALKER: 6,
    Kind.KILL_WORKER: 6,
    Kind.KILL_SERVER: 4,
    Kind.STOP_CHILD: 8,
    Kind.STOP_WORKER: 10,
    Kind.STOP_LOOP: 3,
    Kind.STOP_INSIDE: 2,
    Kind.TERM_WORKER: 2,
    Kind.CLOCK: 6,
    Kind.DISK_FULL: 1.5,
    Kind.CANCEL: 8,
}
_OWN: Mapping[str, Mapping[Kind, float]] = {
    "sqlite": {},
    "postgresql": {
        Kind.END_BACKEND: 10,
        Kind.END_PRESENCE: 3,
        Kind.RESTART_FAST: 1.5,
        Kind.RESTART_CRASH: 1.5,
    },
}
#: What shows that a fence is needed.
CONTROL: Mapping[Kind, float] = {Kind.STOP_WORKER: 1}
_KILLED_AT = (Point.ANY, Point.ANY, Point.WALKING, Point.WORKING, Point.BEFORE_COMMIT, Point.AFTER_COMMIT)
_HELD = (Kind.STOP_CHILD, Kind.STOP_WORKER, Kind.STOP_LOOP)


def weights(database: str) -> dict[Kind, float]:
    """How often each kind occurs on a database."""
    return {**_BOTH, **_OWN[database]}


def plan(seed: int, count: int, wanted: Mapping[Kind, float], lease_s: float) -> list[Fault]:
    """So many faults; the same arguments give the same ones. Each kind comes once before chance decides."""
    rng = random.Random(f"chaos {seed}")
    kinds = list(wanted)
    first = kinds.copy()
    rng.shuffle(first)
    found = []
    for number in range(1, count + 1):
        kind = first[number - 1] if number <= len(first) else rng.choices(kinds, list(wanted.values()))[0]
        point = rng.choice(_KILLED_AT) if kind is Kind.KILL_CHILD else Point.ANY
        hold_s = 0.0
        if kind in _HELD:
            # A lease, two sweeps, and some time for another to have begun.
            least = 4.5 if kind is Kind.STOP_WORKER else 2.5
            hold_s = rng.uniform(lease_s + least, lease_s + least + 2.0)
            point = rng.choice((Point.ANY, Point.WORKING))
        elif kind is Kind.STOP_INSIDE:
            hold_s = rng.uniform(lease_s + 1.0, lease_s + 3.0)
            point = rng.choice((Point.BEFORE_COMMIT, Point.AFTER_COMMIT))
        elif kind is Kind.DISK_FULL:
            hold_s = rng.uniform(0.5, 2.5)
        elif kind in (Kind.RESTART_FAST, Kind.RESTART_CRASH):
            hold_s = rng.uniform(0.0, 1.5)
        hours = rng.choice((-1, 1)) * rng.uniform(0.5, 6.0) if kind is Kind.CLOCK else 0.0
        found.append(Fault(number, kind, point, hold_s, hours, rng.uniform(0.02, 0.4), rng.random()))
    return found
