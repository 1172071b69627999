"""`library confirm` and `library reject`: a person's word where a scan would not decide (DESIGN rule 1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.targets import folder_of, named
from shelfread.cli.texts import counted, shown, write_json
from shelfread.model.library import Library


def confirm(wanted: str, roots: Sequence[bytes], as_json: bool) -> int:
    """What is held as gone is gone; the next scan believes roots and mounts as they are.

    Args:
        wanted: the library, by number or name.
        roots: only what concerns these roots of it; none is all.
        as_json: whether the answer is for programs.
    """

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            done = await app.confirm(library, _only(library, roots))
        if as_json:
            write_json(
                {
                    "library_id": library.id,
                    "items_removed": done.missing,
                    "items_kept": done.there,
                    "items_left_out": done.left_out,
                    "items_held": done.away,
                    "roots_confirmed": done.roots,
                    "roots_back": done.back,
                    "roots_unlisted": done.unlisted,
                    "roots_changed": done.changed,
                }
            )
            return FINE
        paper = Paper()
        if done.missing or done.there:
            kept = f"; {counted(done.there, 'item is', 'items are')} there after all" if done.there else ""
            paper.line(("", f"{counted(done.missing, 'item')} marked missing{kept}."))
        if done.left_out:
            paper.line(("", f"Of these {counted(done.left_out, 'is', 'are')} there, and hidden by a rule."))
        if done.away:
            still = counted(done.away, "item is still held", "items are still held")
            paper.line(("yellow", f"{still}: their root is away now. Bring it back, or scan."))
        if done.roots:
            believed = counted(done.roots, "root or mount", "roots and mounts")
            paper.line(("", f"The next scan believes {believed} as found."))
        if done.back:
            fine = counted(done.back, "root is as it was", "roots are as they were")
            paper.line(("", f"{fine}: nothing there needs your word."))
        if done.changed:
            other = counted(done.changed, "root looks wrong", "roots look wrong")
            paper.line(("yellow", f"{other} in another way now: scan, and look again."))
        if done.unlisted:
            unseen = counted(done.unlisted, "root", "roots")
            paper.line(
                (
                    "yellow",
                    f"{unseen} cannot be listed: bring the disk back, or take the folder out of the library.",
                )
            )
        if done.roots or done.back or done.changed:
            paper.line(("bold", f"  shelfread library scan {library.id}"))
        if not any(dataclasses.astuple(done)):
            paper.line(("", "There is nothing to confirm."))
        return FINE

    return run(work)


def reject(wanted: str, roots: Sequence[bytes], as_json: bool) -> int:
    """The items held as gone stay as they are. Takes what `confirm` takes."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            kept = await app.reject(library, _only(library, roots))
        if as_json:
            write_json({"library_id": library.id, "items_kept": kept})
        elif kept:
            Paper().line(
                (
                    "",
                    f"{counted(kept, 'item stays', 'items stay')} in the catalogue. A scan that misses them "
                    "again asks again.",
                )
            )
        else:
            Paper().line(("", "Nothing is held."))
        return FINE

    return run(work)


def _only(library: Library, roots: Sequence[bytes]) -> set[int] | None:
    """The ids of these roots of a library; None when none are named, which is all."""
    if not roots:
        return None
    ids = {root.path: root.id for root in library.roots}
    given = {folder_of(path) for path in roots}
    if unknown := given - ids.keys():
        raise Refused(f"{shown(min(unknown))} is no root of {named(library)}")
    return {ids[path] for path in given}
