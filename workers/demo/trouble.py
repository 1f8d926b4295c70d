"""What `--chaos` does: SIGKILL where it hurts. The supervisor restarts what died."""

from __future__ import annotations

from workers.demo.scene import Scene


async def none(scene: Scene, moment: str) -> None:
    """A run without harm."""


async def kills(scene: Scene, moment: str) -> None:
    """The durable workers while the step runs, the Temporal server while the approval waits."""
    names = {"step": ("durable-slow", "durable"), "approval": ("temporal",)}[moment]
    for name in names:
        pid = await scene.stack.kill(name)
        scene.stage.line("kill", f"SIGKILL to {name} ({pid})")
    for name in names:
        await scene.stack.wait_ready(name)
        scene.stage.line("backstage", f"{name} is back", f"start {scene.stack.starts(name)}")
