"""The plotted numbers against the paper's equations as printed and what it says of them."""

import numpy as np
import pandas as pd
import pytest

import quantumbattery as qb
from quantumbattery.paper import printed
from quantumbattery.paper.figures import panels, write_figures


@pytest.mark.parametrize("number", [2, 3, 4])
def test_panels_follow_the_captions(number):
    letters = {2: "abc", 3: "abcdef", 4: "abc"}[number]
    tables = panels(number)
    assert "".join(tables) == letters
    for table in tables.values():
        assert len(table) > 400
        assert all(isinstance(name, str) for name in table.columns)


def test_curves_are_the_printed_equations():
    time = panels(2)["a"].t_J.to_numpy()
    names = {"0": 0.0, "pi/4": np.pi / 4, "pi/2": np.pi / 2, "3pi/4": 3 * np.pi / 4, "pi": np.pi}
    for name, theta in names.items():
        energy = panels(2)["a"][f"energy_w theta={name}"]
        np.testing.assert_allclose(energy, printed.eq30(theta, time), rtol=0, atol=1e-14)
        concurrence = panels(4)["c"][f"concurrence theta={name}"]
        np.testing.assert_allclose(concurrence, printed.eq59(theta, time), rtol=0, atol=1e-14)
    for letter, theta in (("a", np.pi / 2), ("c", np.pi)):
        work = panels(3)[letter].ergotropy_w
        np.testing.assert_allclose(work, printed.eq38(theta, time), rtol=0, atol=1e-14)
    for letter, theta in (("a", np.pi / 2), ("b", np.pi)):
        capacity = panels(4)[letter].capacity_w
        np.testing.assert_allclose(capacity, printed.eq57(theta, time), rtol=0, atol=1e-14)


def test_summaries_are_what_the_captions_say():
    c = panels(2)["c"]
    np.testing.assert_allclose(c.energy_max_w[1:], c.power_max_BwJ[1:], rtol=1e-12)
    deviation = c.energy_standard_deviation_at_best_time_w
    np.testing.assert_allclose(deviation, np.sin(np.pi * c.theta_over_pi) / 2, rtol=0, atol=1e-8)
    e, f = panels(3)["e"], panels(3)["f"]
    assert e.fit_minus_exact_J.abs().max() < 0.006
    assert f.fit_minus_exact_wJ.abs().max() < 0.019


def test_columns_are_the_printed_equations():
    time = panels(2)["b"].t_J.to_numpy()[1:]
    for name, theta in (("pi/4", np.pi / 4), ("pi", np.pi)):
        power = panels(2)["b"][f"power_wJ theta={name}"][1:]
        np.testing.assert_allclose(power, printed.eq33(theta, time), rtol=0, atol=1e-14)
    for letter, theta in (("b", np.pi / 2), ("d", np.pi)):
        table = panels(3)[letter][1:]
        work, energy = printed.eq38(theta, time), printed.eq30(theta, time)
        np.testing.assert_allclose(table.ergotropic_power_wJ, work / time, rtol=0, atol=1e-14)
        np.testing.assert_allclose(
            table.passive_power_wJ, (energy - work) / time, rtol=0, atol=1e-14
        )
    for letter, theta in (("a", np.pi / 2), ("b", np.pi)):
        table = panels(4)[letter][1:]
        np.testing.assert_allclose(table.coherence, printed.eq56(theta, time), rtol=0, atol=1e-15)
        np.testing.assert_allclose(
            table.population_inversion, printed.eq55(theta, time), rtol=0, atol=1e-14
        )
    f = panels(3)["f"]
    theta = np.pi * f.theta_over_pi.to_numpy()
    np.testing.assert_allclose(
        f.power_max_wJ, 0.7246113537767085 * np.sin(theta / 2) ** 2, rtol=0, atol=1e-14
    )


def test_marked_times_stand_where_the_paper_has_them():
    # A = 1.165..., C = 1.399... (Eqs. 34, 42); t_E = pi/2 (Eq. 31).
    def marks(axes):
        lines = [line.get_xdata() for line in axes.lines]
        return sorted(float(x[0]) for x in lines if len(x) == 2 and x[0] == x[1])

    two, three = qb.paper.figure(2).axes, qb.paper.figure(3).axes
    assert marks(two[0]) == pytest.approx([np.pi / 2])
    assert marks(two[1]) == pytest.approx([1.1656], abs=1e-4)
    by_letter = {text.get_text(): axes for axes in three for text in axes.texts}
    assert marks(by_letter["(c)"]) == pytest.approx([np.pi / 2])
    assert marks(by_letter["(d)"]) == pytest.approx([1.1656, 1.3992], abs=1e-4)
    pink = next(line for line in by_letter["(e)"].lines if line.get_label() == "$t_P$")
    np.testing.assert_allclose(pink.get_ydata()[1:], 1.1655611852072114)


def test_files_are_complete(tmp_path):
    paths = write_figures(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    for path in paths:
        assert path.stat().st_size > 1000
    table = pd.read_csv(tmp_path / "fig3e.csv")
    pd.testing.assert_frame_equal(table, panels(3)["e"])


def test_there_is_no_figure_7():
    with pytest.raises(ValueError, match="are 2, 3 and 4; got 7"):
        qb.paper.figure(7)
