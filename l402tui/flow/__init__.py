"""What happens next: the machine of request -> 402 -> pay -> retry, and the rules about money.

Everything here is pure values and functions, but for :mod:`~l402tui.flow.runner`, which
awaits.
"""
