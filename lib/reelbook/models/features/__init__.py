"""What models read: ids and ages as numbers, the past, matrices, statistics of other rows."""
