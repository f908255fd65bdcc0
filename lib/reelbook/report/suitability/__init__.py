"""What data allow before anything is trained: one subject a file, and the traffic light."""
