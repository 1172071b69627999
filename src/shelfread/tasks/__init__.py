"""What a job of each type does: a few lines each, between the queue and the scan."""
