"""A real call that tells its story, and checks what was heard."""
