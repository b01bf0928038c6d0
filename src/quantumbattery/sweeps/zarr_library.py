"""Zarr, which writes stores: loaded where one is needed, with settings under which it works."""

from __future__ import annotations

import gc
import warnings
from typing import Any

from quantumbattery.quantities.quoted import quoted


def zarr() -> Any:
    """The library, or what to do without it."""
    try:
        import zarr
    except ImportError:
        raise ValueError(
            "a store needs zarr: pip install 'quantumbattery[sweep]' brings it; qb.sweep in Python "
            "works without a store, too"
        ) from None
    except Exception as error:  # as of settings that cannot be read
        said = str(error).strip().partition("\n")[0]
        raise ValueError(f"zarr does not load ({said:.200}): look at its settings") from None
    _check_settings(zarr.config)
    return zarr


def _check_settings(config: Any) -> None:
    """Raise ValueError where Zarr would wait for ever, or never begin, as it is set."""
    changed = {
        key: value
        for key, value in _flat(config.config).items()
        if repr(_flat(config.defaults[0]).get(key)) != repr(value)
    }
    for key in ("async.concurrency", "threading.max_workers"):
        count = changed.get(key)
        whole = isinstance(count, int) and not isinstance(count, bool)
        if count is not None and not (whole and count >= 1):
            raise ValueError(
                f"zarr is set to {key} = {quoted(count, 40)} ({_variable(key)}), and needs a whole "
                "number of at least 1"
            )
    if changed and (said := _trial()):
        listed = ", ".join(f"{key} = {quoted(value, 40)}" for key, value in changed.items())
        raise ValueError(f"zarr does not work as it is set, {listed:.400}: {said:.200}")


def _variable(key: str) -> str:
    return f"ZARR_{key.upper().replace('.', '__')}"


def _flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings by their names with dots."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        inside = isinstance(value, dict)
        found |= _flat(value, f"{above}{key}.") if inside else {f"{above}{key}": value}
    return found


def _trial() -> str:
    """What Zarr says when it cannot keep two numbers in memory; nothing if it can."""
    import numpy as np
    import zarr
    from zarr.codecs import Crc32cCodec, ZstdCodec

    values = {
        "numbers": np.array([1.0, 2.0]),
        "texts": np.array(["a", "b"], np.dtypes.StringDType()),
    }
    kept = {"chunks": (1,), "compressors": [ZstdCodec(level=1), Crc32cCodec()]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what was begun and came to nothing
        try:
            group = zarr.create_group({}, zarr_format=3)
            for name, each in values.items():
                array = group.create_array(name, shape=each.shape, dtype=each.dtype, **kept)
                array[...] = each
            group = zarr.open_group(group.store, mode="r")
            right = all(np.array_equal(group[name][...], each) for name, each in values.items())
        except Exception as error:
            said = str(error).strip().partition("\n")[0]
            said = said or type(error).__name__
        else:
            said = "" if right else "what is written does not come back"
        if said:
            gc.collect()  # tasks that were never begun warn when they are freed
    return said
