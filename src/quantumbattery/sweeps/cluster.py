"""A Dask cluster, looked at before it is relied on."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

_PATIENCE = 10.0  # seconds until something at an address answers as a scheduler does


def client_at(address: str) -> Any:
    """A client of the Dask scheduler at an address; ValueError, soon, if there is none."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError(
            "--scheduler needs Dask: pip install 'quantumbattery[sweep]' brings it"
        ) from None
    _check_scheduler(address)
    try:
        return Client(address, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"there is no Dask scheduler at {address} ({error})") from error


def _check_scheduler(address: str) -> None:
    """Ask what there is who it is; a thread that it keeps waiting is left behind."""
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(asyncio.run(asyncio.wait_for(_identity(address), _PATIENCE)))
        except BaseException as error:
            found.append(error)

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is wrong is said below
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE + 2)
    said = found[0] if found else TimeoutError()
    if isinstance(said, dict) and said.get("type") == "Scheduler":
        return
    why = str(said) or type(said).__name__
    if isinstance(said, dict):
        why = f"there is a {said.get('type', 'stranger')}"
    elif isinstance(said, TimeoutError):
        why = f"nothing there answers as one does within {_PATIENCE:g} s"
    raise ValueError(
        f"there is no Dask scheduler at {address} ({why:.200}): give the address that the "
        "scheduler says, as in tcp://127.0.0.1:8786, and not that of its dashboard"
    )


async def _identity(address: str) -> Any:
    from distributed.core import connect, send_recv
    from distributed.security import Security

    options = Security().get_connection_args("client")
    comm = await connect(address, timeout=0.8 * _PATIENCE, **options)
    try:
        return await send_recv(comm, reply=True, op="identity")
    finally:
        comm.abort()
