"""How does a sub-agent use what was paid for?

A token is handed over, narrowed or not (:mod:`~l402tui.agents.handover`); whether the server really
keeps the sub-agent within it is tried out (:mod:`~l402tui.agents.rehearsal`); and a person's own
profiles of verifiers are kept (:mod:`~l402tui.agents.profiles`).
"""
