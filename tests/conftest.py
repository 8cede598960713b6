"""How hypothesis draws its examples, the same in every test: no test says anything of time or chance itself.

`quick` (make test) draws the same examples each time, so that a red test tells of the change and not of luck.
`thorough` (make test-all) draws new ones; a failure prints the line that draws it again.
"""

from hypothesis import HealthCheck, settings

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
