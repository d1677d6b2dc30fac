"""The migrations, in the order of their own references to each other."""
