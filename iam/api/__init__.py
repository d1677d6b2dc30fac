"""The doors for machines: access evaluation by AuthZEN, and the administration API."""
