"""One pass over one library: walk, diff, extract, write, reconcile. Knows no kind of media by name."""
