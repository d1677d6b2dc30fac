"""Facts in pure Python: what is the case at a given instant, told with the standard library only."""
