"""OpenID Connect and OAuth 2: signed tokens, keys and the endpoints that speak them."""
