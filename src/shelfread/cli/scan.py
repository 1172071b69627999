"""`shelfread scan` and `shelfread library scan`: here, now, to the end (PROMISES D31, decision 4)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Sequence

from shelfread.app import App
from shelfread.app.converting import follow_scan_here
from shelfread.cli.display import Display, display
from shelfread.cli.guessing import kind_for
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FAILED, explain, reason_of
from shelfread.cli.running import Interrupts, run
from shelfread.cli.summary import Result, print_summary, result_fields
from shelfread.cli.targets import Target, find_or_make, folder_of
from shelfread.cli.texts import complain, write_json
from shelfread.model.job import CancelRequested, Scope
from shelfread.scan.plan import Mode
from shelfread.store.problems import open_problems
from shelfread.tasks.child import NICENESS

_Find = Callable[[App], Awaitable[Target]]


def scan_paths(paths: Sequence[bytes], kind: str | None, rescan: bool, mode: Mode, as_json: bool) -> int:
    """Scan folders, of the kind that they are seen to be when none is named; gives the exit code."""

    async def find(app: App) -> Target:
        seen = kind or await kind_for(app, [folder_of(path) for path in paths])
        return await find_or_make(app, paths, seen)

    return _run(find, rescan, mode, as_json)


def scan_library(wanted: str, rescan: bool, mode: Mode, as_json: bool) -> int:
    """Scan all of a library; gives the exit code."""

    async def find(app: App) -> Target:
        library = await library_of(app, wanted)
        return Target(library, tuple(Scope(root.id, b"") for root in library.roots), created=False)

    return _run(find, rescan, mode, as_json)


def _run(find: _Find, rescan: bool, mode: Mode, as_json: bool) -> int:
    async def work(interrupts: Interrupts) -> int:
        async with catalogue() as app:
            target = await find(app)
            with display(target, quiet=as_json) as shown_by:
                result = await _scan(app, target, rescan, mode, shown_by, interrupts)
            if result.error is not None:
                complain(result.error)
            if as_json:
                write_json(result_fields(result))
            elif result.job_id is not None:
                print_summary(result)
            return result.exit_code

    # Where processors are short a server beside it goes first, as before its own scans.
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    return run(work)


async def _scan(
    app: App, target: Target, rescan: bool, mode: Mode, shown_by: Display, interrupts: Interrupts
) -> Result:
    result = Result(target)
    started = time.monotonic()

    def note_job(job_id: str) -> None:
        result.job_id = job_id

    try:
        report = await app.scan(
            target.library,
            target.scopes,
            rescan=rescan,
            mode=mode,
            on_progress=shown_by.show,
            on_start=note_job,
        )
    except asyncio.CancelledError:
        result.status = "cancelled"
        result.error = "interrupted: what was found so far is kept, and the next scan does the rest"
        result.code = interrupts.code
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
    except CancelRequested:
        result.status = "cancelled"
        result.error = "cancelled on request: what was found so far is kept, and the next scan does the rest"
        result.code = FAILED
    except Exception as error:  # noqa: BLE001 - whatever ended the scan is told as its result
        result.status = "failed"
        result.error, result.code = explain(error)
        result.reason = reason_of(error)
    else:
        result.status = "completed"
        await follow_scan_here(app, target.library)
        result.problems = report.problems
        result.counters = report.outcome.counters
        result.unavailable = report.outcome.unavailable
        result.held = report.outcome.held
        result.hidden = report.outcome.hidden
    result.duration_s = time.monotonic() - started
    if result.error is not None:
        # The database may be what failed; then there is nothing to add.
        with contextlib.suppress(Exception):
            await _tell_what_is_kept(app, result)
    return result


async def _tell_what_is_kept(app: App, result: Result) -> None:
    """The counters and problems that a scan left which did not come to its end."""
    job = await app.jobs.get(result.job_id) if result.job_id else None
    if job is not None:
        result.counters = job.counters
        result.problems = await open_problems(
            app.database,
            library_id=result.target.library.id,
            scopes=result.target.scopes,
            ignored=False,
        )
    library = await app.libraries.get(result.target.library.id)
    if library is not None and result.reason == "root_unavailable":
        covered = {scope.root_id for scope in result.target.scopes}
        result.unavailable = [
            (root.path, root.reason) for root in library.roots if root.id in covered and root.reason
        ]
