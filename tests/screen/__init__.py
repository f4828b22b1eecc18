"""Can anything that comes from outside do something on a screen?

:mod:`.payloads` is the table of hostile texts, :mod:`.oracle` reads what reached a terminal byte by
byte, :mod:`.stage` puts every widget of the explorer before a real terminal, one payload after the
other, and :mod:`.commands` does the same with the commands.
"""
