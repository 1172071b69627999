"""Damaged copies of every format in one library: what is readable, plus a problem, never a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.corpus import FORMATS, damage, make_file, suffix
from shelfread.model.problem import ProblemCode
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What a damaged file may be told to be. Anything else would say that a reader failed, not the file.
TOLD = {
    ProblemCode.EMPTY_FILE.value,
    ProblemCode.WRONG_FORMAT.value,
    ProblemCode.TRUNCATED.value,
    ProblemCode.DAMAGED.value,
    ProblemCode.UNSUPPORTED.value,
}
#: Streams of frames without a length or an index of their own: half of one is a shorter one.
ENDLESS = {"mp3", "aac"}
DEEDS = ("whole", "half", "head", "byte", "empty", "torn", "flipped", "head flipped", "misnamed")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every format in every condition: "FORMAT/CONDITION.suffix"."""
    folder = tmp_path_factory.mktemp("damaged")
    for number, fmt in enumerate(FORMATS):
        (folder / fmt).mkdir()
        original = folder / fmt / f"whole{suffix(fmt)}"
        tags = {"title": f"Whole {fmt}", "artist": "Ann", "album": f"Album {fmt}"}
        make_file(original, fmt, seed=number, seconds=0.4, tags=tags)
        for deed in DEEDS[1:]:
            path = original.with_stem(deed)
            shutil.copyfile(original, path)
            if deed == "half":
                # The sound of this one is in its first hundred bytes, see `bench.corpus.bare`.
                damage.cut(path, 90 if fmt == "ape" else 0.5)
            elif deed == "head":
                damage.cut(path, 60)
            elif deed == "byte":
                damage.cut(path, 1)
            elif deed == "empty":
                damage.empty(path)
            elif deed == "torn":
                damage.torn(path)
            elif deed == "flipped":
                damage.flip(path, 200, seed=number)
            elif deed == "head flipped":
                damage.flip(path, 8, seed=number, stop=64)
            else:
                damage.misname(path, ".flac" if suffix(fmt) != ".flac" else ".ogg")
    return folder


def _condition(path: str) -> tuple[str, str]:
    fmt, _, name = path.partition("/")
    return fmt, name.rpartition(".")[0]


async def _copied(shelf: Shelf, damaged: Path) -> None:
    shutil.copytree(damaged, shelf.tree.path, dirs_exist_ok=True)


async def test_damaged_files_are_catalogued_with_what_they_say_and_a_problem(
    shelf: Shelf, damaged: Path
) -> None:
    await _copied(shelf, damaged)
    count = len(FORMATS) * len(DEEDS)
    counters = await shelf.scan()
    assert sum(counters.values()) == count
    files, tracks = await shelf.files(), await shelf.tracks()
    problems = dict(await shelf.problems())
    assert len(files) == count
    assert counters["failed"] == len(problems)
    assert set(problems.values()) <= TOLD
    for path in files:
        fmt, condition = _condition(path)
        code = problems.get(path)
        assert tracks[path]["title"], path
        if condition == "whole":
            assert code is None, path
            assert tracks[path]["title"] == f"Whole {fmt}"
            assert tracks[path]["duration_s"] == pytest.approx(0.4, abs=0.15), path
        elif condition == "empty":
            assert code == "empty_file", path
        elif condition in ("byte", "head"):
            assert code is not None, path
        elif condition == "half":
            assert (code is not None) or fmt in ENDLESS, path
    # Files that say something say it, however they are named.
    assert {tracks[path]["title"] for path in files if _condition(path)[1] == "whole"} == {
        f"Whole {fmt}" for fmt in FORMATS
    }

    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": count}
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
    # A rescan finds the same again.
    assert await shelf.scan(rescan=True) == {"failed": len(problems), "unchanged": count - len(problems)}
    assert dict(await shelf.problems()) == problems


async def test_repairing_a_file_ends_its_problem_and_damaging_it_brings_one(
    new_shelf: NewShelf, damaged: Path
) -> None:
    shelf = await new_shelf()
    await _copied(shelf, damaged)
    await shelf.scan()
    broken = {path for path, _ in await shelf.problems()}
    ids = await shelf.ids()
    for path in broken:
        fmt, _ = _condition(path)
        whole = damaged / fmt / f"whole{suffix(fmt)}"
        (shelf.tree / path).unlink()
        shutil.copyfile(whole, shelf.tree / path)
    counters = await shelf.scan()
    still = {path for path, _ in await shelf.problems()}
    # Those that are named as another format may go on being told so.
    assert {_condition(path)[1] for path in still} <= {"misnamed"}
    assert counters["updated"] == len(broken) - len(still)
    assert await shelf.ids() == ids
    tracks = await shelf.tracks()
    assert all(tracks[path]["title"] == f"Whole {_condition(path)[0]}" for path in broken - still)
    cut = f"flac/whole{suffix('flac')}"
    damage.cut(shelf.tree / cut, 0.5)
    counters = await shelf.scan()
    assert counters["failed"] == 1
    assert {path for path, _ in await shelf.problems()} == still | {cut}
    # What its head says is still shown.
    assert (await shelf.tracks())[cut]["title"] == "Whole flac"


async def test_what_a_scan_makes_of_damage_does_not_depend_on_how_it_writes(
    new_shelf: NewShelf, damaged: Path, tmp_path: Path
) -> None:
    from shelfread.scan.plan import Mode

    tree = Tree(tmp_path / "music")
    shutil.copytree(damaged, tree.path, dirs_exist_ok=True)
    one, other = await new_shelf(trees=[tree]), await new_shelf(trees=[tree])
    await one.outcome(mode=Mode.BATCHED)
    await other.outcome(mode=Mode.SYNC)
    assert await catalogue.dump(one.database) == await catalogue.dump(other.database)
