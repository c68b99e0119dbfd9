"""Sanctions and PEP lists of their publishers, and whether a name is on them. Refuses nobody."""
