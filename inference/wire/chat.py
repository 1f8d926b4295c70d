"""The body of an OpenAI chat completion request, and the reply that the house model gives to it.

Field names are those of `POST /v1/chat/completions`. Unknown fields are ignored, as a compatible server must:
clients send options (`service_tier`, `store`, `reasoning_effort`, ...) that a local model has no use for.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class TextPart(_Wire):
    type: Literal["text"]
    text: str


class RefusalPart(_Wire):
    type: Literal["refusal"]
    refusal: str


class ImageUrl(_Wire):
    url: str
    detail: str | None = None


class ImagePart(_Wire):
    type: Literal["image_url"]
    image_url: ImageUrl


class AudioPart(_Wire):
    type: Literal["input_audio"]
    input_audio: dict[str, Any]


class FilePart(_Wire):
    type: Literal["file"]
    file: dict[str, Any]


ContentPart = Annotated[TextPart | RefusalPart | ImagePart | AudioPart | FilePart, Field(discriminator="type")]


class FunctionCall(_Wire):
    name: str
    arguments: str
    """JSON text, as a model wrote it: not necessarily valid."""


class ToolCall(_Wire):
    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(_Wire):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """All text of the message, parts joined by a newline; "" when it has none. Pictures are left out."""
        if self.content is None:
            return ""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))


class FunctionSpec(_Wire):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON schema of the arguments; None means that the function takes none."""
    strict: bool | None = None


class Tool(_Wire):
    type: Literal["function"]
    function: FunctionSpec


class NamedFunction(_Wire):
    name: str


class NamedToolChoice(_Wire):
    type: Literal["function"] = "function"
    function: NamedFunction


ToolChoice = Literal["auto", "none", "required"] | NamedToolChoice


class JsonSchemaSpec(_Wire):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    name: str
    description: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class TextFormat(_Wire):
    type: Literal["text"]


class JsonObjectFormat(_Wire):
    type: Literal["json_object"]


class JsonSchemaFormat(_Wire):
    type: Literal["json_schema"]
    json_schema: JsonSchemaSpec


ResponseFormat = Annotated[TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")]


class StreamOptions(_Wire):
    include_usage: bool | None = None


class ChatRequest(_Wire):
    """What a client asks of `POST /v1/chat/completions`."""

    model: str
    messages: list[Message] = Field(min_length=1)
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    """None means `auto` when tools are offered and `none` otherwise."""
    parallel_tool_calls: bool | None = None
    """None means true: several calls may come in one reply."""
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = None
    n: int | None = None


class HouseToolCall(BaseModel):
    """One call that the model wants made. The server gives it its id and writes the arguments as JSON text."""

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class HouseReply(BaseModel):
    """What the model answers: text, tool calls, or both. With a JSON `response_format`, `content` is the JSON text."""

    model_config = ConfigDict(frozen=True)

    content: str | None = None
    tool_calls: list[HouseToolCall] = Field(default_factory=list)
