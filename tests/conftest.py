"""Small matrices gain nothing from threads, and lose much when another program is running.

Nor does a test fail because such a program makes it slow: Hypothesis does not look at the clock.
"""

import scipy.linalg  # noqa: F401 - loads the libraries whose threads are limited
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

threadpool_limits(1)
no_clock = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("no clock", no_clock)
settings.load_profile("no clock")
