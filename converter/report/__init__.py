"""The page that shows what a conversion wrote, and why it can be trusted."""
