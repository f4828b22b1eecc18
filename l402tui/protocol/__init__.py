"""What do the bytes mean? Pure values and functions: no input or output, no clock, no event loop."""
