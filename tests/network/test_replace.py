"""Another system, of which a part is replaced."""

from dataclasses import replace

import pytest

import quantumbattery as qb


def test_a_part_of_a_system_is_replaced():
    sites = dict.fromkeys(["charger", "a", "b"], qb.Qubit())
    links = [qb.exchange("charger", name, 1.0) for name in "ab"]
    fields = [qb.drive("charger", 0.5, 1.0), qb.dissipator({"a": 1.0, "b": 1.0}, 0.1)]
    system = qb.System(sites, [*links, *fields], battery="a")
    assert replace(system) == system
    assert replace(system, battery="b") == qb.System(sites, [*links, *fields], battery="b")
    assert replace(system, interactions=links[:1]).drives == system.drives
    assert replace(system, interactions=links, drives=()).drives == ()


def test_what_is_given_twice_over_is_refused():
    """Whoever replaces all interactions may not know that drives are held apart."""
    field = qb.drive("charger", 0.5, 1.0)
    system = qb.System(dict.fromkeys(["charger", "battery"], qb.Qubit()), [field])
    with pytest.raises(ValueError, match=r"drive\('charger'\) is among .* give drives=\(\) where"):
        replace(system, interactions=[field])
    with pytest.raises(TypeError, match=r"joint_losses has drive\('charger'\), which belongs to"):
        replace(system, joint_losses=[field])
