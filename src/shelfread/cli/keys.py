"""`shelfread token` and `shelfread user`: who may come in, from the command line."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import Any

from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FINE, Refused
from shelfread.cli.printing import Paper, print_table
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import shown, write_json
from shelfread.model.account import PASSWORD_LIMIT, AccountProblem, Right, Token, User, key_of
from shelfread.model.account_json import token_json, user_json

#: More digits than an id has.
_MOST_DIGITS = 18


def create_token(name: str, scope: str, as_json: bool) -> int:
    """Make a token, and print its secret."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            try:
                token, secret = await app.accounts.add_token(name, Right(scope))
            except AccountProblem as problem:
                raise Refused(str(problem)) from None
        if as_json:
            write_json(token_json(token) | {"secret": secret})
            return FINE
        paper = Paper()
        paper.line(("dim", f"token {token.id}, {shown(token.name)}, scope {token.right}; shown only once:"))
        paper.line(("bold", secret))
        return FINE

    return run(work)


def list_tokens(as_json: bool) -> int:
    """List the tokens."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            found = await app.accounts.tokens()
        if as_json:
            write_json({"tokens": [token_json(token) for token in found]})
        else:
            _print(
                "No tokens.", ("id", "name", "scope", "made", "last used", "state"), map(_token_row, found)
            )
        return FINE

    return run(work)


def revoke_token(wanted: str, as_json: bool) -> int:
    """Revoke a token."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            token = await app.accounts.revoke_token(_number(wanted))
        if token is None:
            raise Refused(f"there is no token {wanted!r}; `shelfread token list` shows those there are")
        if as_json:
            write_json(token_json(token))
        else:
            Paper().line(("", f"Token {token.id}, {shown(token.name)}, opens nothing any more."))
        return FINE

    return run(work)


def add_user(name: str, scope: str, as_json: bool) -> int:
    """Add a user, with a password that is asked for."""
    password = _password()

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            try:
                user = await app.accounts.add_user(name, password, Right(scope))
            except AccountProblem as problem:
                raise Refused(str(problem)) from None
        if as_json:
            write_json(user_json(user))
        else:
            Paper().line(("", f"User {shown(user.name)} may log in; scope {user.right}."))
        return FINE

    return run(work)


def list_users(as_json: bool) -> int:
    """List the users."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            found = await app.accounts.users()
        if as_json:
            write_json({"users": [user_json(user) for user in found]})
        else:
            _print("No users.", ("id", "name", "scope", "made"), map(_user_row, found))
        return FINE

    return run(work)


def remove_user(wanted: str, as_json: bool) -> int:
    """Remove a user."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            there = await app.accounts.users()
            # Somebody's name may be a number: the name counts first.
            user = next((one for one in there if key_of(one.name) == key_of(wanted)), None)
            user = user or next((one for one in there if one.id == _number(wanted)), None)
            if user is None:
                raise Refused(f"there is no user {wanted!r}; `shelfread user list` shows those there are")
            try:
                await app.accounts.remove_user(user.id)
            except AccountProblem as problem:
                raise Refused(str(problem)) from None
        if as_json:
            write_json(user_json(user))
        else:
            Paper().line(("", f"User {shown(user.name)} is removed."))
        return FINE

    return run(work)


def _password() -> str:
    """A new password: typed twice without being shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.buffer.readline(4 * PASSWORD_LIMIT + 2)
        try:
            return line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Refused("a password is text in UTF-8") from None
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("Again: ")
    except EOFError:
        raise Refused("no password was typed") from None
    if password != again:
        raise Refused("these were two different passwords")
    return password


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def _print(nothing: str, heads: Sequence[str], rows: Any) -> None:
    paper, found = Paper(), list(rows)
    if found:
        print_table(paper, heads, found, right=(0,))
    else:
        paper.line(("", nothing))


def _day(text: str | None) -> str:
    return "never" if text is None else text[:10]


def _token_row(token: Token) -> list[str]:
    told = token_json(token)
    state = (
        "revoked"
        if token.revoked_at is not None
        else "good"
        if token.expires_at is None
        else f"until {_day(told['expires_at'])}"
    )
    return [
        str(token.id),
        shown(token.name),
        token.right.value,
        _day(told["created_at"]),
        _day(told["used_at"]),
        state,
    ]


def _user_row(user: User) -> list[str]:
    return [str(user.id), shown(user.name), user.right.value, _day(user_json(user)["created_at"])]
