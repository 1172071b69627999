"""The commands of `shelfread schedule`, with their options and help.

The work is in `cli.schedule_acts`, which is imported when a command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from shelfread.cli.choices import AsJson, IdArgument

app = typer.Typer(help="See and change when libraries are scanned by themselves.")


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("list")
def _list(as_json: AsJson = False) -> int:
    """List the schedules: when each runs, what comes next, what became of the last run."""
    from shelfread.cli.schedule_acts import list_all

    return list_all(as_json)


@app.command("show")
def _show(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Show the schedule of a library."""
    from shelfread.cli.schedule_acts import show

    return show(library_id, as_json)


@app.command("set")
def _set(
    library_id: IdArgument,
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help="'0 3 * * *' is every day at 03:00; five fields of cron.")
    ],
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="Europe/Berlin, for instance; else SHELFREAD_TIMEZONE."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Have a library scanned by itself, by `shelfread serve`. One that is paused stays so."""
    from shelfread.cli.schedule_acts import put

    return put(library_id, cron, zone, as_json)


@app.command("pause")
def _pause(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Let a schedule rest, until it is resumed."""
    from shelfread.cli.schedule_acts import pause

    return pause(library_id, as_json)


@app.command("resume")
def _resume(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Let a schedule go on, from now: what it missed is not made up for."""
    from shelfread.cli.schedule_acts import resume

    return resume(library_id, as_json)


@app.command("run")
def _run(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Queue now what a schedule does; `shelfread serve` or `shelfread worker` does it."""
    from shelfread.cli.schedule_acts import run_now

    return run_now(library_id, as_json)


@app.command("remove")
def _remove(library_id: IdArgument, as_json: AsJson = False) -> int:
    """Do not scan a library by itself any more."""
    from shelfread.cli.schedule_acts import remove

    return remove(library_id, as_json)
