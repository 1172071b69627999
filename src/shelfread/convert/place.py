"""The folder of a book, held open while something is made in it.

Everything goes through its descriptor: whoever exchanges the folder for a link meanwhile changes nothing.
A name that is taken is never replaced. Knows no archive.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from shelfread.convert.names import is_temporary, temporary_name
from shelfread.model.conversion import ConversionCode, Refused
from shelfread.model.entry import Stamp, stamp_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NO_WRITING = (errno.EROFS, errno.EACCES, errno.EPERM)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: What systems say of a call, or a flag of it, that a filesystem does not know.
_NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV)
#: Flags of `renameat2` and of macOS's `renameatx_np`: fail where the new name is taken.
_NO_REPLACE = 4 if sys.platform == "darwin" else 1


class Place:
    """An open folder below a root. `close` it, or use it in a `with`."""

    def __init__(self, root: bytes, relative: bytes) -> None:
        """Open a folder.

        Raises:
            Refused: it cannot be opened, or links lead out of the root.
        """
        path = os.path.join(root, relative) if relative else root
        real, real_root = os.path.realpath(path), os.path.realpath(root)
        if real != real_root and not real.startswith(real_root.rstrip(b"/") + b"/"):
            raise Refused(
                ConversionCode.OUTSIDE_ROOT,
                "its folder is a link out of the library: nothing is written there",
            )
        self.path = real
        try:
            self.fd = os.open(real, _FOLDER | os.O_NOFOLLOW)
        except OSError as error:
            raise refusal(error, "the folder cannot be opened") from error

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    @contextmanager
    def opened(self, name: bytes) -> Iterator[int]:
        """A descriptor of a plain file in the folder, to be read.

        Raises:
            Refused: it is gone, a link, no plain file, or may not be read.
        """
        try:
            fd = os.open(name, _FILE, dir_fd=self.fd)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Refused(
                    ConversionCode.NOT_A_FILE, "it is a link: what it leads to is left alone"
                ) from error
            if error.errno == errno.ENOENT:
                raise Refused(ConversionCode.SOURCE_CHANGED, "it is not there any more") from error
            raise refusal(error, "it cannot be opened") from error
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise Refused(ConversionCode.NOT_A_FILE, "it is not a plain file")
            yield fd
        finally:
            os.close(fd)

    def stamp(self, name: bytes) -> Stamp | None:
        """The stamp of a name, links not followed; None when there is none."""
        try:
            return stamp_of(os.stat(name, dir_fd=self.fd, follow_symlinks=False))
        except FileNotFoundError:
            return None

    def new_file(self) -> tuple[int, bytes]:
        """Make an empty temporary file: a descriptor to write and read, and its name.

        It is locked as long as the descriptor lives: what nobody has locked was left by a dead process.

        Raises:
            Refused: nothing can be written here.
        """
        name = temporary_name()
        try:
            fd = os.open(
                name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600, dir_fd=self.fd
            )
        except OSError as error:
            if error.errno in _NO_WRITING:
                raise Refused(
                    ConversionCode.READ_ONLY,
                    "nothing can be written in this folder: its books stay as they are",
                ) from error
            raise refusal(error, "no file can be made in this folder") from error
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd, name

    def remove(self, name: bytes) -> None:
        """Delete a temporary file; nothing happens when it is gone or is none of ours."""
        if is_temporary(name):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self.fd)

    def tidy(self) -> int:
        """Delete what dead conversions left here; gives how many files that were."""
        removed = 0
        with os.scandir(self.fd) as found:
            names = [os.fsencode(entry.name) for entry in found]
        for name in filter(is_temporary, names):
            with contextlib.suppress(OSError):
                fd = os.open(name, _FILE, dir_fd=self.fd)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name, dir_fd=self.fd)
                    removed += 1
                finally:
                    os.close(fd)
        return removed

    def free(self) -> int:
        """Bytes that may still be written here."""
        found = os.fstatvfs(self.fd)
        return found.f_bavail * found.f_frsize

    def rename(self, temporary: bytes, name: bytes) -> None:
        """Give a temporary file its name, and make that last.

        Raises:
            Refused: the name is taken, or the system does not let us.
        """
        try:
            rename_new(self.fd, temporary, self.fd, name)
        except FileExistsError as error:
            raise taken(name) from error
        except OSError as error:
            raise refusal(error, "the new file cannot be renamed") from error
        self.sync()

    def sync(self) -> None:
        """Have the names in this folder on the disk."""
        with contextlib.suppress(OSError):  # some network filesystems know no such thing for folders
            os.fsync(self.fd)


def rename_new(from_fd: int, old: bytes, to_fd: int, new: bytes) -> None:
    """Rename between two open folders without replacing anything.

    In one step where system and filesystem can; else by a second name (for a moment the file has both);
    where there are no such names either, after a look.

    Raises:
        FileExistsError: the new name is taken.
        OSError: otherwise.
    """
    number = _rename_in_one(from_fd, old, to_fd, new)
    if number == 0:
        return
    if number not in _NOT_THERE:
        raise OSError(number, os.strerror(number), new)
    try:
        os.link(old, new, src_dir_fd=from_fd, dst_dir_fd=to_fd, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NOT_THERE or error.errno == errno.EXDEV:
            raise
        try:
            os.stat(new, dir_fd=to_fd, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(old, new, src_dir_fd=from_fd, dst_dir_fd=to_fd)
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from error
    with contextlib.suppress(OSError):  # it has its name; the other one goes with the next look
        os.unlink(old, dir_fd=from_fd)


def _rename_in_one(from_fd: int, old: bytes, to_fd: int, new: bytes) -> int:
    """0 when it is done, else the error number."""
    library = ctypes.CDLL(None, use_errno=True)
    call = getattr(library, "renameatx_np" if sys.platform == "darwin" else "renameat2", None)
    if call is None:
        return errno.ENOSYS
    done = call(from_fd, ctypes.c_char_p(old), to_fd, ctypes.c_char_p(new), ctypes.c_uint(_NO_REPLACE))
    return 0 if done == 0 else ctypes.get_errno()


def taken(name: bytes) -> Refused:
    """What is said when the new name is not free."""
    shown = name.decode("utf-8", "replace")
    return Refused(
        ConversionCode.TARGET_EXISTS,
        f"{shown} is there already, and nothing is ever replaced by a conversion",
    )


def refusal(error: OSError, what: str) -> Refused:
    """What a system error means for a conversion."""
    text = f"{what}: {error.strerror or error}"
    if error.errno in _NO_ROOM:
        return Refused(ConversionCode.NO_SPACE, f"there is no room for the new file: {error.strerror}")
    if error.errno in _NO_WRITING:
        return Refused(ConversionCode.READ_ONLY, text)
    return Refused(ConversionCode.IO_ERROR, text)
