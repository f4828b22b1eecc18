"""What opens over a screen and is answered: one question a file."""
