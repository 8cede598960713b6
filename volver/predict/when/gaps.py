"""A usual gap in words: "about every 5 weeks"."""

from volver.core import Words


def usual_gap(days: float) -> Words:
    """How often that is, as people say it: days below two weeks, weeks below ten, then months.

    >>> [str(usual_gap(days)) for days in (3.2, 7.4, 36, 100)]
    ['about every 3 days', 'about every week', 'about every 5 weeks', 'about every 3 months']
    """
    if days < 1.5:
        return Words("about every day")
    if days < 6.5:
        return Words("about every {n} days", {"n": round(days)})
    if days < 9.5:
        return Words("about every week")
    if days < 12.5:
        return Words("about every {n} days", {"n": round(days)})
    if days < 70:
        return Words("about every {n} weeks", {"n": round(days / 7)})
    if days < 320:
        return Words("about every {n} months", {"n": round(days / 30.44)})
    if days < 550:
        return Words("about once a year")
    return Words("about every {n} years", {"n": round(days / 365.25)})


def you_buy_it(days: float) -> Words:
    """The same, said to the customer."""
    if days < 1.5:
        return Words("you buy it about every day")
    if days < 6.5:
        return Words("you buy it about every {n} days", {"n": round(days)})
    if days < 9.5:
        return Words("you buy it about every week")
    if days < 12.5:
        return Words("you buy it about every {n} days", {"n": round(days)})
    if days < 70:
        return Words("you buy it about every {n} weeks", {"n": round(days / 7)})
    if days < 320:
        return Words("you buy it about every {n} months", {"n": round(days / 30.44)})
    if days < 550:
        return Words("you buy it about once a year")
    return Words("you buy it about every {n} years", {"n": round(days / 365.25)})
