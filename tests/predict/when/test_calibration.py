"""Recalibration: it mends what is wrong, leaves what is right, and never turns an order round."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.when.orders import came, known_at
from volver.predict import MBGNBD, ParetoNBD
from volver.predict.numerics.calibration import IDENTITY, Calibrated, calibration_of, recalibrated
from volver.predict.numerics.probability_metrics import reliability


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    p = chance.beta(0.8, 2.5, n)
    return p, chance.random(n) < p


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(2, 400), st.floats(0.2, 5.0))
def test_a_map_is_plain_json_and_monotone(seed: int, n: int, power: float) -> None:
    p, yes = drawn(n, seed)
    how = json.loads(json.dumps(calibration_of(p**power, yes)))
    grid = np.linspace(0, 1, 501)
    found = recalibrated(grid, how)
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("power", [0.4, 2.0, 3.0])
def test_distorted_chances_are_put_right(power: float) -> None:
    p, yes = drawn(20_000, 1)
    model = Calibrated().fit(p**power, yes)
    fresh, came_true = drawn(20_000, 2)
    before, after = reliability(fresh**power, came_true), reliability(model.predict(fresh**power), came_true)
    assert after.ece < 0.015 < before.ece
    assert after.brier < before.brier
    assert after.auc == pytest.approx(before.auc, abs=0.002)


def test_chances_that_are_right_are_hardly_touched() -> None:
    p, yes = drawn(20_000, 3)
    assert np.abs(recalibrated(p, calibration_of(p, yes)) - p).mean() < 0.01


def test_a_map_is_kept_only_where_it_gains_more_than_a_parameter_is_worth() -> None:
    kept, gained_little = 0, 0
    for seed in range(60):
        p, yes = drawn(600, seed)
        model = Calibrated(seed=seed).fit(p**1.15, yes)
        gain = (model.losses_["identity"] - min(model.losses_.values())) * len(p)  # nats in all
        assert (model.map_ == IDENTITY) == (gain < 1.0)
        kept += gain >= 1.0
        gained_little += 0.0 < gain < 1.0
    assert kept > 2
    assert gained_little > 2


def test_chances_that_rank_backwards_become_the_base_rate() -> None:
    p, yes = drawn(5_000, 4)
    found = recalibrated(1 - p, calibration_of(1 - p, yes))
    assert np.diff(found[np.argsort(1 - p)]).min() >= 0
    assert found.mean() == pytest.approx(yes.mean(), abs=0.02)


def test_too_little_to_learn_from_changes_nothing() -> None:
    p, yes = drawn(60, 5)
    assert calibration_of(p, yes) == IDENTITY
    assert calibration_of(np.full(500, 0.3), np.zeros(500)) == IDENTITY


def test_how_busy_one_window_was_is_not_learned() -> None:
    chance = np.random.default_rng(6)
    p, window = chance.beta(1, 6, 12_000), np.repeat(np.arange(3), 4_000)
    busy = np.array([0.6, 1.0, 1.6])[window]
    yes = chance.random(12_000) < np.clip(p * busy, 0, 1)
    assert calibration_of(p, yes, window=window) == IDENTITY
    assert calibration_of(p[window == 2], yes[window == 2])["kind"] != "identity"


def test_what_is_wrong_in_every_window_is_put_right() -> None:
    p, yes = drawn(12_000, 7)
    how = calibration_of(p**2, yes, window=np.arange(12_000) % 5)
    before, after = reliability(p**2, yes), reliability(recalibrated(p**2, how), yes)
    assert after.ece < 0.35 * before.ece
    assert after.log_loss < before.log_loss


def past_windows(name: str, model: type[MBGNBD] | type[ParetoNBD], at: date, days: int, n: int = 3) -> Calibrated:
    """Learned on the windows before `at`: each model knew only what came before its own."""
    said, yes, window = [], [], []
    for nth in range(1, n + 1):
        then = at - timedelta(days=nth * days)
        who, known = known_at(name, then)
        if len(who) < 500:
            continue
        said.append(model().fit(known).p_buy(known, f"{days}d"))
        yes.append(came(name, who, then, days))
        window.append(np.full(len(who), nth))
    return Calibrated().fit(np.concatenate(said), np.concatenate(yes), np.concatenate(window))


CASES = [("cdnow", date(1998, 3, 31), days) for days in (7, 30, 90)]
CASES += [("journey", date(2017, 9, 30), days) for days in (7, 30, 90)]


@pytest.mark.slow
@pytest.mark.parametrize("model", [MBGNBD, ParetoNBD])
@pytest.mark.parametrize(("name", "at", "days"), CASES)
def test_chances_to_buy_are_calibrated_on_a_later_window(name: str, at: date, days: int, model: type[MBGNBD]) -> None:
    how = past_windows(name, model, at, days)
    who, known = known_at(name, at)
    p, yes = model().fit(known).p_buy(known, f"{days}d"), came(name, who, at, days)
    before, after = reliability(p, yes), reliability(how.predict(p), yes)
    assert after.log_loss <= before.log_loss * (1.01 if name == "cdnow" else 1.0)  # CDNOW was right before
    assert after.ece <= 0.03
    assert abs(after.predicted - after.came) <= 0.03
