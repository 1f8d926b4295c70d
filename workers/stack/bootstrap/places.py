"""Where set-up puts things: all inside the repository's ignored folders."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEV = ROOT / ".dev"
BIN = DEV / "bin"
LOGS = DEV / "logs"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"
