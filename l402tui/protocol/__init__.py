"""What do the bytes mean? Pure values and functions: no I/O, no clock, no event loop."""
