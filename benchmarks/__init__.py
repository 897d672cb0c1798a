"""What prints the tables of the README. Ratios are of one run; times depend on the machine."""
