"""Image messages to frames, and results to messages and topics."""
