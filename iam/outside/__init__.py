"""The outside world behind its ports: clock, randomness, sealing, registers and messages."""
