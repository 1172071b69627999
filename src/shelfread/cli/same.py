"""The commands of `shelfread same`, with their options and help.

The work is in `cli.same_acts`, which is imported when a command runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from shelfread.cli.choices import AsJson

app = typer.Typer(help="See files that are probably the same, and say whether they are.")

_LikenessArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The number that `same list` shows.")
]


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command("list")
def _list(
    library: Annotated[
        str | None, typer.Option("--library", metavar="LIBRARY", help="Only of this one: its number or name.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="At most so many.")
    ] = 100,
    as_json: AsJson = False,
) -> int:
    """List files that are missing, each with one that may be what became of it, and why."""
    from shelfread.cli.same_acts import list_same

    return list_same(library, limit, as_json)


@app.command("confirm")
def _confirm(likeness_id: _LikenessArgument, as_json: AsJson = False) -> int:
    """Say that the two are the same: the file that is there takes the id and the date of the missing one."""
    from shelfread.cli.same_acts import confirm_same

    return confirm_same(likeness_id, as_json)


@app.command("reject")
def _reject(likeness_id: _LikenessArgument, as_json: AsJson = False) -> int:
    """Say that the two are not the same. You are not asked again."""
    from shelfread.cli.same_acts import reject_same

    return reject_same(likeness_id, as_json)
