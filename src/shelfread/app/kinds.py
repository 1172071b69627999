"""The kinds of media that this program knows, each with what a scan needs beside it."""

from __future__ import annotations

from shelfread.media.music import KIND as MUSIC
from shelfread.media.music import releases as music_releases
from shelfread.store.ids import IdBlocks
from shelfread.store.music import MusicCatalogue
from shelfread.store.release_facts import MusicRules
from shelfread.tasks.library_scan import KindParts

_MUSIC_RULES = MusicRules(
    arrange=music_releases.arrange,
    album_artist=music_releases.album_artist,
    earliest=music_releases.earliest,
    disc_count=music_releases.disc_count,
    various=music_releases.VARIOUS_ARTISTS,
)


def _music(library_id: int, ids: IdBlocks) -> MusicCatalogue:
    return MusicCatalogue(library_id, ids, _MUSIC_RULES)


KINDS: dict[str, KindParts] = {
    MUSIC.name: KindParts(MUSIC, "shelfread.media.music:KIND", _music),
}
