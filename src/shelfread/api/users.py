"""Users: listed, added, removed, given another password; all of it by admins."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from shelfread.api.access import PREFIX, needs
from shelfread.api.account_problems import refusing
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.login import Secret
from shelfread.api.problems import not_found
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.account import NAME_LIMIT, PASSWORD_LIMIT, Right, User
from shelfread.model.account_json import user_json


class NewUser(Secret):
    """What a user is to be."""

    name: str = Field(max_length=4 * NAME_LIMIT, examples=["ada"])
    password: SecretStr = Field(max_length=PASSWORD_LIMIT, examples=["correct horse battery staple"])
    scope: Right = Right.READ


class OtherPassword(Secret):
    """Another password for somebody."""

    password: SecretStr = Field(max_length=PASSWORD_LIMIT, examples=["correct horse battery staple"])


class UserShape(BaseModel):
    """A user as the API shows it."""

    id: int
    name: str
    scope: Right
    created_at: str | None


class UserList(BaseModel):
    """All users."""

    items: Sequence[UserShape]
    next: None = None


def user_routes(app: App) -> APIRouter:
    """The routes of users, all for admins."""
    routes = ApiRoutes(prefix=f"{PREFIX}/users", tags=["access"], dependencies=[needs("admin")])

    @routes.get("")
    async def list_users() -> UserList:
        """All users."""
        return UserList(items=[_shape(user) for user in await app.accounts.users()])

    @routes.post("", status_code=201)
    async def add_user(wanted: NewUser) -> UserShape:
        """Add a user."""
        with refusing():
            return _shape(
                await app.accounts.add_user(wanted.name, wanted.password.get_secret_value(), wanted.scope)
            )

    @routes.delete("/{user_id}", status_code=204)
    async def remove_user(user_id: NumberText) -> None:
        """Remove a user, who is logged out at once. The last admin stays."""
        with refusing():
            if not await app.accounts.remove_user(number_of(user_id)):
                raise not_found(f"user {shown(user_id)}")

    @routes.put("/{user_id}/password", status_code=204)
    async def change_password(user_id: NumberText, change: OtherPassword) -> None:
        """Give a user another password; every login of that user ends."""
        with refusing():
            if not await app.accounts.change_password(number_of(user_id), change.password.get_secret_value()):
                raise not_found(f"user {shown(user_id)}")

    return routes


def _shape(user: User) -> UserShape:
    return UserShape.model_validate(user_json(user))
