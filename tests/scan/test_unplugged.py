"""Disks that are pulled before and during scans: nothing is marked, it is told, and nothing is read after.

Which test proves which cell (`roots`: test_lifecycle_roots; a cell without a name is proved here):

=================  ==================================  ==================================================
fault              before the scan                     during it: the walk, the reading
=================  ==================================  ==================================================
root missing       roots: only_root_is_gone;           here; test_never_lost has it after the first look
                   cli test_scan: root_that_is_gone
root empty         roots: empty_folder_now             here
other disk         roots: another_disk; test_roots     here
nested mount gone  roots: mount_inside_a_root          here, with a real mount
folder mode 000    here; test_unplugged_command: by    here
                   the command, and of a root
EIO                here                                here
=================  ==================================  ==================================================

Scans are full ones and selective ones; those that the watch asks for are selective ones whose folder may be
gone (here), and test_watcher and test_serve_watch have what the watch itself does. The same table as the API
tells it is in api/test_unplugged_http, as the command does in cli/test_unplugged_command: there the real
walkers and parsers of a command get their faults from a layer of their own (`faulty`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.claiming import held
from shelfread.model.job import JobType, Scope
from shelfread.scan import roots as root_checks
from shelfread.scan.plan import Outcome, Plan, RootsUnavailable
from shelfread.scan.rootwalk import ScopeIgnored
from shelfread.tasks.library_scan import scan_library_job
from tests import catalogue
from tests.conftest import NewShelf, Shelf
from tests.scan import unplugging
from tests.scan.test_lifecycle_roots import Mounts, mounts
from tests.scan.unplugging import Parsers, Plug, Walkers

__all__ = ["mounts"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: The root holds these: a folder that is a disk of its own in some tests, and its neighbours.
DISK = ("Disk/Ada/1.mp3", "Disk/Ada/2.mp3", "Disk/Bix/1.mp3")
OTHERS = ("Cy/One/1.mp3", "Cy/One/2.mp3")
#: Written when trouble is told.
TOLD = {"roots", "problems", *catalogue.RECORDS}


#: A scan of everything on both databases, of a part on one: what is asked of them does not differ.
EVERYTHING_AND_A_PART = pytest.mark.parametrize(
    ("database_kind", "part"),
    [("sqlite", None), ("postgresql", None), ("sqlite", "Disk")],
    ids=["sqlite-all", "postgresql-all", "sqlite-part"],
)
#: Of a root that is pulled.
WORDS = {
    "missing": "cannot be listed: No such file or directory",
    "empty": "is empty, but the catalogue knows files in it",
    "another": "is another filesystem than before, and only 0 of 5 known files looked for are there",
}


class Rig:
    """A scanned library whose walkers and parsers may be held up and made to fail."""

    def __init__(self, shelf: Shelf, walkers: Walkers, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shelf = shelf
        self.walkers = walkers
        self.parsers = Parsers(shelf.pools.parsers)
        monkeypatch.setattr(shelf.pools, "walkers", walkers)
        monkeypatch.setattr(shelf.pools, "parsers", self.parsers)
        self.before: catalogue.Rows = {}

    async def begin(self) -> None:
        for name in (*DISK, *OTHERS):
            if not (self.shelf.tree / name).exists():
                self.shelf.tree.add(name)
        assert await self.shelf.scan() == {"added": 5}
        self.before = await catalogue.rows(self.shelf.database)

    def pull_at_folder(self, plug: Plug, folder: bytes) -> None:
        """Pull it when a folder is about to be listed."""
        self.walkers.before = lambda relative: plug.pull() if relative == folder else None

    async def unharmed(self) -> None:
        """Nothing but what is told of the trouble is another than before."""
        after = await catalogue.rows(self.shelf.database)
        for name in self.before.keys() - TOLD - {"folders"}:
            assert after[name] == self.before[name], name
        # Whatever is there by now is asked by name: what cannot be listed is only not believed.
        digests = [[row | {"digest": None} for row in rows["folders"]] for rows in (self.before, after)]
        assert digests[0] == digests[1]

    async def as_before(self) -> None:
        """The next scan changes nothing and reads no file, and no trouble is told any more."""
        self.walkers.before = lambda _: None
        assert await self.shelf.scan() == {"unchanged": 5}
        assert self.shelf.opened == []
        assert await self.shelf.problems() == set()
        after = await catalogue.rows(self.shelf.database)
        assert catalogue.kept(after) == catalogue.kept(self.before)


@pytest.fixture
def walkers() -> Iterator[Walkers]:
    with contextlib.closing(Walkers()) as made:
        yield made


@pytest.fixture
def rig(shelf: Shelf, walkers: Walkers, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """On both databases."""
    return Rig(shelf, walkers, monkeypatch)


async def _outcome(shelf: Shelf, part: str | None = None) -> Outcome:
    """A scan of everything or of a part, which must not mark or hold anything."""
    outcome = await shelf.outcome(within=[(0, part)] if part is not None else ())
    assert (outcome.counters.removed, outcome.held) == (0, 0)
    return outcome


def _of_root(sort: str, shelf: Shelf) -> Plug:
    path = shelf.tree.path
    if sort == "missing":
        return unplugging.missing(path)
    return unplugging.empty(path) if sort == "empty" else unplugging.another(path, "Zed/1.mp3")


# The root


@EVERYTHING_AND_A_PART
@pytest.mark.parametrize("sort", WORDS)
async def test_a_root_that_is_pulled_while_it_is_walked_loses_nothing_and_is_told(
    rig: Rig, sort: str, part: str | None
) -> None:
    shelf = rig.shelf
    await rig.begin()
    plug = _of_root(sort, shelf)
    # The folder above it is listed by now, and this one is not.
    rig.pull_at_folder(plug, b"Disk/Ada")
    outcome = await _outcome(shelf, part)
    assert plug.out
    assert outcome.unavailable == [(bytes(shelf.tree.path), WORDS[sort])]
    assert ("", "root_unavailable") in await shelf.problems()
    (root,) = (await shelf.library()).roots
    assert (root.state.value, root.reason) == ("unavailable", WORDS[sort])
    await rig.unharmed()
    plug.put_back()
    await rig.as_before()


@pytest.mark.parametrize("sort", WORDS)
async def test_a_root_that_is_pulled_while_files_are_read_loses_nothing_and_is_told(
    rig: Rig, sort: str
) -> None:
    """A rescan reads everything: each file is one that was listed and cannot be opened."""
    shelf = rig.shelf
    await rig.begin()
    plug = _of_root(sort, shelf)
    rig.parsers.before = plug.pull
    outcome = await shelf.outcome(rescan=True)
    assert (outcome.counters.removed, outcome.counters.skipped, outcome.held) == (0, 5, 0)
    assert outcome.unavailable == [(bytes(shelf.tree.path), WORDS[sort])]
    assert await shelf.problems() == {("", "root_unavailable")}
    await rig.unharmed()
    plug.put_back()
    rig.parsers.before = lambda: None
    await rig.as_before()


async def test_files_that_say_eio_while_they_are_read_keep_their_facts_and_are_read_again_when_asked_for(
    rig: Rig,
) -> None:
    shelf = rig.shelf
    await rig.begin()
    rig.parsers.failing = "Disk/"
    outcome = await shelf.outcome(rescan=True)
    assert (outcome.counters.failed, outcome.counters.removed, outcome.held) == (3, 0, 0)
    assert await shelf.problems() == {(name, "io_error") for name in DISK}
    after = await catalogue.rows(shelf.database)
    for name in ("tracks", "track_credits", "releases", "artists", "folders"):
        assert after[name] == rig.before[name], name
    rig.parsers.failing = None
    # Not by itself: a disk with bad places would be asked for them by every scan.
    assert await shelf.scan() == {"unchanged": 5}
    assert shelf.opened == []
    await shelf.scan(rescan=True)
    assert await shelf.problems() == set()
    assert await catalogue.dump(shelf.database) == catalogue.dumped(rig.before)


@EVERYTHING_AND_A_PART
async def test_a_root_that_says_eio_is_away(
    rig: Rig, part: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.begin()

    def fails(_path: bytes) -> Any:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(root_checks, "_look_at", fails)
        with pytest.raises(RootsUnavailable, match="cannot be listed: Input/output error"):
            await rig.shelf.outcome(within=[(0, part)] if part is not None else ())
    assert await rig.shelf.problems() == {("", "root_unavailable")}
    await rig.unharmed()
    await rig.as_before()


async def test_a_scan_that_the_watch_asks_for_loses_nothing_of_a_root_that_is_pulled(rig: Rig) -> None:
    """Its folder may be gone, and is no reason to fail; the root is."""
    shelf = rig.shelf
    await rig.begin()
    library = await shelf.library()
    scopes = tuple(Scope(library.roots[0].id, path) for path in (b"Disk/Ada", b"Disk/Bix"))
    hinted = replace(Plan(library, scopes), hinted=True)
    plug = unplugging.empty(shelf.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await _watched(shelf, hinted)
    plug.put_back()
    rig.pull_at_folder(plug, b"Disk")
    outcome = await _watched(shelf, hinted)
    assert outcome.unavailable == [(bytes(shelf.tree.path), WORDS["empty"])]
    # The same reason as before, and told as well.
    assert (await shelf.library()).roots[0].reason == WORDS["empty"]
    assert await shelf.problems() == {("", "root_unavailable")}
    await rig.unharmed()
    plug.put_back()
    await rig.as_before()


async def _watched(shelf: Shelf, plan: Plan) -> Outcome:
    async with held(shelf.database, plan.library, JobType.SCAN, plan.scopes, None) as job:
        return await scan_library_job(shelf.database, job, plan, shelf.pools)


# A disk inside the root


@pytest.mark.parametrize("part", [None, "Disk", "Disk/Ada"], ids=["all", "the disk", "in the disk"])
@pytest.mark.parametrize("at", [None, b"Disk", b"Disk/Ada"], ids=["before", "at the mount", "in the mount"])
async def test_a_mount_that_is_pulled_loses_nothing(
    new_shelf: NewShelf,
    walkers: Walkers,
    mounts: Mounts,
    monkeypatch: pytest.MonkeyPatch,
    at: bytes | None,
    part: str | None,
) -> None:
    rig = Rig(await new_shelf(), walkers, monkeypatch)
    point = rig.shelf.tree / "Disk"
    mounts.mount(point)
    await rig.begin()
    plug = Plug(lambda: mounts.unmount(point), lambda: mounts.mount(point))
    if at is None:
        plug.pull()
    else:
        rig.pull_at_folder(plug, at)
    # A part of what is away is no folder; listed a moment before, it is one.
    refused = part == "Disk/Ada" and at != b"Disk/Ada"
    with pytest.raises(ScopeIgnored, match="it is gone") if refused else contextlib.nullcontext():
        await _outcome(rig.shelf, part)
    assert plug.out
    told = set() if refused or at == b"Disk/Ada" else {("Disk", "mount_unavailable")}
    assert await rig.shelf.problems() == told
    await rig.unharmed()
    rig.walkers.before = lambda _: None
    # Whatever was listed before it went, the next scan says that it is away.
    await _outcome(rig.shelf)
    assert await rig.shelf.problems() == {("Disk", "mount_unavailable")}
    await rig.unharmed()
    plug.put_back()
    await rig.as_before()
    mounts.unmount(point)


# Folders that cannot be listed


@EVERYTHING_AND_A_PART
@pytest.mark.parametrize(
    ("sort", "during"),
    [("mode", False), ("mode", True), ("eio midway", False), ("eio", True)],
)
async def test_a_folder_that_cannot_be_listed_loses_nothing_below_it_and_is_told(
    rig: Rig, sort: str, during: bool, part: str | None
) -> None:
    shelf = rig.shelf
    await rig.begin()
    folder, code = b"Disk", "folder_unreadable"
    if sort == "mode":
        plug, code = unplugging.forbidden(Path(shelf.tree / "Disk")), "permission_denied"
    else:
        plug = unplugging.failing(rig.walkers, folder, 1 if sort == "eio midway" else 0)
    if during:
        rig.pull_at_folder(plug, folder)
    else:
        plug.pull()
    try:
        outcome = await _outcome(shelf, part)
    finally:
        plug.put_back()
    assert outcome.unavailable == []
    assert await shelf.problems() == {("Disk", code)}
    (problem,) = await shelf.table("problems")
    assert problem["detail"].startswith("this folder cannot be listed (")
    assert "everything in it stays as it was known" in problem["detail"]
    await rig.unharmed()
    await rig.as_before()
