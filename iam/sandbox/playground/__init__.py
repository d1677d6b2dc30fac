"""The playground: a page on which engineers connect a declaration service, and read each message of a flow."""
