"""Doors of our own: identity cards by Web eID and by client certificate, passwords, one-time codes and passkeys."""
