"""The strict filter: what is not plainly one of the few messages that we expect never reaches a library."""
