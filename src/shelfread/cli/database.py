"""The commands of `shelfread db`, with their options and help.

The work is in `cli.backup`, which is imported when a command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from shelfread.cli.choices import AsJson

app = typer.Typer(help="Back the catalogue up.", no_args_is_help=False)


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("backup")
def _backup(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]", help="The copy, or the folder for it; beside the catalogue if not given."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Copy the catalogue as it is now, also while the server runs or a scan writes, and check the copy.

    On PostgreSQL its own pg_dump does this.
    """
    from shelfread.cli.backup import back_up_here

    return back_up_here(target, as_json)
