"""Records one history of every workflow type, for the replay test: `python -m tests.replay.record [NAME ...]`.

Run it when a workflow was changed *before* it was ever released, or under `workflow.patched`; commit what it writes.
A history that no longer replays is otherwise the proof that running workflows would break.
"""

from __future__ import annotations

import asyncio
import json
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
HISTORIES = HERE / "histories"
sys.path.insert(0, str(HERE.parent / "workflows"))

from replay_story import tell  # noqa: E402
from workflow_world import world  # noqa: E402


async def record(only: Sequence[str] = ()) -> None:
    """Without names, all are recorded anew; those that the story no longer tells are deleted."""
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder), sealing=False) as stage:
            told = await tell(stage)
            if unknown := sorted(set(only) - told.keys()):
                raise SystemExit(f"no such history: {', '.join(unknown)}; the story tells {', '.join(told)}")
            for old in HISTORIES.glob("*.json") if not only else ():
                old.unlink()
            for name, (workflow_id, run_id) in told.items():
                if only and name not in only:
                    continue
                history = await stage.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
                text = json.dumps(json.loads(history.to_json()), separators=(",", ":"), sort_keys=True)
                for place in (sysconfig.get_path("purelib"), str(Path.cwd())):  # stack traces name folders
                    text = text.replace(f"{place}/", "")
                (HISTORIES / f"{name}.json").write_text(text + "\n", encoding="utf-8")
                print(f"{name}: {len(history.events)} events, {len(text) // 1000} kB")
    await asyncio.sleep(0.5)  # client calls cancelled just before the interpreter ends can abort it


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
