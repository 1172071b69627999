"""What the accounts refuse, as problems of the API. Knows no route."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shelfread.api.problems import ApiProblem
from shelfread.app.accounts import WrongPassword
from shelfread.app.passwords import Busy
from shelfread.model.account import AccountProblem, LastAdmin, NameInUse

#: Seconds after which passwords that wait now are checked.
_SOON_S = "3"


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what the accounts say within into an answer."""
    try:
        yield
    except (NameInUse, LastAdmin) as error:
        raise ApiProblem(409, "conflict", str(error)) from None
    except WrongPassword as error:
        raise ApiProblem(403, "forbidden", str(error)) from None
    except AccountProblem as error:
        raise ApiProblem(422, "invalid-request", str(error)) from None
    except Busy:
        detail = "many passwords are being checked at this moment"
        raise ApiProblem(429, "too-many-requests", detail, headers={"Retry-After": _SOON_S}) from None
