"""Logging in and out, who one is, and one's own password.

A login is a cookie that no page can read and no other site can send. How often passwords may be tried is
bounded by address and by name. Stands on `app.accounts`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shelfread.api.access import IS_OPEN, PREFIX, acts_for, needs
from shelfread.api.account_problems import refusing
from shelfread.api.caller import Caller, caller_of
from shelfread.api.cookie import COOKIE, give_cookie, take_cookie
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.api.tries import Tries
from shelfread.app import App
from shelfread.model.account import NAME_LIMIT, PASSWORD_LIMIT, Principal, User, key_of

#: Passwords in a row from one address, and for one name from wherever; seconds until one more may be tried.
#: The second is larger, so that a stranger cannot easily lock somebody out.
OF_ADDRESS, OF_NAME, EACH_S = 10, 50, 10.0
#: Seconds between two lines of the log about tries that were not even looked at.
_QUIET_S = 10.0

_log = logging.getLogger(__name__)


class Secret(BaseModel):
    """What must hold a password: unknown members are refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid")


class Login(Secret):
    """A name and a password."""

    name: str = Field(max_length=4 * NAME_LIMIT, examples=["ada"])
    password: SecretStr = Field(max_length=PASSWORD_LIMIT, examples=["correct horse battery staple"])


class NewPassword(Secret):
    """One's password as it was, and as it is to be."""

    before: SecretStr = Field(max_length=PASSWORD_LIMIT)
    password: SecretStr = Field(max_length=PASSWORD_LIMIT)


class Me(BaseModel):
    """Who asks."""

    name: str
    scope: str = Field(examples=["admin"])
    scopes: list[str] = Field(examples=[["admin", "read", "scan"]])
    user_id: int | None
    token_id: int | None


def me_of(principal: Principal) -> Me:
    """Somebody as the API shows them to themselves."""
    return Me(
        name=principal.name,
        scope=principal.right.value,
        scopes=sorted(principal.scopes),
        user_id=principal.user_id,
        token_id=principal.token_id,
    )


class Doorkeeper:
    """Counts who tried to come in."""

    def __init__(self, of_address: int = OF_ADDRESS, of_name: int = OF_NAME, each_s: float = EACH_S) -> None:
        self._of_address = Tries(of_address, each_s)
        self._of_name = Tries(of_name, each_s)
        self._quiet_until = 0.0

    def ask(self, caller: Caller, name: str = "") -> None:
        """Somebody tries.

        Raises:
            ApiProblem: too often.
        """
        for tries, key in self._keys(caller, name):
            if wait := tries.take(key):
                if (now := time.monotonic()) >= self._quiet_until:
                    self._quiet_until = now + _QUIET_S
                    _log.warning("too many tries of passwords or secrets; %s waits", caller.address)
                raise ApiProblem(
                    429,
                    "too-many-requests",
                    f"too many tries; the next one in {wait} s",
                    headers={"Retry-After": str(wait)},
                )

    def good(self, caller: Caller, name: str = "") -> None:
        """It was the right one."""
        for tries, key in self._keys(caller, name):
            tries.give_back(key)

    def _keys(self, caller: Caller, name: str) -> Iterable[tuple[Tries, str]]:
        yield self._of_address, caller.neighbourhood
        if name:
            yield self._of_name, key_of(name)


def login_routes(app: App, doorkeeper: Doorkeeper) -> APIRouter:
    """The routes of whoever comes and goes.

    Args:
        app: the open catalogue.
        doorkeeper: who counts, for set-up as well.
    """
    routes = ApiRoutes(prefix=PREFIX, tags=["access"])

    def caller(request: Request) -> Caller:
        return caller_of(request.scope, app.settings.trusted_proxies)

    @routes.post("/login", dependencies=[IS_OPEN])
    async def log_in(login: Login, request: Request, response: Response) -> Me:
        """Log in: the answer sets a cookie."""
        who = caller(request)
        doorkeeper.ask(who, login.name)
        with refusing():
            user = await app.accounts.verify(login.name, login.password.get_secret_value())
        if user is None:
            # Not the name: people type their password there.
            _log.warning("a login from %s was refused: wrong name or password", who.address)
            raise ApiProblem(401, "unauthenticated", "the name or the password is wrong")
        doorkeeper.good(who, login.name)
        return await let_in(app, user, request, response, who)

    @routes.post("/logout", dependencies=[IS_OPEN], status_code=204)
    async def log_out(request: Request, response: Response) -> None:
        """Log out: the cookie is good for nothing any more. Also without a login."""
        if cookie := request.cookies.get(COOKIE):
            await app.accounts.log_out(cookie)
        take_cookie(response, secure=caller(request).secure)

    @routes.get("/me")
    async def who_am_i(who: Annotated[Principal, needs("read")]) -> Me:
        """Who asks, and what they may do."""
        return me_of(who)

    @routes.put("/me/password", status_code=204)
    async def change_my_password(
        change: NewPassword, request: Request, who: Annotated[Principal, needs("read")]
    ) -> None:
        """Change one's own password; every other login of oneself ends."""
        if who.user_id is None:
            raise ApiProblem(403, "forbidden", "only a user has a password")
        asking = caller(request)
        doorkeeper.ask(asking, who.name)
        with refusing():
            await app.accounts.change_password(
                who.user_id,
                change.password.get_secret_value(),
                before=change.before.get_secret_value(),
                session=request.cookies.get(COOKIE),
            )
        doorkeeper.good(asking, who.name)

    return routes


async def let_in(app: App, user: User, request: Request, response: Response, caller: Caller) -> Me:
    """Log a user in with the answer to a request."""
    principal = Principal(user.name, user.right, user_id=user.id)
    give_cookie(response, await app.accounts.log_in(user), secure=caller.secure)
    acts_for(request.scope, principal)
    return me_of(principal)
