"""The cookie of a login: no page reads it, and no other site can have it sent. Knows no session."""

from __future__ import annotations

from starlette.responses import Response

from shelfread.app.accounts import SESSION_US

#: Its name.
COOKIE = "shelfread_session"


def give_cookie(response: Response, session: str, *, secure: bool) -> None:
    """Have a browser keep a session for as long as it lasts from now on."""
    response.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_US // 1_000_000,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take_cookie(response: Response, *, secure: bool) -> None:
    """Have a browser forget it."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")


def cookie_header(session: str, *, secure: bool) -> tuple[bytes, bytes]:
    """The header that gives it, for an answer that is on its way."""
    response = Response()
    give_cookie(response, session, secure=secure)
    return next(pair for pair in response.raw_headers if pair[0] == b"set-cookie")
