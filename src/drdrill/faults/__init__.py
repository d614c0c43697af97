"""Floor 3: the ways in which an estate can be hurt; each is injected, proved, healed, and proved gone."""
