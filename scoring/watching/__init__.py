"""Whether what was learned still holds: drift, calibration, fairness, the gate for a successor.

Everything here is pure: rows come in, numbers with intervals and alarms go out. Nothing of the
training extra is imported, because the service looks every day.
"""
