"""Runs two bundles or precisions on a recording, and reports what differs."""
