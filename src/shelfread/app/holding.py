"""What waits for a person's word (DESIGN rule 1): shown, confirmed and rejected.

Removals that are held, and roots, mounts and folders that a scan would not believe. A word never marks what
cannot be looked at now: below a root that is away everything stays as it is. Knows no route and no terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from shelfread.app.reports import Confirmed
from shelfread.kinds import KINDS
from shelfread.model.library import Library, OddRoot, RootState
from shelfread.model.problem import ProblemCode
from shelfread.scan.explain import Explainer
from shelfread.scan.folder import library_rules
from shelfread.scan.gone import what_is_gone
from shelfread.scan.roots import OTHER_DISK, UNLISTED, check, is_same_trouble
from shelfread.store import holding, removals
from shelfread.store.clock import now_us
from shelfread.store.holding import HeldPlace
from shelfread.store.ids import IdBlocks
from shelfread.store.removals import Candidate
from shelfread.tasks.pruning import refuse_beside_scans

if TYPE_CHECKING:
    from shelfread.app import App

#: The code of a root that is another filesystem than before; else it is that of the problem.
OTHER_DISK_CODE = "other_disk"
#: Files that are shown of a place.
EXAMPLES = 5

_CONFIRMED = (
    ProblemCode.ROOT_UNAVAILABLE,
    ProblemCode.MOUNT_UNAVAILABLE,
    ProblemCode.MASS_REMOVAL_HELD,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place that waits for a person, or for its disk."""

    place: HeldPlace
    #: A problem's code, or `OTHER_DISK_CODE`.
    code: str
    #: How many files it is about: held ones, or all that are known there.
    files: int
    #: Some of them, absolute.
    examples: list[bytes]

    @property
    def can_be_confirmed(self) -> bool:
        """Whether a person's word changes something: what cannot be listed must become listable."""
        return self.place.code in _CONFIRMED and f"the root {UNLISTED}" not in self.place.detail


async def waiting(app: App, library: Library, limit: int, after: int = 0) -> list[Waiting]:
    """Such places by id, behind `after`."""
    async with app.database.read() as connection:
        found = []
        for place in await holding.places(connection, library.id, limit, after):
            files, examples = await holding.files_at(connection, place, EXAMPLES)
            other = place.code is ProblemCode.ROOT_UNAVAILABLE and OTHER_DISK in place.detail
            found.append(Waiting(place, OTHER_DISK_CODE if other else place.code.value, files, examples))
    return found


async def confirm(app: App, library: Library, root_ids: Collection[int] | None = None) -> Confirmed:
    """A person says that what looked wrong is right: held removals are marked, odd roots believed.

    A root is believed if it looks now as the last scan noted it: empty, or another disk. One that is as it
    was needs nobody's word, and of one that cannot be listed nobody can say what it holds.

    Args:
        app: whose library it is.
        library: which.
        root_ids: only what concerns these roots of it.

    Raises:
        AlreadyRunning: a scan of the library is running.
    """
    dead = await app.refuse_while_running(library.id)
    held = await _held(app, library, root_ids)
    wanted = {one.root_id for one in held}
    meant = [root for root in library.roots if root_ids is None or root.id in root_ids]
    found = {
        root.id: await check(app.database, replace(root, confirmed=False))
        for root in meant
        if root.id in wanted or root.state is RootState.UNAVAILABLE
    }
    # What is away looks as if all of it were gone.
    away = {root_id for root_id, look in found.items() if look.reason is not None}
    kept = [one for one in held if one.root_id not in away]
    gone = await asyncio.to_thread(_look, library, kept)
    await _settle(app, library, {root.id for root in meant} - away, gone, dead)
    # The word is for what is there now, if that is what was noted, and for nothing that it may become.
    looked = [(root, found[root.id]) for root in meant if root.state is RootState.UNAVAILABLE]
    odd = [
        OddRoot(root.id, root.reason or "", look.identity)
        for root, look in looked
        if is_same_trouble(root.reason, look.reason)
    ]
    believed = await app.libraries.confirm(library.id, root_ids, odd=odd)
    missing = len(gone.files) + len(gone.left_out)
    reasons = [look.reason for _, look in looked]
    unlisted = sum(UNLISTED in (reason or "") for reason in reasons)
    return Confirmed(
        missing,
        len(kept) - missing,
        believed,
        left_out=len(gone.left_out),
        away=len(held) - len(kept),
        back=reasons.count(None),
        unlisted=unlisted,
        changed=len(reasons) - reasons.count(None) - unlisted - len(odd),
    )


async def reject(app: App, library: Library, root_ids: Collection[int] | None = None) -> int:
    """A person says that held removals are wrong: the items stay; gives how many. Raises as `confirm`."""
    dead = await app.refuse_while_running(library.id)
    held = await _held(app, library, root_ids)
    roots = {root.id for root in library.roots if root_ids is None or root.id in root_ids}
    await _settle(app, library, roots, _Gone([], set(), []), dead)
    return len(held)


class _Gone(NamedTuple):
    #: Files that are gone, and those of them whose folder is gone, too.
    files: Sequence[int]
    with_folder: Collection[int]
    #: Files that are there, and that a rule hides.
    left_out: Sequence[int]


async def _held(app: App, library: Library, root_ids: Collection[int] | None) -> list[Candidate]:
    async with app.database.read() as connection:
        held = await removals.held(connection, library.id)
    return [one for one in held if root_ids is None or one.root_id in root_ids]


def _look(library: Library, held: Sequence[Candidate]) -> _Gone:
    paths = {root.id: root.path for root in library.roots}
    gone, with_folder = what_is_gone(paths, held)
    absent = set(gone)
    rules = library_rules(KINDS[library.kind].kind, library.options)
    explainers = {root_id: Explainer(path, rules) for root_id, path in paths.items()}
    left_out = [
        one.file_id
        for one in held
        # What cannot be told, or is taken after all, is for the next scan to say.
        if one.file_id not in absent and explainers[one.root_id].why(one.path).taken is False
    ]
    return _Gone(gone, with_folder, left_out)


async def _settle(
    app: App, library: Library, root_ids: Collection[int], gone: _Gone, dead: Collection[str]
) -> None:
    catalogue = KINDS[library.kind].catalogue(library, IdBlocks(app.database))

    async def work(connection: Any) -> None:
        await refuse_beside_scans(connection, library.id, dead)
        now = now_us()
        await removals.settle_held(
            connection,
            sorted(root_ids),
            gone.files,
            now,
            folder_gone=gone.with_folder,
            left_out=gone.left_out,
        )
        await catalogue.lost(connection, [*gone.files, *gone.left_out], now)

    await app.database.write(work)
