"""What every route shares: queues, metrics, faults, errors, keys."""
