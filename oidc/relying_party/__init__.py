"""The relying party: people log in at OpenID Providers, of which configuration alone says how they are reached."""
