"""Outside effects that workflows ask for."""
