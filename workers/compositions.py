"""Reads the compositions folder."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from contracts.composition import Composition
from workers.errors import GreenroomError


class CompositionError(GreenroomError):
    """A composition that cannot be used: which file, which field, what is allowed."""


def load_compositions(folder: Path) -> dict[str, Composition]:
    """Every `*.yml` of the folder, by id. Raises CompositionError with one line for each fault."""
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise CompositionError(f"no composition (*.yml) in {folder}: correct GREENROOM_COMPOSITIONS_DIR")
    found: dict[str, Composition] = {}
    faults: list[str] = []
    for file in files:
        try:
            composition = Composition.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            faults.append(f"{file.name} is no YAML: {error}")
        except ValidationError as error:
            faults += [f"{file.name}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        else:
            if composition.id in found:
                faults.append(f"{file.name}: id {composition.id!r} is taken by another file")
            found[composition.id] = composition
    if faults:
        raise CompositionError("\n".join(faults))
    return found
