"""Shared signals: services hear of changes that concern them (Shared Signals Framework 1.0, CAEP 1.0)."""
