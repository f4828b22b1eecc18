"""The tests, in the rooms they test."""

import os

# No test writes into the keyring of whoever runs it; those that need one make their own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
