"""Class scores or class numbers of the cells of a map."""
