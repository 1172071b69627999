"""A user and a token as JSON has them: the same words for commands and HTTP. Knows no secret."""

from __future__ import annotations

from typing import Any

from shelfread.model.account import Token, User
from shelfread.model.job_json import iso_us


def user_json(user: User) -> dict[str, Any]:
    """A user."""
    return {
        "id": user.id,
        "name": user.name,
        "scope": user.right.value,
        "created_at": iso_us(user.created_at),
    }


def token_json(token: Token) -> dict[str, Any]:
    """A token, without its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.right.value,
        "created_at": iso_us(token.created_at),
        "used_at": iso_us(token.used_at),
        "expires_at": iso_us(token.expires_at),
        "revoked_at": iso_us(token.revoked_at),
    }
