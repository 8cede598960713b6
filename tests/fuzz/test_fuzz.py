"""Inputs that nobody would write end in an answer or in our words, in bounded time, memory and disk."""

from pathlib import Path

import pytest

from tests.fuzz.watch import Told, watch

BROKE = (100_371, 100_714)  # seeds that once ended in a traceback
FRESH = 500_000  # the seeds of `make test-all` begin beyond those of `make fuzz`


def sound(told: Told) -> str:
    return "\n".join(f"seed {seed}: {problem[-1_500:]}" for seed, problem in told.findings.items())


def test_a_few_fuzzed_inputs_end_in_an_answer_or_in_our_words(tmp_path: Path) -> None:
    told = watch([*range(60), *BROKE], tmp_path)
    assert not told.findings, sound(told)
    assert told.ends["read"] >= 15  # most inputs are near enough to be read
    assert len(told.ends) >= 5


@pytest.mark.slow
def test_a_thousand_fuzzed_inputs_end_in_an_answer_or_in_our_words(tmp_path: Path) -> None:
    told = watch(range(FRESH, FRESH + 1_000), tmp_path)
    assert not told.findings, sound(told)
    assert told.ends["collect.too_large"] >= 1  # a bomb was among them


def test_a_reader_that_breaks_hangs_or_swells_is_a_finding(tmp_path: Path) -> None:
    from tests.fuzz.watch import MOST_MEMORY, SPARE_DISK, beyond

    assert not beyond({"memory": MOST_MEMORY}, SPARE_DISK, 0)
    assert "memory" in beyond({"memory": MOST_MEMORY + 1}, 0, 0)
    assert "disk" in beyond({}, SPARE_DISK + 4, 1)
