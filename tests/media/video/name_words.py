"""How the tables of names say what is expected: a case is a path and all that is understood of it."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]
Cases = dict[str, Facts]


def film(title: str, year: int | None = None, **more: Any) -> Facts:
    return _of("movie", title=title, year=year, **more)


def episode(
    show: str | None, season: int | None, number: int | None, title: str | None = None, **more: Any
) -> Facts:
    return _of("episode", show=show, season=season, episode=number, title=title, **more)


def counted(show: str | None, number: int, last: int | None = None, **more: Any) -> Facts:
    """An episode that is counted through all seasons."""
    return episode(show, None, number, episode_end=last, absolute=number, absolute_end=last, **more)


def extra(sort: str, title: str, year: int | None = None, **more: Any) -> Facts:
    return _of("sample" if sort == "sample" else "extra", extra=sort, title=title, year=year, **more)


def subtitle(of: str | None, language: str | None = None, **more: Any) -> Facts:
    return _of("subtitle", of=of, language=language, **more)


def audio(of: str | None, language: str | None = None, **more: Any) -> Facts:
    return _of("audio", of=of, language=language, **more)


def _of(sort: str, **more: Any) -> Facts:
    return {"type": sort, **{name: value for name, value in more.items() if value is not None}}
