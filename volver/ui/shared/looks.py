"""How a name looks wherever it stands, and how stages look. Texts are English; `Speech` translates them."""

from dataclasses import dataclass
from typing import Final

from volver.core import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A name, an icon and a tone (good, warn, bad or none) that the style sheet knows."""

    name: Words
    icon: str
    tone: str = ""


STAGES: Final[dict[str, Look]] = {
    "new": Look(name=Words("New"), icon="sprout"),
    "growing": Look(name=Words("Growing"), icon="trending-up", tone="good"),
    "champion": Look(name=Words("Champion"), icon="crown", tone="good"),
    "slipping": Look(name=Words("Slipping"), icon="hourglass", tone="warn"),
    "sleeping": Look(name=Words("Sleeping"), icon="moon-star", tone="bad"),
    "lost": Look(name=Words("Lost"), icon="door-closed"),
}
