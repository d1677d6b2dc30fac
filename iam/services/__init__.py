"""Use-cases: one class a subject, one method a use-case, one unit of work each."""
