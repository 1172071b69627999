"""`shelfread jobs show --live`: one job, looked at until it has ended."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from shelfread.app import App
from shelfread.cli.jobs_finding import ComeBacks, code_of, job_of, places
from shelfread.cli.jobs_list import LINE_EVERY_S, LOOK_S, Row, bar, plain_line
from shelfread.cli.jobs_show import look_at, note_of, print_known
from shelfread.cli.jobs_words import Pace, how_far, how_long, state, terminal
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FAILED
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import complain, shown, write_json
from shelfread.model.job import Job
from shelfread.model.job_json import job_json
from shelfread.store.clock import now_us

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def watch_job(wanted: str, as_json: bool) -> int:
    """Show a job until it has ended; the exit code says how it did."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            job = await job_of(app, wanted)
            console = None if as_json else terminal()
            ended = await (_draw(app, job, console) if console else _tell(app, job, as_json))
            if ended is None:
                complain("the job was deleted while it was followed")
                return FAILED
            if not as_json:
                print_known(await look_at(app, ended), as_json)
            return await code_of(app, ended)

    return run(work)


async def _tell(app: App, job: Job, as_json: bool) -> Job | None:
    """Follow it on plain lines, or as objects; gives the ended job, None when it was deleted."""
    pace, come_backs = Pace(), ComeBacks(app)
    last: Any = None
    due = 0.0
    library = await app.libraries.get(job.library_id) if job.library_id is not None else None
    while True:
        now_is = await app.jobs.get(job.id)
        if now_is is None:
            return None
        if as_json:
            if now_is != last:
                write_json(job_json(now_is, (await places(app, [now_is])).get(now_is.worker_id or "")))
            last = now_is
        elif not now_is.status.ended:
            pace.look([now_is])
            row = Row(
                now_is,
                shown(library.name) if library else "",
                state(now_is),
                await note_of(app, now_is, come_backs),
            )
            if (row.state, row.note) != last or time.monotonic() >= due:
                due = time.monotonic() + LINE_EVERY_S
                print(plain_line(row, pace), flush=True)  # noqa: T201
            last = (row.state, row.note)
        if now_is.status.ended:
            return now_is
        await asyncio.sleep(LOOK_S)


async def _draw(app: App, job: Job, console: Console) -> Job | None:
    """Follow it in one place of the terminal; gives the ended job, None when it was deleted."""
    from rich.live import Live

    pace, come_backs = Pace(), ComeBacks(app)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            now_is = await app.jobs.get(job.id)
            if now_is is None or now_is.status.ended:
                return now_is
            pace.look([now_is])
            live.update(_drawn(now_is, pace, await note_of(app, now_is, come_backs)), refresh=True)
            await asyncio.sleep(LOOK_S)


def _drawn(job: Job, pace: Pace, said: str) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    colour, word = state(job)
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{word}  ", colour)
    head.append(how_long(job, now_us()))
    head.append(f"  {said}".rstrip(), "dim")
    folder = Text(shown(job.current_path or ""), "dim", no_wrap=True, overflow="ellipsis")
    far = Text(no_wrap=True, overflow="ellipsis")
    for style, text in (("blue", bar(job, 32)), ("cyan", how_far(job)), ("cyan", pace.words(job))):
        far.append(f"{text}  " if text else "", style)
    return Group(head, far, folder)
