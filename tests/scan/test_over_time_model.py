"""Random lives of a library of two disks, beside a simple reference of what a person expects (done-line 1).

Hypothesis chooses what people do to files and folders, disks that go and come, folders that are closed,
jumps of the clock, scans of all kinds, and answers to what is asked. After every scan each file has the id
that `reference_shelf` says; at the end a full scan of what nobody changed changes nothing and reads no file.

A few lives here, the same in every run; `make model` plays thousands of steps. SHELFREAD_MODEL_STEPS says how
many, SHELFREAD_MODEL_SEED from which seed on; SHELFREAD_MODEL_SAVE keeps the counts in bench/results.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shelfread.app import KINDS, open_app
from shelfread.app.claiming import held
from shelfread.app.likenesses import confirm, open_ones, reject
from shelfread.model.job import JobType, Scope
from shelfread.scan.plan import Mode, Plan, RootsUnavailable
from shelfread.settings import Settings
from shelfread.store import clock
from shelfread.tasks.library_scan import Pools, PoolSizes, scan_library_job, warm
from shelfread.watch.collector import Collector
from tests import catalogue
from tests.conftest import Shelf
from tests.queue.queue_rows import in_memory
from tests.scan.people import FOLDERS, OUT, SUFFIXES, People
from tests.scan.reference_shelf import DAY_US, HELD_ABOVE, Glance, Place, Reference
from tests.scan.unplugging import Walkers, bound_by_permissions

T = TypeVar("T")

#: Lives, and the steps of each.
LIVES = {"sqlite": 6, "postgresql": 1}
STEPS = 40
LONG = int(os.environ.get("SHELFREAD_MODEL_STEPS", "0"))
SEED = int(os.environ.get("SHELFREAD_MODEL_SEED", "7"))
#: Lives between two looks at the number of steps in the long form.
AT_ONCE = 20
RESULTS = Path(__file__).parents[2] / "bench" / "results"
MOVE_DAYS = 30

_ANY = st.integers(0, 10**6)
_ROOT = st.integers(0, 1)
_FOLDER = st.sampled_from(FOLDERS)


class Clock:
    """The time of the machine, set forward and back. Stands for the module `time` in `store.clock`."""

    ahead_us = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead_us * 1000


class Life(RuleBasedStateMachine):
    """A library, its people, and the reference, side by side."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    pools: ClassVar[Pools]
    clock: ClassVar[Clock]
    steps: ClassVar[Counter[str]]
    #: A folder, and the address of a catalogue without a row.
    places: ClassVar[Iterator[tuple[Path, str]]]

    def __init__(self) -> None:
        super().__init__()
        self.clock.ahead_us = 0
        self.folder, url = next(self.places)
        self.stack = AsyncExitStack()
        self.broken = False
        chosen = Settings(
            database_url=url, settle_seconds=0, data_dir=self.folder / "data", move_days=MOVE_DAYS
        )
        app = self.run(self.stack.enter_async_context(open_app(chosen)))
        self.collector = Collector(0, 0)
        self.people = People([self.folder / "one", self.folder / "two"], self._told)
        library = self.run(
            app.libraries.add("Music", "music", [os.fsencode(one) for one in self.people.folders])
        )
        self.shelf = Shelf(app, library.id, self.people.trees, self.pools)
        self.roots = [root.id for root in library.roots]
        self.reference = Reference(MOVE_DAYS)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def _told(self, root: int, folder: str) -> None:
        self.collector.note(Scope(self.roots[root], os.fsencode(folder)), 0)

    def _file(self, choice: int) -> Place | None:
        files = self.people.there()
        return files[choice % len(files)] if files else None

    def _dir(self, choice: int, *, below: bool = True) -> Place | None:
        dirs = [place for place in self.people.open_dirs() if place[1] or not below]
        return dirs[choice % len(dirs)] if dirs else None

    def _full_dirs(self) -> list[Place]:
        """Those with so much in them that nobody deletes it by the way."""
        known = self.reference.present
        return [
            (root, folder)
            for root, folder in self.people.open_dirs()
            if folder
            and sum(one[0] == root and one[1].startswith(f"{folder}/") for one in known) > HELD_ABOVE
        ]

    def _may(self, place: Place) -> bool:
        return self.people.reachable(place)

    # What people do to files

    @initialize(count=st.integers(0, 4), box=st.sampled_from([0, 3, 22]))
    def begin(self, count: int, box: int) -> None:
        for number in range(count):
            self.create(number % 2, FOLDERS[number], SUFFIXES[number % 2])
        if box:
            self.create_box_set(0, "Ada", box)
        self.scan_again()

    @rule(root=_ROOT, folder=_FOLDER, suffix=st.sampled_from(SUFFIXES))
    def create(self, root: int, folder: str, suffix: str) -> None:
        if self._may((root, folder)):
            self.steps["create"] += 1
            self.people.add((root, folder), suffix)

    @rule(root=_ROOT, folder=_FOLDER, count=st.sampled_from([3, 3, 22]))
    def create_box_set(self, root: int, folder: str, count: int) -> None:
        if self._may((root, folder)) and len(self.people.files) < 60:
            self.steps["create"] += 1
            self.people.box_set((root, folder), count)

    @rule(choice=_ANY, root=_ROOT, folder=_FOLDER, with_times=st.booleans())
    def copy(self, choice: int, root: int, folder: str, with_times: bool) -> None:
        if (place := self._file(choice)) and self._may((root, folder)):
            self.steps["copy"] += 1
            self.people.copy(place, (root, folder), with_times=with_times)

    @rule(choice=_ANY, root=_ROOT, folder=_FOLDER)
    def move(self, choice: int, root: int, folder: str) -> None:
        if (place := self._file(choice)) and self._may((root, folder)):
            name = place[1].rpartition("/")[2]
            new = (root, f"{folder}/{name}" if folder else name)
            if new not in self.people.files:
                self.steps["move"] += 1
                self.people.move(place, new)

    @rule(choice=_ANY, only_case=st.booleans(), number=st.integers(0, 999))
    def rename(self, choice: int, only_case: bool, number: int) -> None:
        if place := self._file(choice):
            folder, slash, name = place[1].rpartition("/")
            stem, _, suffix = name.rpartition(".")
            new = (place[0], f"{folder}{slash}{stem.swapcase() if only_case else f'name {number}'}.{suffix}")
            if new not in self.people.files:
                self.steps["rename, case only" if only_case else "rename"] += 1
                self.people.move(place, new)

    @rule(choice=_ANY)
    def retag(self, choice: int) -> None:
        if place := self._file(choice):
            self.steps["retag"] += 1
            self.people.retag(place)

    @rule(choice=_ANY)
    def replace_by_another_format(self, choice: int) -> None:
        if place := self._file(choice):
            self.steps["replace by another format"] += 1
            self.people.replace(place)

    @rule(choice=_ANY, other=_ANY, moved=st.booleans())
    def overwrite(self, choice: int, other: int, moved: bool) -> None:
        one, two = self._file(choice), self._file(other)
        if one and two and one != two and Path(one[1]).suffix == Path(two[1]).suffix:
            self.steps["overwrite"] += 1
            if moved:
                self.people.move(two, one)
            else:
                self.people.overwrite(one, two)

    @rule(choice=_ANY)
    def delete(self, choice: int) -> None:
        if place := self._file(choice):
            self.steps["delete"] += 1
            self.people.delete(place)

    @precondition(lambda self: self.people.aside)
    @rule(choice=_ANY, moved=st.booleans(), root=_ROOT, folder=st.one_of(st.none(), _FOLDER))
    def restore(self, choice: int, moved: bool, root: int, folder: str | None) -> None:
        self.steps["restore"] += 1
        there = None if folder is None or not self._may((root, folder)) else (root, folder)
        self.people.restore(choice % len(self.people.aside), moved=moved, folder=there)

    # To folders

    @rule(choice=_ANY, root=_ROOT, only_case=st.booleans(), number=st.integers(0, 99))
    def rename_folder(self, choice: int, root: int, only_case: bool, number: int) -> None:
        if place := self._dir(choice):
            folder, slash, name = place[1].rpartition("/")
            new = (place[0], f"{folder}{slash}{name.swapcase()}") if only_case else (root, f"Shelf {number}")
            if self._may(new):
                self.steps["rename folder, case only" if only_case else "rename folder"] += 1
                self.people.move_folder(place, new)

    @rule(choice=_ANY, number=st.integers(0, 99))
    def rename_closed_folder(self, choice: int, number: int) -> None:
        folders = sorted(
            place
            for place in self.people.closed
            if place[1] and self._may((place[0], place[1].rpartition("/")[0]))
        )
        if folders:
            place = folders[choice % len(folders)]
            # A folder that may not be written gets another name, but no other place.
            new = f"{place[1].rpartition('/')[0]}/Shut {number}".lstrip("/")
            self.steps["rename folder"] += 1
            self.people.move_folder(place, (place[0], new))

    @rule(choice=_ANY)
    def delete_folder(self, choice: int) -> None:
        if place := self._dir(choice):
            self.steps["delete folder"] += 1
            self.people.delete_folder(place)

    @precondition(lambda self: self._full_dirs())
    @rule(choice=_ANY)
    def delete_full_folder(self, choice: int) -> None:
        full = self._full_dirs()
        self.steps["delete folder"] += 1
        self.people.delete_folder(full[choice % len(full)])

    @rule(choice=_ANY)
    def close_folder(self, choice: int) -> None:
        if place := self._dir(choice, below=choice % 5 > 0):
            self.steps["chmod 000"] += 1
            self.people.close(place)

    @precondition(lambda self: self.people.closed)
    @rule(choice=_ANY)
    def open_folder(self, choice: int) -> None:
        # Whoever opens one must get there.
        shut = sorted(self.people.closed)
        place = shut[choice % len(shut)]
        if place[0] not in self.people.out and (
            not place[1] or self._may((place[0], place[1].rpartition("/")[0]))
        ):
            self.steps["chmod back"] += 1
            self.people.open(place)

    # What happens to disks and clocks

    @rule(root=_ROOT, how=st.sampled_from(sorted(OUT)))
    def unmount(self, root: int, how: str) -> None:
        if root not in self.people.out:
            self.steps["unmount"] += 1
            self.people.pull(root, how)

    @precondition(lambda self: self.people.out)
    @rule(choice=_ANY)
    def remount(self, choice: int) -> None:
        self.steps["remount"] += 1
        out = sorted(self.people.out)
        self.people.plug_in(out[choice % len(out)])

    @rule(days=st.sampled_from([-40, -2, -1, 1, 10, 20, 40]), hours=st.integers(1, 20))
    def clock_jumps(self, days: int, hours: int) -> None:
        self.steps["clock jump"] += 1
        self.clock.ahead_us += days * DAY_US + hours * DAY_US // 24

    # Scans, and what a person says of them

    @rule(mode=st.sampled_from(list(Mode)), rescan=st.sampled_from([False, False, False, True]))
    def scan(self, mode: Mode, rescan: bool) -> None:
        self.steps["scan, full"] += 1
        self._scan([(0, ""), (1, "")], mode=mode, rescan=rescan)

    @rule()
    def scan_again(self) -> None:
        self.steps["scan, full"] += 1
        self._scan([(0, ""), (1, "")])

    @rule(choices=st.lists(_ANY, min_size=1, max_size=2))
    def scan_parts(self, choices: list[int]) -> None:
        parts = {place for choice in choices if (place := self._dir(choice, below=False))}
        # A part that another one holds goes without saying.
        chosen = [
            one
            for one in sorted(parts)
            if not any(
                one != two and one[0] == two[0] and (not two[1] or one[1].startswith(f"{two[1]}/"))
                for two in parts
            )
        ]
        if chosen:
            self.steps["scan, selective"] += 1
            self._scan(chosen)

    @rule()
    def scan_as_watched(self) -> None:
        scopes = self.collector.take(0)
        if scopes:
            self.steps["scan, watched"] += 1
            self._scan(
                [(self.roots.index(one.root_id), os.fsdecode(one.relative)) for one in scopes], hinted=True
            )

    @rule()
    def scan_as_watched_again(self) -> None:
        self.scan_as_watched()

    @precondition(lambda self: self.reference.held)
    @rule()
    def confirm_what_is_held(self) -> None:
        self.steps["held: confirm"] += 1
        self._confirm()

    @rule(choice=_ANY, same=st.booleans())
    def answer(self, choice: int, same: bool) -> None:
        asked = self.run(open_ones(self.shelf.app, None, 1000))
        if asked:
            self.steps["same: confirm" if same else "same: reject"] += 1
            one = asked[choice % len(asked)]
            if same:
                self.run(confirm(self.shelf.app, one.id))
                self.reference.same(one.new_file_id, one.old_file_id)
            else:
                self.run(reject(self.shelf.app, one.id))
                self.reference.different(one.new_file_id, one.old_file_id)
            self._checked(self._compare)

    # How it must be

    def _is_away(self, root: int) -> bool:
        how = self.people.out.get(root)
        known = any(place[0] == root for place in self.reference.present)
        if how is None:
            return (root, "") in self.people.closed or (self.people.is_empty(root) and known)
        return how == "missing" or known

    def _is_gone(self, place: Place) -> bool:
        """Whether anybody can tell that nothing is there."""
        if self._is_away(place[0]):
            return False
        if place[0] in self.people.out:
            return True
        return place not in self.people.files and self.people.reachable(place)

    def _is_there(self, place: Place) -> bool:
        return not self._is_away(place[0]) and place in self.people.files and self.people.reachable(place)

    def _scan(self, parts: list[Place], *, hinted: bool = False, **how: Any) -> None:
        away = {root for root in range(2) if self._is_away(root)}
        scoped = [part for part in parts if part[0] not in away]
        if not scoped:
            self._checked(self._unavailable, parts, hinted)
            return
        there = [
            part
            for part in scoped
            if (part in self.people.dirs and part[0] not in self.people.out) or not part[1]
        ]

        def judged(place: Place) -> bool:
            return (place[0] in self.people.out or self.people.reachable(place)) and any(
                place[0] == root and (not folder or place[1].startswith(f"{folder}/"))
                for root, folder in there
            )

        files = {place: self.people.seen(place) for place in self.people.there() if judged(place)}
        self.reference.scan(Glance(files, judged, self._is_gone, self._is_there, clock.now_us(), parts, away))
        self._checked(self._run_scan, parts, hinted, **how)
        self._checked(self._compare)

    def _checked(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        try:
            work(*arguments, **named)
        except BaseException:
            self.broken = True
            raise

    def _run_scan(self, parts: list[Place], hinted: bool, **how: Any) -> None:
        within = [] if parts == [(0, ""), (1, "")] else parts
        if hinted:
            self.run(self._watched(parts))
        else:
            self.run(self.shelf.outcome(within=within, **how))

    def _unavailable(self, parts: list[Place], hinted: bool) -> None:
        with pytest.raises(RootsUnavailable):
            self._run_scan(parts, hinted)
        self._compare()

    async def _watched(self, parts: list[Place]) -> None:
        library = await self.shelf.library()
        scopes = tuple(Scope(self.roots[root], os.fsencode(folder)) for root, folder in parts)
        plan = Plan(library, scopes, hinted=True, move_days=MOVE_DAYS)
        async with held(self.shelf.database, library, JobType.SCAN, scopes) as job:
            await scan_library_job(self.shelf.database, job, plan, self.pools)
        assert catalogue.audit(await catalogue.rows(self.shelf.database)) == []

    def _compare(self) -> None:
        """The catalogue has what the reference has, with the same ids."""
        rows = self.run(catalogue.rows(self.shelf.database))
        folders = {
            row["id"]: (self.roots.index(row["root_id"]), os.fsdecode(row["path"])) for row in rows["folders"]
        }
        present: dict[Place, int] = {}
        missing: dict[Place, int] = {}
        for row in rows["media_files"]:
            root, folder = folders[row["folder_id"]]
            place = (root, os.path.join(folder, os.fsdecode(row["name"])))
            (missing if row["status"] == "missing" else present)[place] = row["id"]
        assert present.keys() == self.reference.present.keys()
        self.reference.name(present)
        assert present == self.reference.present
        assert missing == self.reference.missing
        aliases = {row["old_id"]: row["file_id"] for row in rows["aliases"]}
        assert aliases.items() >= self.reference.aliases.items()
        held_back = {row["file_id"] for row in rows["removals"] if row["held"]}
        assert held_back >= self.reference.held
        asked = {
            (one.new_file_id, one.old_file_id) for one in self.run(open_ones(self.shelf.app, None, 1000))
        }
        gone = set(missing.values())
        assert all(old in gone and new not in gone for new, old in asked)
        must = {
            (present[place], old)
            for place, old in self.reference.asked
            if old in gone
            and place in present
            and frozenset((present[place], old)) not in self.reference.apart
        }
        if len(must) <= 25:
            assert asked >= must

    def _confirm(self) -> None:
        library = self.run(self.shelf.library())
        there = [root for root in range(2) if not self._is_away(root)]
        self.run(self.shelf.app.confirm(library, [self.roots[root] for root in there]))
        self.reference.believe(self._is_gone, clock.now_us(), there)
        self._checked(self._compare)

    def teardown(self) -> None:
        try:
            if not self.broken:
                self._end()
        finally:
            for place in sorted(self.people.closed):
                if place[0] not in self.people.out:
                    self.people.path(place).chmod(0o755)
            self.run(self.stack.aclose())
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self) -> None:
        """All disks are in and all folders open: a scan finds everything, and the next one nothing to do."""
        for root in sorted(self.people.out):
            self.people.plug_in(root)
        for place in sorted(self.people.closed):
            self.people.open(place)
        for root in range(2):
            self.people.add((root, ""), "mp3")
        self._scan([(0, ""), (1, "")])
        if self.reference.held:
            self._confirm()
            # Digests of folders had to wait for the answer.
            self._scan([(0, ""), (1, "")])
            assert self.shelf.opened == []
        assert self.reference.present.keys() == self.people.files.keys()
        before = self.run(catalogue.rows(self.shelf.database))
        found = self.run(self.shelf.outcome()).counters
        assert (found.found, found.unchanged) == (len(self.people.files), len(self.people.files))
        assert found.removed == 0
        assert self.shelf.opened == []
        after = self.run(catalogue.rows(self.shelf.database))
        assert catalogue.kept(after) == catalogue.kept(before)
        self.steps["end: a scan that changes nothing"] += 1


@contextmanager
def _lives(
    folder: Path, new_url: Callable[[asyncio.AbstractEventLoop], str], patch: pytest.MonkeyPatch
) -> Iterator[type[Life]]:
    with ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        # Who looks again at a file must not see more than who listed its folder.
        loop.set_default_executor(ThreadPoolExecutor(2, initializer=bound_by_permissions))
        stack.callback(lambda: loop.run_until_complete(loop.shutdown_default_executor()))
        inner = AsyncExitStack()
        stack.callback(lambda: loop.run_until_complete(inner.aclose()))
        pools = loop.run_until_complete(
            inner.enter_async_context(warm(KINDS["music"], PoolSizes(parsers=1, walkers=1)))
        )
        walkers = Walkers()
        stack.callback(walkers.close)
        told: Any = SimpleNamespace(parts=pools.parts, parsers=pools.parsers, walkers=walkers)
        faked = Clock()
        patch.setattr(clock, "time", faked)

        def places() -> Iterator[tuple[Path, str]]:
            for number in itertools.count():
                path = folder / f"life {number}"
                path.mkdir()
                yield path, new_url(loop)

        yield type(
            "OfLibrary",
            (Life,),
            {"loop": loop, "pools": told, "clock": faked, "steps": Counter(), "places": places()},
        )


def _play(machine: type[Life], number: int, lives: int) -> None:
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, *([Phase.shrink] if os.environ.get("SHELFREAD_MODEL_SHRINK") else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def machine(
    database_kind: str,
    tmp_path: Path,
    sqlite_catalogue: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[type[Life]]:
    with ExitStack() as stack:
        used: list[str] = []

        def new_url(loop: asyncio.AbstractEventLoop) -> str:
            if database_kind == "sqlite":
                while used:
                    used.pop()
                    last.pop_all().close()
                return last.enter_context(in_memory(f"sqlite:///{sqlite_catalogue}"))
            server = request.getfixturevalue("postgres")
            while used:
                server.give_back(used.pop())
            used.append(loop.run_until_complete(server.catalogue()))
            return used[-1]

        last = stack.enter_context(ExitStack())
        yield stack.enter_context(_lives(tmp_path, new_url, monkeypatch))


@pytest.mark.skipif(LONG > 0, reason="the long form is played")
def test_whatever_happens_to_a_library_over_time_is_as_a_person_expects(
    machine: type[Life], database_kind: str
) -> None:
    _play(machine, SEED, LIVES[database_kind])


@pytest.mark.skipif(not LONG, reason="make model plays it")
@pytest.mark.timeout(4 * 3600)
def test_thousands_of_steps_are_as_a_person_expects(machine: type[Life], database_kind: str) -> None:
    begun = time.monotonic()
    # PostgreSQL plays a tenth of it: identity is decided by the same statements.
    wanted = LONG if database_kind == "sqlite" else LONG // 10
    number = SEED
    while sum(machine.steps.values()) < wanted:
        # Should it fail, this is the seed to begin with.
        print(f"seed {number}, {sum(machine.steps.values())} steps before", flush=True)
        _play(machine, number, AT_ONCE)
        number += 1
    text = _told(machine.steps, database_kind, number, time.monotonic() - begun)
    print(f"\n{text}")
    if os.environ.get("SHELFREAD_MODEL_SAVE"):
        from bench import machine as computer

        facts = computer.facts()
        line = " · ".join(f"{name} {value}" for name, value in facts.items())
        path = RESULTS / f"{facts['date'][:10]}-model-{database_kind}.md"
        path.write_text(f"# A library over time, {database_kind}\n\n{line}\n\n{text}")


def _told(steps: Counter[str], kind: str, until: int, seconds: float) -> str:
    scans = sum(count for name, count in steps.items() if name.startswith("scan, "))
    head = (
        f"seeds {SEED} to {until - 1}, {sum(steps.values())} steps, {scans} of them scans, {kind}, "
        f"{seconds:.0f} s, as the reference expects"
    )
    rows = "".join(f"| {name} | {count} |\n" for name, count in sorted(steps.items()))
    return f"{head}\n\n| step | times |\n|---|---:|\n{rows}"
