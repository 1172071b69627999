"""`shelfread problems`: what is wrong with files and folders, as the catalogue knows it."""

from __future__ import annotations

from itertools import groupby

from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE
from shelfread.cli.printing import Paper, print_problems
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, iso_time, path_fields, shown, write_json
from shelfread.store.problems import open_problems


def problems(wanted: str | None, ignored: bool, as_json: bool) -> int:
    """List the open problems, or those that a person set aside; listing is fine, however many there are."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted) if wanted is not None else None
            every = await open_problems(app.database, library_id=library.id if library else None)
            names = {known.id: known.name for known in await app.libraries.all()}
        found = [row for row in every if (row.ignored_at is not None) == ignored]
        if as_json:
            write_json(
                {
                    "problems": [
                        {
                            "id": row.id,
                            "library_id": row.library_id,
                            **path_fields(row.path),
                            "code": row.code,
                            "detail": row.detail,
                            "found_at": iso_time(row.found_at),
                            "ignored_at": iso_time(row.ignored_at),
                        }
                        for row in found
                    ]
                }
            )
            return FINE
        paper = Paper()
        if not found:
            paper.line(("green", "No problems are set aside." if ignored else "No problems."))
        for library_id, rows in groupby(found, key=lambda row: row.library_id):
            own = list(rows)
            paper.line(
                ("bold", shown(names.get(library_id, "?"))),
                ("dim", f"  library {library_id}, {counted(len(own), 'problem')}"),
            )
            print_problems(paper, own)
        if not ignored and (aside := len(every) - len(found)):
            paper.line(("dim", f"{counted(aside, 'problem')} set aside: shelfread problems --ignored"))
        return FINE

    return run(work)
