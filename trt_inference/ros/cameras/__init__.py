"""The topics, subscriptions and statistics of each camera."""
