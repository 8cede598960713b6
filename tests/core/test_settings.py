"""Settings: flags over environment over file over defaults, and a hint for every slip."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.core import Settings, VolverError, load_settings, write_settings


def loaded(folder: Path, flags: dict[str, Any] | None = None) -> tuple[Settings, dict[str, str]]:
    settings, listed = load_settings(folder, flags)
    return settings, {each.name: each.origin for each in listed}


def test_without_a_file_everything_is_the_default(tmp_path: Path) -> None:
    settings, origins = loaded(tmp_path)
    assert settings == Settings()
    assert set(origins.values()) == {"default"}


def test_the_nearest_source_wins_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings(tmp_path, {"name": "North", "lang": "es", "margin_rate": 0.3})
    monkeypatch.setenv("VOLVER_LANG", "en")
    monkeypatch.setenv("VOLVER_MARGIN_RATE", "0.5")
    settings, origins = loaded(tmp_path, {"margin_rate": 0.6, "currency": None})
    assert (settings.name, settings.lang, settings.margin_rate, settings.currency) == ("North", "en", 0.6, "EUR")
    assert origins["name"] == "volver.toml"
    assert origins["lang"] == "environment"
    assert origins["margin_rate"] == "flag"
    assert origins["currency"] == "default"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_name_survives_being_written(name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_settings(Path(folder), {"name": name})
        assert load_settings(Path(folder))[0].name == name


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("curency", "currency"),
        ("time_zone", "timezone"),
        ("memory_limit", "memory_limit_mb"),
        ("margin", "margin_rate"),
    ],
)
def test_a_misspelt_setting_is_told_its_nearest_name(tmp_path: Path, wrong: str, nearest: str) -> None:
    (tmp_path / "volver.toml").write_text(f'{wrong} = "x"\n')
    with pytest.raises(VolverError) as caught:
        load_settings(tmp_path)
    assert caught.value.code == "core.unknown_setting"
    assert nearest in caught.value.advice
    assert "volver.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lang", "fr"),
        ("currency", "euro"),
        ("currency", "eur"),
        ("margin_rate", 1.5),
        ("margin_rate", "much"),
        ("memory_limit_mb", 12),
        ("memory_limit_mb", True),
        ("threads", 0),
        ("threads", 1.5),
        ("memory_limit_mb", float("inf")),
        ("discount_rate_yearly", float("nan")),
        ("currency", 7),
        ("sleeping_gaps", 1.0),
        ("lost_gaps", 2.0),
        ("name", 12),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(VolverError) as caught:
        load_settings(tmp_path, {name: value})
    assert caught.value.code == "core.bad_setting"
    assert name in str(caught.value)


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        load_settings(tmp_path, {"timezone": "Europe/Madird"})
    assert caught.value.code == "core.unknown_zone"


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "volver.toml").write_text("this is = = not toml")
    with pytest.raises(VolverError) as caught:
        load_settings(tmp_path)
    assert caught.value.code == "core.bad_setting"


def test_every_setting_says_what_it_is_for(tmp_path: Path) -> None:
    assert all(each.doc.endswith(".") for each in load_settings(tmp_path)[1])
