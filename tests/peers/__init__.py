"""Independent peers against the running sandbox: clients and verifiers that were not written for this service."""
