"""Every table, as the code speaks of it. The migrations in `migrations/` build the same thing.

Conventions: paths and names are bytes, with a text beside them for people; times are microseconds since
the epoch in UTC; the 64-bit facts of a stamp went through `model.entry.fold64`; ids come from `ids.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Sorted by its bytes, so that both databases say the same of what comes first and what begins with what.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[int]:
    return sa.Column("id", BIG, primary_key=True, autoincrement=False)


def _sort_key() -> sa.Column[str]:
    """What `folding` makes of the name that is shown."""
    return sa.Column("sort_key", KEY, nullable=False, server_default="")


def _ref(name: str, target: str, *, nullable: bool = False, cascade: bool = True) -> sa.Column[int]:
    return sa.Column(
        name, BIG, sa.ForeignKey(target, ondelete="CASCADE" if cascade else None), nullable=nullable
    )


#: The next free id of each table; a process takes them in blocks (see `ids.py`).
id_counters = sa.Table(
    "id_counters",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("next", BIG, nullable=False),
)

libraries = sa.Table(
    "libraries",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("reader_version", sa.Integer, nullable=False),
    # A parent row may have lost its last child: the next finishing transaction looks (DESIGN rule 10).
    sa.Column("untidy", sa.Boolean, nullable=False),
    sa.Column("created_at", BIG, nullable=False),
    # Rows added until then were known before any scan here: an import told of them.
    sa.Column("known_until", BIG),
)

roots = sa.Table(
    "roots",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("path_text", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("identity", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    # It may be empty though items are known there: an inbox that is emptied.
    sa.Column("empty_ok", sa.Boolean, nullable=False, server_default=sa.false()),
    # The filesystem of which somebody confirmed that it is right.
    sa.Column("confirmed_as", sa.Text),
    sa.UniqueConstraint("library_id", "path"),
)

folders = sa.Table(
    "folders",
    metadata,
    _id(),
    _ref("root_id", "roots.id"),
    _ref("parent_id", "folders.id", nullable=True),
    # Relative to the root; empty for the root itself.
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("path_text", sa.Text, nullable=False),
    # Null while something in the folder must be looked at again (DESIGN rule 5).
    sa.Column("digest", sa.LargeBinary),
    # Another filesystem than its parent's was mounted here.
    sa.Column("mounted", sa.Boolean, nullable=False),
    sa.UniqueConstraint("root_id", "path"),
    sa.Index(None, "parent_id"),
)

media_files = sa.Table(
    "media_files",
    metadata,
    _id(),
    _ref("folder_id", "folders.id"),
    sa.Column("name", sa.LargeBinary, nullable=False),
    sa.Column("name_text", sa.Text, nullable=False),
    sa.Column("size", BIG, nullable=False),
    sa.Column("mtime_ns", BIG, nullable=False),
    sa.Column("ctime_ns", BIG, nullable=False),
    sa.Column("device", BIG, nullable=False),
    sa.Column("inode", BIG, nullable=False),
    # ready, missing or error.
    sa.Column("status", sa.String(8), nullable=False),
    # Younger than the settle time when it was last looked at.
    sa.Column("unsettled", sa.Boolean, nullable=False),
    sa.Column("parser_version", sa.Integer, nullable=False),
    # Content identity that ignores tags; null when the content gave none.
    sa.Column("signature", sa.LargeBinary),
    # Hash of what was read, to tell whether a second reading differs.
    sa.Column("reading_hash", BIG),
    # The job (its seq) that read it last: a rescan knows by it what it has done.
    sa.Column("read_job", BIG, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    # When a scan last recorded it; a file of an unchanged folder was seen by every scan since.
    sa.Column("seen_at", BIG, nullable=False),
    # The last job (its seq) that changed anything, and what it made of it: a Change, or "missing".
    sa.Column("changed_by", BIG),
    sa.Column("change", sa.String(8)),
    sa.Column("missing_at", BIG),
    # Why it is missing: a word of the model's.
    sa.Column("missing_reason", sa.String(16)),
    sa.UniqueConstraint("folder_id", "name"),
    sa.Index(None, "changed_by", "change", "id"),
    sa.Index(None, "signature"),
    sa.Index(None, "inode"),
    sa.Index(None, "added_at", "id"),
    # Few files are missing: the index has no more rows than that.
    sa.Index(
        "ix_media_files_missing_at",
        "missing_at",
        sqlite_where=sa.text("missing_at IS NOT NULL"),
        postgresql_where=sa.text("missing_at IS NOT NULL"),
    ),
)
#: The few that are missing or in trouble. Written out, not bound, as `is_queued` is.
is_odd = sa.text("media_files.status <> 'ready'")
_odd = sa.text("status <> 'ready'")
sa.Index(
    "ix_media_files_odd",
    media_files.c.status,
    media_files.c.id,
    sqlite_where=_odd,
    postgresql_where=_odd,
)

#: Ids that a move made redundant; they lead to the row that lives on.
aliases = sa.Table(
    "aliases",
    metadata,
    sa.Column("old_id", BIG, primary_key=True, autoincrement=False),
    _ref("file_id", "media_files.id"),
    sa.Index(None, "file_id"),
    sqlite_with_rowid=False,
)

#: Where files were before they turned up elsewhere.
former_places = sa.Table(
    "former_places",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # Tells the places of one file apart; their order is that of their times.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # Absolute, as it was then.
    sa.Column("path", sa.LargeBinary, nullable=False),
    # When it was found elsewhere, or to be gone.
    sa.Column("until", BIG, nullable=False),
    sqlite_with_rowid=False,
)

#: Files a scan found gone: settled by its last transaction, or held until a person decides.
removals = sa.Table(
    "removals",
    metadata,
    sa.Column("job_seq", BIG, primary_key=True, autoincrement=False),
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _ref("root_id", "roots.id"),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Index(None, "file_id"),
    sqlite_with_rowid=False,
)

#: What stands beside the media: pictures, and files that say something of them.
sidecars = sa.Table(
    "sidecars",
    metadata,
    sa.Column(
        "folder_id",
        BIG,
        sa.ForeignKey("folders.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("name", sa.LargeBinary, primary_key=True),
    sa.Column("name_text", sa.Text, nullable=False),
    sa.Column("size", BIG, nullable=False),
    sa.Column("mtime_ns", BIG, nullable=False),
    sa.Column("ctime_ns", BIG, nullable=False),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("mime", sa.String(64)),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    # JSON: what it says, in the words of its kind; null for pictures.
    sa.Column("facts", sa.Text),
    sqlite_with_rowid=False,
)

problems = sa.Table(
    "problems",
    metadata,
    _id(),
    _ref("root_id", "roots.id"),
    # Relative to the root; for a file also its row.
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("path_text", sa.Text, nullable=False),
    _ref("file_id", "media_files.id", nullable=True),
    # The folder the path lies in (or is), so that a scan of it can settle its problems.
    _ref("folder_id", "folders.id", nullable=True),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("found_at", BIG, nullable=False),
    # Since when a person does not want to see it.
    sa.Column("ignored_at", BIG),
    sa.UniqueConstraint("root_id", "path", "code"),
    sa.Index(None, "file_id"),
    sa.Index(None, "folder_id"),
)

artists = sa.Table(
    "artists",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sort_name", sa.Text),
    sa.Column("mbid", sa.String(36)),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "sort_key", "id"),
)

releases = sa.Table(
    "releases",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("edition", sa.Text),
    sa.Column("artist", sa.Text),
    sa.Column("date", sa.String(10)),
    sa.Column("year", sa.Integer),
    sa.Column("original_date", sa.String(10)),
    sa.Column("compilation", sa.Boolean, nullable=False),
    sa.Column("disc_total", sa.Integer),
    sa.Column("mbid", sa.String(36)),
    sa.Column("releasegroup_mbid", sa.String(36)),
    sa.Column("added_at", BIG, nullable=False),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "sort_key", "id"),
    sa.Index(None, "year", "id"),
    sa.Index(None, "added_at", "id"),
)

release_credits = sa.Table(
    "release_credits",
    metadata,
    sa.Column(
        "release_id",
        BIG,
        sa.ForeignKey("releases.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _ref("artist_id", "artists.id", cascade=False),
    sa.Index(None, "artist_id"),
    sqlite_with_rowid=False,
)

tracks = sa.Table(
    "tracks",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _ref("release_id", "releases.id", nullable=True, cascade=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("artist", sa.Text),
    sa.Column("albumartist", sa.Text),
    sa.Column("album", sa.Text),
    sa.Column("edition", sa.Text),
    sa.Column("genre", sa.Text),
    sa.Column("composer", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("lyrics", sa.Text),
    sa.Column("track", sa.Integer),
    sa.Column("track_text", sa.Text),
    sa.Column("track_total", sa.Integer),
    sa.Column("disc", sa.Integer),
    sa.Column("disc_total", sa.Integer),
    sa.Column("disc_subtitle", sa.Text),
    sa.Column("date", sa.String(10)),
    sa.Column("year", sa.Integer),
    sa.Column("original_date", sa.String(10)),
    sa.Column("bpm", sa.Float),
    sa.Column("compilation", sa.Boolean),
    sa.Column("recording_mbid", sa.String(36)),
    sa.Column("track_mbid", sa.String(36)),
    sa.Column("release_mbid", sa.String(36)),
    sa.Column("releasegroup_mbid", sa.String(36)),
    sa.Column("track_gain", sa.Float),
    sa.Column("track_peak", sa.Float),
    sa.Column("album_gain", sa.Float),
    sa.Column("album_peak", sa.Float),
    sa.Column("container", sa.String(16)),
    sa.Column("codec", sa.String(16)),
    sa.Column("duration_s", sa.Float),
    sa.Column("bitrate_kbps", sa.Integer),
    sa.Column("sample_rate", sa.Integer),
    sa.Column("channels", sa.Integer),
    sa.Column("bit_depth", sa.Integer),
    sa.Column("has_cover", sa.Boolean, nullable=False),
    # JSON: the embedded pictures, measured.
    sa.Column("pictures", sa.Text),
    _sort_key(),
    sa.Index(None, "release_id"),
    sa.Index(None, "sort_key", "file_id"),
    sa.Index(None, "year", "file_id"),
)

track_credits = sa.Table(
    "track_credits",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("tracks.file_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("role", sa.String(16), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _ref("artist_id", "artists.id", cascade=False),
    # As written in this file.
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sort_name", sa.Text),
    sa.Column("mbid", sa.String(36)),
    sa.Index(None, "artist_id"),
    sqlite_with_rowid=False,
)

genres = sa.Table(
    "genres",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.UniqueConstraint("library_id", "key"),
)

track_genres = sa.Table(
    "track_genres",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("tracks.file_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _ref("genre_id", "genres.id", cascade=False),
    # As written in this file.
    sa.Column("name", sa.Text, nullable=False),
    sa.Index(None, "genre_id"),
    sqlite_with_rowid=False,
)

series = sa.Table(
    "series",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    # The root and the folder that it is made of; see `books`.
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("status", sa.String(32)),
    sa.Column("publisher", sa.Text),
    sa.Column("imprint", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("volume", sa.Integer),
    # How many books it has in all, as they or a series.json say.
    sa.Column("total", sa.Integer),
    sa.Column("language", sa.String(64)),
    # ltr or rtl.
    sa.Column("direction", sa.String(3)),
    sa.Column("age_rating", sa.Text),
    sa.Column("summary", sa.Text),
    # What it derives from its books must be derived again, by the next finishing transaction.
    sa.Column("stale", sa.Boolean, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "sort_key", "id"),
    sa.Index(None, "year", "id"),
    sa.Index(None, "added_at", "id"),
)
_stale = sa.text("stale")
sa.Index(
    "ix_series_stale",
    series.c.library_id,
    series.c.id,
    sqlite_where=_stale,
    postgresql_where=_stale,
)

books = sa.Table(
    "books",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _ref("series_id", "series.id", nullable=True, cascade=False),
    sa.Column("title", sa.Text, nullable=False),
    # The series as the book itself says it; what only its name says is in `guessed`.
    sa.Column("series", sa.Text),
    sa.Column("series_sort", sa.Text),
    sa.Column("number", sa.Text),
    sa.Column("number_sort", sa.Float),
    sa.Column("count", sa.Integer),
    sa.Column("volume", sa.Integer),
    sa.Column("volume_end", sa.Integer),
    sa.Column("chapter", sa.Text),
    sa.Column("date", sa.String(10)),
    sa.Column("year", sa.Integer),
    sa.Column("publisher", sa.Text),
    sa.Column("imprint", sa.Text),
    sa.Column("language", sa.String(64)),
    sa.Column("isbn", sa.String(13)),
    sa.Column("summary", sa.Text),
    sa.Column("comic_format", sa.Text),
    sa.Column("one_shot", sa.Boolean),
    sa.Column("special", sa.Boolean),
    sa.Column("manga", sa.Boolean),
    sa.Column("direction", sa.String(3)),
    sa.Column("black_and_white", sa.Boolean),
    sa.Column("age_rating", sa.Text),
    sa.Column("rating", sa.Float),
    sa.Column("container", sa.String(8)),
    sa.Column("format", sa.String(8)),
    sa.Column("pages", sa.Integer),
    sa.Column("first_page", sa.Text),
    # JSON: identifiers, notes, web, scan_group, sources, guessed, and which page is the cover.
    sa.Column("more", sa.Text, nullable=False),
    # Its place among the books of its series.
    sa.Column("place", KEY, nullable=False),
    _sort_key(),
    sa.Index(None, "series_id", "place", "file_id"),
    sa.Index(None, "sort_key", "file_id"),
    sa.Index(None, "year", "file_id"),
)

book_credits = sa.Table(
    "book_credits",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("books.file_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("role", sa.String(16), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    # As written, and what makes two spellings the same.
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", KEY, nullable=False),
    sa.Column("sort_name", sa.Text),
    sa.Index(None, "key", "file_id"),
    sqlite_with_rowid=False,
)

book_tags = sa.Table(
    "book_tags",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("books.file_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # genre, tag, character, team, location, arc.
    sa.Column("type", sa.String(16), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", KEY, nullable=False),
    sa.Index(None, "key", "type", "file_id"),
    sqlite_with_rowid=False,
)

movies = sa.Table(
    "movies",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    # What its names say it is; see `media.video.belonging`.
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("original_title", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("date", sa.String(10)),
    sa.Column("plot", sa.Text),
    sa.Column("age_rating", sa.Text),
    sa.Column("rating", sa.Float),
    # JSON: sort_title, tagline, outline, runtime_min, votes, set, provider_ids, sources, guessed.
    sa.Column("more", sa.Text, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "sort_key", "id"),
    sa.Index(None, "year", "id"),
    sa.Index(None, "added_at", "id"),
)

shows = sa.Table(
    "shows",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("key", sa.Text, nullable=False),
    # As the folders and names of its episodes call it, and the year they give: shown where no NFO says more.
    sa.Column("named", sa.Text, nullable=False),
    sa.Column("named_year", sa.Integer),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("original_title", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("date", sa.String(10)),
    # Continuing or Ended, as written.
    sa.Column("status", sa.String(32)),
    sa.Column("plot", sa.Text),
    sa.Column("age_rating", sa.Text),
    sa.Column("rating", sa.Float),
    # JSON, as of movies; named_ids are those that its folders and names give.
    sa.Column("more", sa.Text, nullable=False),
    # What stands beside its episodes must be looked at again, by the next finishing transaction.
    sa.Column("stale", sa.Boolean, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "sort_key", "id"),
    sa.Index(None, "year", "id"),
    sa.Index(None, "added_at", "id"),
)
sa.Index("ix_shows_stale", shows.c.library_id, shows.c.id, sqlite_where=_stale, postgresql_where=_stale)

seasons = sa.Table(
    "seasons",
    metadata,
    _id(),
    _ref("show_id", "shows.id"),
    # 0 holds the specials.
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("title", sa.Text),
    sa.Column("plot", sa.Text),
    sa.Column("added_at", BIG, nullable=False),
    sa.UniqueConstraint("show_id", "number"),
)

episodes = sa.Table(
    "episodes",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    _ref("show_id", "shows.id", cascade=False),
    # Null where nothing says which: counted through, or by its date.
    _ref("season_id", "seasons.id", nullable=True, cascade=False),
    # The show's key and what tells the episode from the others of its show.
    sa.Column("key", sa.Text, nullable=False),
    # Null where nothing says it.
    sa.Column("title", sa.Text),
    sa.Column("season", sa.Integer),
    sa.Column("episode", sa.Integer),
    sa.Column("episode_end", sa.Integer),
    sa.Column("absolute", sa.Integer),
    sa.Column("absolute_end", sa.Integer),
    sa.Column("air_date", sa.String(10)),
    sa.Column("plot", sa.Text),
    sa.Column("rating", sa.Float),
    sa.Column("more", sa.Text, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    # Its place among the episodes of its show.
    sa.Column("place", KEY, nullable=False),
    _sort_key(),
    sa.UniqueConstraint("library_id", "key"),
    sa.Index(None, "show_id", "place", "id"),
    sa.Index(None, "season_id", "place", "id"),
    sa.Index(None, "sort_key", "id"),
    sa.Index(None, "air_date", "id"),
    sa.Index(None, "added_at", "id"),
)

#: Video files: versions and parts of movies and episodes, and what belongs to them.
videos = sa.Table(
    "videos",
    metadata,
    sa.Column(
        "file_id",
        BIG,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # movie, episode, extra or sample.
    sa.Column("type", sa.String(8), nullable=False),
    _ref("movie_id", "movies.id", nullable=True, cascade=False),
    _ref("episode_id", "episodes.id", nullable=True, cascade=False),
    # The folder of the item, below its root: that of the film, not of its disc, extras or parts.
    _ref("root_id", "roots.id"),
    sa.Column("base", sa.LargeBinary, nullable=False),
    # The key of the movie that an extra's own name speaks of.
    sa.Column("of_key", sa.Text),
    sa.Column("title", sa.Text),
    # Of an extra or a sample: trailer, featurette...
    sa.Column("extra", sa.String(32)),
    # What tells the versions of one item apart; empty where nothing does.
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("edition", sa.Text),
    sa.Column("part", sa.Integer),
    # A file of a disc that is one item; such files have no parts.
    sa.Column("disc", sa.Boolean, nullable=False),
    sa.Column("three_d", sa.String(16)),
    sa.Column("container", sa.String(16)),
    sa.Column("duration_s", sa.Float),
    sa.Column("bitrate_kbps", sa.Integer),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("video_codec", sa.String(16)),
    # The best there is: "Dolby Vision 8.1"; null where it has none.
    sa.Column("hdr", sa.String(32)),
    sa.Column("audio_codec", sa.String(16)),
    sa.Column("channels", sa.Integer),
    sa.Column("has_cover", sa.Boolean, nullable=False),
    # JSON: everything that was read of the file, in the words of `model.video.Video`.
    sa.Column("facts", sa.Text, nullable=False),
    sa.Index(None, "movie_id"),
    sa.Index(None, "episode_id"),
    sa.Index(None, "root_id", "base"),
)

#: Who had a part in movies (6), shows (7) and episodes (8): by the numbers of `ItemKind`.
video_credits = sa.Table(
    "video_credits",
    metadata,
    sa.Column("kind", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", BIG, primary_key=True, autoincrement=False),
    # director, writer, actor, producer, composer, creator.
    sa.Column("role", sa.String(16), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", KEY, nullable=False),
    sa.Column("character", sa.Text),
    sa.Index(None, "key", "kind", "item_id"),
    sqlite_with_rowid=False,
)

video_tags = sa.Table(
    "video_tags",
    metadata,
    sa.Column("kind", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", BIG, primary_key=True, autoincrement=False),
    # genre, tag, studio, country.
    sa.Column("type", sa.String(16), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", KEY, nullable=False),
    sa.Index(None, "key", "type", "kind", "item_id"),
    sqlite_with_rowid=False,
)

#: What can be searched: names and words of artists, releases and tracks. Brought up to date by
#: `search_index`, and never believed: whoever reads it asks the rows themselves. The words are in an FTS5
#: table over this one on SQLite, and in a GIN index on PostgreSQL: `search_index`, made by migrations.
search_rows = sa.Table(
    "search_rows",
    metadata,
    # The kind (1 artist, 2 release, 3 track, 4 series, 5 book, 6 movie, 7 show,
    # 8 episode) above 48 bits of the row's id.
    sa.Column("key", BIG, primary_key=True, autoincrement=False),
    sa.Column("library_id", BIG, nullable=False),
    # What it is sorted by.
    sa.Column("name", KEY, nullable=False),
    sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
    sa.Index(None, "name", "key"),
)

#: Rows that changed since they were made searchable, noted by the transaction that changed them.
search_due = sa.Table(
    "search_due",
    metadata,
    sa.Column("seq", BIG, primary_key=True, autoincrement=True),
    # JSON: {"1": [ids of artists], ...}, or {"sweep": library id} when rows of it were removed.
    sa.Column("items", sa.Text, nullable=False),
)

#: A process that runs jobs: alive as long as its lock is held (DESIGN rule 9).
workers = sa.Table(
    "workers",
    metadata,
    # Random for every start: host names and process ids come back.
    sa.Column("id", sa.String(36), primary_key=True),
    # cli, managed or standalone.
    sa.Column("kind", sa.String(16), nullable=False),
    # For people only.
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", BIG, nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("started_at", BIG, nullable=False),
)

library_scan_jobs = sa.Table(
    "library_scan_jobs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("seq", BIG, nullable=False, unique=True),
    # Null for types that need none.
    _ref("library_id", "libraries.id", nullable=True),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    # JSON: [[root id, relative path in hex], ...]; equal scopes have equal keys.
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("unique_key", sa.Text, nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    # Common to the jobs of one request.
    sa.Column("request_id", sa.String(36)),
    sa.Column("priority", sa.Integer, nullable=False),
    # Rises with every claim, and whenever the job is taken from its worker; every write is guarded by it.
    sa.Column("fence", BIG, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    # Attempts lost one after the other without progress.
    sa.Column("losses", sa.Integer, nullable=False),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("run_at", BIG, nullable=False),
    sa.Column("worker_id", sa.String(36)),
    sa.Column("claimed_at", BIG),
    sa.Column("heartbeat_at", BIG),
    sa.Column("progress_at", BIG),
    # Seconds it may run in all; resolved when it was queued.
    sa.Column("timeout_s", BIG, nullable=False),
    # Microseconds that it ran, added up from heartbeat to heartbeat.
    sa.Column("used_us", BIG, nullable=False),
    sa.Column("cancel_requested_at", BIG),
    sa.Column("phase", sa.String(16)),
    sa.Column("items_found", BIG),
    sa.Column("items_total", BIG),
    sa.Column("items_added", BIG),
    sa.Column("items_updated", BIG),
    sa.Column("items_moved", BIG),
    sa.Column("items_restored", BIG),
    sa.Column("items_unchanged", BIG),
    sa.Column("items_removed", BIG),
    sa.Column("items_failed", BIG),
    sa.Column("items_skipped", BIG),
    # JSON: the outcomes of earlier attempts.
    sa.Column("carried", sa.Text),
    sa.Column("current_path", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("reason", sa.String(32)),
    # JSON, at the end.
    sa.Column("report", sa.Text),
    sa.Column("event_seq", BIG, nullable=False),
    sa.Column("log_seq", BIG, nullable=False),
    sa.Column("queued_at", BIG),
    sa.Column("started_at", BIG),
    sa.Column("completed_at", BIG),
    # No row that this job added is younger: later scans tell by it what is new, whatever clocks say.
    sa.Column("rows_until", BIG),
    # The newest jobs of a library; the last two only so that counting them reads no row.
    sa.Index(None, "library_id", "seq", "type", "status"),
)
#: Written out, not bound: neither database proves a partial index from a parameter.
is_queued = sa.text("library_scan_jobs.status = 'queued'")
is_running = sa.text("library_scan_jobs.status = 'running'")
#: One that nobody has begun: what was begun and came back does not stand in the way of a follow-up.
_fresh = sa.text("status = 'queued' AND fence = 0")
_running = sa.text("status = 'running'")
_queued = sa.text("status = 'queued'")
sa.Index(
    "uq_library_scan_jobs_queued",
    library_scan_jobs.c.unique_key,
    unique=True,
    sqlite_where=_fresh,
    postgresql_where=_fresh,
)
sa.Index(
    "uq_library_scan_jobs_running",
    library_scan_jobs.c.unique_key,
    unique=True,
    sqlite_where=_running,
    postgresql_where=_running,
)
sa.Index(
    "ix_library_scan_jobs_waiting",
    library_scan_jobs.c.priority,
    library_scan_jobs.c.seq,
    sqlite_where=_queued,
    postgresql_where=_queued,
)

#: What happened to a job, numbered without a gap.
job_events = sa.Table(
    "job_events",
    metadata,
    sa.Column(
        "job_seq",
        BIG,
        sa.ForeignKey("library_scan_jobs.seq", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("seq", BIG, primary_key=True, autoincrement=False),
    sa.Column("at", BIG, nullable=False),
    sa.Column("fence", BIG, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("worker_id", sa.String(36)),
    # JSON.
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

job_logs = sa.Table(
    "job_logs",
    metadata,
    sa.Column(
        "job_seq",
        BIG,
        sa.ForeignKey("library_scan_jobs.seq", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("seq", BIG, primary_key=True, autoincrement=False),
    sa.Column("at", BIG, nullable=False),
    sa.Column("level", sa.String(8), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("path", sa.LargeBinary),
    sqlite_with_rowid=False,
)

#: When a library is scanned by itself.
schedules = sa.Table(
    "schedules",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("cron", sa.Text, nullable=False),
    # IANA name.
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("next_run_at", BIG),
    sa.Column("last_run_at", BIG),
    sa.Column("last_job_id", sa.String(36)),
    # Why it cannot run; null when it can.
    sa.Column("problem", sa.Text),
    # Since when it rests because somebody said so.
    sa.Column("paused_at", BIG),
    sa.UniqueConstraint("library_id", "type"),
)

#: Settings that are kept in the catalogue and go before the environment (PROMISES A9).
config = sa.Table(
    "config",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    # JSON.
    sa.Column("value", sa.Text, nullable=False),
)

#: People who may log in.
users = sa.Table(
    "users",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    # The name as it is compared (see `model.account.key_of`).
    sa.Column("key", sa.Text, nullable=False, unique=True),
    # Argon2id, with its salt and costs.
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("scope", sa.String(8), nullable=False),
    sa.Column("created_at", BIG, nullable=False),
)

#: Who is logged in. Of what a browser keeps there is a digest only.
sessions = sa.Table(
    "sessions",
    metadata,
    # SHA-256.
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    _ref("user_id", "users.id"),
    sa.Column("created_at", BIG, nullable=False),
    sa.Column("seen_at", BIG, nullable=False),
    sa.Column("expires_at", BIG, nullable=False),
    sa.Index("ix_sessions_user_id", "user_id"),
)

#: Keys of programs; of each secret there is a digest only.
tokens = sa.Table(
    "tokens",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    # SHA-256.
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scope", sa.String(8), nullable=False),
    sa.Column("created_at", BIG, nullable=False),
    sa.Column("used_at", BIG),
    sa.Column("expires_at", BIG),
    sa.Column("revoked_at", BIG),
)

#: Secrets that are good for one use, by what they are for; digests only.
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    # SHA-256.
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("created_at", BIG, nullable=False),
)

#: The small picture of each release and book: what it was made from, and what came of it.
covers = sa.Table(
    "covers",
    metadata,
    # The number of the kind of item (`search_due.ItemKind`), and the item's id.
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("item_id", BIG, primary_key=True, autoincrement=False),
    _ref("library_id", "libraries.id"),
    # The file it was made from, by its role and stamp; null where there was none.
    sa.Column("source", sa.Text),
    # What it was to be like (`covers.making.Shape.key`).
    sa.Column("shape", sa.String(64), nullable=False),
    # SHA-256 of the small picture, which is the name of its file; null where there is no picture.
    sa.Column("digest", sa.String(64)),
    sa.Column("mime", sa.String(32)),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    # Why none could be made of its source; it is not tried again until that changes.
    sa.Column("code", sa.String(32)),
    sa.Column("detail", sa.Text),
    sa.Column("made_at", BIG, nullable=False),
    sa.Index(None, "library_id"),
    sa.Index(None, "digest"),
    sqlite_with_rowid=False,
)

#: Items whose cover has to be looked at, noted by the transaction that changed them.
cover_due = sa.Table(
    "cover_due",
    metadata,
    sa.Column(
        "library_id",
        BIG,
        sa.ForeignKey("libraries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # As in `covers`; 0 with the item 0: all items of the library.
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("item_id", BIG, primary_key=True, autoincrement=False),
    # Made again though nothing changed, and tried again though it failed.
    sa.Column("again", sa.Boolean, nullable=False),
    # Differs for every note, so that whoever has looked at one does not take away the next.
    sa.Column("noted", BIG, nullable=False),
    sqlite_with_rowid=False,
)

#: The journal of conversions: one row for what is under way, was converted, or could not be.
conversions = sa.Table(
    "conversions",
    metadata,
    _id(),
    # The book. Null once its row is pruned: its original stays known as converted.
    sa.Column("file_id", BIG, sa.ForeignKey("media_files.id", ondelete="SET NULL"), unique=True),
    # prepared, removing, done or failed.
    sa.Column("state", sa.String(8), nullable=False),
    # The original: its name in its folder, and its stamp when it was read.
    sa.Column("source_name", sa.LargeBinary, nullable=False),
    sa.Column("source_name_text", sa.Text, nullable=False),
    sa.Column("source_size", BIG, nullable=False),
    sa.Column("source_mtime_ns", BIG, nullable=False),
    sa.Column("source_ctime_ns", BIG, nullable=False),
    sa.Column("source_device", BIG, nullable=False),
    sa.Column("source_inode", BIG, nullable=False),
    # The new file, in the same folder; empty where there is none.
    sa.Column("target_name", sa.LargeBinary, nullable=False),
    sa.Column("target_size", BIG, nullable=False),
    sa.Column("target_mtime_ns", BIG, nullable=False),
    # Its name until it gets its own.
    sa.Column("temporary", sa.LargeBinary),
    # The version of the converter.
    sa.Column("converter", sa.Integer, nullable=False),
    # Why it was left as it is.
    sa.Column("code", sa.String(32)),
    sa.Column("detail", sa.Text),
    sa.Column("at", BIG, nullable=False),
    sa.Index(None, "source_name"),
)
#: Written out, not bound, as `is_queued` is.
is_under_way = sa.text("conversions.state IN ('prepared', 'removing')")
_under_way = sa.text("state IN ('prepared', 'removing')")
sa.Index(
    "ix_conversions_under_way",
    conversions.c.file_id,
    sqlite_where=_under_way,
    postgresql_where=_under_way,
)

#: How each root of a watched library is watched, as the process that does it says.
watches = sa.Table(
    "watches",
    metadata,
    sa.Column(
        "root_id",
        BIG,
        sa.ForeignKey("roots.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("state", sa.String(16), nullable=False),
    # Why it is swept instead, for people.
    sa.Column("reason", sa.Text),
    sa.Column("since", BIG, nullable=False),
    sa.Column("swept_at", BIG),
)

#: Parents that an import told of and no scan has met yet: they get these ids and dates when one does.
remembered = sa.Table(
    "remembered",
    metadata,
    sa.Column(
        "library_id",
        BIG,
        sa.ForeignKey("libraries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # The table, and the key of the row in it; of a season its show and its number.
    sa.Column("subject", sa.String(32), primary_key=True),
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("row_id", BIG, nullable=False),
    sa.Column("added_at", BIG, nullable=False),
    sqlite_with_rowid=False,
)

#: Pairs of files that are probably the same: one that is gone, and one that is there.
tidy_due = sa.Table(
    "tidy_due",
    metadata,
    sa.Column(
        "library_id",
        BIG,
        sa.ForeignKey("libraries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # The name of the table of a row that lost a child; the row may be gone.
    sa.Column("parent", sa.String(16), primary_key=True),
    sa.Column("item_id", BIG, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
likenesses = sa.Table(
    "likenesses",
    metadata,
    _id(),
    _ref("library_id", "libraries.id"),
    _ref("old_file_id", "media_files.id"),
    _ref("new_file_id", "media_files.id"),
    # What speaks for it.
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("found_at", BIG, nullable=False),
    # open, confirmed or rejected.
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decided_at", BIG),
    sa.UniqueConstraint("old_file_id", "new_file_id"),
    sa.Index(None, "new_file_id"),
    sa.Index(None, "library_id", "state", "id"),
)
