"""A declaration service of the sandbox: how it lets people log in, and gets tokens to act for them."""
