"""Small matrices gain nothing from threads, and lose much when another program is running."""

import scipy.linalg  # noqa: F401 - loads the libraries whose threads are limited
from threadpoolctl import threadpool_limits

threadpool_limits(1)
