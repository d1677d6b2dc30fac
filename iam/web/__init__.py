"""What every door shares: strict reading, sessions, guard, errors and headers."""
