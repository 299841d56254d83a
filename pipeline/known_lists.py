"""Lists that are known by name: what they are, whose, and where they are to be had.

UT1 is the blacklist of the Université Toulouse Capitole, kept by its computing service since 1997
and used by RefinedWeb, FineWeb and HPLT. It is licensed CC BY-SA 4.0: a corpus filtered by it holds
nothing of it, but a copy that is passed on must name the source and keep the licence.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

UT1 = "https://dsi.ut-capitole.fr/blacklists/"
UT1_LICENCE = "CC BY-SA 4.0"


class KnownList(NamedTuple):
    """A list to download: the category it is taken for, its address, licence and content."""

    category: str
    address: str
    licence: str
    meaning: str


def _ut1(category: str, name: str, meaning: str) -> KnownList:
    return KnownList(category, f"{UT1}download/{name}.tar.gz", UT1_LICENCE, meaning)


KNOWN: Mapping[str, KnownList] = MappingProxyType(
    {
        "ut1-adult": _ut1("adult", "adult", "erotic and pornographic sites, 4.6 million"),
        "ut1-mixed-adult": _ut1("adult", "mixed_adult", "sites with adult parts that are not told"),
        "ut1-gambling": _ut1("gambling", "gambling", "casinos, bets, lotteries"),
        "ut1-arjel": _ut1("gambling", "arjel", "bets and games the French regulator admits"),
        "ut1-dating": _ut1("dating", "dating", "dating sites"),
        "ut1-malware": _ut1("malware", "malware", "sites that spread malware"),
        "ut1-cryptojacking": _ut1("malware", "cryptojacking", "sites that mine at their visitors"),
        "ut1-phishing": _ut1("phishing", "phishing", "phishing"),
        "ut1-agressif": _ut1("other", "agressif", "hatred and violence"),
        "ut1-ddos": _ut1("other", "ddos", "sites that sell attacks on others"),
        "ut1-filehosting": _ut1("other", "filehosting", "file hosts"),
        "ut1-chat": _ut1("other", "chat", "chats"),
        "ut1-warez": _ut1("other", "warez", "copies of what is sold"),
    }
)  # fmt: skip
"""By name. RefinedWeb (arXiv:2306.01116, appendix G.1) took ten of UT1's categories: adult,
mixed_adult, phishing, dating, gambling, arjel, filehosting, ddos, agressif and chat."""
