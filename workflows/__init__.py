"""Durable promises, one file each."""
