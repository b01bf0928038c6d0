"""The plotted numbers against the paper's equations as printed and what it says of them."""

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.paper import printed
from quantumbattery.paper.figures import panels


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_panels_follow_the_captions(number):
    letters = {2: "abc", 3: "abcdef", 4: "abc", 5: "abcd"}[number]
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


def test_section_8_is_the_printed_equations():
    # Eqs. 63 and 64 as printed hold below the exceptional point; Eq. 69 gives the work at any time
    tables = panels(5)
    c, d = (tables[letter].query("0 < loss_over_J < 4") for letter in "cd")
    loss = c.loss_over_J.to_numpy()
    np.testing.assert_allclose(c.energy_time_J, printed.eq63(loss), rtol=1e-12)
    np.testing.assert_allclose(d["energy_max_w theta=pi"], printed.eq64(np.pi, loss), rtol=1e-12)
    a, b = tables["a"], tables["b"]
    full = a.query("theta_over_pi == 1 and 0 < loss_over_J < 4")
    half_full = printed.eq64(np.pi, full.loss_over_J) > 0.5  # less is no work without coherence
    assert (full.ergotropic_power_time_J.notna() == half_full).all()
    moments = np.linspace(0.01, 3, 1500)
    for row in (4000, 5000, 7003):
        theta, loss = np.pi * a.theta_over_pi[row], a.loss_over_J[row]
        power = printed.eq69(theta, moments, loss) / moments
        assert power.max() == pytest.approx(b.ergotropic_power_max_wJ[row], rel=1e-5)
        best = a.ergotropic_power_time_J[row]
        assert moments[np.argmax(power)] == pytest.approx(best, abs=0.003)


def test_the_map_of_section_8_stands_as_its_table_says():
    table = panels(5)["a"]
    axes = next(each for each in qb.paper.figure(5).axes if each.get_xlabel().startswith("polar"))
    shown = np.ma.asarray(axes.collections[0].get_array())
    assert shown.shape == (81, 101)
    row = table.iloc[50 * 81 + 20]
    assert row[["theta_over_pi", "loss_over_J"]].tolist() == pytest.approx([0.5, 1.0])
    assert shown[20, 50] == row.ergotropic_power_time_J
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["no value"]


# --- how they look -------------------------------------------------------------------------------


def drawn(number):
    figure = qb.paper.figure(number)
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_legends_stay_within_the_width_of_their_panels(number):
    figure = drawn(number)
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend() is not None]
    assert len(legends) >= 3
    for legend in legends:
        inner, outer = legend.get_window_extent(), legend.axes.get_window_extent()
        assert outer.x0 <= inner.x0 + 1e-6
        assert inner.x1 <= outer.x1 + 1e-6


def test_panels_e_and_f_of_figure_3_have_the_same_edges():
    figure = drawn(3)
    last = [axes for axes in figure.axes if axes.get_subplotspec().colspan.start == 2]
    assert len(last) == 4
    for axes in last:
        box = axes.get_position()
        first = last[0].get_position()
        assert (box.x0, box.x1) == pytest.approx((first.x0, first.x1), abs=1e-9)
    assert [axes.get_ylabel() for axes in last] == [
        "best time $Jt$",
        "residual\nof $Jt_{\\mathcal{P}}$",
        r"maximum $/\,\omega_b$ or $/\,(\omega_b J)$",
        "residual\nof $\\mathcal{P}/(\\omega_b J)$",
    ]


def test_there_is_no_figure_7():
    with pytest.raises(ValueError, match=r"are 2, 3 and 4, and 5 for Sec\. 8; got 7"):
        qb.paper.figure(7)
