"""The archive: where facts, the audit trail and announcements are kept, on SQLite, PostgreSQL or in memory."""
