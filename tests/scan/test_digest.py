"""The digest of a folder (rule 5): every single change changes it, nothing else does."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.scan.digest import (
    Facts,
    facts_getter,
    folder_digest,
    options_salt,
    rules_salt,
)

SALT = b"s" * 16
names = st.binary(min_size=1, max_size=12)
numbers = st.integers(-(2**70), 2**70)
facts = st.tuples(numbers, numbers, numbers, st.integers(0, 2**64 - 1))
files = st.dictionaries(names, facts, max_size=6)


def _digest(rows: dict[bytes, Any], folders: list[bytes]) -> bytes:
    return folder_digest(SALT, cast("dict[bytes, Facts]", rows), folders)


def _stat(**fields: int) -> os.stat_result:
    base = {"st_size": 1, "st_mtime_ns": 2, "st_ctime_ns": 3, "st_ino": 4, "st_dev": 5}
    return cast("os.stat_result", SimpleNamespace(**{**base, **fields}))


@settings(deadline=None)
@given(files, st.lists(names, unique=True, max_size=4), st.randoms(use_true_random=False))
def test_the_order_in_which_a_folder_was_read_is_irrelevant(
    rows: dict[bytes, Any], folders: list[bytes], random: Any
) -> None:
    items = list(rows.items())
    shuffled = folders[:]
    random.shuffle(items)
    random.shuffle(shuffled)
    assert _digest(dict(items), shuffled) == _digest(rows, folders)


@settings(deadline=None)
@given(files, files, st.lists(names, unique=True), st.lists(names, unique=True))
def test_two_folders_have_one_digest_only_if_they_are_equal(
    rows: dict[bytes, Any], others: dict[bytes, Any], folders: list[bytes], other_folders: list[bytes]
) -> None:
    equal = rows == others and sorted(folders) == sorted(other_folders)
    assert (_digest(rows, folders) == _digest(others, other_folders)) == equal


@settings(deadline=None)
@given(files.filter(bool), st.data())
def test_each_single_change_of_a_stamp_or_a_name_changes_the_digest(
    rows: dict[bytes, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(rows)))
    place = data.draw(st.integers(0, 3))
    changed = list(rows[name])
    changed[place] += data.draw(st.sampled_from((1, -1, 2**32, 2**64)))
    assert _digest({**rows, name: tuple(changed)}, []) != _digest(rows, [])
    renamed = {(name + b"x" if key == name else key): value for key, value in rows.items()}
    if len(renamed) == len(rows):
        assert _digest(renamed, []) != _digest(rows, [])


def test_bytes_do_not_move_between_neighbouring_fields() -> None:
    assert _digest({b"a": (1, 23)}, []) != _digest({b"a": (12, 3)}, [])
    assert _digest({b"a1": (2,)}, []) != _digest({b"a": (12,)}, [])
    assert _digest({}, [b"ab", b"c"]) != _digest({}, [b"a", b"bc"])
    assert _digest({}, [b"a"]) != _digest({b"a": ()}, [])


def test_c18_the_text_and_the_place_of_ignore_files_are_part_of_the_digest() -> None:
    salts = {
        rules_salt(SALT, []),
        rules_salt(SALT, [(b".shelfignore", b"1")]),
        rules_salt(SALT, [(b".shelfignore", b"2")]),
        rules_salt(SALT, [(b"a/.shelfignore", b"1")]),
        rules_salt(SALT, [(b".shelfignore", b"1"), (b"a/.shelfignore", b"1")]),
    }
    assert len({folder_digest(salt, {b"a": (1, 2)}, []) for salt in salts}) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"media_suffixes": [b".mp3"]},
        {"sidecar_suffixes": [b".png"]},
        {"follow_symlinks": True},
        {"ignore_ctime": True},
        {"ignore_inode": True},
        {"patterns": ("*.txt",)},
        {"patterns": ("*.tx", "t")},
    ],
)
def test_every_option_that_decides_a_listing_is_part_of_the_salt(change: dict[str, Any]) -> None:
    options: dict[str, Any] = {
        "media_suffixes": [b".mp3", b".flac"],
        "sidecar_suffixes": [b".jpg"],
        "follow_symlinks": False,
        "ignore_ctime": False,
        "ignore_inode": False,
        "patterns": (),
    }
    plain = options_salt(**options)
    assert plain == options_salt(**{**options, "media_suffixes": [b".flac", b".mp3"]})
    assert plain != options_salt(**{**options, **change})


def test_the_walker_version_is_part_of_the_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    def salt() -> bytes:
        return options_salt(
            [], [], follow_symlinks=False, ignore_ctime=False, ignore_inode=False, patterns=()
        )

    before = salt()
    monkeypatch.setattr("shelfread.scan.digest.WALKER_VERSION", 10_000)
    assert salt() != before


def test_the_options_choose_which_facts_count_and_the_device_never_does() -> None:
    everything = facts_getter(ignore_ctime=False, ignore_inode=False)
    assert everything(_stat()) == (1, 2, 3, 4)
    assert everything(_stat(st_dev=99)) == everything(_stat())
    assert facts_getter(ignore_ctime=True, ignore_inode=False)(_stat()) == (1, 2, 4)
    assert facts_getter(ignore_ctime=False, ignore_inode=True)(_stat()) == (1, 2, 3)
    assert facts_getter(ignore_ctime=True, ignore_inode=True)(_stat()) == (1, 2)
