"""Every row of the acceptance table holds; `make test-all` prints the table."""

import sys

import numpy as np
import pytest

from tests.predict.acceptance import Row, rows, table


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.number}: {row.quantity}")
def test_ours_agrees_with_what_is_published(row: Row) -> None:
    errors = row.errors()
    assert np.all(errors <= row.tolerance), f"{row.source}: {row.values()}"


@pytest.mark.slow
def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text, good = table()
    with capsys.disabled():  # to the error stream, which workers of a parallel run share with the terminal
        sys.stderr.write(f"\n\nAcceptance table of customer value\n{text}\n")
    assert good
