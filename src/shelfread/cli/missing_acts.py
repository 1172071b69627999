"""What `shelfread missing list` and `missing prune` do."""

from __future__ import annotations

import sys
from typing import Any

from shelfread.app.pruning import chosen, missing_files, preview, prune
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, USAGE
from shelfread.cli.printing import Paper, print_table
from shelfread.cli.running import Interrupts, run
from shelfread.cli.targets import named
from shelfread.cli.texts import counted, iso_time, path_fields, shown, size, write_json
from shelfread.model.library import Library
from shelfread.model.missing import IN_WORDS, MissingReason
from shelfread.tasks.pruning import KeptBack

#: Files that a preview names.
_NAMED = 10


def list_missing(wanted: str, limit: int, as_json: bool) -> int:
    """List the missing files of a library."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            found = await missing_files(app, chosen(library), limit + 1)
            total = (await app.libraries.counts(library.id))["missing"]
        listed = found[:limit]
        if as_json:
            items = [
                {
                    "id": one.id,
                    **path_fields(one.path),
                    "root_id": one.root_id,
                    "size": one.size,
                    "added_at": iso_time(one.added_at),
                    "missing_since": iso_time(one.missing_at),
                    "missing_reason": one.reason,
                }
                for one in listed
            ]
            write_json({"library_id": library.id, "missing": total, "items": items})
            return FINE
        paper = Paper()
        if not listed:
            paper.line(("", f"Nothing is missing in {named(library)}."))
            return FINE
        rows = [
            [str(one.id), (iso_time(one.missing_at) or "")[:10], _why(one.reason), shown(one.path)]
            for one in listed
        ]
        print_table(paper, ["id", "since", "why", "file"], rows, right=[0])
        if total > len(listed):
            paper.line(("dim", f"{counted(total - len(listed), 'more is', 'more are')} missing (--limit)."))
        return FINE

    return run(work)


def prune_missing(
    wanted: str, days: int | None, file_ids: list[int] | None, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Forget missing files, or say which would be."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            which = chosen(library, days, file_ids)
            ahead = await preview(app, library, which)
            gone, kept_back = ahead.files, ahead.kept_back
            paper = Paper()
            if not as_json and (dry_run or sys.stdin.isatty()):
                for one in await missing_files(app, which, _NAMED):
                    paper.line(("dim", f"  {shown(one.path)}"))
            if not dry_run:
                if ahead.files and not yes and sys.stdin.isatty() and not _agreed(library, ahead.files):
                    return USAGE
                gone, kept_back = await prune(app, library, which)
        if as_json:
            write_json(
                {
                    "library_id": library.id,
                    "dry_run": dry_run,
                    "files": gone,
                    "kept_back": [_kept(one) for one in kept_back],
                }
            )
            return FINE
        would = "would be " if dry_run else ""
        paper.line(("", f"{counted(gone, 'missing file')} {would}forgotten; nothing on disk is touched."))
        if dry_run and ahead.files:
            paper.line(("dim", f"They had {size(ahead.size)} when they were last there."))
        for kept in kept_back:
            files = counted(kept.files, "missing file is", "missing files are")
            paper.line(("yellow", f"{files} kept: {shown(kept.root.path)} {shown(kept.why)}"))
        return FINE

    return run(work)


def _why(reason: str | None) -> str:
    try:
        return IN_WORDS[MissingReason(reason)] if reason is not None else IN_WORDS[None]
    except ValueError:
        return shown(str(reason))


def _kept(one: KeptBack) -> dict[str, Any]:
    return {**path_fields(one.root.path), "root_id": one.root.id, "files": one.files, "reason": one.why}


def _agreed(library: Library, files: int) -> bool:
    print(  # noqa: T201
        f"Forget {counted(files, 'missing file')} of {named(library)}? No file is touched. [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")
