"""Which tracks of a folder are one release, and what the release says of itself.

Called in the scan with all known tracks of one folder, read now or remembered, before the batch is written.
Pure, and independent of the order of its input: the same folder gives the same releases however the scan
came to it. It knows no rows but the ids it was given, and no folder but its own; releases that span several
folders (discs) meet by having the same key.

The rules, in order:

1. A MusicBrainz release id is the release. Tracks without one join the only one their album title has here.
2. Else one folder, one album title, one album artist is one release, whatever the dates. Disc folders count
   as the folder they are in. A track without album artist takes the only one its title has here.
3. Editions part only when every track of the title names one: "version" is also what some taggers call the
   version of a single track, and that must not tear an album apart.
4. A track without album belongs to no release. That is a file loose in a root whose tags are silent; in any
   folder, `tags.completed` has taken the folder for the album.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple, Protocol, TypeVar

from shelfread.media.music.names import release_folder
from shelfread.media.music.people import key_of, split_artists
from shelfread.model.music import ReleaseKey, TrackFacts

VARIOUS_ARTISTS = "Various Artists"

_LONGEST_KEY = 512
_T = TypeVar("_T", str, tuple[str, tuple[str, ...]])


class Artists(Protocol):
    """What the album artist of a release follows from, for one of its tracks; `TrackFacts` is one."""

    albumartist: str | None
    albumartist_keys: list[str]
    artist: str | None
    artist_keys: list[str]
    compilation: bool | None


class AlbumArtist(NamedTuple):
    """The album artist of a whole release."""

    #: The text to show; None when no track names anybody.
    text: str | None
    #: Keys of the single artists in it, in order.
    keys: tuple[str, ...]


_NOBODY = AlbumArtist(None, ())
_VARIOUS = AlbumArtist(VARIOUS_ARTISTS, (key_of(VARIOUS_ARTISTS),))


def arrange(folder: bytes, tracks: Iterable[TrackFacts]) -> list[ReleaseKey]:
    """Group the tracks of one folder into releases.

    Args:
        folder: The folder below its root, bytes on disk, empty for the root itself.
        tracks: All known tracks directly in it.

    Returns:
        The releases by key, each with its tracks by id. Tracks without album are in none of them.
    """
    titles: defaultdict[str, list[TrackFacts]] = defaultdict(list)
    for track in tracks:
        if track.album:
            titles[key_of(track.album)].append(track)
    place = release_folder(folder)
    groups: defaultdict[str, list[TrackFacts]] = defaultdict(list)
    for title, members in titles.items():
        mbids = {track.musicbrainz_albumid for track in members if track.musicbrainz_albumid}
        only = next(iter(mbids)) if len(mbids) == 1 else None
        unnamed = []
        for track in members:
            mbid = track.musicbrainz_albumid or only
            if mbid:
                groups[f"mbid:{mbid}"].append(track)
            else:
                unnamed.append(track)
        _by_names(groups, place, title, unnamed)
    return [_release(key, groups[key]) for key in sorted(groups)]


def album_artist(tracks: Iterable[Artists]) -> AlbumArtist:
    """Tell the album artist of a release from all of its tracks, in any order.

    What most tracks say is the album artist. If none says anything: "Various Artists" when a track is flagged
    as part of a compilation or the tracks' first artists differ, else the first artist they share ("X" for
    "X" and "X feat. Y").

    Args:
        tracks: All tracks of the release, from every folder it spans.

    Returns:
        Its text and keys; nobody when no track names anybody.
    """
    said: Counter[tuple[str, tuple[str, ...]]] = Counter()
    played: Counter[tuple[str, tuple[str, ...]]] = Counter()
    compilation = False
    for track in tracks:
        if track.albumartist:
            said[track.albumartist, tuple(track.albumartist_keys)] += 1
        elif track.artist and track.artist_keys:
            played[track.artist, tuple(track.artist_keys)] += 1
        compilation = compilation or track.compilation is True
    if said:
        return AlbumArtist(*_most(said))
    if compilation:
        return _VARIOUS
    if not played:
        return _NOBODY
    leads = {keys[0] for _, keys in played}
    if len(leads) > 1:
        return _VARIOUS
    if len({keys for _, keys in played}) == 1:
        return AlbumArtist(*_most(played))
    lead = leads.pop()
    spellings: Counter[str] = Counter()
    for (text, keys), count in played.items():
        first = text if len(keys) == 1 else split_artists([text])[0]
        if key_of(first) == lead:
            spellings[first] += count
    # Nothing spells the lead artist out when texts such as "X with Y" come beside lists of single names.
    return AlbumArtist(_most(spellings) if spellings else lead, (lead,))


def earliest(dates: Iterable[str | None]) -> str | None:
    """Give the first of some partial dates, the more exact one where one lies inside the other."""
    return min(
        (date for date in dates if date), key=lambda date: date + "-99-99"[len(date) - 4 :], default=None
    )


def disc_count(discs: Iterable[tuple[int | None, int | None]]) -> int | None:
    """Give the number of discs from pairs of disc number and total, as far as any track tells."""
    return max((number for pair in discs for number in pair if number), default=None)


def _by_names(
    groups: defaultdict[str, list[TrackFacts]], place: bytes, title: str, tracks: list[TrackFacts]
) -> None:
    """Group tracks of one title without ids by album artist and edition."""
    people: defaultdict[tuple[str, ...], list[TrackFacts]] = defaultdict(list)
    for track in tracks:
        people[tuple(sorted(set(track.albumartist_keys)))].append(track)
    if len(people) == 2 and () in people:
        orphans = people.pop(())
        for members in people.values():
            members += orphans
    for names, members in people.items():
        editions = {key_of(track.edition or "") for track in members}
        parted = len(editions) > 1 and "" not in editions
        for track in members:
            edition = key_of(track.edition or "") if parted else ""
            groups[_named_key(place, title, names, edition)].append(track)


def _named_key(place: bytes, title: str, names: tuple[str, ...], edition: str) -> str:
    """Build the key of a release without id; JSON keeps its parts apart whatever they contain."""
    try:
        kind, folder = "f", place.decode()
    except UnicodeDecodeError:
        kind, folder = "b", place.hex()
    text = json.dumps([folder, title, *names, edition], ensure_ascii=False, separators=(",", ":"))
    key = f"{kind}:{text}"
    if len(key) <= _LONGEST_KEY:
        return key
    return f"h:{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=32).hexdigest()}"


def _release(key: str, tracks: list[TrackFacts]) -> ReleaseKey:
    """Describe a group of tracks by what most of them say."""
    edition = _most(Counter(track.edition or "" for track in tracks)) or None
    people = Counter(track.albumartist for track in tracks if track.albumartist)
    return ReleaseKey(
        key=key,
        title=_most(Counter(track.album or "" for track in tracks)),
        edition=edition,
        mbid=key[5:] if key.startswith("mbid:") else None,
        albumartist=_most(people) if people else None,
        file_ids=sorted(track.file_id for track in tracks),
    )


def _most(counts: Counter[_T]) -> _T:
    """Give what was counted most often, the smallest of equals: no order of input can change it."""
    return min(counts, key=lambda item: (-counts[item], item))
