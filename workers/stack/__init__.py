"""Sets up and runs the development stack. Imports nothing: the bootstrap loads it before there is an environment."""
