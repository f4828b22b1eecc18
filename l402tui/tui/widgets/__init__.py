"""What is on the screens: one widget a file. They take data and post their own messages up."""
