"""What predict brings: forecasts on the command line, in the console, over the API."""

from typing import Final

from volver.core.room import Command, Job, Page, Place, Room
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
        Page(path="/value/channels.csv", where="volver.ui.predict.value_files:channels_page"),
        Page(path="/value/campaigns.csv", where="volver.ui.predict.value_files:campaigns_page"),
        Page(path="/value/cohorts.csv", where="volver.ui.predict.value_files:cohorts_page"),
        Page(
            path="/value/models", where="volver.ui.predict.value_model:publish_again", methods=("POST",), right="learn"
        ),
    ),
    places=(Place(path="/value", icon="trending-up", label=Words("Lifetime value"), key="v"),),
    jobs=(
        Job(
            name="predict.fit",
            where="volver.predict.renewals:fit_job",
            says=Words("Learn from the orders and forecast"),
            lease_s=300,
            priority=10,
            after="know.refresh",
        ),
        Job(
            name="predict.answers",
            where="volver.app:answers_job",
            says=Words("Keep what the pages show"),
            lease_s=300,
            after="predict.fit",
        ),
        Job(
            name="predict.when",
            where="volver.predict.renewals:when_job",
            says=Words("Learn what they buy again, and when"),
            lease_s=300,
            after="predict.fit",
        ),
        Job(
            name="predict.propensities",
            where="volver.predict.renewals:propensities_job",
            says=Words("Learn who is likely to do what"),
            lease_s=900,
            every_s=24 * 3600,
        ),
    ),
    settings="volver.predict.settings:PredictSettings",
    lake="volver.store.tables.predict:TABLES",
    answers=("volver.ui.predict.value:keep_totals",),
    warms=("volver.ui.predict.value:hold_small",),
    checks=("volver.predict.checks:check_scores", "volver.predict.checks:check_shelf"),
    renewals="volver.predict.renewals:RENEWALS",
    traits="volver.predict.score_traits:TRAITS",
)
