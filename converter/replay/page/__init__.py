"""The page that shows what a replay has found."""
