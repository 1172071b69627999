"""`shelfread doctor`: checks the installation and the catalogue, and changes nothing.

Each check is one line: fine, a warning (something to know) or failed (Shelfread cannot work like this). It
makes no folder, no database and no migration.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shelfread import __version__
from shelfread.cli.inspect import processors_here
from shelfread.cli.outcome import FAILED, FINE, explain
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import shown, size, write_json
from shelfread.media.video.probing import program, reads_descriptors
from shelfread.scan.children import ScanChildFailed
from shelfread.scan.extract import ParserPool
from shelfread.scan.mounts import filesystem_type, is_network
from shelfread.settings import (
    Settings,
    SettingsProblem,
    read_settings,
    read_worker_settings,
    settings_file,
)
from shelfread.store.database import Database, DatabaseProblem
from shelfread.store.migrate import HEAD
from shelfread.store.problems import look_at

OK, WARNING, FAILURE = "ok", "warning", "failed"
#: Less room than this is worth a word.
LITTLE_SPACE = 1 << 30
#: The release of SQLite that mended the race between a checkpoint that resets the WAL and a writer.
WAL_RESET_BROKEN, WAL_RESET_FIXED = (3, 7, 0), (3, 51, 3)

_LIMITS = {
    "parent_death_signal": "children do not end with their parent's crash",
    "memory": "a file that makes its reader eat memory is not stopped",
    "core": "a crash may leave a core file",
    "open_files": "open files of a reader are not limited",
    "written_files": "a reader could write files",
}


class Check(NamedTuple):
    """One line."""

    name: str
    status: str
    detail: str


def doctor(as_json: bool) -> int:
    """Check everything; gives the exit code: warnings are shown, but only a failure fails."""

    async def work(_: Interrupts) -> int:
        checks = [*_program(), *await _settings_and_below()]
        failed = any(check.status == FAILURE for check in checks)
        if as_json:
            write_json({"status": FAILURE if failed else OK, "checks": [check._asdict() for check in checks]})
        else:
            _print(checks)
        return FAILED if failed else FINE

    return run(work)


def _print(checks: list[Check]) -> None:
    paper = Paper()
    colours = {OK: "green", WARNING: "yellow", FAILURE: "bold red"}
    width = max(len(check.name) for check in checks)
    for check in checks:
        paper.line(
            (colours[check.status], f"{check.status:<7}"),
            ("", f"  {check.name:<{width}}  {shown(check.detail)}"),
        )


def _program() -> Iterator[Check]:
    yield Check(
        "version", OK, f"Shelfread {__version__}, Python {platform.python_version()}, {platform.system()}"
    )
    yield sqlite_check(sqlite3.sqlite_version_info)
    encoding = sys.getfilesystemencoding()
    if encoding.lower().replace("-", "") == "utf8":
        yield Check("locale", OK, "names are UTF-8")
    else:
        yield Check("locale", WARNING, f"names are {encoding}: set LANG to a UTF-8 locale, or PYTHONUTF8=1")
    yield Check("processors", OK, str(processors_here()))


def sqlite_check(version: tuple[int, int, int]) -> Check:
    """The SQLite library of this Python, with its known fault."""
    name = ".".join(map(str, version))
    if WAL_RESET_BROKEN <= version < WAL_RESET_FIXED:
        return Check(
            "sqlite",
            WARNING,
            f"{name}: two processes that write at the same moment can, rarely, damage a database (the "
            "WAL-reset fault, mended in 3.51.3); Shelfread's take turns, so let no other program write it",
        )
    return Check("sqlite", OK, name)


def ffprobe_check() -> Check:
    """FFmpeg's program, which nobody needs."""
    path = program()
    if path is None:
        return Check("ffprobe", OK, "not found; videos are read without it")
    if not reads_descriptors(path):
        return Check(
            "ffprobe", OK, f"{path} cannot read open files (FFmpeg 6.0 or newer can), and so is never asked"
        )
    return Check("ffprobe", OK, f"{path}, asked for libraries with the option ffprobe")


async def _settings_and_below() -> list[Check]:
    try:
        settings = read_settings()
    except SettingsProblem as error:
        return [Check("settings", FAILURE, str(error))]
    file = settings_file()
    more = f"; {file} is read as well" if file.is_file() else ""
    checks = [Check("settings", OK, f"every variable has a value that works{more}"), _workers()]
    folder = settings.data_dir.expanduser().absolute()
    if not settings.database_url:
        checks += await asyncio.to_thread(lambda: list(_folder(folder)))
    checks += await _database(settings, folder)
    checks.append(await _children(settings))
    checks.append(await asyncio.to_thread(ffprobe_check))
    return checks


def _workers() -> Check:
    options, warning = read_worker_settings()
    if options is None:
        return Check("workers", WARNING, warning or "no worker can be run")
    if not options.enabled:
        return Check("workers", OK, "`shelfread serve` runs none (SHELFREAD_WORKER_ENABLED)")
    return Check("workers", OK, f"`shelfread serve` runs {options.count}")


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        there = next(above for above in folder.parents if above.is_dir())
        if folder.exists() or not os.access(there, os.W_OK | os.X_OK):
            yield Check("folder", FAILURE, f"{folder} cannot be made")
        else:
            yield Check("folder", OK, f"{folder} will be made by the first scan")
            yield from _filesystem(there)
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Check("folder", FAILURE, f"{folder} cannot be written by this user")
    elif mode & 0o077:
        yield Check("folder", WARNING, f"{folder} is open to others (mode {mode:03o}): chmod 700 closes it")
    else:
        yield Check("folder", OK, f"{folder} is private")
    yield from _filesystem(folder)


def _filesystem(folder: Path) -> Iterator[Check]:
    free = shutil.disk_usage(folder).free
    yield Check("space", WARNING if free < LITTLE_SPACE else OK, f"{size(free)} free")
    fs_type = filesystem_type(os.fsencode(folder))
    if is_network(fs_type):
        yield Check(
            "filesystem", WARNING, f"{fs_type}: SQLite is not safe on a network filesystem; use a local disk"
        )
    else:
        yield Check("filesystem", OK, f"{fs_type}, local")


async def _database(settings: Settings, folder: Path) -> list[Check]:
    try:
        database = Database(settings.database_url or f"sqlite:///{folder / 'shelfread.db'}")
    except DatabaseProblem as error:
        return [Check("database", FAILURE, str(error))]
    try:
        # Connecting would make the file.
        if database.path is not None and not await asyncio.to_thread(database.path.exists):
            return [Check("database", OK, f"{database.path} will be made by the first scan")]
        health = await look_at(database)
    except Exception as error:  # noqa: BLE001 - whatever the driver says is what there is to tell
        return [Check("database", FAILURE, explain(error)[0])]
    finally:
        await database.close()
    where = str(database.path) if database.path else database.url.render_as_string(hide_password=True)
    checks = [Check("database", OK, f"{health.engine}, {where}")]
    if health.revision == HEAD:
        checks.append(Check("schema", OK, f"{HEAD}, up to date"))
    elif health.revision is None:
        checks.append(Check("schema", WARNING, "none yet: the first command makes it"))
    elif health.revision < HEAD:
        checks.append(Check("schema", WARNING, f"{health.revision}: the next command brings it to {HEAD}"))
    else:
        checks.append(Check("schema", FAILURE, f"{health.revision} is of a newer Shelfread, this has {HEAD}"))
    if health.read_only is None:
        checks.append(Check("writing", OK, "the database can be written"))
    else:
        checks.append(Check("writing", FAILURE, f"the database cannot be written: {health.read_only}"))
    if health.faults:
        checks.append(Check("integrity", FAILURE, f"{health.faults[0]} (restore a backup)"))
    elif database.is_sqlite:
        checks.append(Check("integrity", OK, "a check of all pages found nothing"))
    return checks


async def _children(settings: Settings) -> Check:
    try:
        pool = ParserPool("shelfread.cli.as_is:music", 1, memory_limit=settings.parser_memory_mb << 20)
        async with pool:
            missing = pool.missing
    except ScanChildFailed as error:
        return Check("processes", FAILURE, str(error))
    if missing:
        return Check(
            "processes",
            WARNING,
            "not on this system: " + "; ".join(_LIMITS.get(name, name) for name in missing),
        )
    return Check("processes", OK, "readers run with all their limits")
