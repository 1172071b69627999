"""What people fill in, as it comes: forms of pages, urlencoded. Bodies are bounded by the API's limits.

Knows no page and no field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request

from shelfread.api.problems import ApiProblem

#: Fields of one form.
_MOST = 2000
_TYPE = "application/x-www-form-urlencoded"
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class Form:
    """The fields of a form, each perhaps several times."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def text(self, name: str) -> str:
        """What a field says, without the spaces around it; empty when there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """What a field says, a password for one, as it was typed."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every field of a name that says something."""
        return [value for key, value in self.pairs if key == name and value.strip()]

    def lines(self, name: str) -> list[str]:
        """The lines of a field that say something."""
        return [line.strip() for line in self.raw(name).splitlines() if line.strip()]

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return any(key == name for key, _ in self.pairs)

    def number(self, name: str) -> int | None:
        """The whole number that a field says; None when it says nothing.

        Raises:
            ApiProblem: it says something else.
        """
        said = self.text(name)
        if not said:
            return None
        if not _WHOLE.fullmatch(said):
            raise ApiProblem(422, "invalid-request", f"{name}: this is no whole number")
        return int(said)


async def form_of(request: Request) -> Form:
    """The form that a request brings.

    Raises:
        ApiProblem: it brings something else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise ApiProblem(415, "invalid-request", "a form is expected")
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise ApiProblem(422, "invalid-request", "the form cannot be understood") from None
    if any("\0" in key or "\0" in value for key, value in pairs):
        raise ApiProblem(422, "invalid-request", "the form is no text")
    return Form([(key, value.replace("\r\n", "\n")) for key, value in pairs])


def back_of(form: Form, otherwise: str) -> str:
    """Where to go on to when a form has worked: where it stood, without what was said there the last time."""
    found = urlsplit(own_address(form.text("next"), otherwise))
    kept = [pair for pair in parse_qsl(found.query, keep_blank_values=True) if pair[0] != "done"]
    return found.path + (f"?{urlencode(kept)}" if kept else "")


def own_address(text: str, otherwise: str = "/") -> str:
    """An address of this server to go on to, when what came from outside is one; else another one."""
    try:
        found = urlsplit(text)
    except ValueError:
        return otherwise
    plain = text.isascii() and text.isprintable() and "\\" not in text
    if not plain or found.scheme or found.netloc or not text.startswith("/") or text.startswith("//"):
        return otherwise
    return text
