"""Folders short enough for Unix sockets."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gr-"))
    yield folder
    shutil.rmtree(folder)
