"""The counter: the portal's own pages."""
