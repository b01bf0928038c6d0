"""What a preparation reaches, from a preparation as users give it."""

from quantumbattery.network.starts import by_site
from quantumbattery.reach import needed_levels as levels
from quantumbattery.reach import reach as rooms


def reach(system, preparation, given=None, **options):
    return rooms.reach(system, by_site(preparation, system), given, **options)


def cutoffs(system, preparation, **options):
    return levels.cutoffs(system, by_site(preparation, system), **options)
