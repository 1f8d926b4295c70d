"""A YAML file that knows on which line each of its values stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml


class YamlError(Exception):
    """The text is not YAML, or a key stands twice. `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


class YamlSource:
    """Raises YamlError for a text that is not one YAML mapping."""

    def __init__(self, text: str) -> None:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            self.data: Any = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(mark.line + 1 if mark else 1, error.problem or "not YAML") from error
        except yaml.YAMLError as error:
            raise YamlError(1, f"not YAML: {error}") from error
        if not isinstance(root, yaml.MappingNode):
            raise YamlError(1, "keys and values are wanted, as `id: support`")
        self._root = root
        _reject_doubled_keys(root)

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the value at that path, or of the nearest thing around it that exists.

        In a list a part may be a position, or the `name` or `id` of the element.
        """
        return _descend(self._root, path)[0]

    def names(self, path: Sequence[str | int]) -> str:
        """The path in words, with an element's `name` or `id` instead of its position where it has one."""
        return ".".join(_descend(self._root, path)[1])


def _descend(root: yaml.MappingNode, path: Sequence[str | int]) -> tuple[int, list[str]]:
    node: yaml.Node = root
    line, names = 1, []
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                names.append(str(part))
                break
            key, node = pairs[part]
            line = key.start_mark.line + 1
            names.append(str(part))
        elif isinstance(node, yaml.SequenceNode):
            element = _element(node, part)
            if element is None:
                break
            node = element
            line = node.start_mark.line + 1
            names.append(_name(node) or str(part))
        else:
            break
    return line, names


def _element(node: yaml.SequenceNode, part: str | int) -> yaml.Node | None:
    if isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    return next((element for element in node.value if _name(element) == part), None)


def _name(node: yaml.Node) -> str | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in ("name", "id") and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return None


def _reject_doubled_keys(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise YamlError(line, f"{key.value}: this key stands already in line {seen[key.value]}")
            seen[key.value] = key.start_mark.line + 1
            _reject_doubled_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for element in node.value:
            _reject_doubled_keys(element)
