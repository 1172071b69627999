"""The commands of `shelfread token` and `shelfread user`, with their options and help.

The work is in `cli.keys`, which is imported when a command runs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shelfread.cli.choices import AsJson

tokens = typer.Typer(help="Make, list and revoke tokens of programs.")
users = typer.Typer(help="Add, list and remove people who may log in.")


class ScopeChoice(StrEnum):
    """What `--scope` takes: the names of `model.account.Right` (a test compares)."""

    READ = "read"
    SCAN = "scan"
    ADMIN = "admin"


_Scope = Annotated[
    ScopeChoice,
    typer.Option("--scope", help="read: look at everything; scan: start scans as well; admin: everything."),
]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The name.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as `list` shows it.")]
_NameOrId = Annotated[str, typer.Argument(metavar="NAME", help="The name, or the number.")]


@tokens.callback(invoke_without_command=True)
@users.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@tokens.command("create")
def _create_token(name: _Name, scope: _Scope = ScopeChoice.READ, as_json: AsJson = False) -> int:
    """Make a token. Its secret is printed once, and can never be shown again."""
    from shelfread.cli.keys import create_token

    return create_token(name, scope.value, as_json)


@tokens.command("list")
def _list_tokens(as_json: AsJson = False) -> int:
    """List tokens, also those that were revoked."""
    from shelfread.cli.keys import list_tokens

    return list_tokens(as_json)


@tokens.command("revoke")
def _revoke_token(token_id: _Id, as_json: AsJson = False) -> int:
    """Revoke a token: it opens nothing from now on."""
    from shelfread.cli.keys import revoke_token

    return revoke_token(token_id, as_json)


@users.command("add")
def _add_user(name: _Name, scope: _Scope = ScopeChoice.READ, as_json: AsJson = False) -> int:
    """Add a user.

    The password is asked for, or is the first line of standard input when that is no terminal.
    """
    from shelfread.cli.keys import add_user

    return add_user(name, scope.value, as_json)


@users.command("list")
def _list_users(as_json: AsJson = False) -> int:
    """List users."""
    from shelfread.cli.keys import list_users

    return list_users(as_json)


@users.command("remove")
def _remove_user(name: _NameOrId, as_json: AsJson = False) -> int:
    """Remove a user, who is logged out at once. The last admin stays."""
    from shelfread.cli.keys import remove_user

    return remove_user(name, as_json)
