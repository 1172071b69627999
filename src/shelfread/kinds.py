"""The kinds of media that this program knows, each with what a scan needs beside it.

Not a part of `app`, so that a child that scans is started without all that answers people.
"""

from __future__ import annotations

from shelfread.media.books import KIND as BOOKS
from shelfread.media.books import series as book_series
from shelfread.media.books.series import Member, place
from shelfread.media.music import KIND as MUSIC
from shelfread.media.music import releases as music_releases
from shelfread.media.video import KIND as VIDEO
from shelfread.media.video import items as video_items
from shelfread.media.video import known
from shelfread.model.library import Library
from shelfread.store.books import BookCatalogue
from shelfread.store.ids import IdBlocks
from shelfread.store.music import MusicCatalogue
from shelfread.store.release_facts import MusicRules
from shelfread.store.series import BookRules
from shelfread.store.video_parents import VideoRules
from shelfread.store.videos import VideoCatalogue
from shelfread.tasks.library_scan import KindParts

_MUSIC_RULES = MusicRules(
    arrange=music_releases.arrange,
    album_artist=music_releases.album_artist,
    earliest=music_releases.earliest,
    disc_count=music_releases.disc_count,
    various=music_releases.VARIOUS_ARTISTS,
)


_BOOK_RULES = BookRules(member=Member._make, described=book_series.described, place=place)


_VIDEO_RULES = VideoRules(
    known=known,
    described=video_items.described,
    show_described=video_items.show_described,
    place=video_items.place,
)


def _music(library: Library, ids: IdBlocks) -> MusicCatalogue:
    return MusicCatalogue(library.id, ids, _MUSIC_RULES)


def _books(library: Library, ids: IdBlocks) -> BookCatalogue:
    return BookCatalogue(library, ids, _BOOK_RULES)


def _videos(library: Library, ids: IdBlocks) -> VideoCatalogue:
    return VideoCatalogue(library, ids, _VIDEO_RULES)


KINDS: dict[str, KindParts] = {
    MUSIC.name: KindParts(MUSIC, "shelfread.media.music:KIND", _music),
    BOOKS.name: KindParts(BOOKS, "shelfread.media.books:KIND", _books),
    VIDEO.name: KindParts(VIDEO, "shelfread.media.video:KIND", _videos),
}
