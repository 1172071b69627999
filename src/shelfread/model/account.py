"""Who may do what: users with a password, tokens for programs, and the principal that a request acts as.

A right includes those below it: admin can scan, and whoever can scan can read. Knows no password and no HTTP.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """What somebody may do; the `scope` of a user or a token."""

    READ = "read"
    SCAN = "scan"
    ADMIN = "admin"

    def includes(self, other: Right) -> bool:
        """Whether who has this right has the other one, too."""
        order = list(Right)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a request acts for."""

    name: str
    right: Right
    user_id: int | None = None
    token_id: int | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """Every scope that it has, by name."""
        return frozenset(right.value for right in Right if self.right.includes(right))

    def may(self, right: Right) -> bool:
        """Whether it has a right."""
        return self.right.includes(right)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a login or a token led to that is good at this moment."""

    principal: Principal
    #: The digest of what was shown: with it can be asked later whether that is still good.
    proof: bytes = field(repr=False)
    #: Whether it lasts longer from now on.
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person with a password."""

    id: int
    name: str
    right: Right
    #: Microseconds since the epoch, as all times of the store.
    created_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """The key of a program; its secret is known to who made it, and to nobody here."""

    id: int
    name: str
    right: Right
    created_at: int
    used_at: int | None
    expires_at: int | None
    revoked_at: int | None


class AccountProblem(Exception):
    """An account cannot be made or changed like this; one line says why."""


class NameInUse(AccountProblem):
    """Another user has this name."""


class LastAdmin(AccountProblem):
    """Nobody would be left who may do everything."""


#: The longest name, and the shortest and longest password, in characters.
NAME_LIMIT, LEAST_PASSWORD, PASSWORD_LIMIT = 64, 8, 1024


def checked_name(name: str) -> str:
    """A name of a user or a token, in one of the ways to write it.

    Raises:
        AccountProblem: it cannot be one.
    """
    tidy = unicodedata.normalize("NFC", name).strip()
    if not tidy or len(tidy) > NAME_LIMIT or not tidy.isprintable():
        raise AccountProblem(f"a name has 1 to {NAME_LIMIT} characters that can be seen")
    return tidy


def key_of(name: str) -> str:
    """What two names have in common that are the same to people."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_text(text: str) -> bool:
    """Whether every character of it is a whole one, so that it can be written as UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def checked_password(password: str) -> str:
    """A password, if it can be one.

    Raises:
        AccountProblem: it is too short or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= PASSWORD_LIMIT:
        raise AccountProblem(f"a password has {LEAST_PASSWORD} to {PASSWORD_LIMIT} characters")
    if not is_text(password):
        raise AccountProblem("a password is text")
    return password
