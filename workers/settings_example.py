"""The text of .env.example, made from the settings, so that it never tells another story than they do."""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from workers.settings import ROOT, Settings, variable

_HEAD = """\
# Every setting of Greenroom. Copy to .env and uncomment what you want to change.
# Order: the environment wins over .env, .env over the running development stack, that over the defaults below.
# Made by `greenroom settings --example > .env.example`.

# To use real services in place of the house inference server, these lines are enough (`make dev` and `make demo` take
# them from the environment, too; a key without its base URL is not used):
#   OPENAI_BASE_URL=https://api.openai.com/v1
#   OPENAI_API_KEY=...
#   DEEPGRAM_BASE_URL=https://api.deepgram.com/v1/listen
#   DEEPGRAM_API_KEY=...
#   GREENROOM_CHAT_MODEL=gpt-4.1
"""


def example() -> str:
    """One commented line a setting, under its meaning."""
    parts = [_HEAD]
    for name, info in Settings.model_fields.items():
        parts.append(f"# {info.description}\n#{variable(name, info)}={_default(info)}\n")
    return "\n".join(parts)


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    return "" if value is None else str(value).replace(f"{ROOT}/", "")
