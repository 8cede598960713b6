"""Names for the arrays that cross modules: what their numbers are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
"""Places in a list of labels; -1 is none of them."""
Bools = NDArray[np.bool_]
Matrix = NDArray[np.float32]
"""Features: one row a case, one column a feature."""
Labels = NDArray[Any]
"""Identifiers as they were given: numbers or texts."""
Numbers = NDArray[Any]
"""Numbers of any width."""
