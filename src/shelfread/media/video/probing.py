"""FFmpeg's ffprobe, started for one open file, where a library has its option `ffprobe`.

Between `streams`, which has read the file already, and `ffprobe`, which knows the command and its answer. It
fills in what the container's own facts leave open, and changes none of them. Where the program is not there,
hangs, dies or answers nonsense, there is nothing to fill in: no file fails for it.

The child gets one descriptor and no name, never a shell; it has the limits of the parser that starts it
(memory, files, nothing written), a limit of processor time, and stays in the parser's process group, so that
it ends with it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import shutil
import subprocess
import time
from dataclasses import fields
from functools import cache

from shelfread.media.kind import Source
from shelfread.media.video import ffprobe
from shelfread.model.video import Stream, Video

#: After so many files in a row for which it took too long, this process asks it no more.
MOST_SILENCE = 3
#: What a disposition of FFmpeg says where the container is silent: "no", and so nothing.
_FLAGS = frozenset(("default", "forced", "sdh", "commentary"))
_NOT_FILLED = frozenset(("type", "index"))


class _Silence:
    """How often in a row it took too long."""

    times = 0


def program() -> str | None:
    """Where ffprobe is on this machine; None where it is not."""
    found = shutil.which("ffprobe")
    return found if found is not None and os.path.isabs(found) else None


def reads_descriptors(path: str) -> bool:
    """Whether an ffprobe can read an open file (the protocol `fd`, since FFmpeg 6.0), as it says itself."""
    answer = _answer([path, "-hide_banner", "-protocols"], (), 5.0)
    return answer is not None and b"fd" in answer.split()


@cache
def _usable() -> str | None:
    """The program, if it is there and can be asked."""
    path = program()
    return path if path is not None and reads_descriptors(path) else None


def fill(source: Source, video: Video) -> None:
    """Ask ffprobe about an open file, and fill in what is not known of it yet. Never raises."""
    path = _usable()
    if path is None or _Silence.times >= MOST_SILENCE:
        return
    seconds = min(source.program_s, ffprobe.TIMEOUT_S)
    began = time.monotonic()
    answer = _answer(ffprobe.arguments(path, source.fd), (source.fd,), seconds)
    if answer is None:
        _Silence.times = _Silence.times + 1 if time.monotonic() - began >= seconds else 0
        return
    _Silence.times = 0
    with contextlib.suppress(ValueError, RecursionError):
        filled(video, ffprobe.from_ffprobe(json.loads(answer)))


def filled(video: Video, more: Video) -> None:
    """Fill in what `more` knows of a file beside what is known. Streams are the same in their order."""
    video.container = video.container or more.container
    video.duration_s = video.duration_s if video.duration_s is not None else more.duration_s
    video.bitrate_kbps = video.bitrate_kbps if video.bitrate_kbps is not None else more.bitrate_kbps
    video.title = video.title or more.title
    video.chapters = video.chapters or more.chapters
    video.has_cover = video.has_cover or more.has_cover
    for kind in ("video", "audio", "subtitle"):
        known = [stream for stream in video.streams if stream.type == kind]
        others = [stream for stream in more.streams if stream.type == kind]
        if not known:
            video.streams += others
        elif len(known) == len(others):
            for stream, other in zip(known, others, strict=True):
                _fill_stream(stream, other)
    video.streams.sort(key=lambda stream: stream.index)


def _fill_stream(stream: Stream, other: Stream) -> None:
    for field in fields(Stream):
        name = field.name
        value = getattr(other, name)
        if name in _NOT_FILLED or value is None or (name in _FLAGS and not value):
            continue
        if getattr(stream, name) in (None, []):
            setattr(stream, name, value)


def _answer(command: list[str], descriptors: tuple[int, ...], timeout_s: float) -> bytes | None:
    """What a program writes on standard output; None when it fails, takes too long or says too much."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=descriptors,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    with process:
        _limit(process.pid)
        try:
            return _read(process, time.monotonic() + timeout_s)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _read(process: subprocess.Popen[bytes], until: float) -> bytes | None:
    assert process.stdout is not None
    parts: list[bytes] = []
    total = 0
    while total <= ffprobe.MOST_ANSWER:
        left = until - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            return None
        part = os.read(process.stdout.fileno(), 1 << 16)
        if not part:
            break
        parts.append(part)
        total += len(part)
    try:
        done = process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    return b"".join(parts) if done == 0 and total <= ffprobe.MOST_ANSWER else None


def _limit(pid: int) -> None:
    """Limit its processor time, where the system has that for others; its time is limited anyway."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        most = math.ceil(ffprobe.TIMEOUT_S)
        resource.prlimit(pid, resource.RLIMIT_CPU, (most, most))
