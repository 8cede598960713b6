"""How orders and events look and what they are called. Texts are English; `Speech` translates them."""

from typing import Final

from volver.core import Words
from volver.ui.shared.looks import Look

PLURALS: Final[dict[str, Words]] = {
    "new": Words("New customers"),
    "growing": Words("Growing customers"),
    "champion": Words("Champions"),
    "slipping": Words("Slipping customers"),
    "sleeping": Words("Sleeping customers"),
    "lost": Words("Lost customers"),
}

DOCUMENTS: Final[dict[str, Look]] = {
    "sale": Look(name=Words("Ordered"), icon="shopping-bag"),
    "return": Look(name=Words("Returned"), icon="undo-2", tone="bad"),
    "cancellation": Look(name=Words("Cancelled"), icon="ban", tone="bad"),
    "adjustment": Look(name=Words("Adjusted"), icon="scale"),
}

EVENTS: Final[dict[str, Look]] = {
    "page_viewed": Look(name=Words("Viewed a page"), icon="eye"),
    "product_viewed": Look(name=Words("Viewed"), icon="eye"),
    "cart_added": Look(name=Words("Put in the cart"), icon="shopping-cart"),
    "checkout_started": Look(name=Words("Started the checkout"), icon="credit-card"),
    "message_sent": Look(name=Words("Received"), icon="mail"),
    "message_opened": Look(name=Words("Opened"), icon="mail-open"),
    "message_clicked": Look(name=Words("Clicked"), icon="mouse-pointer-click"),
    "return_requested": Look(name=Words("Asked to return"), icon="undo-2", tone="bad"),
}
OTHER_EVENT: Final = Look(name=Words("Something happened"), icon="circle-dot")
VISIT: Final = Look(name=Words("Visited the shop"), icon="eye")

CHIPS: Final[dict[str, Look]] = {
    "order": Look(name=Words("Orders"), icon="shopping-bag"),
    "return": Look(name=Words("Returns"), icon="undo-2"),
    "browse": Look(name=Words("Browsing"), icon="eye"),
    "message": Look(name=Words("Messages"), icon="mail"),
}

LINE_KINDS: Final[dict[str, Words]] = {
    "sale": Words("bought"),
    "return": Words("returned"),
    "cancel": Words("cancelled"),
    "adjustment": Words("adjusted"),
    "write_off": Words("written off"),
    "shipping_or_fee": Words("shipping or fee"),
}
