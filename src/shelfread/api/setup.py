"""The first set-up: whoever has the link of the first start makes the first user.

Stands on `app.accounts`; the link is printed by the command.
"""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from shelfread.api.access import IS_OPEN, PREFIX
from shelfread.api.account_problems import refusing
from shelfread.api.caller import caller_of
from shelfread.api.login import Doorkeeper, Me, Secret, let_in
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.accounts import SetUpAlready, WrongSecret
from shelfread.model.account import NAME_LIMIT, PASSWORD_LIMIT

_log = logging.getLogger(__name__)


class SetUp(Secret):
    """The secret of the link, and the first user."""

    secret: SecretStr = Field(max_length=256, description="What stands behind # in the set-up link.")
    name: str = Field(max_length=4 * NAME_LIMIT, examples=["ada"])
    password: SecretStr = Field(max_length=PASSWORD_LIMIT, examples=["correct horse battery staple"])


class SetUpState(BaseModel):
    """Whether there is an admin."""

    done: bool


def setup_routes(app: App, doorkeeper: Doorkeeper) -> APIRouter:
    """The routes of the first set-up.

    Args:
        app: the open catalogue.
        doorkeeper: who counts tries.
    """
    routes = ApiRoutes(prefix=PREFIX, tags=["access"])

    @routes.get("/setup", dependencies=[IS_OPEN])
    async def is_set_up() -> SetUpState:
        """Whether the first set-up is done."""
        return SetUpState(done=await app.accounts.is_set_up())

    @routes.post("/setup", dependencies=[IS_OPEN], status_code=201)
    async def set_up(wanted: SetUp, request: Request, response: Response) -> Me:
        """Make the first user, an admin, who is logged in with that."""
        who = caller_of(request.scope, app.settings.trusted_proxies)
        doorkeeper.ask(who)
        try:
            with refusing():
                user = await app.accounts.set_up(
                    wanted.secret.get_secret_value(), wanted.name, wanted.password.get_secret_value()
                )
        except SetUpAlready:
            raise ApiProblem(410, "gone", "the first set-up is done: log in") from None
        except WrongSecret:
            _log.warning("a set-up from %s was refused: another secret than that of the link", who.address)
            detail = "this is not the secret of the set-up link; each start of the server makes a new one"
            raise ApiProblem(403, "forbidden", detail) from None
        doorkeeper.good(who)
        return await let_in(app, user, request, response, who)

    return routes
