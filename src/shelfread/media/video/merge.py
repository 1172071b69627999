"""What several sources say of one video, made one.

Between the readers and `reading`, which gives them in the order of trust: an NFO beside the file, which
somebody keeps there to be believed; the container; the name. The first that knows a field wins it; a list
is taken as a whole. Titles are the exception: what a container calls itself is often the address of a page,
so the name comes before it.
"""

from __future__ import annotations

from dataclasses import fields

from shelfread.model.video import Belonging, Video

_APART = {
    "title",
    "provider_ids",
    "sources",
    "guessed",
    "date",
    "year",
    "episode_end",
    "has_cover",
    "belonging",
}
_ALONE = tuple(one.name for one in fields(Video) if one.name not in _APART)
#: Fields that say nothing of what a video is about.
_NOT_SAID = {"sources", "guessed", "streams", "chapters", "container", "has_cover", "belonging"}


def merged(
    nfo: Video | None, container: Video, name: Video | None, belonging: Belonging | None = None
) -> Video:
    """One video of what all say, and which item it is of. None of them is changed."""
    order = [one for one in (nfo, container, name) if one is not None]
    result = Video(belonging=belonging)
    for field in _ALONE:
        for one in order:
            value = getattr(one, field)
            if _is_known(value):
                setattr(result, field, list(value) if isinstance(value, list) else value)
                break
    titles = (one.title for one in (nfo, name, container) if one is not None)
    result.title = next((title for title in titles if title is not None), None)
    for one in order:
        # A name may know the year only, and then nobody else's date belongs to it.
        if one.date is not None or one.year is not None:
            result.date, result.year = one.date, one.year
            break
    for one in order:
        # The last of several belongs to the first of them.
        if one.episode is not None and one.episode == result.episode and one.episode_end is not None:
            result.episode_end = one.episode_end
            break
    for one in reversed(order):
        result.provider_ids |= one.provider_ids
    result.has_cover = container.has_cover
    result.sources = [source for one in order for source in one.sources]
    if name is not None:
        result.sources += ["name"] * ("name" not in result.sources)
        said = [one for one in order if one is not name]
        result.guessed = [
            one.name
            for one in fields(Video)
            if one.name not in _NOT_SAID
            and _is_known(getattr(name, one.name))
            and (one.name == "title" or not any(_is_known(getattr(other, one.name)) for other in said))
            and not (one.name == "title" and nfo is not None and nfo.title is not None)
        ]
    return result


def _is_known(value: object) -> bool:
    return value is not None and value != [] and value != {}
