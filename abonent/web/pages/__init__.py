"""One module per group of pages: endpoints read, call a use case, render."""
