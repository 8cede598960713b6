"""The best moment: habits are found where there are any, and nothing is made up where there are none."""

import numpy as np
import pandas as pd
import pytest

from volver.predict.when.moments import Moments, around, events_by_slot
from volver.predict.when.purchases import BadInteractions

PROFILE = np.exp(1.2 * np.cos((np.arange(24) - 19) / 24 * 2 * np.pi))
PROFILE /= PROFILE.sum()
WEEK = np.array([0.12, 0.12, 0.13, 0.13, 0.15, 0.2, 0.15])


def people(n: int, share: float, events: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Counts by hour and weekday; who has a habit, and its hour."""
    chance = np.random.default_rng(seed)
    total = chance.poisson(events, n)
    has, peak = chance.random(n) < share, chance.integers(0, 24, n)
    own = np.zeros((n, 24))
    for step, part in ((-1, 0.2), (0, 0.6), (1, 0.2)):
        own[np.arange(n), (peak + step) % 24] += part
    shares = np.where(has[:, None], 0.3 * PROFILE + 0.7 * own, PROFILE)
    return chance.multinomial(total, shares), chance.multinomial(total, WEEK), has, peak


@pytest.mark.parametrize(
    ("share", "events", "least"), [(0.2, 20, 0.85), (0.5, 8, 0.6), (0.5, 20, 0.9), (1.0, 20, 0.95)]
)
def test_habits_are_found_and_those_without_are_left_alone(share: float, events: float, least: float) -> None:
    hours, days, has, peak = people(2000, share, events, seed=2)
    model = Moments().fit_counts(np.arange(2000), hours, days)
    hour, weekday = model.answers()
    told = hour.best >= 0
    assert model.hour_.habitual == pytest.approx(share, abs=0.1)
    assert told[has].mean() >= least
    off = np.abs((hour.best - peak + 12) % 24 - 12)
    assert (off[told & has] <= 1).mean() >= 0.97
    assert (~has)[told].mean() <= 0.2  # said with a chance of .8 and more
    assert (weekday.best >= 0).mean() <= 0.02


@pytest.mark.parametrize("events", [6, 30, 200])
def test_where_nobody_has_a_habit_hardly_anybody_gets_one(events: float) -> None:
    hours, days, _, _ = people(2000, 0.0, events, seed=4)
    hour, weekday = Moments().fit_counts(np.arange(2000), hours, days).answers()
    assert (hour.best >= 0).mean() <= 0.01
    assert (weekday.best >= 0).mean() <= 0.01


def test_below_five_events_nothing_is_said_but_the_shops_hour() -> None:
    hours, days, _, _ = people(1000, 1.0, 20, seed=6)
    hours[0], days[0] = 0, 0
    hours[0, 3] = days[0, 2] = 4
    model = Moments().fit_counts(np.arange(1000), hours, days)
    for found in (model.moment(0), model.moment(-1)):
        assert not found.known
        assert found.lift is None
        assert str(found.words).startswith("nothing is known of this person; most customers come around ")
    hours[0, 3] = days[0, 2] = 9
    found = Moments().fit_counts(np.arange(1000), hours, days).moment(0)
    assert found.hour == 3
    assert found.lift is not None
    assert found.lift > 2
    assert "around 3:00, from 9 events" in str(found.words)


def test_the_stated_chance_to_beat_the_shop_is_kept() -> None:
    hours, days, has, peak = people(4000, 0.4, 9, seed=8)
    hour, _ = Moments().fit_counts(np.arange(4000), hours, days).answers()
    told = np.flatnonzero(hour.best >= 0)
    own = np.zeros((4000, 24))
    for step, part in ((-1, 0.2), (0, 0.6), (1, 0.2)):
        own[np.arange(4000), (peak + step) % 24] += part
    truth = np.where(has[:, None], 0.3 * PROFILE + 0.7 * own, PROFILE)
    beats = around(truth, 1)[told, hour.best[told]] > around(PROFILE[None, :], 1)[0, hour.best[told]] + 1e-9
    assert beats.mean() >= hour.p[told].mean() - 0.05


def test_midnight_is_next_to_eleven() -> None:
    hours = np.zeros((300, 24), dtype=int)
    hours[:, 12] = 8
    hours[0] = 0
    hours[0, 23] = hours[0, 0] = 6
    model = Moments().fit_counts(np.arange(300), hours, np.ones((300, 7), dtype=int))
    assert model.moment(0).hour in (23, 0)


def test_times_are_counted_by_local_hour_and_weekday() -> None:
    frame = pd.DataFrame({"user": ["b", "a"], "time": pd.to_datetime(["2024-05-05 23:59", "2024-05-06 00:00"])})
    users, hours, days = events_by_slot(frame)
    assert users.tolist() == ["a", "b"]
    assert (hours[0, 0], hours[1, 23]) == (1, 1)
    assert (days[0, 0], days[1, 6]) == (1, 1)
    frame["time"] = frame["time"].dt.tz_localize("UTC")
    with pytest.raises(BadInteractions):
        events_by_slot(frame)


def test_one_robot_is_not_the_shop() -> None:
    hours, days, _, _ = people(500, 0.0, 20, seed=9)
    hours[0, 4] = 1_000_000
    model = Moments().fit_counts(np.arange(500), hours, days)
    assert int(np.argmax(model.hour_.profile)) in (18, 19, 20)
