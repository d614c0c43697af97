"""Floor 2: the judgement as plain SQL over the exported columns, for histories beyond one machine.

One query in a file, and the file's name is the name of its table. The tests hold them to the numbers of ``measure``.
"""
