"""Covers: made by a job of their own of what a scan noted, kept by their content, and made again when due."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from typing import Any

import pytest

from shelfread.app import KINDS
from shelfread.app.covering import NoCovers, make_covers_here, request_covers
from shelfread.app.places import whole
from shelfread.app.shelving import change
from shelfread.app.workers import shelf_of
from shelfread.model.beside import GaveWay
from shelfread.model.change import Counters
from shelfread.model.job import JobStatus, JobType
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.running import RunningJob
from shelfread.store import cover_due
from shelfread.store.clock import now_us
from shelfread.store.covers import Cover, covers_of
from shelfread.store.search_due import ItemKind
from shelfread.tasks.cover_clearing import clear_all
from shelfread.tasks.covers import CoverWork
from shelfread.tasks.follow_up import follow_scan
from tests.books_on_disk import archive, epub
from tests.conftest import SIZES, NewShelf, Shelf, counted
from tests.covers import pictures
from tests.covers.pictures import colour_at, halves, picture
from tests.shared_fixtures import FIXTURES, needs_fixtures

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOUNDS = FIXTURES / "audio"


async def work(shelf: Shelf) -> Counters:
    """Run a covers job over what is due, and check that its counts are honest and its files whole."""
    library = await shelf.library()
    job = await RunningJob.claim(shelf.database, library.id, JobType.COVERS, whole(library))
    made = CoverWork(
        shelf.app.jobs,
        job,
        library,
        KINDS[library.kind],
        shelf_of(shelf.app.settings),
        SIZES,
        patient=True,
    )
    try:
        await job.run(made.run())
    finally:
        await job.close()
    ended = await shelf.app.jobs.get(job.id)
    assert ended is not None
    assert ended.status is JobStatus.COMPLETED
    assert ended.counters.processed == ended.counters.found == (ended.items_total or 0)
    check_files(shelf)
    return ended.counters


def files(shelf: Shelf) -> set[str]:
    """The digests of the pictures that are kept."""
    return {path.stem for path in shelf_of(shelf.app.settings).folder.glob("??/*.*")}


def check_files(shelf: Shelf) -> None:
    """Every file holds what its name says, and is for its owner only."""
    for path in shelf_of(shelf.app.settings).folder.glob("??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem, path
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def shown(shelf: Shelf) -> dict[str, Cover]:
    """The covers there are, by the title of the release or the path of the book; each has its file."""
    async with shelf.database.read() as connection:
        if (await shelf.library()).kind == "music":
            named = {row["id"]: title for title, row in (await shelf.releases()).items()}
            found = await covers_of(connection, ItemKind.RELEASE, named)
        else:
            named = {row["id"]: path for path, row in (await shelf.files()).items()}
            found = await covers_of(connection, ItemKind.BOOK, named)
    kept = files(shelf)
    assert all(cover.digest in kept for cover in found.values())
    return {named[item_id]: cover for item_id, cover in found.items()}


async def colours(shelf: Shelf) -> dict[str, str]:
    """What is seen in the middle of each cover."""
    kept = shelf_of(shelf.app.settings)
    found = {}
    for name, cover in (await shown(shelf)).items():
        descriptor = kept.open(cover.digest, cover.mime)
        assert descriptor is not None
        with os.fdopen(descriptor, "rb") as file:
            found[name] = colour_at(file.read())
    return found


async def marks(shelf: Shelf) -> set[str | None]:
    return {row["code"] for row in await shelf.table("covers") if row["code"]}


async def set_options(shelf: Shelf, **options: Any) -> None:
    """Change options as the API does, which may queue a job."""
    library = await shelf.library()
    await change(
        shelf.app,
        library,
        name=None,
        options=replace(library.options, **options),
        add=(),
        remove=(),
        cron=None,
        uncron=False,
    )


@needs_fixtures
async def test_c5_a_release_gets_the_front_picture_beside_its_tracks_else_the_one_inside(
    shelf: Shelf,
) -> None:
    tree = shelf.tree
    tree.add("A/Beside/1.mp3")
    tree.write("A/Beside/Cover.jpg", picture((900, 900), "red"))
    tree.write("A/Beside/back.jpg", picture((900, 900), "blue"))
    tree.add("A/Discs/CD1/1.mp3", album="Discs", artist="A", disc="1")
    tree.add("A/Discs/CD2/1.mp3", album="Discs", artist="A", disc="2")
    tree.write("A/Discs/folder.png", picture((40, 40), "blue", form="PNG"))
    (tree / "Inside").mkdir()
    shutil.copy(SOUNDS / "image.mp3", tree / "Inside/1.mp3")
    tree.add("A/Nothing/1.mp3")
    await shelf.scan()
    counters = await work(shelf)
    releases = len(await shelf.releases())
    assert counters.processed == releases
    assert counters.failed == 0
    assert counters.skipped == 1  # without any picture
    seen = await colours(shelf)
    assert seen["Beside"] == "red"
    if "Discs" in seen:  # one release of two discs: the picture lies above them
        assert seen["Discs"] == "blue"
    assert len(seen) == releases - 1
    assert "Nothing" not in seen
    covers = await shown(shelf)
    assert (covers["Beside"].mime, covers["Beside"].width, covers["Beside"].height) == (
        "image/webp",
        400,
        400,
    )
    # Nothing is due any more, and nothing is opened for it.
    assert counted(await work(shelf)) == {}


async def test_a_cover_is_made_again_when_its_source_changed_and_only_then(shelf: Shelf) -> None:
    tree = shelf.tree
    tree.add("A/One/1.mp3")
    tree.write("A/One/cover.jpg", picture(colour="red"))
    tree.add("A/Two/1.mp3")
    tree.write("A/Two/cover.jpg", picture(colour="green"))
    await shelf.scan()
    await work(shelf)
    before = await shown(shelf)
    assert await shelf.scan() == {"unchanged": 2}
    assert counted(await work(shelf)) == {}
    tree.write("A/One/cover.jpg", picture(colour="blue"))
    await shelf.scan()
    assert counted(await work(shelf)) == {"updated": 1}
    assert (await colours(shelf))["One"] == "blue"
    assert (await shown(shelf))["Two"] == before["Two"]
    # What nothing refers to any more is gone.
    assert before["One"].digest not in files(shelf)
    # Better picture, then none.
    tree.delete("A/One/cover.jpg")
    await shelf.scan()
    assert counted(await work(shelf)) == {"skipped": 1}
    assert "One" not in await shown(shelf)
    assert files(shelf) == {before["Two"].digest}


@needs_fixtures
async def test_c5_a_book_gets_its_first_page_and_of_a_double_page_its_front(book_shelf: Shelf) -> None:
    tree = book_shelf.tree
    pages = {
        "p10.png": picture((40, 60), "green", form="PNG"),
        "p2.png": picture((40, 60), "red", form="PNG"),
    }
    archive(tree / "Plain/natural.cbz", pages)
    archive(tree / "Wide/west.cbz", {"1.png": halves()})
    info = b"<ComicInfo><Manga>YesAndRightToLeft</Manga></ComicInfo>"
    archive(tree / "Wide/manga.cbz", {"1.png": halves(), "ComicInfo.xml": info})
    shutil.copy(FIXTURES / "pdf/komga.pdf", tree.path)
    shutil.copy(FIXTURES / "books/leaves.epub", tree.path)
    epub(tree / "bare.epub", "Bare")
    await book_shelf.outcome()
    await work(book_shelf)
    seen = await colours(book_shelf)
    assert seen["Plain/natural.cbz"] == "red"
    assert seen["Wide/west.cbz"] == "blue"
    assert seen["Wide/manga.cbz"] == "red"
    assert "komga.pdf" in seen
    assert "leaves.epub" in seen
    assert "bare.epub" not in seen


async def test_c5_a_picture_beside_a_book_is_its_cover_where_it_can_only_be_its_own(
    book_shelf: Shelf,
) -> None:
    tree = book_shelf.tree
    inside = {"1.png": picture((40, 60), "green", form="PNG")}
    archive(tree / "Alone/one.cbz", inside)
    tree.write("Alone/cover.jpg", picture(colour="red"))
    for number in (1, 2):
        archive(tree / f"Many/{number}.cbz", inside)
    tree.write("Many/cover.jpg", picture(colour="red"))
    tree.write("Many/2.jpg", picture(colour="blue"))
    await book_shelf.scan()
    await work(book_shelf)
    assert await colours(book_shelf) == {
        "Alone/one.cbz": "red",
        "Many/1.cbz": "green",
        "Many/2.cbz": "blue",
    }
    # Another book comes beside the one that was alone.
    archive(tree / "Alone/two.cbz", inside)
    tree.write("Alone/cover.jpg", picture(colour="yellow"))
    await book_shelf.scan()
    await work(book_shelf)
    assert (await colours(book_shelf))["Alone/one.cbz"] == "green"


async def test_what_cannot_be_shown_is_marked_and_left_alone_until_it_changes_or_somebody_asks(
    book_shelf: Shelf,
) -> None:
    tree = book_shelf.tree
    archive(tree / "bad.cbz", {"1.png": pictures.huge_png(), "2.png": picture(form="PNG")})
    archive(tree / "good.cbz", {"1.png": picture(colour="red", form="PNG")})
    await book_shelf.outcome()
    assert counted(await work(book_shelf)) == {"added": 1, "failed": 1}
    assert await marks(book_shelf) == {"limit_exceeded"}
    library = await book_shelf.library()
    # Asked for what is missing: it is not tried again.
    report = await make_covers_here(book_shelf.app, library)
    assert counted(report.counters) == {"unchanged": 2}
    report = await make_covers_here(book_shelf.app, library, again=True)
    assert counted(report.counters) == {"unchanged": 1, "failed": 1}
    assert [line.path for line in report.lines if line.level == "warning"] == [os.fsencode(tree / "bad.cbz")]
    archive(tree / "bad.cbz", {"1.png": picture(colour="blue", form="PNG")})
    await book_shelf.scan()
    assert counted(await work(book_shelf)) == {"added": 1}
    assert await marks(book_shelf) == set()
    assert await colours(book_shelf) == {"bad.cbz": "blue", "good.cbz": "red"}


async def test_where_the_picture_beside_it_is_broken_the_one_inside_is_taken(book_shelf: Shelf) -> None:
    tree = book_shelf.tree
    archive(tree / "one.cbz", {"1.png": picture(colour="green", form="PNG")})
    tree.write("cover.png", picture((40, 60), form="PNG")[:60])
    await book_shelf.scan()
    assert counted(await work(book_shelf)) == {"added": 1}
    assert await colours(book_shelf) == {"one.cbz": "green"}


async def test_c14_c15_options_decide_whether_and_how_and_changed_ones_make_them_again(
    book_shelf: Shelf,
) -> None:
    archive(book_shelf.tree / "one.cbz", {"1.png": picture((1200, 1800), "red", form="PNG")})
    await set_options(book_shelf, thumbnails=False)
    await book_shelf.scan()
    assert await work(book_shelf) == Counters()
    assert files(book_shelf) == set()
    assert await follow_scan(book_shelf.app.jobs, await book_shelf.library()) == []
    with pytest.raises(NoCovers):
        await request_covers(book_shelf.app, await book_shelf.library())
    await set_options(book_shelf, thumbnails=True, thumbnail_format="jpeg", thumbnail_width=100)
    queued = await book_shelf.app.jobs.listed(types=[JobType.COVERS], statuses=[JobStatus.QUEUED])
    assert len(queued) == 1
    assert counted(await work(book_shelf)) == {"added": 1}
    (first,) = (await shown(book_shelf)).values()
    assert first[1:] == ("image/jpeg", 100, 150)
    await set_options(book_shelf, thumbnail_format="webp", thumbnail_scale=0.75)
    assert counted(await work(book_shelf)) == {"updated": 1}
    (second,) = (await shown(book_shelf)).values()
    assert second[1:] == ("image/webp", 900, 1350)
    assert files(book_shelf) == {second.digest}
    # An option that changes no picture makes none.
    await set_options(book_shelf, ignore=("x",))
    assert counted(await work(book_shelf)) == {}


async def test_a_moved_book_keeps_its_cover_and_a_shared_file_stays_as_long_as_one_has_it(
    book_shelf: Shelf,
) -> None:
    tree = book_shelf.tree
    same = picture(colour="red", form="PNG")
    archive(tree / "S/one.cbz", {"1.png": same})
    archive(tree / "S/two.cbz", {"1.png": same, "2.png": picture(colour="blue", form="PNG")})
    await book_shelf.scan()
    await work(book_shelf)
    before = await shown(book_shelf)
    assert len({cover.digest for cover in before.values()}) == 1
    tree.move("S/one.cbz", "T/moved.cbz")
    assert (await book_shelf.scan())["moved"] == 1
    assert (await shown(book_shelf))["T/moved.cbz"] == before["S/one.cbz"]
    assert counted(await work(book_shelf)).get("failed") is None
    archive(tree / "S/two.cbz", {"1.png": picture(colour="green", form="PNG")})
    await book_shelf.scan()
    await work(book_shelf)
    assert await colours(book_shelf) == {"T/moved.cbz": "red", "S/two.cbz": "green"}
    assert len(files(book_shelf)) == 2


async def test_a_file_that_is_not_as_the_catalogue_knows_it_waits_for_the_next_scan(
    book_shelf: Shelf,
) -> None:
    path = archive(book_shelf.tree / "one.cbz", {"1.png": picture(colour="red", form="PNG")})
    await book_shelf.scan()
    archive(path, {"1.png": picture(colour="blue", form="PNG"), "2.png": picture(form="PNG")})
    assert counted(await work(book_shelf)) == {"skipped": 1}
    assert await shown(book_shelf) == {}
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert counted(await work(book_shelf)) == {"skipped": 1}
    path.unlink()
    archive(path, {"1.png": picture(colour="blue", form="PNG")})
    await book_shelf.scan()
    assert counted(await work(book_shelf)) == {"added": 1}
    assert await colours(book_shelf) == {"one.cbz": "blue"}


async def test_a_picture_that_was_lost_is_made_again_when_the_missing_ones_are_asked_for(
    shelf: Shelf,
) -> None:
    shelf.tree.add("A/One/1.mp3")
    shelf.tree.write("A/One/cover.jpg", picture(colour="red"))
    await shelf.scan()
    await work(shelf)
    shutil.rmtree(shelf_of(shelf.app.settings).folder)
    report = await make_covers_here(shelf.app, await shelf.library())
    assert counted(report.counters) == {"unchanged": 1}
    assert await colours(shelf) == {"One": "red"}


async def test_pictures_that_nothing_refers_to_go_and_those_being_written_stay(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    shelf.tree.add("A/One/1.mp3")
    shelf.tree.write("A/One/cover.jpg", picture(colour="red"))
    await shelf.scan()
    await work(shelf)
    kept = shelf_of(shelf.app.settings)
    orphan = kept.keep(b"nobody's", "image/png")
    draft = kept.folder / orphan[:2] / ".draft-1"
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))
    assert await clear_all(shelf.database, kept) == 1
    assert files(shelf) == {cover.digest for cover in (await shown(shelf)).values()}
    assert not draft.exists()
    # A library that is removed leaves files, until somebody clears away.
    await shelf.app.libraries.remove(shelf.library_id)
    assert await clear_all(shelf.database, kept) == 1


async def test_a_note_that_is_written_anew_while_its_item_is_looked_at_stays(shelf: Shelf) -> None:
    shelf.tree.add("A/One/1.mp3")
    await shelf.scan()
    async with shelf.database.read() as connection:
        (seen,) = await cover_due.page(connection, shelf.library_id, (0, 0), 10)

    async def again(connection: Any) -> None:
        await cover_due.note(connection, shelf.library_id, releases=[seen.item_id])

    async def done(connection: Any) -> None:
        await cover_due.done(connection, shelf.library_id, [seen])

    await shelf.database.write(again)
    await shelf.database.write(done)
    async with shelf.database.read() as connection:
        assert await cover_due.count(connection, shelf.library_id) == 1


async def test_it_gives_way_to_a_scan_that_nobody_else_runs_and_goes_on_beside_one(book_shelf: Shelf) -> None:
    archive(book_shelf.tree / "one.cbz", {"1.png": picture(colour="red", form="PNG")})
    await book_shelf.scan()
    library = await book_shelf.library()
    queued = await book_shelf.app.request_scan(library)
    # Long enough ago that a free worker would have it.
    later = ScanJobRepository(book_shelf.database, clock=lambda: now_us() + 5_000_000)
    job = await RunningJob.claim(book_shelf.database, library.id, JobType.COVERS, whole(library))
    made = CoverWork(later, job, library, KINDS["books"], shelf_of(book_shelf.app.settings), SIZES)
    try:
        with pytest.raises(GaveWay):
            await job.run(made.run())
        # What was made is there, and a scan runs beside it.
        assert await colours(book_shelf) == {"one.cbz": "red"}
        claimed = await book_shelf.app.jobs.claim_next("worker", [JobType.SCAN])
        assert claimed is not None
        assert claimed.id == queued.job.id
        await book_shelf.app.jobs.end_cancelled(claimed)
    finally:
        await job.cancel()


async def test_a_scan_that_noted_something_has_covers_made_once(shelf: Shelf) -> None:
    shelf.tree.add("A/One/1.mp3")
    await shelf.scan()
    first = await follow_scan(shelf.app.jobs, await shelf.library())
    assert await follow_scan(shelf.app.jobs, await shelf.library()) == first
    (job,) = await shelf.app.jobs.listed(types=[JobType.COVERS])
    assert (job.type, job.origin, job.priority) == ("covers", "follow_up", -5)
    await shelf.app.jobs.cancel(job.id)
    await work(shelf)
    assert await follow_scan(shelf.app.jobs, await shelf.library()) == []
