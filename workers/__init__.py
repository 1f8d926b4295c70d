"""Process entry points and the command line: the only place that wires everything."""
