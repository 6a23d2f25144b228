"""Where jobs are trained: here, as processes beside one another, or on a cluster."""
