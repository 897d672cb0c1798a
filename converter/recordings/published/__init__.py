"""What a robot published of its images: topics, labels and results."""
