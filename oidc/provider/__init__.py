"""The authorization server: what services and technical clients ask us."""
