"""The doors for machines: decisions by AuthZEN, and the administration API."""
