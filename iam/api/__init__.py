"""The doors for machines: access evaluation by AuthZEN."""
