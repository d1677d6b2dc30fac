"""Procura, the house of access and mandates: who may do what in the name of whom, and why."""
