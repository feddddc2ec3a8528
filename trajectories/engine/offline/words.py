"""Words and their stems: what two sentences must share to be about the same thing.

English words are stemmed (Snowball, irregular verbs first); words of other languages are compared as they are, and
scripts written without spaces by pairs of characters.
"""

import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

STOP = frozenset(
    """a an the of to in on for and or but nor so is are was were be been being am by with as at from into onto that
    which who whom whose what when where why how does do did done doing must should may might can could will would shall
    it its this these those if than then there their theirs they them he him his she her hers you your i we our us me my
    not no any all some such s t also had has have having about against between during after before above below up down
    out off over under again further once here both each few more most other own same too very just only because while
    until although though per via ve re ll d m""".split()
)
"""Words that say nothing about what a text is about."""

ASKING = frozenset(
    """according document text passage article page tell explain describe please many much often kind type list name
    give mention mentioned state stated say said says find show main happen happened mean define definition difference
    compare differ contain""".split()
)
"""Words of questions rather than of answers; left out of a search unless nothing else is there."""

_IRREGULAR = """arise arose arisen; awake awoke awoken; bear bore borne; beat beaten; become became; begin began begun;
bend bent; bind bound; bite bit bitten; bleed bled; blow blew blown; break broke broken; breed bred; bring brought;
build built; burn burnt; buy bought; catch caught; choose chose chosen; cling clung; come came; creep crept; deal dealt;
dig dug; draw drew drawn; drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen; feed fed; feel felt;
fight fought; flee fled; fly flew flown; forbid forbade forbidden; forget forgot forgotten; forgive forgave forgiven;
freeze froze frozen; get got gotten; give gave given; go went gone; grow grew grown; hang hung; hear heard; hide hid
hidden; hold held; keep kept; know knew known; lay laid; lead led; lean leant; leap leapt; learn learnt; leave left;
lend lent; lose lost; make made; mean meant; meet met; pay paid; ride rode ridden; ring rang rung; rise rose risen;
run ran; see saw seen; seek sought; sell sold; send sent; shake shook shaken; shoot shot; show shown; shrink shrank
shrunk; sing sang sung; sink sank sunk; sit sat; sleep slept; slide slid; speak spoke spoken; spend spent; spring sprang
sprung; stand stood; steal stole stolen; stick stuck; strike struck; swear swore sworn; sweep swept; swim swam swum;
swing swung; take took taken; teach taught; tear tore torn; tell told; think thought; throw threw thrown; understand
understood; wake woke woken; wear wore worn; weave wove woven; win won; write wrote written; child children; foot feet;
goose geese; man men; mouse mice; tooth teeth; woman women; analysis analyses; criterion criteria; crisis crises;
phenomenon phenomena; thesis theses"""

_LIKE = """die death dead; kill murder execute hang; begin start commence; end finish close conclude; buy purchase
acquire; build construct erect; big large; law legislation statute; job occupation profession; author writer write;
child son daughter; movie film; car vehicle automobile; help assist aid; stop cease halt; allow permit; forbid prohibit
ban; need require necessary; choose select elect; born birth; marry wife husband spouse; reject refuse deny dismiss;
opinion view belief stance; praise commend; critic critique oppose; money fund; cost price expense; respond response
reply rebut answer; delay postpone; remove delete purge; licence license; colour color; behaviour behavior; minimum
least; maximum most; founder found establish; leader head chief; permission mode; goal aim purpose; fix repair; error
fault bug; fast quick rapid; show display; use employ; increase raise grow; decrease reduce lower"""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]++(?:[-./_][^\W_]++)+")
_BROKEN = re.compile(r"(\w)-[ \t]*\n[ \t]*(?=\w)")
_ABBREVIATIONS = re.compile(r"\b([A-Z]{2,})s\b")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]{2,}")

_ENGLISH_SIGNS = frozenset("the what who when where why how which is are does did do of and to many much a".split())
_OTHER_SIGNS = frozenset(
    """der die das und ist wer wie wo wann warum welche welcher nicht ein eine le la les des est qui que quoi quand
    pourquoi comment une el los las es quién qué cómo dónde cuándo por para il che chi perché quando come di het een
    wat wanneer waarom o os um uma quem onde och är vad vem hvem hvad er og jest kto co jak gdzie womit wozu weshalb
    worin woher wohin wessen wem wen wieviel quel quelle quels cuál cuáles quale quali""".split()
)
_ASKING_CHARACTERS = frozenset("谁什么哪吗呢几怎誰何")

_snowball = snowballstemmer.stemmer("english")
_stemming = threading.Lock()
"""A Snowball stemmer keeps the word it works on: one thread at a time."""


def is_english(text: str) -> bool:
    """Whether a question is likely in English: nothing speaks for another language more than for English."""
    found = {word.lower() for word in _WORD.findall(text)}
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(1 for letter in letters if ord(letter) > 0x24F)
    return foreign * 3 <= len(letters) and len(found & _OTHER_SIGNS) <= len(found & _ENGLISH_SIGNS)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Of a lower-case English word."""
    base = _BASES.get(word, word)
    with _stemming:
        return str(_snowball.stemWord(base))


def words(text: str) -> list[str]:
    """Lower-case words: those broken over two lines joined, possessive endings and the s of `NMUs` cut."""
    singular = _ABBREVIATIONS.sub(r"\1", _BROKEN.sub(r"\1-", text))
    found = _WORD.findall(singular.lower().replace("’", "'"))
    return [piece for word in found for piece in _pieces(word.removesuffix("'s"))]


def _pieces(word: str) -> Iterator[str]:
    """The word; of a script without spaces, its pairs of characters."""
    if not _SPACELESS.fullmatch(word):
        yield word
        return
    for first, second in pairwise(word):
        yield first + second


def compounds(text: str) -> list[str]:
    """Words joined by hyphens, dots, slashes: `pre-depends`, `debian/rules`."""
    return _COMPOUND.findall(_BROKEN.sub(r"\1-", text).lower())


def joined(compound: str) -> str:
    """The form in which compounds are compared: `predepends`."""
    return re.sub(r"[-./_]", "", compound)


def stems(text: str, *, english: bool = True) -> list[str]:
    """Stems of all words, in order."""
    return [stem(word) if english else word for word in words(text)]


def content_stems(text: str, *, english: bool = True) -> list[str]:
    """Stems of the words that say something, in order."""
    if english:
        return [stem(word) for word in words(text) if word not in STOP]
    return [word for word in words(text) if word not in _OTHER_SIGNS and not _ASKING_CHARACTERS & set(word)]


def terms_of(text: str, *, english: bool = True) -> list[str]:
    """What a sentence can be found by: its content stems and its compounds."""
    return content_stems(text, english=english) + [joined(compound) for compound in compounds(text)]


def irregular_forms(word: str) -> tuple[str, ...]:
    """All forms of an irregular word, itself included; nothing for a regular one."""
    return _FORMS.get(_BASES.get(word, word), ())


def alike(term: str) -> frozenset[str]:
    """Stems of words with nearly the same meaning."""
    return _ALIKE.get(term, frozenset())


def _groups(table: str) -> list[tuple[str, ...]]:
    return [tuple(group.split()) for group in table.split(";")]


_FORMS = {group[0]: group for group in _groups(_IRREGULAR)}
_BASES = {form: base for base, group in _FORMS.items() for form in group}
_ALIKE: dict[str, frozenset[str]] = {}
for _group in _groups(_LIKE):
    _stems = frozenset(stem(word) for word in _group)
    for _one in _stems:
        _ALIKE[_one] = _ALIKE.get(_one, frozenset()) | (_stems - {_one})
