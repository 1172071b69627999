"""Our words for what is in a container, where no generator can make it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.video import words


@pytest.mark.parametrize(
    ("dolby", "dynamic", "transfer", "kinds"),
    [
        (None, False, None, []),
        (None, False, "bt709", []),
        (None, False, "pq", ["HDR10"]),
        (None, True, "pq", ["HDR10+", "HDR10"]),
        (None, False, "hlg", ["HLG"]),
        ((5, None), False, None, ["Dolby Vision 5"]),
        ((5, 0), False, None, ["Dolby Vision 5"]),
        ((7, 6), False, "pq", ["Dolby Vision 7.6", "HDR10"]),
        ((8, 1), True, "pq", ["Dolby Vision 8.1", "HDR10+", "HDR10"]),
        ((8, 4), False, "hlg", ["Dolby Vision 8.4", "HLG"]),
        ((10, 1), False, "pq", ["Dolby Vision 10.1", "HDR10"]),
    ],
)
def test_kinds_of_hdr(
    dolby: tuple[int, int | None] | None, dynamic: bool, transfer: str | None, kinds: list[str]
) -> None:
    assert words.hdr(dolby, dynamic=dynamic, transfer=transfer) == kinds


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [
        (1920, 1080, "16:9"), (1920, 1088, "16:9"), (1920, 800, "2.40:1"), (1920, 804, "2.39:1"),
        (1920, 816, "2.35:1"), (1920, 1036, "1.85:1"), (640, 480, "4:3"), (720, 540, "4:3"),
        (1080, 1920, "9:16"),
        (1080, 1080, "1:1"), (1280, 1024, "5:4"), (3440, 1440, "2.39:1"), (2560, 1080, "2.37:1"),
    ],
)  # fmt: skip
def test_shapes_have_the_names_that_people_use(width: int, height: int, name: str) -> None:
    assert words.aspect(width / height) == name


@pytest.mark.parametrize("shape", [None, 0.0, -1.0, float("nan"), float("inf"), 1000.0])
def test_shapes_that_are_none_have_no_name(shape: float | None) -> None:
    assert words.aspect(shape) is None


@pytest.mark.parametrize(
    ("channels", "low", "name"),
    [
        (1, 0, "mono"), (2, 0, "stereo"), (3, 1, "2.1"), (6, 1, "5.1"), (8, 1, "7.1"), (6, 0, "6.0"),
        (4, 0, "4.0"),
        (2, 1, "1.1"), (24, 2, "22.2"), (6, None, None), (2, None, "stereo"), (None, 0, None), (0, 0, None),
        (1, 1, None),
    ],
)  # fmt: skip
def test_channels_are_counted_as_people_do(channels: int | None, low: int | None, name: str | None) -> None:
    assert words.layout(channels, low) == name


@pytest.mark.parametrize(
    ("codec", "features", "commercial", "spatial"),
    [
        ("eac3", "JOC", "Dolby Digital Plus with Dolby Atmos", "Atmos"),
        ("eac3", "JOC", "", "Atmos"),
        ("truehd", "16-ch", "Dolby TrueHD with Dolby Atmos", "Atmos"),
        ("truehd", "", "Dolby TrueHD", None),
        ("dts", "XLL X", "DTS-HD MA + DTS:X", "DTS:X"),
        ("dts", "XLL X", "", "DTS:X"),
        ("dts", "XLL", "DTS-HD Master Audio", None),
        ("aac", "LC", "", None),
        (None, "X", "", None),
    ],
)
def test_sound_with_objects(codec: str | None, features: str, commercial: str, spatial: str | None) -> None:
    assert words.spatial(codec, features, commercial) == spatial


@pytest.mark.parametrize(
    ("features", "profile"),
    [
        ("XLL", "DTS-HD MA"), ("XLL X", "DTS-HD MA"), ("XBR", "DTS-HD HRA"), ("LBR", "DTS Express"),
        ("ES", "DTS-ES"), ("XCh", "DTS-ES"), ("X96", "DTS 96/24"), ("ES XXCH XLL", "DTS-HD MA"), ("", None),
    ],
)  # fmt: skip
def test_profiles_of_dts(features: str, profile: str | None) -> None:
    assert words.dts_profile(features) == profile


@pytest.mark.parametrize(
    ("features", "profile"), [("LC", "LC"), ("LC SBR", "HE-AAC"), ("LC SBR PS", "HE-AACv2"), ("", None)]
)
def test_profiles_of_aac(features: str, profile: str | None) -> None:
    assert words.aac_profile(features) == profile


@pytest.mark.parametrize(
    ("title", "sdh", "commentary", "forced"),
    [
        ("English (SDH)", True, None, None),
        ("English [CC]", True, None, None),
        ("Forced", None, None, True),
        ("Commentary by the director", None, True, None),
        ("Kommentar", None, True, None),
        ("Signs & Songs", None, None, None),
        ("Success", None, None, None),
        ("Enforced", None, None, None),
        (None, None, None, None),
    ],
)
def test_titles_say_what_flags_forget(
    title: str | None, sdh: bool | None, commentary: bool | None, forced: bool | None
) -> None:
    assert (words.says_sdh(title), words.says_commentary(title), words.says_forced(title)) == (
        sdh,
        commentary,
        forced,
    )


def test_colours_have_one_word_whoever_names_them() -> None:
    assert words.transfer("PQ") == words.transfer("smpte2084") == "pq"
    assert words.transfer("HLG") == words.transfer("arib-std-b67") == "hlg"
    assert words.primaries("BT.2020") == words.primaries("bt2020") == "bt2020"
    assert words.matrix("BT.2020 non-constant") == words.matrix("bt2020nc") == "bt2020nc"
    assert words.primaries("Display P3") == words.primaries("smpte432") == "p3"
    assert words.matrix("Identity") == words.matrix("gbr") == "rgb"
    assert words.transfer("unknown") is None
    assert words.transfer("Something New 1.0") == "something-new-1-0"


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    words.slug(text)
    words.primaries(text)
    words.spatial(text, text, text)
    words.dts_profile(text)
    words.says_sdh(text)
