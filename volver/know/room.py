"""What know brings: customers, stages, segments and key figures on the command line, in the console, over the API."""

from typing import Final

from volver.core.room import Command, Deed, Job, Page, Place, Room
from volver.core.words import Words

ROOM: Final = Room(
    name="know",
    label=Words("Know"),
    commands=(
        Command(
            name="know",
            where="volver.cli.know.commands:group",
            says="Customers, stages, segments and key figures.",
        ),
    ),
    questions="volver.know.questions:QUESTIONS",
    pages=(
        Page(path="/customers", where="volver.ui.know.customers:list_page", right="customers"),
        Page(path="/customers", where="volver.ui.know.customers:search_page", methods=("POST",), right="customers"),
        Page(path="/customers.csv", where="volver.ui.know.leaving:customers_file", methods=("POST",), right="export"),
        Page(path="/customers/emails", where="volver.ui.know.leaving:emails_page", methods=("POST",), right="export"),
        Page(path="/find", where="volver.ui.know.customers:find_page", methods=("POST",), right="customers"),
        Page(path="/customers/{id:int}", where="volver.ui.know.customer:customer_page", right="customers"),
        Page(path="/segments", where="volver.ui.know.segments:segments_page"),
        Page(path="/segments.csv", where="volver.ui.know.segments_file:segments_csv_page"),
        Page(path="/segments", where="volver.ui.know.saved:save_page", methods=("POST",), right="segment"),
        Page(path="/segments/{id:int}", where="volver.ui.know.saved:change_page", methods=("POST",), right="segment"),
    ),
    places=(
        Place(path="/customers", icon="users", label=Words("Customers"), key="c"),
        Place(path="/segments", icon="group", label=Words("Segments"), key="s"),
    ),
    deeds=(
        Deed(path="/customers?stage=slipping", icon="hourglass", label=Words("See who is slipping away")),
        Deed(path="/customers?sort=last", icon="shopping-bag", label=Words("See who ordered last")),
    ),
    jobs=(
        Job(
            name="know.refresh",
            where="volver.know.renewals:refresh_job",
            says=Words("Bring customers and segments up to date"),
            lease_s=120,
            priority=10,
            every_s=900,
            after="collect.batches",
        ),
        Job(
            name="know.answers",
            where="volver.app:know_answers_job",
            says=Words("Keep what the pages show"),
            after="know.refresh",
        ),
    ),
    settings="volver.know.settings:KnowSettings",
    lake="volver.store.tables.know:TABLES",
    answers=(
        "volver.ui.know.home:totals",
        "volver.ui.know.segments:segments_of",
        "volver.ui.know.segments:groups_of",
    ),
    warms=(
        "volver.ui.know.home:today_of",
        "volver.ui.know.customers:hold_people",
        "volver.ui.know.customer:hold_model",
    ),
    checks=("volver.know.checks:check_today",),
    renewals="volver.know.renewals:RENEWALS",
    traits="volver.know.fact_traits:TRAITS",
)
