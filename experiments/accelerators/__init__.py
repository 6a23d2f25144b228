"""Programs compiled for accelerators that are not at hand, and what can be read off them."""
