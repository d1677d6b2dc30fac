"""The counter: the portal's pages as people meet them."""
