"""Agents in the room."""
