"""What a run leaves on disk: checkpoints, with all figures, and files made from them."""
