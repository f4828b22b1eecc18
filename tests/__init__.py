"""The tests, in the rooms they test."""
