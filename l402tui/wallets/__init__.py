"""How does an invoice get paid?

One module a wallet, each a :class:`~l402tui.flow.ports.Wallet`. Nothing is imported here: a program
loads only the wallet it was asked to use.
"""
