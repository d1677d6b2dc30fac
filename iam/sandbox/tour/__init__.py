"""The guided tour: the whole way from a legal representative to a judged check, over HTTP, step by step."""
