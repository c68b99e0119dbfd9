"""Mobile money by the GSMA Mobile Money API, version 1.2."""
