"""What every test stands on: one thread for each worker's numerics, and how hypothesis draws its examples.

Threads of a worker that wait for each other while another worker has the core make a fit five times as long.
No test says anything of time or chance itself.

`quick` (make test) draws the same examples each time, so that a red test tells of the change and not of luck.
`thorough` (make test-all) draws new ones; a failure prints the line that draws it again.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before a library reads it; the workers share the cores already
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings  # noqa: E402

settings.register_profile(
    "quick",
    deadline=None,  # a busy machine is not an error
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    database=None,
    print_blob=True,
)
settings.register_profile("thorough", settings.get_profile("quick"), derandomize=False)
settings.load_profile("quick")
