"""The music corpus of the benchmarks: thousands of real tracks, foldered and tagged like a kept library.

No two tracks share their audio. FLAC is encoded anew from another cut of one long recording, so that
its MD5 is a true one. The lossy formats deal the packets of one recording in another order: every
packet still decodes, and that costs a hundredth of encoding. Albums are independent of one another and
are made in several processes.
"""

from __future__ import annotations

import functools
import io
import multiprocessing
import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.packet import Packet

from bench.corpus import invented, sound
from bench.corpus.pictures import picture
from bench.corpus.tags import tag_stream

MIX = {"mp3": 4909, "flac": 2341, "m4a": 1268, "ogg": 817, "opus": 665}  # of ten thousand
FOLDERS = 908  # for ten thousand
_COVERED = 0.4
_RECORDING = 24  # seconds of sound that all tracks are cut or dealt from
_PAYLOAD = (60_000, 120_000)  # bytes of audio in one track
_YEARS = (1_420_070_400, 1_704_067_199)  # 2015 to 2023: no file looks as if it were still being written


@dataclass(frozen=True)
class Track:
    """One file to be: its place in the corpus, its format and its name."""

    index: int
    fmt: str
    title: str
    number: int
    disc: int


@dataclass(frozen=True)
class Album:
    """One folder to be."""

    index: int
    artist: str
    title: str
    discs: int
    tracks: tuple[Track, ...]


def shares(tracks: int) -> dict[str, int]:
    """How many tracks of each format; rounding goes to the most frequent one."""
    counts = {fmt: tracks * part // 10_000 for fmt, part in MIX.items()}
    counts["mp3"] += tracks - sum(counts.values())
    return counts


def plan(tracks: int, folders: int, seed: int) -> list[Album]:
    """Decide every folder and file name before a single file is made."""
    rng = random.Random(f"music {seed}")
    folders = max(1, min(folders, tracks))
    sizes = _sizes(rng, tracks, folders)
    # Formats go by the album, as they do on shelves: only the albums at a border mix two of them.
    formats = [fmt for fmt, count in shares(tracks).items() for _ in range(count)]
    artists = sorted({invented.artist(rng) for _ in range(max(1, folders // 2))})
    taken: set[tuple[str, str]] = set()
    albums = []
    for index, size in enumerate(sizes):
        artist, title = rng.choice(artists), invented.title(rng)
        while (artist.casefold(), title.casefold()) in taken:
            title = f"{invented.title(rng)} {rng.randrange(1960, 2024)}"
        taken.add((artist.casefold(), title.casefold()))
        discs = 2 if size > 14 else 1
        first = -(-size // discs)
        start = sum(sizes[:index])
        of_album = tuple(
            Track(start + at, formats[start + at], invented.title(rng), at % first + 1, at // first + 1)
            for at in range(size)
        )
        albums.append(Album(index, artist, title, discs, of_album))
    return albums


def _sizes(rng: random.Random, tracks: int, folders: int) -> list[int]:
    weights = [rng.randrange(6, 18) for _ in range(folders)]
    sizes = [max(1, tracks * weight // sum(weights)) for weight in weights]
    while (rest := tracks - sum(sizes)) != 0:
        at = rng.randrange(folders)
        if rest > 0 or sizes[at] > 1:
            sizes[at] += 1 if rest > 0 else -1
    return sizes


def build(dest: Path, *, tracks: int, folders: int | None = None, seed: int = 1, processes: int = 0) -> int:
    """Make the corpus and return its size in bytes; `processes` 0 is one per core, 1 is this one."""
    albums = plan(tracks, folders or max(1, round(tracks * FOLDERS / 10_000)), seed)
    processes = processes or os.cpu_count() or 1
    jobs = [(dest, album, seed) for album in albums]
    if processes == 1:
        return sum(map(_make_album, jobs))
    # Spawned, not forked: the encoders have threads. Shuffled, so that all processes end together.
    random.Random(seed).shuffle(jobs)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        return sum(pool.map(_make_album, jobs, chunksize=8))


def _make_album(job: tuple[Path, Album, int]) -> int:
    dest, album, seed = job
    rng = random.Random(f"album {seed} {album.index}")
    folder = dest / album.artist / album.title
    folder.mkdir(parents=True, exist_ok=True)
    cover = picture("jpeg", 500, 500, rng.getrandbits(32)) if rng.random() < _COVERED else None
    written = 0
    paths = []
    for track, tags in zip(album.tracks, _tags(rng, album), strict=True):
        suffix = sound.suffix(track.fmt)
        stream = io.BytesIO(_audio(track, seed))
        tag_stream(stream, suffix, tags, cover)
        disc = f"{track.disc}-" if album.discs > 1 else ""
        path = folder / f"{disc}{track.number:02} {track.title}{suffix}"
        path.write_bytes(stream.getbuffer())
        written += len(stream.getbuffer())
        paths.append(path)
    added = rng.randrange(*_YEARS)
    for path in [*paths, folder]:
        os.utime(path, (added, added + rng.randrange(86_400)))
    return written


def _tags(rng: random.Random, album: Album) -> Iterator[dict[str, str | list[str]]]:
    genre, year = rng.choice(invented.GENRES), rng.randrange(1960, 2024)
    shared: dict[str, str | list[str]] = {
        "artist": album.artist,
        "albumartist": album.artist,
        "album": album.title,
        "genre": genre,
        "date": f"{year}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        if rng.random() < 0.5
        else str(year),
    }
    # An artist has one identifier wherever it appears.
    artist_id = invented.identifier(random.Random(f"artist {album.artist}"))
    if known := rng.random() < 0.5:
        shared["musicbrainz_albumid"] = invented.identifier(rng)
        shared["musicbrainz_artistid"] = shared["musicbrainz_albumartistid"] = artist_id
    measured = rng.random() < 0.3
    composer = invented.artist(rng) if rng.random() < 0.3 else None
    for track in album.tracks:
        total = sum(other.disc == track.disc for other in album.tracks)
        tags = shared | {
            "title": track.title,
            "tracknumber": f"{track.number}/{total}",
            "discnumber": f"{track.disc}/{album.discs}",
        }
        if composer:
            tags["composer"] = composer
        if known:
            tags["musicbrainz_trackid"] = invented.identifier(rng)
        if measured:
            tags["replaygain_track_gain"] = f"{rng.uniform(-12, 2):.2f} dB"
            tags["replaygain_track_peak"] = f"{rng.uniform(0.5, 1):.6f}"
        yield tags


def _audio(track: Track, seed: int) -> bytes:
    rng = random.Random(f"track {seed} {track.index}")
    size = rng.randrange(*_PAYLOAD)
    if track.fmt == "flac":
        samples = _recording(seed)
        wanted = round(size / 2.05) * 4  # about two bytes a stereo sample at this level of noise
        # A stride prime to the number of places visits each once: no two tracks are the same cut.
        places = len(samples) // 4 - _PAYLOAD[1]
        start = track.index * 7_919 % places * 4
        return sound.encode("flac", samples[start : start + wanted])
    template, packets, length = _deck(track.fmt, seed)
    time_base = template.time_base
    assert time_base is not None
    count = max(10, size * len(packets) // sum(map(len, packets)))
    recipe = sound.RECIPES[track.fmt]
    target = io.BytesIO()
    options = {"fflags": "+bitexact", **recipe.muxing}
    with av.open(target, "w", format=recipe.container, options=options) as container:
        stream = container.add_stream_from_template(template)
        for at, body in enumerate(rng.choices(packets, k=count)):
            packet = Packet(body)
            packet.stream = stream
            packet.time_base = time_base
            packet.pts = packet.dts = at * length
            packet.duration = length
            container.mux(packet)
    return target.getvalue()


@functools.cache
def _recording(seed: int) -> bytes:
    return sound.pcm(seed, _RECORDING, noise=5, bars=_RECORDING * 10)


@functools.cache
def _noisy_recording(seed: int) -> bytes:
    """Shorter, and noisier than lossless formats can bear: no packet made of it equals another."""
    return sound.pcm(seed, _RECORDING // 3, noise=8, bars=_RECORDING * 10)


@functools.cache
def _deck(fmt: str, seed: int) -> tuple[AudioStream, list[bytes], int]:
    """One recording in one format, taken apart: its stream, its packets, the length of a packet.

    The stream keeps its container open, and the cache keeps the stream, for the life of the process.
    """
    container = av.open(io.BytesIO(sound.encode(fmt, _noisy_recording(seed))), "r")
    stream = container.streams.audio[0]
    packets = [packet for packet in container.demux(stream) if packet.size]
    # The first and last packets are shorter or special in most formats: deal from the middle.
    middle = packets[4:-4]
    return stream, [bytes(packet) for packet in middle], cast("int", middle[0].duration)
