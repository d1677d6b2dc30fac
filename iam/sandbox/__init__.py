"""The sandbox: a fictional country, the state's systems that it plays, and a guided tour of the service."""
