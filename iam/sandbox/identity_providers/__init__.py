"""The identity providers of the test country, with real protocols, signatures and encryption."""
