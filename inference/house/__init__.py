"""The house chat model: deterministic, no weights, honest about both."""

from inference.house.model import MODEL_NAME, respond

__all__ = ["MODEL_NAME", "respond"]
