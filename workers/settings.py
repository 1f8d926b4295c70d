"""Every setting of Greenroom, from three places: environment, then .env, then the running development stack.

Names that other programs use too keep their usual spelling (LIVEKIT_*, OPENAI_*, DEEPGRAM_*); ours begin with
GREENROOM_. `greenroom settings` prints them; .env.example is made from this file.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as PydanticSettingsError

from workers.errors import SettingsError
from workers.stack.state import read_state
from workers.validation import explain

PREFIX = "GREENROOM_"
ROOT = Path(__file__).resolve().parents[1]
DEFAULT_STACK = ROOT / ".dev" / "stack.json"


def _scheme(*allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.partition("://")[0] not in allowed or not value.partition("://")[2]:
            raise ValueError(f"allowed: a URL that begins with {' or '.join(f'{a}://' for a in allowed)}")
        return value

    return AfterValidator(check)


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("allowed: HOST:PORT")
    return value


def _database(value: str) -> str:
    if value.partition(":")[0].partition("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError("allowed: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return value


HttpUrl = Annotated[str, _scheme("http", "https")]
SignalUrl = Annotated[str, _scheme("ws", "wss", "http", "https")]
Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Validated at start. Use `load_settings` in entry points: it raises SettingsError instead of pydantic's error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    temporal_address: Annotated[str, AfterValidator(_host_and_port)] = Field(
        "127.0.0.1:7233", description="Temporal's front end, HOST:PORT."
    )
    temporal_namespace: str = Field("default", min_length=1, description="Temporal namespace.")
    temporal_ui: HttpUrl = Field("http://127.0.0.1:8233", description="Temporal's Web UI, for links that people click.")

    livekit_url: SignalUrl = Field(
        "ws://127.0.0.1:7880", validation_alias="LIVEKIT_URL", description="LiveKit server, ws:// or wss://."
    )
    livekit_api_key: str = Field("", validation_alias="LIVEKIT_API_KEY", description="LiveKit API key.")
    livekit_api_secret: SecretStr = Field(
        SecretStr(""), validation_alias="LIVEKIT_API_SECRET", description="LiveKit API secret, 32 characters or more."
    )

    openai_base_url: HttpUrl = Field(
        "https://api.openai.com/v1",
        validation_alias="OPENAI_BASE_URL",
        description="Chat and speech service that speaks OpenAI's protocol.",
    )
    openai_api_key: SecretStr = Field(SecretStr(""), validation_alias="OPENAI_API_KEY", description="Its key.")
    chat_model: str | None = Field(
        None,
        description="Stands in for house-1, which a composition means when it names no model: gpt-4.1, for instance.",
    )
    deepgram_base_url: HttpUrl = Field(
        "https://api.deepgram.com/v1/listen",
        validation_alias="DEEPGRAM_BASE_URL",
        description="Recognition service that speaks Deepgram's protocol, with the path /v1/listen.",
    )
    deepgram_api_key: SecretStr = Field(SecretStr(""), validation_alias="DEEPGRAM_API_KEY", description="Its key.")

    second_chat_url: HttpUrl | None = Field(
        None, description="Another chat service of OpenAI's protocol, asked when the first does not answer."
    )
    second_chat_api_key: SecretStr = Field(SecretStr(""), description="Its key.")
    second_chat_model: str = Field("house-1", description="Its model.")
    second_listen_url: HttpUrl | None = Field(
        None, description="Another recognition service of Deepgram's protocol, with the path /v1/listen."
    )
    second_listen_api_key: SecretStr = Field(SecretStr(""), description="Its key.")
    second_listen_model: str = Field("nova-3", description="Its model.")
    second_voice_url: HttpUrl | None = Field(
        None, description="Another speech service of OpenAI's protocol, asked when the first does not answer."
    )
    second_voice_api_key: SecretStr = Field(SecretStr(""), description="Its key.")
    second_voice_model: str = Field("tts-1", description="Its model.")
    second_voice: str = Field("alloy", description="Its voice.")

    database_url: Annotated[str, AfterValidator(_database)] = Field(
        f"sqlite:///{ROOT / '.dev' / 'greenroom.db'}", description="Records: sqlite:///FILE or postgresql://..."
    )
    sealing: bool = Field(True, description="Whether what people said is sealed at rest and in Temporal.")
    master_key_file: Path = Field(
        ROOT / ".dev" / "master.key", description="File of the master key, which wraps the keys of subjects."
    )
    master_key: SecretStr = Field(
        SecretStr(""), description="Master keys instead of the file: ID:BASE64, by comma, the one that wraps first."
    )
    key_wrapper: str | None = Field(
        None, description="A KMS instead of both: MODULE:FACTORY of a store.masterkey.KeyWrapper."
    )
    codec_token: SecretStr = Field(
        SecretStr(""), description="Lets Temporal's command line read what was said (--codec-auth); empty: never."
    )
    front_door_url: HttpUrl = Field(
        "http://127.0.0.1:8792", description="The front door; its process binds this host and port."
    )
    tool_servers: dict[str, HttpUrl] = Field(
        default_factory=dict, description='MCP servers as JSON, id to URL: {"shop": "http://127.0.0.1:8791/mcp"}.'
    )
    compositions_dir: Path = Field(ROOT / "compositions", description="Folder of the compositions (YAML).")
    spool_dir: Path = Field(ROOT / ".dev" / "spool", description="Where requests wait on disk while Temporal is away.")
    phrases_dir: Path = Field(
        ROOT / ".dev" / "phrases", description="Scripted phrases as audio, for when no voice answers."
    )
    grant_keys_dir: Path = Field(
        ROOT / ".dev" / "keys" / "grants", description="Keys that sign the leave for each effect; for the owner alone."
    )
    audit_keys_dir: Path = Field(
        ROOT / ".dev" / "keys" / "audit", description="Keys that sign the audit trail; for the owner alone."
    )
    audit_seal_interval: Seconds = Field(
        2.0, description="Seconds between signed checkpoints of the audit trail, while anything happens."
    )
    watch_socket: Path = Field(ROOT / ".dev" / "watch.sock", description="Unix socket of the death watch.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity to log.")

    voice_max_jobs: int = Field(8, ge=1, description="Calls that one voice worker takes at a time.")
    voice_idle_processes: int = Field(2, ge=0, description="Warm processes that one voice worker keeps ready.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, RunningStackSource(settings_cls)


class RunningStackSource(EnvSettingsSource):
    """The environment of the stack that GREENROOM_STACK (by default .dev/stack.json) describes, while it runs."""

    def _load_env_vars(self) -> dict[str, str | None]:
        state = read_state(stack_file())
        return {} if state is None else {name.lower(): value for name, value in state.env.items()}


def stack_file() -> Path:
    """Where the running stack is described."""
    return Path(os.environ.get("GREENROOM_STACK") or DEFAULT_STACK)


def env_file() -> Path | None:
    """The .env file in use: GREENROOM_ENV_FILE, by default .env in the working folder; empty means none."""
    return Path(name) if (name := os.environ.get("GREENROOM_ENV_FILE", ".env")) else None


def variable(field: str, info: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(info.validation_alias) if info.validation_alias else f"{PREFIX}{field.upper()}"


def load_settings(**overrides: object) -> Settings:
    """Reads and validates all settings. Raises SettingsError naming each bad variable and what it may hold."""
    try:
        return Settings(_env_file=env_file(), **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        names = {name: variable(name, info) for name, info in Settings.model_fields.items()}

        def spell(place: tuple[str | int, ...]) -> str:
            first = str(place[0]) if place else ""
            return ".".join([names.get(first, first), *map(str, place[1:])])

        raise SettingsError("\n".join(explain(error, name=spell))) from None
    except PydanticSettingsError as error:  # a JSON setting that is no JSON
        broken = next((n for n in Settings.model_fields if f'"{n}"' in str(error)), "")
        name = variable(broken, Settings.model_fields[broken]) if broken else str(error)
        raise SettingsError(f"{name} is not allowed; allowed: JSON ({error.__cause__})") from None
