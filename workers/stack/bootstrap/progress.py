"""Shows which steps run, what each does and for how long: a live block on a terminal, else plain lines."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_REFRESH = 0.15
_PLAIN_EVERY = 15.0


class Step:
    """One line of the display. `usual` is how long it takes on a first run, in seconds."""

    def __init__(self, title: str, usual: int) -> None:
        self.title = title
        self.usual = usual
        self.doing = ""
        self.began = time.monotonic()
        self.ended: float | None = None
        self.failed = False

    def line(self, width: int) -> str:
        seconds = (self.ended or time.monotonic()) - self.began
        mark = "x" if self.failed else "+" if self.ended else "-\\|/"[int(seconds * 6) % 4]
        about = "" if self.ended else f" of about {self.usual} s"
        text = f"  {mark} {self.title:<28} {seconds:4.0f} s{about:<15} {'' if self.ended else self.doing}"
        return text[: width - 1]


class Progress:
    """Steps may run in several threads."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._live = out.isatty()
        self._steps: list[Step] = []
        self._drawn = 0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def __enter__(self) -> "Progress":
        self._painter.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._painter.join()

    @contextmanager
    def step(self, title: str, usual: int) -> Iterator[Step]:
        """Shown while the body runs, and whether it failed."""
        step = self._begin(title, usual)
        try:
            yield step
        except BaseException:
            self._end(step, failed=True)
            raise
        self._end(step)

    def _begin(self, title: str, usual: int) -> Step:
        step = Step(title, usual)
        with self._lock:
            self._steps.append(step)
            if not self._live:
                self._out.write(f"  - {title} (about {usual} s) ...\n")
                self._out.flush()
        return step

    def _end(self, step: Step, *, failed: bool = False) -> None:
        with self._lock:
            step.ended, step.failed = time.monotonic(), failed
            if not self._live:
                self._out.write(step.line(120).rstrip() + "\n")
                self._out.flush()

    def _paint(self) -> None:
        while not self._done.wait(_REFRESH if self._live else _PLAIN_EVERY):
            self._draw()
        if self._live:
            self._draw()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns
        with self._lock:
            if self._live:
                up = f"\x1b[{self._drawn}A" if self._drawn else ""
                self._out.write(up + "".join(f"\x1b[2K{step.line(width)}\n" for step in self._steps))
                self._drawn = len(self._steps)
            else:
                self._out.writelines(s.line(120).rstrip() + "\n" for s in self._steps if s.ended is None)
            self._out.flush()
