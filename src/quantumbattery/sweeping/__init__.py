"""The parts of `quantumbattery.sweep`: points in blocks, their evaluation, where results go."""
