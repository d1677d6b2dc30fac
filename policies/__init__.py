"""The law: a book of rules with its catalogue, proof-read before Casbin sees a line of it."""
