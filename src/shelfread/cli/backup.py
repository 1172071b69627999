"""`shelfread db backup`: a checked copy of the catalogue, whoever works on it meanwhile.

Opens no catalogue: a schema that is older stays as it is, so that a copy can be made before an upgrade.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from shelfread.app import database_url
from shelfread.cli.outcome import FINE, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, path_fields, shown, size, write_json
from shelfread.settings import read_settings
from shelfread.store.backup import back_up
from shelfread.store.database import normalised_url


def back_up_here(wanted: str | None, as_json: bool) -> int:
    """Copy the catalogue that the settings name; gives the exit code."""

    async def work(_: Interrupts) -> int:
        url = normalised_url(database_url(read_settings()))
        if url.get_backend_name() != "sqlite":
            shell = url._replace(drivername="postgresql", password=None).render_as_string()
            raise Refused(
                f"this catalogue is in PostgreSQL, which makes its own copies: "
                f"pg_dump --format=custom --file=shelfread.dump '{shell}'"
            )
        source = Path(url.database or "")
        copy = await back_up(source, _target(source, wanted))
        if as_json:
            write_json(
                path_fields(os.fsencode(copy.path))
                | {
                    "size": copy.size,
                    "schema": copy.revision,
                    "libraries": copy.libraries,
                    "files": copy.files,
                }
            )
        else:
            paper = Paper()
            paper.line(("bold", shown(os.fsencode(copy.path))), ("dim", f"  {size(copy.size)}"))
            held = f"{counted(copy.libraries, 'library', 'libraries')}, {counted(copy.files, 'file')}"
            paper.line(("", f"Copied and checked: {held}."))
        return FINE

    return run(work)


def _target(source: Path, wanted: str | None) -> Path:
    """Where the copy goes: where it was said, under a name with the time where only a folder is said."""
    target = Path(wanted).absolute() if wanted else source.absolute().parent
    if not wanted or target.is_dir():
        return target / f"{source.stem}-{time.strftime('%Y%m%d-%H%M%S')}.backup"
    return target
