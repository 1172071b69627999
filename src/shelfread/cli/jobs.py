"""The commands of `shelfread jobs`, with their options and help.

The work is in the `cli.jobs_*` modules, which are imported when a command runs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shelfread.cli.choices import AsJson, IdOption
from shelfread.model.job import JobStatus

app = typer.Typer(help="See, follow, cancel and retry jobs: scans that run, wait or are over.")


class Level(StrEnum):
    """Levels of log lines, the least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_JobId = Annotated[
    str, typer.Argument(metavar="ID", help="The job's id, or its first characters (four or more).")
]


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("list")
def _list(
    status: Annotated[
        list[JobStatus] | None, typer.Option("--status", help="Only jobs in this state. May be repeated.")
    ] = None,
    library_id: IdOption = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="At most so many.")
    ] = 20,
    live: Annotated[bool, typer.Option("--live", help="Keep looking, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> int:
    """List jobs, newest first."""
    from shelfread.cli.jobs_list import Wanted, list_jobs, watch_jobs

    wanted = Wanted(tuple(sorted({one.value for one in status or ()})), library_id, limit)
    return watch_jobs(wanted, as_json) if live else list_jobs(wanted, as_json)


@app.command("show")
def _show(
    job_id: _JobId,
    live: Annotated[bool, typer.Option("--live", help="Follow it until it has ended.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show a job: its state, its counts, what happened to it, where it runs, its report."""
    if live:
        from shelfread.cli.jobs_follow import watch_job

        return watch_job(job_id, as_json)
    from shelfread.cli.jobs_show import show_job

    return show_job(job_id, as_json)


@app.command("logs")
def _logs(
    job_id: _JobId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for new lines until the job has ended.")
    ] = False,
    level: Annotated[
        Level, typer.Option("--level", help="Only lines of this level, or of a graver one.")
    ] = Level.INFO,
    as_json: AsJson = False,
) -> int:
    """Print what a job has written to its log."""
    from shelfread.cli.jobs_logs import print_logs

    graver = tuple(Level)[tuple(Level).index(level) :]
    return print_logs(job_id, follow, frozenset(one.value for one in graver), as_json)


@app.command("cancel")
def _cancel(
    job_id: _JobId,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    as_json: AsJson = False,
) -> int:
    """Cancel a job: at once when it waits; one that runs is asked to stop. What it found is kept."""
    from shelfread.cli.jobs_acts import cancel_job

    return cancel_job(job_id, wait, as_json)


@app.command("retry")
def _retry(job_id: _JobId, as_json: AsJson = False) -> int:
    """Queue what an ended job was to do once more, as a new job."""
    from shelfread.cli.jobs_acts import retry_job

    return retry_job(job_id, as_json)


@app.command("verify")
def _verify(as_json: AsJson = False) -> int:
    """Check that the stored history of all jobs can have happened. Changes nothing."""
    from shelfread.cli.jobs_verify import verify_jobs

    return verify_jobs(as_json)
