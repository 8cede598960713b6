"""Settings: flags over environment over file over defaults, and a hint for every slip."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.app import ROOMS
from volver.core import (
    Secret,
    Section,
    Setting,
    Settings,
    Url,
    VolverError,
    check_settings,
    list_settings,
    load_settings,
    sections,
    setting,
    write_settings,
)
from volver.know import KnowSettings
from volver.predict import PredictSettings
from volver.store import StoreSettings

SECTIONS = sections(ROOMS)


def read(folder: Path, flags: dict[str, Any] | None = None) -> Settings:
    settings = load_settings(folder, flags)
    check_settings(settings, SECTIONS)
    return settings


def listed(settings: Settings) -> dict[str, Setting]:
    return {each.name: each for each in list_settings(settings, SECTIONS)}


def loaded(folder: Path, flags: dict[str, Any] | None = None) -> tuple[Settings, dict[str, str]]:
    settings = read(folder, flags)
    return settings, {name: each.origin for name, each in listed(settings).items()}


def test_without_a_file_everything_is_the_default(tmp_path: Path) -> None:
    settings, origins = loaded(tmp_path)
    assert settings == Settings()
    assert set(origins.values()) == {"default"}


def test_the_nearest_source_wins_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings(tmp_path, {"name": "North", "lang": "es", "margin_rate": 0.3})
    monkeypatch.setenv("VOLVER_LANG", "en")
    monkeypatch.setenv("VOLVER_MARGIN_RATE", "0.5")
    settings, origins = loaded(tmp_path, {"margin_rate": 0.6, "currency": None})
    rate = settings.of(KnowSettings).margin_rate
    assert (settings.name, settings.lang, rate, settings.currency) == ("North", "en", 0.6, "EUR")
    assert origins["name"] == "volver.toml"
    assert origins["lang"] == "environment"
    assert origins["know.margin_rate"] == "flag"
    assert origins["currency"] == "default"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_name_survives_being_written(name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_settings(Path(folder), {"name": name})
        assert load_settings(Path(folder)).name == name


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
        read(tmp_path)
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
        read(tmp_path, {name: value})
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
    assert all(each.doc.endswith(".") for each in listed(read(tmp_path)).values())


def test_a_room_reads_its_section_and_the_old_key_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "volver.toml").write_text("discount_rate_yearly = 0.2\n[know]\nslipping_gaps = 2.0\n")
    settings = read(tmp_path)
    assert settings.of(KnowSettings).slipping_gaps == 2.0
    assert settings.of(PredictSettings).discount_rate_yearly == 0.2
    told = listed(settings)
    assert (told["know.slipping_gaps"].origin, told["know.slipping_gaps"].hint) == ("volver.toml", "")
    assert told["predict.discount_rate_yearly"].hint == "Write discount_rate_yearly under [predict]."
    monkeypatch.setenv("VOLVER_SLIPPING_GAPS", "1.2")
    old = read(tmp_path)
    assert old.of(KnowSettings).slipping_gaps == 1.2
    assert listed(old)["know.slipping_gaps"].hint == "Call it VOLVER_KNOW_SLIPPING_GAPS."
    monkeypatch.setenv("VOLVER_KNOW_SLIPPING_GAPS", "1.1")
    new = read(tmp_path)
    assert new.of(KnowSettings).slipping_gaps == 1.1
    assert listed(new)["know.slipping_gaps"].hint == ""


def test_within_one_file_the_section_wins_over_the_old_key(tmp_path: Path) -> None:
    (tmp_path / "volver.toml").write_text("slipping_gaps = 1.2\n[know]\nslipping_gaps = 2.0\n")
    assert read(tmp_path).of(KnowSettings).slipping_gaps == 2.0


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[know]\nslipping = 1\n", "know.slipping_gaps"),
        ("[knows]\nslipping_gaps = 1\n", "know.slipping_gaps"),
        ("[predict]\nslipping_gaps = 1\n", "know.slipping_gaps"),
        ("[know]\nname = 'x'\n", "name"),
    ],
)
def test_a_key_in_the_wrong_section_is_told_the_right_one(tmp_path: Path, text: str, nearest: str) -> None:
    (tmp_path / "volver.toml").write_text(text)
    with pytest.raises(VolverError) as caught:
        read(tmp_path)
    assert caught.value.code == "core.unknown_setting"
    assert f"Did you mean {nearest}?" in caught.value.advice


def test_sections_survive_being_written(tmp_path: Path) -> None:
    write_settings(tmp_path, {"know": {"slipping_gaps": 2.0}, "name": "North"})
    settings = read(tmp_path)
    assert (settings.name, settings.of(KnowSettings).slipping_gaps) == ("North", 2.0)


def test_an_address_of_another_kind_is_refused_and_its_password_never_shown(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        read(tmp_path, {"state": "mysql://shop:hunter2@db/volver"})
    assert caught.value.code == "core.bad_setting"
    assert "hunter2" not in str(caught.value) + caught.value.advice
    with pytest.raises(VolverError):
        read(tmp_path, {"state": "hunter2"})
    settings = read(tmp_path, {"state": "postgresql://shop:hunter2@db/volver?password=hunter2&sslmode=require"})
    assert settings.of(StoreSettings).state.reveal().startswith("postgresql://shop:hunter2@db")
    told = f"{settings!r} {listed(settings)} {settings.of(StoreSettings)}"
    assert "hunter2" not in told
    assert "sslmode=require" in told


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://shop:hunter2@db/volver",
        "postgresql://shop:hunt/er2:hunter2@db/volver",
        "postgresql://:hunter2@db",
        "s3://bucket/lake?aws_secret_access_key=hunter2",
        "sc://host:15002/;token=hunter2",
        "postgresql:///volver?user=a&Password=hunter2#hunter2&secret=hunter2",
    ],
)
def test_no_password_within_an_address_is_shown(address: str) -> None:
    assert "hunter2" not in f"{Url(address)} {Url(address)!r} {Url(address).shown}"


def test_a_secret_is_its_text_only_when_it_is_asked_for() -> None:
    import pickle

    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret == Secret("hunter2") != Secret("other")
    assert pickle.loads(pickle.dumps(secret)).reveal() == "hunter2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy(Section):
    section: ClassVar[str] = "toy"
    loud: bool = setting(False, "Whether it is loud.")
    key: Secret = setting(Secret(), "Its key.")


@pytest.mark.parametrize(("said", "means"), [("yes", True), ("0", False), ("TRUE", True), ("off", False)])
def test_a_boolean_is_read_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, means: bool
) -> None:
    monkeypatch.setenv("VOLVER_TOY_LOUD", said)
    monkeypatch.setenv("VOLVER_TOY_KEY", "hunter2")
    settings = load_settings(tmp_path)
    assert settings.of(Toy).loud is means
    assert settings.of(Toy).key.reveal() == "hunter2"
    assert [each.value for each in list_settings(settings, [Toy]) if each.name.startswith("toy.")] == [means, "••••"]


@pytest.mark.parametrize("value", [2, 1.0, "perhaps", [True]])
def test_what_is_neither_true_nor_false_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(VolverError) as caught:
        load_settings(tmp_path, {"loud": value}).of(Toy)
    assert caught.value.code == "core.bad_setting"
