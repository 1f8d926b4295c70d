"""Installs what Greenroom needs. Standard library only: it runs before there is an environment."""
