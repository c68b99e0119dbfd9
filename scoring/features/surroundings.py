"""Features of the applicant's industry, region and season, as the tables of that day said."""

from scoring.features.registry import Value, feature
from scoring.snapshot import Snapshot


@feature(category=True)
def industry(snapshot: Snapshot) -> Value:
    """What the applicant lives from: the industry, else the crop or the kind of work."""
    return snapshot.surroundings.industry


@feature(monotone=1)
def industry_risk(snapshot: Snapshot) -> Value:
    """Bad rate of the lender's own matured loans of this industry, pulled to that of all."""
    return snapshot.surroundings.industry_risk


@feature(monotone=1)
def region_risk(snapshot: Snapshot) -> Value:
    """Bad rate of the lender's own matured loans of this region, pulled to that of all."""
    return snapshot.surroundings.region_risk


@feature(monotone=1)
def industry_factor(snapshot: Snapshot) -> Value:
    """How much more often loans of this industry go bad than all: 1 is as all."""
    return _over_all(snapshot, snapshot.surroundings.industry_risk)


@feature(monotone=1)
def region_factor(snapshot: Snapshot) -> Value:
    """How much more often loans of this region go bad than all: 1 is as all."""
    return _over_all(snapshot, snapshot.surroundings.region_risk)


@feature(monotone=1)
def season_factor(snapshot: Snapshot) -> Value:
    """How much more often loans that are paid out in this month of the year go bad: 1 is as all."""
    return snapshot.surroundings.season_factor


@feature()
def industry_share(snapshot: Snapshot) -> Value:
    """Share of this industry in what the lender has out, with this loan."""
    return snapshot.surroundings.industry_share


@feature()
def region_share(snapshot: Snapshot) -> Value:
    """Share of this region in what the lender has out, with this loan."""
    return snapshot.surroundings.region_share


@feature()
def industry_index(snapshot: Snapshot) -> Value:
    """The newest value of the index that the lender brought in for this industry."""
    return snapshot.surroundings.industry_index


@feature()
def region_index(snapshot: Snapshot) -> Value:
    """The newest value of the index that the lender brought in for this region."""
    return snapshot.surroundings.region_index


@feature(monotone=-1)
def crop_price_factor(snapshot: Snapshot) -> Value:
    """The newest price of the applicant's crop over the mean of the year before it."""
    return snapshot.surroundings.crop_price_factor


def _over_all(snapshot: Snapshot, risk: float | None) -> Value:
    whole = snapshot.surroundings.book_risk
    return risk / whole if risk is not None and whole else None
