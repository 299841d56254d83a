"""Rules on reservations of rights: columns that are 1 where the page or its headers made one."""

from filters.rules import Rule

RIGHTS: tuple[Rule, ...] = (
    Rule(
        "rights.tdm_reservation",
        "optout_tdm_reservation",
        None,
        0,
        "TDM Reservation Protocol, W3C community group report, sections 5 and 6; "
        "Directive (EU) 2019/790, article 4(3)",
    ),
    Rule(
        "rights.noai",
        "optout_noai",
        None,
        0,
        "noai and noimageai in X-Robots-Tag and robots meta: a convention since DeviantArt 2022",
    ),
    Rule(
        "rights.aipref",
        "optout_aipref",
        None,
        0,
        "IETF AIPREF, draft-ietf-aipref-vocab and -attach: Content-Usage: train-ai=n",
    ),
)
