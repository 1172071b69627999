"""The commands of `shelfread missing`, with their options and help.

The work is in `cli.missing_acts`, which is imported when a command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from shelfread.cli.choices import AsJson, IdArgument

app = typer.Typer(help="See files that are missing, and forget them for good.")


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("list")
def _list(
    library_id: IdArgument,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="At most so many.")
    ] = 100,
    as_json: AsJson = False,
) -> int:
    """List the missing files of a library: since when, and why; those that are so for longest first."""
    from shelfread.cli.missing_acts import list_missing

    return list_missing(library_id, limit, as_json)


@app.command("prune")
def _prune(
    library_id: IdArgument,
    everything: Annotated[bool, typer.Option("--all", help="All that are missing.")] = False,
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", min=0, max=36_500, help="Those that are missing for longer."),
    ] = None,
    file_ids: Annotated[
        list[int] | None,
        typer.Option("--file", metavar="ID", min=1, max=2**63 - 1, help="This one. May be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; only say which.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Forget missing files for good: rows of the catalogue, and nothing on disk. Asks in a terminal.

    A file that comes back afterwards is a new one.
    """
    from shelfread.cli.missing_acts import prune_missing

    if sum([everything, days is not None, bool(file_ids)]) != 1:
        raise typer.BadParameter("which ones? Say one of --all, --days and --file")
    return prune_missing(library_id, days, file_ids or None, dry_run, yes, as_json)
