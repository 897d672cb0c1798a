"""The inference thread, and the mailbox that keeps the newest image of each camera."""
