"""One page or wizard a module."""
