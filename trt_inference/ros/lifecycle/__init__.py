"""The logging of failed transitions, and the bond to a lifecycle manager."""
