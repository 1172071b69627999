"""What a person expects of a catalogue over time, in plain lists: the reference of `test_over_time_model`.

Written from the rules (DESIGN 4, rules 1 to 6; the issue on time), never from the code that is tested:

- A file that is where it was is what it was, whatever is in it now; so is one that comes back to its place.
- What cannot be looked at stays as it was known.
- A file that is gone from one place while one other turned up is the same: by what the disk says of it
  (inode, size and time of one root), else by its content. More than one match is no match. Turned up is what
  no scan of all this has seen before; so, of several that are gone, what only scans of smaller parts saw was
  a stop on the way.
- It is also the same over more than one scan: a single copy that was seen later than what went, or a single
  new file of what was missing; for as long as candidates stay open. Where it is must be there to be seen,
  and it must not have moved as well: else a person is asked.
- So much gone at once from one root that nobody does it by the way is held, and stays; it is held until a
  person says so, or a scan of that part finds it otherwise.
- Nothing is deleted. An id that a move made redundant leads to the one that stayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Number of the root, path below it.
Place = tuple[int, str]

DAY_US = 86_400_000_000
HELD_ABOVE, HELD_SHARE = 20, 0.2


class Seen(NamedTuple):
    """A file on disk: what it holds, and what the disk says of it (inode, size, mtime)."""

    content: str
    stat: tuple[int, int, int]


@dataclass(eq=False)
class Row:
    """A file as a person knows it. Times in microseconds."""

    id: int | None
    place: Place
    content: str
    stat: tuple[int, int, int]
    #: The scan that saw it first, and when.
    first: int
    added_at: int
    missing_at: int | None = None


@dataclass
class Glance:
    """What one scan can see.

    Args:
        files: those in its scope that can be looked at.
        judged: whether a place is in its scope and can be looked at.
        surely_gone: whether anybody can tell that nothing is at a place, in its scope or not.
        there: whether a file is at a place, in its scope or not, for all to see.
        now: microseconds.
    """

    files: Mapping[Place, Seen]
    judged: Callable[[Place], bool]
    surely_gone: Callable[[Place], bool]
    there: Callable[[Place], bool]
    now: int
    #: What is scanned: folders.
    parts: Sequence[Place]
    #: Roots that are not there.
    away: Collection[int] = ()


@dataclass
class Reference:
    """The catalogue of one library as it must be."""

    move_days: int
    rows: list[Row] = field(default_factory=list)
    #: Ids that moves made redundant, and where they lead.
    aliases: dict[int, int] = field(default_factory=dict)
    #: Pairs of which a person said that they are not the same, as ids.
    apart: set[frozenset[int]] = field(default_factory=set)
    #: What the last scan must have asked: (new place, old id).
    asked: list[tuple[Place, int]] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    _scans: int = 0
    _clock: int = 0
    #: What moved in the last scan.
    _just_moved: set[Row] = field(default_factory=set)
    #: What each scan covered.
    _covered: list[Sequence[Place]] = field(default_factory=list)

    @property
    def present(self) -> dict[Place, int | None]:
        return {row.place: row.id for row in self.rows if row.missing_at is None}

    @property
    def missing(self) -> dict[Place, int | None]:
        return {row.place: row.id for row in self.rows if row.missing_at is not None}

    def scan(self, glance: Glance) -> None:
        """One scan. New files have no id until `name` gives it to them."""
        self._scans += 1
        # The clock of the machine may go back, that of the catalogue does not.
        self._clock = max(self._clock + 1, glance.now)
        horizon = glance.now - self.move_days * DAY_US
        since = self._since(glance.parts)
        self._covered.append(glance.parts)
        known = {row.place: row for row in self.rows}
        before = defaultdict[int, int](int)
        gone: list[Row] = []
        for row in self.rows:
            if not glance.judged(row.place):
                continue
            before[row.place[0]] += row.missing_at is None
            seen = glance.files.get(row.place)
            if seen is not None:
                row.content, row.stat, row.missing_at = seen.content, seen.stat, None
            elif row.missing_at is None:
                gone.append(row)
        new = [
            Row(None, place, seen.content, seen.stat, self._scans, self._clock)
            for place, seen in glance.files.items()
            if place not in known
        ]
        self.rows += new
        new = [row for row in self.rows if row.first > since and row.missing_at is None and row not in gone]
        self._just_moved = set()
        gone, new = self._moved(gone, new, since, lambda row: (row.place[0], row.stat))
        gone, new = self._moved(gone, new, since, lambda row: row.content)
        gone = self._over_time(gone, new, glance, since, horizon)
        held = {row.id or 0 for row in self._too_many(gone, before)}
        for row in gone:
            if row.id not in held:
                row.missing_at = self._clock
        self.held = held | self._held_elsewhere(glance)

    def name(self, ids: Mapping[Place, int]) -> None:
        """Files that are new get the ids that the catalogue gave them; each must be one never seen."""
        ever = {row.id for row in self.rows} | self.aliases.keys()
        for row in self.rows:
            if row.id is None:
                row.id = ids[row.place]
                assert row.id not in ever, f"{row.place} is new, and has an id that was another's: {row.id}"
                ever.add(row.id)

    def believe(self, surely_gone: Callable[[Place], bool], now: int, roots: Collection[int]) -> None:
        """A person confirms what is held in some roots."""
        for row in self.rows:
            if row.id in self.held and row.place[0] in roots:
                self.held.remove(row.id)
                if surely_gone(row.place):
                    row.missing_at = now

    def same(self, new: int, old: int) -> None:
        """A person says that two are the same: what the newer file is need not be asked any more."""
        rows = {row.id: row for row in self.rows}
        self.asked = [one for one in self.asked if one[0] != rows[new].place]
        self._become(rows[old], rows[new])

    def different(self, new: int, old: int) -> None:
        """A person says that two are not the same."""
        self.apart.add(frozenset((new, old)))

    def _since(self, parts: Sequence[Place]) -> int:
        """The last scan that covered all of this."""
        for number, covered in reversed(list(enumerate(self._covered, 1))):
            if all(any(_covers(one, part) for one in covered) for part in parts):
                return number
        return 0

    def _moved(
        self, gone: list[Row], new: list[Row], since: int, fact: Callable[[Row], Hashable]
    ) -> tuple[list[Row], list[Row]]:
        """Pair what shares a fact with nobody else; gives what is left of both."""
        here, there = _by(gone, fact), _by(new, fact)
        taken: set[Row] = set()
        for key, rows in here.items():
            old = _settled(rows, since)
            later = [row for row in there.get(key, ()) if row.first > old[0].first]
            if len(old) == len(later) == 1:
                self._become(old[0], later[0])
                taken |= {old[0], later[0]}
                self._just_moved.add(old[0])
        return [row for row in gone if row not in taken], [row for row in new if row not in taken]

    def _over_time(
        self, gone: list[Row], new: list[Row], glance: Glance, since: int, horizon: int
    ) -> list[Row]:
        """What lives on in a copy, or turned up after it was missing; gives what is left of what is gone."""
        self.asked = []
        fallen = _by(gone, lambda row: row.content)
        fresh = _by(new, lambda row: row.content)
        found: set[Row] = set()
        for content in sorted(fallen.keys() | fresh.keys()):
            if content in fallen:
                old = _settled(fallen[content], since)
                others = [
                    row
                    for row in self.rows
                    if row.content == content
                    and row.missing_at is None
                    and row not in gone
                    and row.added_at > horizon
                    and any(row.first > one.first for one in old)
                ]
            else:
                others = fresh[content]
                old = [
                    row
                    for row in self.rows
                    if row.content == content
                    and row.missing_at is not None
                    and row.missing_at > horizon
                    and glance.surely_gone(row.place)
                ]
            pairs = [(one, other) for one in old for other in others]
            sure = len(pairs) == 1 and glance.there(pairs[0][1].place) and pairs[0][1] not in self._just_moved
            if sure and not self._told_apart(*pairs[0]):
                found.add(pairs[0][0])
                self._become(*pairs[0])
            else:
                self.asked += [
                    (other.place, one.id or 0) for one, other in pairs if not self._told_apart(one, other)
                ]
        return [row for row in gone if row not in found]

    def _told_apart(self, one: Row, other: Row) -> bool:
        return frozenset((one.id, other.id)) in self.apart

    def _become(self, old: Row, new: Row) -> None:
        """The old file is where the new one is; what was said of the new one goes for it."""
        assert old.id is not None
        if new.id is not None:
            self.aliases = {
                retired: old.id if leads == new.id else leads for retired, leads in self.aliases.items()
            }
            self.aliases[new.id] = old.id
            self.held.discard(new.id)
            self.apart = {frozenset(old.id if one == new.id else one for one in pair) for pair in self.apart}
        old.place, old.content, old.stat, old.missing_at = new.place, new.content, new.stat, None
        self.rows.remove(new)

    def _too_many(self, gone: Iterable[Row], before: Mapping[int, int]) -> list[Row]:
        roots = _by(gone, lambda row: row.place[0])
        return [
            row
            for root, rows in roots.items()
            if len(rows) > max(HELD_ABOVE, HELD_SHARE * before[root])
            for row in rows
        ]

    def _held_elsewhere(self, glance: Glance) -> set[int]:
        """What was held before, and is none of what is scanned: it still waits for a person."""
        return {
            row.id
            for row in self.rows
            if row.id is not None
            and row.id in self.held
            and (row.place[0] in glance.away or not any(_covers(part, row.place) for part in glance.parts))
        }


def _covers(one: Place, other: Place) -> bool:
    return one[0] == other[0] and (not one[1] or f"{other[1]}/".startswith(f"{one[1]}/"))


def _settled(rows: list[Row], since: int) -> list[Row]:
    """Of several that are gone, the one that was there before; what was seen in between was on its way."""
    before = [row for row in rows if row.first <= since]
    return before if len(before) == 1 else rows


def _by(rows: Collection[Row] | Iterable[Row], fact: Callable[[Row], Hashable]) -> dict[Any, list[Row]]:
    found: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[fact(row)].append(row)
    return found
