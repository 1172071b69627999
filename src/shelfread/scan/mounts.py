"""What a folder stands on: the filesystem's identity, its type, and what that type can be trusted with.

Used where a scan begins, to tell whether a root is the disk it was (rule 1), whether inodes mean anything
(rule 4) and whether notifications will come (rule 7). It looks at mount points, never at media.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

#: The type of a filesystem that could not be found out.
UNKNOWN = "unknown"

_MOUNTINFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")

#: Types that give a file the same inode number for as long as it exists, across remounts.
_STABLE = frozenset(
    (
        "apfs",
        "bcachefs",
        "btrfs",
        "ceph",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "gfs2",
        "hfs",
        "hfsplus",
        "jfs",
        "lustre",
        "nfs",
        "nfs4",
        "nilfs2",
        "ocfs2",
        "reiserfs",
        "tmpfs",
        "udf",
        "ufs",
        "xfs",
        "zfs",
    )
)
#: Types on which others change files without this system hearing of it.
_REMOTE = frozenset(
    (
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "drvfs",
        "gfs2",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "prl_fs",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
        "webdav",
        "afpfs",
    )
)
_REMOTE_FUSE = frozenset(
    (
        "ceph",
        "cephfs",
        "ceph-fuse",
        "davfs",
        "davfs2",
        "glusterfs",
        "grpcfuse",
        "gvfsd-fuse",
        "juicefs",
        "osxfs",
        "rclone",
        "s3fs",
        "smbnetfs",
        "sshfs",
        "vmhgfs-fuse",
        "goofys",
        "gcsfuse",
        "blobfuse",
        "curlftpfs",
    )
)


class Mount(NamedTuple):
    """One line of the mount table."""

    point: bytes
    fs_type: str
    #: Major and minor device number as the table has them.
    device: str


def filesystem_identity(path: bytes) -> str:
    """The filesystem below a folder as one line of text, to be compared with `==` in a later scan.

    Holds type, device number, the filesystem's own id and the folder's inode. A device number may change at
    a reboot: a difference asks for a closer look, it proves nothing.

    Raises:
        OSError: the folder cannot be looked at.
    """
    found = os.stat(path)
    fsid = getattr(os.statvfs(path), "f_fsid", 0)
    return f"{filesystem_type(path)} dev={found.st_dev:x} fsid={fsid:x} root={found.st_ino}"


def filesystem_type(path: bytes, mountinfo: Path = _MOUNTINFO) -> str:
    """The type of the filesystem a path is on, as the mount table names it, or `UNKNOWN`."""
    mount = mount_of(path, read_mounts(mountinfo))
    return mount.fs_type if mount else UNKNOWN


def read_mounts(mountinfo: Path = _MOUNTINFO) -> list[Mount]:
    """The mount table of this process; empty where the system has none (macOS)."""
    try:
        return parse_mountinfo(mountinfo.read_bytes())
    except OSError:
        return []


def parse_mountinfo(text: bytes) -> list[Mount]:
    """Read the text of `/proc/self/mountinfo`; lines that are not understood are left out."""
    mounts: list[Mount] = []
    for line in text.split(b"\n"):
        left, separator, right = line.partition(b" - ")
        fields, kinds = left.split(b" "), right.split(b" ")
        if separator and len(fields) >= 6 and kinds[0]:
            mounts.append(
                Mount(
                    _unescaped(fields[4]),
                    kinds[0].decode("ascii", "replace"),
                    fields[2].decode("ascii", "replace"),
                )
            )
    return mounts


def mount_of(path: bytes, mounts: list[Mount]) -> Mount | None:
    """The mount a path is on: the longest mount point above it, the last one of several at the same."""
    real = os.path.realpath(path)
    best: Mount | None = None
    for mount in mounts:
        inside = real == mount.point or real.startswith(mount.point.rstrip(b"/") + b"/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def inodes_are_stable(fs_type: str) -> bool:
    """Whether inode numbers of this type survive a remount; unknown types are not trusted."""
    return fs_type.lower() in _STABLE


def is_network(fs_type: str) -> bool:
    """Whether others may change this filesystem unheard, so that it must be swept on a schedule."""
    kind, _, below = fs_type.lower().partition(".")
    return (below in _REMOTE_FUSE) if kind in ("fuse", "macfuse", "osxfuse") and below else kind in _REMOTE


def _unescaped(field: bytes) -> bytes:
    r"""A path of the mount table: space, tab, newline and backslash stand there in octal."""
    return _OCTAL.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), field)
