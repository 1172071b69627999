"""`library confirm` and `library reject`: a person's word where a scan would not decide (DESIGN rule 1)."""

from __future__ import annotations

from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, write_json


def confirm(wanted: str, as_json: bool) -> int:
    """What is held as gone is gone; the next scan believes roots and mounts as they are."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            done = await app.confirm(library)
        if as_json:
            write_json(
                {
                    "library_id": library.id,
                    "items_removed": done.missing,
                    "items_kept": done.there,
                    "roots_confirmed": done.roots,
                }
            )
            return FINE
        paper = Paper()
        if done.missing or done.there:
            kept = f"; {counted(done.there, 'item is', 'items are')} there after all" if done.there else ""
            paper.line(("", f"{counted(done.missing, 'item')} marked missing{kept}."))
        if done.roots:
            believed = counted(done.roots, "root or mount", "roots and mounts")
            paper.line(("", f"The next scan believes {believed} as found:"))
            paper.line(("bold", f"  shelfread library scan {library.id}"))
        if not (done.missing or done.there or done.roots):
            paper.line(("", "There is nothing to confirm."))
        return FINE

    return run(work)


def reject(wanted: str, as_json: bool) -> int:
    """The items held as gone stay as they are."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            kept = await app.reject(library)
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
