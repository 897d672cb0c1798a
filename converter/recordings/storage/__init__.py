"""What files of all kinds share: which belong to a bag, compression, times, problems."""
