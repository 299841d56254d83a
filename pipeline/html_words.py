"""Words in class names, ids and roles that tell main text from what frames it.

They are matched as parts of words, unless "_" at an end asks for the end of a word: names are read
with every separator, and every turn from a small letter to a capital, as one "_" ("article__body",
"articleBody" and "article-body" are "article_body"). One table steps through all
words at once (Aho and Corasick 1975), a byte a step.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

BODY: Final = 1
"""The text of an article, by the usual names of content management systems."""
MAIN: Final = 2
"""The main part of a page."""
AWAY: Final = 4
"""Navigation, advertising, sharing, other articles: frames the text."""
ASIDE: Final = 8
"""Facts about the text and small extras: away unless prose stands in them."""
COMMENTS: Final = 16
"""Comments of readers."""
HIDDEN: Final = 32
"""Named for what is not shown, or shown only to some."""
LICENCE: Final = 64
"""Says under which licence the page is."""
LINKED_DATA: Final = 128
"""The type of a script of JSON-LD."""
UNSHOWN: Final = 256
"""Outright not shown, by a declaration of style."""
SECTION_OF_TEXT: Final = 512
"""Part of a text under a heading of its own, as generators of documentation name it."""
NOTHING: Final = 0
"""Says nothing, whatever shorter words end with it."""

_WORDS: Final = {
    BODY: """
        article_body articlebody article_content articlecontent article_text articletext
        article_main _body_copy bodycopy body_text bodytext blog_content blog_post_content
        content_body contentbody content_text entry_content entrycontent entry_body
        entry_text field_body news_body newsbody news_text newstext news_content newscontent
        post_body postbody post_content postcontent post_entry post_text posttext rich_text
        richtext single_content story_body storybody story_content story_text storytext
        text_content page_content td_post_content mw_parser_output prose_""",
    MAIN: """
        _main_ _content_ _contents_ maincontent main_content content_main contentmain
        main_column _article_ _story_ _post_ _entry_ _hentry_ body_content _inhalt_
        _contenu_ contenido_ _contenuto_""",
    AWAY: """
        _nav_ navbar navigation _navi_ navigace subnav topnav mainnav _menu_ menubar submenu
        mainmenu breadcrumb _crumb _sidebar side_bar_ sidebar_ sidenav _footer _foot_
        _bottom_bar share_ sharing sharebar _social addthis addtoany shariff _related
        _relate recommend read_more readmore more_stories more_news more_articles more_from
        also_like most_read mostread most_popular _popular_ trending latest_news teaser
        _promo_ promotion newsletter subscribe subscription sign_up signup _login log_in_
        cookie consent gdpr _advert _ad_ _ads_ adsense adslot ad_slot adbox _dfp_
        sponsor outbrain taboola banner_ popup pop_up _modal_ lightbox _overlay_ pagination
        pager_ pagenav page_nav prevnext prev_next _next_post post_nav _widget toolbar
        _tool_bar _tools_ utility skip_link skip_to skiplink _search_ searchform searchbox
        _catlinks print_link editsection jump_to_nav jump_link language_switch lang_switch
        langselect tag_cloud tagcloud site_header siteheader page_header pageheader masthead
        topbar top_bar site_info noprint _donate _toc_ navbox metadata_ mbox hatnote
        blogroll linklist link_list""",
    ASIDE: """
        _byline author_ about_author _avatar _bio_ _meta_ postmeta entrymeta _date_
        timestamp published _tags_ _tag_ taglist keyword _categories_ _category_ _credit
        copyright disclaimer _caption gallery carousel slideshow slider player_ _rating vote
        infobox thumbnail _thumb_ header_ actions _button _btn_ _icon_ _icons_ counter_ views_
        permalink source_ _contact _profile _legal references reflist footnote""",
    COMMENTS: """
        comment disqus _discussion respond_ reply _guestbook""",
    HIDDEN: """
        _sr_only sronly visually_hidden visuallyhidden screen_reader _hidden_ _hide_ invisible
        d_none_ offscreen noscript""",
    UNSHOWN: "display_none visibility_hidden",
    SECTION_OF_TEXT: "_section_ _subsection_ _sect_ _level_",
    NOTHING: """
        justify_content_ align_content_ place_content_ display_contents_ overflow_hidden_
        overflow_x_hidden_ overflow_y_hidden_ backface_hidden_ backface_visibility_hidden""",
    LICENCE: "licence license creativecommons",
    LINKED_DATA: "ld_json",
}

LETTERS: Final = 27
"""Steps of the table: 0 for what separates words, 1 to 26 for the letters."""


def _step(letter: str) -> int:
    return ord(letter) - 96 if "a" <= letter <= "z" else 0


def _machine(words: Iterable[tuple[str, int]]) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    children: list[dict[int, int]] = [{}]
    kinds, silent = [0], set()
    for word, kind in words:
        state = 0
        for letter in word:
            step = _step(letter)
            if step not in children[state]:
                children[state][step] = len(children)
                children.append({})
                kinds.append(0)
            state = children[state][step]
        kinds[state] |= kind
        if kind == NOTHING:
            silent.add(state)
    table = np.zeros((len(children), LETTERS), dtype=np.int16)
    table[0, list(children[0])] = list(children[0].values())
    back = [0] * len(children)
    waiting = deque(children[0].values())
    while waiting:
        state = waiting.popleft()
        if state not in silent:
            kinds[state] |= kinds[back[state]]
        for step in range(LETTERS):
            below = children[state].get(step)
            other = table[back[state], step]
            if below is None:
                table[state, step] = other
            else:
                table[state, step] = below
                back[below] = int(other)
                waiting.append(below)
    return table, np.array(kinds, dtype=np.int32)


WORDS: Final = tuple((word, kind) for kind, listed in _WORDS.items() for word in listed.split())
STEPS, KINDS = _machine(WORDS)
"""The table: next state by state and step, and the kinds of words that end in each state."""
