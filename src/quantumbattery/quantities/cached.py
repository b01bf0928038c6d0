"""Properties that are worked out once, without a lock.

Python 3.11 guards each `functools.cached_property` by a lock that all instances share: threads wait
for each other, and a process that is forked while another thread works one out inherits a lock that
nobody opens again. Here two threads that ask at once may both work a value out; all of ours are
the same each time, and the first to be kept is the one that both get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property:  # noqa: N801 - named as in functools
        """A property that keeps its first value.

        Examples
        --------
        >>> from quantumbattery.quantities.cached import cached_property
        >>> class Cell:
        ...     @cached_property
        ...     def charge(self):
        ...         print("worked out")
        ...         return 1.0
        >>> cell = Cell()
        >>> cell.charge, cell.charge
        worked out
        (1.0, 1.0)
        """

        def __init__(self, func: Any) -> None:
            self.func, self.__doc__ = func, func.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            """Under which name the value is kept, which is found before this from then on."""
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            """The value, worked out if it is not there yet."""
            if instance is None:
                return self
            return instance.__dict__.setdefault(self.name, self.func(instance))
