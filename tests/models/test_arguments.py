import pytest

import quantumbattery as qb


@pytest.mark.parametrize(
    "name", ["qubit_pair", "tavis_cummings", "dicke", "driven_qubit_pair", "quadratic_drive"]
)
def test_the_charger_s_loss_has_one_name_and_a_short_one(name):
    make = getattr(qb.models, name)
    assert make(loss=0.25) == make(charger_loss=0.25) != make()
    with pytest.raises(TypeError, match="loss is another name of charger_loss: give one"):
        make(loss=0.25, charger_loss=0.25)
    with pytest.raises(ValueError, match="loss must be zero or positive"):
        make(loss=-1.0)
    (rates,) = make(loss=[0.1, 0.2]).arrays.values()  # the axis has the name that was used
    assert rates.dims == ("loss",)
