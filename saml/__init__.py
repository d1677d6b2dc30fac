"""The service provider for eIDAS nodes and the federal service: python3-saml behind a strict filter of our own."""
