"""Frame to result, for each task: letterbox, engine, threshold, suppression, timing."""
