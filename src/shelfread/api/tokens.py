"""Tokens of programs: made, listed, revoked. A secret is shown once, in the answer that makes it."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shelfread.api.access import PREFIX, needs
from shelfread.api.account_problems import refusing
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.problems import not_found
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.account import NAME_LIMIT, Right, Token
from shelfread.model.account_json import token_json


class NewToken(BaseModel):
    """What a token is to be."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=4 * NAME_LIMIT, examples=["backup script"])
    scope: Right = Right.READ
    expires_at: AwareDatetime | None = Field(None, description="Null: it is good until it is revoked.")


class TokenShape(BaseModel):
    """A token as the API shows it."""

    id: int
    name: str
    scope: Right
    created_at: str | None
    used_at: str | None
    expires_at: str | None
    revoked_at: str | None


class MadeToken(TokenShape):
    """A token with its secret."""

    secret: str = Field(description="Shown only here. Send it as `Authorization: Bearer <secret>`.")


class TokenList(BaseModel):
    """All tokens."""

    items: Sequence[TokenShape]
    next: None = None


def token_routes(app: App) -> APIRouter:
    """The routes of tokens, all for admins."""
    routes = ApiRoutes(prefix=f"{PREFIX}/tokens", tags=["access"], dependencies=[needs("admin")])

    @routes.get("")
    async def list_tokens() -> TokenList:
        """All tokens, also those that were revoked."""
        return TokenList(items=[_shape(token) for token in await app.accounts.tokens()])

    @routes.post("", status_code=201)
    async def create_token(wanted: NewToken) -> MadeToken:
        """Make a token. Its secret is shown in this answer, and never again."""
        until = None if wanted.expires_at is None else int(wanted.expires_at.timestamp() * 1_000_000)
        with refusing():
            token, secret = await app.accounts.add_token(wanted.name, wanted.scope, until)
        return MadeToken.model_validate(token_json(token) | {"secret": secret})

    @routes.delete("/{token_id}", status_code=204)
    async def revoke_token(token_id: NumberText) -> None:
        """Revoke a token: it opens nothing from now on, and stays in the list."""
        if await app.accounts.revoke_token(number_of(token_id)) is None:
            raise not_found(f"token {shown(token_id)}")

    return routes


def _shape(token: Token) -> TokenShape:
    return TokenShape.model_validate(token_json(token))
