"""Hostile, broken and misnamed containers through a real scan: each a row with a problem, the rest is well.

What a reader makes of every one of them is in `tests/media/video/test_hostile_videos`; here the scan goes on,
nothing is lost, and nothing is tried again (issue 6, 4).
"""

from __future__ import annotations

from itertools import islice

import pytest

from shelfread.model.problem import ProblemCode
from tests.conftest import NewShelf
from tests.media.video import hostile_videos as made_here
from tests.media.video.test_hostile_videos import CODES
from tests.videos_on_disk import put

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What a damaged file may be told to be; anything else would say that a reader failed, not the file.
TOLD = {code.value for code in CODES if code is not None}


async def test_a_library_of_hostile_containers_is_catalogued_and_the_films_between_them_are_well(
    new_video_shelf: NewShelf,
) -> None:
    shelf = await new_video_shelf()
    wrong = [*made_here.bombs(), *made_here.playlists("/etc/passwd", 9)]
    wrong += islice(made_here.broken(), 0, None, 7)
    addresses = 0
    for number, (what, content) in enumerate(wrong):
        # Each as a film and as an episode, under names of other containers.
        is_address = what.startswith("strm")
        addresses += is_address
        suffix = "strm" if is_address else ("mkv", "mp4", "avi", "ts", "VOB")[number % 5]
        name = f"Films/Film {number:03} (2001).{suffix}"
        if number % 2:
            name = f"Shows/Show/Season 1/Show S01E{number:03}.{suffix}"
        shelf.tree.write(name, content)
    good = [f"Films/Good {number} (2002).mkv" for number in range(20)]
    for name in good:
        put(shelf.tree.path, name)
    count = len(wrong) + len(good)
    counters = await shelf.scan()
    assert sum(counters.values()) == count
    assert set(counters) == {"added", "failed"}
    files = await shelf.files()
    assert len(files) == count
    problems = dict(await shelf.problems())
    assert set(problems.values()) <= TOLD
    assert problems.keys() & set(good) == set()
    # None of them is no film only for what is wrong with it: it is found under its name.
    assert len(await shelf.table("videos")) == count
    assert not [name for name in problems if name.endswith(".strm")]
    assert addresses == 3
    assert ProblemCode.WRONG_FORMAT.value in problems.values()
    assert len(problems) > len(wrong) // 2
    # Nothing of what they name was read: they say of themselves only what they are.
    assert not [row for row in await shelf.table("videos") if "root:" in row["facts"]]
    assert await shelf.scan() == {"unchanged": count}
    assert shelf.opened == []
