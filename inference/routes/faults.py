"""`/faults`: set and remove faults. Mounted only with `--allow-faults`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from inference.serving.faults import FaultBoard, FaultSpec, Target


def faults_router(board: FaultBoard) -> APIRouter:
    router = APIRouter(prefix="/faults")

    @router.get("")
    async def show() -> dict[str, Any]:
        return board.describe()

    @router.put("/{target}")
    async def put(target: Target, spec: FaultSpec) -> dict[str, Any]:
        board.set(target, spec)
        return board.describe()[target]

    @router.delete("")
    async def clear() -> dict[str, int]:
        return {"removed": board.clear()}

    @router.delete("/{target}")
    async def remove(target: Target) -> dict[str, int]:
        return {"removed": board.clear(target)}

    return router
