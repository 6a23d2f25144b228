"""What the paper measured, run and shown anew."""
