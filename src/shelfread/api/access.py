"""The gate: who asks, and whether they may. Closed unless a route says otherwise.

Every route says what it needs, with `needs` or `IS_OPEN`; one that does not stops the server from starting.
The gate stands in front of the routes, so that nothing of a request is looked at for somebody who may not
come in; `needs` asks once more. Who somebody is comes from `app.accounts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send
from shelfread.api.caller import caller_of
from shelfread.api.cookie import COOKIE, cookie_header
from shelfread.api.problems import ApiProblem
from shelfread.model.account import Principal, Right, Visit
from shelfread.settings import Settings

#: Below this are all routes but those for machines and pages.
PREFIX = "/api/v1"
#: Whom requests act for where nobody logs in.
NOBODY_ASKED = Principal("local", Right.ADMIN)
_KEY, _PROOF = "shelfread.principal", "shelfread.proof"


class Accounts(Protocol):
    """Who knows whose secrets these are: `app.accounts.Accounts`."""

    async def of_session(self, secret: str) -> Visit | None:
        """Who has this session."""

    async def of_token(self, secret: str) -> Visit | None:
        """Whose token this is."""


class Need:
    """What a route needs: a right, or none when it is open to everybody. Made by `needs`."""

    def __init__(self, right: Right | None) -> None:
        self.right = right

    async def __call__(self, request: Request) -> Principal | None:
        """Whom the request acts for. Waits for nothing: a plain function would be given to a thread."""
        principal: Principal | None = request.scope.get(_KEY)
        if self.right is not None:
            _refuse(principal, self.right)
        return principal


def principal_of(scope: Scope) -> Principal | None:
    """Whom a request acts for, as far as that is known."""
    return scope.get(_KEY)


def acts_for(scope: Scope, principal: Principal) -> None:
    """Somebody has just come in with this request."""
    scope[_KEY] = principal


def proof_of(scope: Scope) -> bytes | None:
    """What a request came in with, as `Visit.proof`; None where nobody logs in."""
    return scope.get(_PROOF)


def needs(right: str) -> Any:
    """What a route declares that is not for everybody.

    Either in its decorator, `dependencies=[needs("read")]`, or as what it is given,
    `who: Annotated[Principal, needs("scan")]`.

    Args:
        right: read, scan or admin.
    """
    return Depends(Need(Right(right)))


#: What a route declares that is for everybody, also for those who have not logged in.
IS_OPEN: Any = Depends(Need(None))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table of routes."""

    methods: frozenset[str]
    path: str
    pattern: re.Pattern[str]
    #: None: for everybody.
    right: Right | None

    @property
    def word(self) -> str:
        """What it needs, in one word."""
        return "open" if self.right is None else self.right.value


class NothingDeclared(Exception):
    """A route does not say what it needs."""


def table_of(routers: Iterable[APIRouter]) -> list[Entry]:
    """Every route, with what it needs.

    Raises:
        NothingDeclared: a route does not say so, or cannot be looked into.
    """
    table = []
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise NothingDeclared(f"{route!r} is no plain route: give each router by itself")
            said = list(_needs_of(route.dependant))
            if not said:
                raise NothingDeclared(f"{route.path} says neither what it needs nor that it is open")
            rights = [need.right for need in said if need.right is not None]
            right = max(rights, key=list(Right).index, default=None)
            table.append(Entry(frozenset(route.methods or ()), route.path, route.path_regex, right))
    return table


def _needs_of(dependant: Dependant) -> Iterable[Need]:
    for one in dependant.dependencies:
        if isinstance(one.call, Need):
            yield one.call
        yield from _needs_of(one)


class Gate:
    """Lets through, in front of the routes, whoever may ask for what they ask for."""

    def __init__(
        self,
        application: Asgi,
        table: Sequence[Entry],
        accounts: Accounts,
        settings: Callable[[], Settings],
        *,
        without_login: bool = False,
    ) -> None:
        """Stands in front of an application.

        Args:
            application: what comes behind it.
            table: what each route needs.
            accounts: who knows everybody.
            settings: gives them as they are now.
            without_login: everybody may do everything.
        """
        self._application = application
        self._table = table
        self._accounts = accounts
        self._settings = settings
        self._without_login = without_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            right = self._needed(scope)
            if right is not None:
                request = HTTPConnection(scope)
                visit = await self._visit(request)
                known = visit.principal if visit is not None else None
                scope[_KEY] = principal = NOBODY_ASKED if self._without_login else known
                try:
                    _refuse(principal, right)
                except ApiProblem as problem:
                    await problem.answer()(scope, receive, send)
                    return
                if visit is not None:
                    scope[_PROOF] = visit.proof
                    if visit.renewed:
                        send = self._renewing(send, scope, request.cookies[COOKIE])
        await self._application(scope, receive, send)

    def _needed(self, scope: Scope) -> Right | None:
        for entry in self._table:
            if scope["method"] in entry.methods and entry.pattern.match(scope["path"]):
                return entry.right
        return None  # there is no such route: the application says so

    async def _visit(self, request: HTTPConnection) -> Visit | None:
        if self._without_login:
            return None
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        # Any other kind is not for us: browsers send along what a proxy asked them for.
        if kind.lower() == "bearer":
            return await self._accounts.of_token(secret.strip())
        cookie = request.cookies.get(COOKIE)
        return await self._accounts.of_session(cookie) if cookie else None

    def _renewing(self, send: Send, scope: Scope, session: str) -> Send:
        """A browser keeps its cookie for as long as the session lasts now."""
        secure = caller_of(scope, self._settings().trusted_proxies).secure

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                renewed = cookie_header(session, secure=secure)
                message["headers"] = [*message.get("headers", ()), renewed]
            await send(message)

        return send_on


def unauthenticated() -> ApiProblem:
    """Nobody knows who asks."""
    return ApiProblem(401, "unauthenticated", "log in, or send a token: Authorization: Bearer ...")


def _refuse(principal: Principal | None, right: Right) -> None:
    if principal is None:
        raise unauthenticated()
    if not principal.may(right):
        raise ApiProblem(403, "forbidden", f"this needs the scope {right.value}", needed=right.value)
