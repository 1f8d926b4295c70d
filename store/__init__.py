"""The records: tables, writing and reading them, the audit chain. Synchronous: callers use threads."""
