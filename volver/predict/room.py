"""What predict brings: forecasts on the command line, in the console, over the API."""

from typing import Final

from volver.core.room import Command, Page, Place, Room
from volver.core.words import Words

ROOM: Final = Room(
    name="predict",
    label=Words("Predict"),
    commands=(
        Command(
            name="predict",
            where="volver.cli.predict.commands:group",
            says="What customers will be worth, and how sure that is.",
        ),
    ),
    questions="volver.predict.questions:QUESTIONS",
    pages=(
        Page(path="/value", where="volver.ui.predict.value:value_page"),
        Page(
            path="/value/models", where="volver.ui.predict.value_model:publish_again", methods=("POST",), right="learn"
        ),
    ),
    places=(Place(path="/value", icon="trending-up", label=Words("Lifetime value"), key="v"),),
    settings="volver.predict.settings:PredictSettings",
    lake="volver.store.tables.predict:TABLES",
    renewals="volver.predict.renewals:RENEWALS",
    traits="volver.predict.score_traits:TRAITS",
)
