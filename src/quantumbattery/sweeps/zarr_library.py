"""Zarr, which writes stores: loaded where one is needed, with settings under which it works."""

from __future__ import annotations

from typing import Any


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
    """Raise ValueError where Zarr would wait for ever, or never begin."""
    for key in ("async.concurrency", "threading.max_workers"):
        count = config.get(key, None)
        whole = isinstance(count, int) and not isinstance(count, bool)
        if count is not None and not (whole and count >= 1):
            raise ValueError(
                f"zarr is set to {key} = {count!r:.40} (ZARR_{key.upper().replace('.', '__')}), "
                "and needs a whole number of at least 1"
            )
