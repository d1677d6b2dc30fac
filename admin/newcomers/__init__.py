"""Pages for who is new here: a first login from abroad, a foreign enterprise that asks for keys, an invitation."""
