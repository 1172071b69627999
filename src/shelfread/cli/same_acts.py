"""What `shelfread same list`, `confirm` and `reject` do."""

from __future__ import annotations

from shelfread.app.likenesses import confirm, open_ones, reject
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import iso_time, path_fields, shown, write_json
from shelfread.model.likeness import IN_WORDS


def list_same(wanted: str | None, limit: int, as_json: bool) -> int:
    """List what is probably the same, of one library or of all."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = None if wanted is None else await library_of(app, wanted)
            found = await open_ones(app, None if library is None else library.id, limit + 1)
        listed = found[:limit]
        if as_json:
            items = [
                {
                    "id": one.id,
                    "library_id": one.library_id,
                    "why": one.why,
                    "found_at": iso_time(one.found_at),
                    "old": {
                        "id": one.old_file_id,
                        **path_fields(one.old_path),
                        "missing_since": iso_time(one.missing_at),
                    },
                    "new": {"id": one.new_file_id, **path_fields(one.new_path)},
                }
                for one in listed
            ]
            write_json({"items": items, "more": len(found) > limit})
            return FINE
        paper = Paper()
        if not listed:
            paper.line(("", "No missing file is probably the same as another one."))
            return FINE
        for one in listed:
            paper.line(("bold", f"{one.id}"), ("", f"  {shown(IN_WORDS.get(one.why, one.why))}"))
            paper.line(
                ("dim", f"   missing since {(iso_time(one.missing_at) or '')[:10]}: "),
                ("", shown(one.old_path)),
            )
            paper.line(("dim", "   there now:                "), ("", shown(one.new_path)))
        if len(found) > limit:
            paper.line(("dim", "There are more (--limit)."))
        paper.line(("dim", "`shelfread same confirm ID` or `shelfread same reject ID` settles one."))
        return FINE

    return run(work)


def confirm_same(row_id: int, as_json: bool) -> int:
    """The two are the same."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            file_id = await confirm(app, row_id)
        if as_json:
            write_json({"id": row_id, "state": "confirmed", "file_id": file_id})
        else:
            Paper().line(("", f"Confirmed: the file goes on as {file_id}, with the date it was added then."))
        return FINE

    return run(work)


def reject_same(row_id: int, as_json: bool) -> int:
    """The two are not the same."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            await reject(app, row_id)
        if as_json:
            write_json({"id": row_id, "state": "rejected", "file_id": None})
        else:
            Paper().line(("", "Rejected: they stay two files, and you are not asked again."))
        return FINE

    return run(work)
