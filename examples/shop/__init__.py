"""A small shop as an MCP server: a stand-in for the systems that an agent works with."""
