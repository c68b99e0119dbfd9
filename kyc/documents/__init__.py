"""A document: found in the photograph, judged, read, and compared with what was said."""
