"""What a folder stands on (rules 1, 4, 7)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from shelfread.scan import mounts
from shelfread.scan.mounts import (
    UNKNOWN,
    filesystem_identity,
    filesystem_type,
    inodes_are_stable,
    is_network,
    mount_of,
    parse_mountinfo,
)

TABLE = rb"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /mnt/My\040Music rw - cifs //nas/music rw
31 22 0:41 / /mnt/back\134slash\012line rw shared:1 master:2 - fuse.mergerfs a:b rw
32 22 0:42 / /mnt rw - tmpfs tmpfs rw
33 22 0:43 / /mnt rw - nfs4 nas:/x rw
nonsense
34 22 0:44 / /cut
"""


def test_mount_points_with_spaces_backslashes_and_newlines_are_read_back() -> None:
    points = [mount.point for mount in parse_mountinfo(TABLE)]
    assert points == [b"/", b"/mnt/My Music", b"/mnt/back\\slash\nline", b"/mnt", b"/mnt"]


def test_the_longest_mount_point_wins_and_of_two_at_the_same_place_the_later() -> None:
    table = parse_mountinfo(TABLE)

    def type_of(path: bytes) -> str | None:
        mount = mount_of(path, table)
        return mount.fs_type if mount else None

    assert type_of(b"/mnt/My Music/album") == "cifs"
    assert type_of(b"/mnt/My Musicians") == "nfs4"
    assert type_of(b"/mnt") == "nfs4"
    assert type_of(b"/") == "ext4"


def test_without_a_mount_table_the_type_is_unknown_and_nothing_is_trusted(tmp_path: Path) -> None:
    assert filesystem_type(bytes(tmp_path), tmp_path / "absent") == UNKNOWN
    assert not inodes_are_stable(UNKNOWN)
    assert not is_network(UNKNOWN)
    assert mount_of(b"/x", []) is None


@pytest.mark.parametrize("fs_type", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "apfs", "f2fs", "nfs", "nfs4"])
def test_inodes_count_where_they_last(fs_type: str) -> None:
    assert inodes_are_stable(fs_type)


@pytest.mark.parametrize(
    "fs_type", ["cifs", "smb3", "fuse.mergerfs", "fuseblk", "vfat", "exfat", "ntfs3", "overlay", "9p"]
)
def test_inodes_do_not_count_where_they_are_made_up(fs_type: str) -> None:
    assert not inodes_are_stable(fs_type)


def test_network_filesystems_are_told_from_local_ones() -> None:
    remote = ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "9p", "virtiofs"]
    local = ["ext4", "fuse.mergerfs", "fuseblk", "tmpfs", "overlay", "fuse", "fuse."]
    assert all(map(is_network, remote))
    assert not any(map(is_network, local))


def test_the_identity_of_a_folder_is_the_same_twice_and_another_for_another_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    identity = filesystem_identity(bytes(tmp_path))
    assert identity == filesystem_identity(bytes(tmp_path))
    assert identity != filesystem_identity(bytes(tmp_path / "other"))
    assert "\n" not in identity
    assert f"dev={tmp_path.stat().st_dev:x}" in identity


def test_a_root_that_is_gone_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filesystem_identity(bytes(tmp_path / "gone"))


def test_a_real_mount_has_another_identity_than_the_folder_it_covers(tmp_path: Path) -> None:
    point = tmp_path / "my disk"
    point.mkdir()
    before = filesystem_identity(bytes(point))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"may not mount here: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        assert filesystem_type(bytes(point)) == "tmpfs"
        assert filesystem_identity(bytes(point)) != before
        assert bytes(point) in [mount.point for mount in mounts.read_mounts()]
    finally:
        subprocess.run(["umount", point], check=True)
    assert filesystem_identity(bytes(point)) == before


def test_a_root_that_is_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "link")
    assert filesystem_identity(bytes(tmp_path / "link")) == filesystem_identity(bytes(tmp_path / "real"))
