"""The commands of `procura`, one module a subject."""
