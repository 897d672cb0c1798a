"""The order of the steps of each command, and their options. Nothing here prints."""
