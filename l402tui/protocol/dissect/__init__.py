"""What do these bytes say? Each module turns one kind of decoded thing into the tree."""
