"""A guess at the language of a text, and the function words by which it is made. Pure.

The index of a cube is made with the help of this guess (see `rows.index_text`), and FTS5 takes a text out of it only by the
very words that went in: whoever changes a list here makes all indexes anew with a migration.
"""

import re
from bisect import bisect
from functools import cache, lru_cache
from pathlib import Path

_MOST = 2000
"""The first characters of a text by which its language is told."""
_CLEAR = 1.25
"""How many times the evidence of the second language that of the first must be."""
_ONE = 0.75
"""The least evidence for a language: more than one word that three languages share."""
_DENSE = 3
"""A sign of Chinese or Japanese says about as much as this many letters."""

STOP_WORDS = {
    "en": """a about am an and any are as at be been being but by can could did do does doing done for from get had has have
        having he her hers him his how i if in into is it its itself just me mine my myself no nor of on or our ours out s she
        should so some such t than that the their theirs them then there these they this those to too up us very was we were
        what when where which while who whom whose why will with would you your yours yourself""",
    "nl": """aan achter al alle alles als altijd ander andere ben bent bij binnen buiten daar daarom dan dat de der deze die
        dit doe doen doet door dus een eens eerst elke en er geen gaan gaat ge geweest had hadden heb hebben hebt heeft hem
        het hier hij hoe hun iemand iets ik in is je jij jou jouw jullie kan kon kunnen kunt maar me meer men met mij mijn
        moest moet moeten mocht na naar nadat niet niets nog nooit nu of om omdat onder ons onze ook op over onze reeds te
        tegen toen tot tussen u uit uw van vaak veel via voor vanaf waar waarom wanneer want waren was wat we weer wel welk
        welke werd werden wie wij wil willen word worden wordt zal ze zei zelf zich zij zijn zo zonder zou zouden""",
    "de": """aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin bis bist da dabei
        dafür damit dann das dass daß dein deine deinem deinen deiner dem den denn der deren des dessen dich die dies diese
        diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einmal er es etwas euch euer für
        gegen gehabt gewesen gibt habe haben hast hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren
        ihrer im immer in ins ist ja jede jedem jeden jeder jedes jetzt kann kannst kein keine keinem keinen keiner konnte
        könnte können man mehr mein meine meinem meinen meiner meines mich mir mit muss musste müssen nach nicht nichts nie
        noch nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seit sich sie sind so soll sollen sollte sondern
        sonst über um und uns unser unsere unserem unseren unserer unter viel vom von vor wann war waren warum was weg weil
        welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie wieder will wir wird wirst wo woher
        wohin wollen wollte womit worden wurde wurden würde würden zu zum zur zwischen""",
    "fr": """a afin ai ainsi alors après as au aucun aucune aujourd auquel aussi autre autres aux auxquels avait avaient avant
        avec avez avoir avons bien c car ce ceci cela celle celles celui ces cet cette ceux chaque chez ci combien comme
        comment d dans de depuis des donc dont du elle elles en encore entre es est et étaient était été être eu eux fait fois
        font fut hui il ils j jamais je jusqu l la là laquelle le lequel les lesquels leur leurs lors lui m ma mais me même
        mes moi moins mon n ne ni non nos notre nous on ont ou où par parce pas pendant peu peut peuvent plus pour pourquoi
        pouvait presque puis qu quand que quel quelle quelles quels qui quoi s sa sans sauf se sera ses si sien sommes son
        sont sous suis sur t ta tandis te tes toi ton tous tout toute toutes très trop tu un une va vers voici voilà vos votre
        vous y""",
    "es": """a al algo alguien algún alguna algunas alguno algunos allí ante antes aquel aquella aquí así aún aunque cada casi
        como cómo con contra cual cuál cuales cuáles cuando cuándo cuanto cuánto cuánta cuántas cuántos de del desde dónde
        donde dos durante e el él ella ellas ellos en entre era eran eres es esa esas ese eso esos esta está están estar estas
        estaba este esto estos estoy fue fueron ha había habían hace hacia han hasta hay he hemos hoy la las le les lo los más
        me mi mí mis mismo mucho muchos muy nada ni no nos nosotros nuestra nuestras nuestro nuestros nunca o os otra otras
        otro otros para pero poco por porque puede pues que qué quien quién quienes se sea según ser si sí siempre sin sino
        sobre son soy su sus también tan tanto te tengo tenía ti tiene tienen todo todos toda todas tu tú tus un una unas uno
        unos usted ustedes va vez y ya yo""",
    "it": """a abbiamo ad agli ai al alcune alcuni alla alle allo allora altra altre altri altro anche ancora avere aveva
        avevano c che chi ci cioè col come con contro così cosa cui d da dagli dai dal dalla dalle dallo degli dei del dell
        della delle dello dentro di dopo dove dovrebbe due e è ed era erano essere fa fino fra fu già gli ha hai hanno ho i il
        in io l la le lei li lo loro lui ma mai me meno mentre mi mia mie miei mio molto ne negli nei nel nell nella nelle
        nello nessun nessuno niente noi non nostra nostre nostri nostro o ogni oppure per perché perciò però più poi prima qua
        quale quali quando quanta quante quanti quanto quella quelle quelli quello quel questa queste questi questo qui quindi
        sarà se sei sempre senza si sia siamo sono sopra sotto sta stata stati stato su sua sue sui sul sulla sulle suo suoi
        te ti tra tre tu tua tuo tuoi tutta tutte tutti tutto un una uno va vi voi""",
    "pt": """a ainda agora algo alguém algum alguma algumas alguns ali ante antes ao aos apenas após aquela aquele aquilo aqui
        as assim até cada com como contra da das de dela dele deles depois desde dessa desse desta deste do dos durante e é
        ela elas ele eles em enquanto entre era eram essa essas esse esses esta está estão estar estas estava este estes estou
        eu foi foram fosse há isso isto já lhe lhes lá mais mas me mesmo meu meus minha minhas muito muitos na não nas nada
        nem nenhum nenhuma nessa nesse nesta neste no nos nós nossa nossas nosso nossos num numa nunca o onde os ou outra
        outras outro outros para pela pelas pelo pelos pode pois por porque porquê qual quais qualquer quando quanta quantas
        quanto quantos que quê quem se seja sem sempre ser será seu seus si sido sob sobre sua suas são também tão te tem têm
        tenho ter teu teve tinha toda todas todo todos tu tua tudo um uma umas uns você vocês vez""",
}
"""The function words of each language as prose: they match everything and mean little."""

_HINTS = {
    "en": """after again ago all also always another because before birthday buy car children day during each every family
        favorite favourite friend friends going good got home house last live lives long love made make many march may meeting
        met monday more morning most mother must need never new next night not now often old only other over people please
        possible prefers school since sunday their think through time today tomorrow under until used using want wants week
        went work works year years yesterday""",
    "nl": """afspraak allergisch altijd auto avond bedrijf boek broer dag dagen donderdag dinsdag dochter drie elk fiets
        fietsen gekocht gesprek gisteren goed graag grote heel houdt huis jaar jaren kinderen kleine koopt koffie komt krijgt
        laatste langer maandag maanden man meestal mensen moeder morgen naam nieuw nieuwe ochtend onlangs oude ouders rijdt
        school sinds tandarts uur vader vakantie vandaag verjaardag vriend vrienden vriendin vrijdag vrouw week werk werkt
        weken woensdag wonen woont zaterdag zeggen zes zeven ziek ziekenhuis zoon zondag zus""",
    "de": """abend allergisch arbeit arbeitet arzt auto bruder dienstag donnerstag drei fahrrad fährt familie frau freitag
        freund freunde freundin früh ganz gefällt gehe gehen geht gekauft gerne gestern groß große gut guten haus hause heute
        hund jahr jahre jahren katze kaufen kinder klein kommt lange lebt letzte letzten liebt mag mädchen mann meistens
        menschen mittwoch monat monate montag morgen morgens mutter nächste nächsten neu neue neuen oft samstag schule
        schwester sohn sonntag stunden tag tage termin tochter treffen trinkt uhr unbedingt urlaub vater vergessen vielleicht
        wegen weihnachten wichtig woche wochen wohne wohnt wohnung zahnarzt zeit zwei""",
    "fr": """acheté acheter adore aime aimé ami amie amis ans anniversaire année années appartement beaucoup cinq dernier
        dernière demain deux dimanche enfant enfants faire fille fils frère grand grande habite heure heures hier hôpital
        jeudi jour jours lundi madame maison maman mardi matin mercredi mère mois monsieur nouveau nouvelle nuit papa parents
        père petit petite plutôt prochain prochaine quatre rendez samedi semaine semaines soeur sœur soir temps toujours
        travail travaille trois vacances vendredi vie ville vit voiture vélo école""",
    "es": """abril ahora amiga amigo amigos año años ayer barrio bien calle casa cinco ciudad coche cocina comer comida compra
        comprar compró cuatro cumpleaños después día días domingo enero escuela febrero gusta gustan hacer hermana hermano
        hija hijo hijos hora horas jueves julio junio lunes madre mañana martes marzo médico mes meses miércoles mujer niña
        niño niños noche nueva nuevo padre perro prefiere primera primero reunión sábado semana semanas siete tarde tiempo
        trabaja trabajo tres vacaciones veces vida viernes vive viaje""",
    "it": """abita adesso amica amici amico anni anno appuntamento bambini bambino bene bisogno casa cena cinque città
        comprare comprato compleanno cucina domani domenica dottore famiglia fare fatto figli figlia figlio fratello giorni
        giorno giovedì grande ieri insieme lavora lavoro lunedì macchina madre mangiare martedì mattina mercoledì mese mesi
        moglie nuova nuovo oggi ogni ora ore padre piace prossima prossimo quattro ragazza sabato scuola sera settimana
        settimane sorella spesso stasera tempo ultima ultimo vacanza vacanze venerdì viaggio vita vive volta volte""",
    "pt": """amanhã amiga amigo amigos ano anos aniversário bem bom cachorro carro casa cidade cinco comer comida comprar
        comprou consulta depois dia dias dois domingo embora escola família fazer feira filha filho filhos fim gosta gosto
        grande hoje hora horas hospital irmã irmão mãe manhã médico mês meses mora moro mulher noite nova novo ontem pai pouco
        precisa prefere primeira primeiro próxima próximo quatro quinta reunião sábado segunda semana semanas sexta tarde
        tempo terça trabalha trabalho três vezes viagem vida vive""",
}
"""Other frequent words that tell a language."""

_LETTERS = {
    "de": ("ß", "ä", "ö", "ü"),
    "es": ("ñ", "¿", "¡"),
    "fr": ("œ", "ê", "û", "ç", "è", "à", "ë", "î"),
    "it": ("ì", "ò", "ù"),
    "pt": ("ã", "õ", "ç"),
}
"""Letters that tell a language, where no word says otherwise."""
_ANOTHER = "another"
_FOREIGN = frozenset("åøłąęśżźćčřšžěůğş\u0131őűțșăđþ")
"""Letters of Latin script that none of these languages has."""
_LETTER = 0.5
"""What such a letter counts beside a word: a name may have it in any language."""
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 16
"""The letters of a word whose groups of three are looked at."""
_STEPS = 2.5
"""Steps of the table of these groups in one unit of the natural logarithm."""
_STRANGE = 3.0
"""The least that the groups must tell. Of 681 short English notes and searches whose words tell nothing 399 are told to be
English so by these alone, and 23 not to be; of 141 such texts in Dutch, German, French and Spanish 11 and 76."""
_WORTH = 3.0
"""What they must tell to count as much as a word."""
_SCRIPTS = (
    (0x41, 0x24F, "latin"), (0x370, 0x3FF, "greek"), (0x400, 0x52F, "cyrillic"), (0x531, 0x589, "armenian"),
    (0x5D0, 0x5F2, "hebrew"), (0x620, 0x6FF, "arabic"), (0x750, 0x77F, "arabic"), (0x900, 0x97F, "devanagari"),
    (0x980, 0x9FF, "bengali"), (0xA00, 0xA7F, "gurmukhi"), (0xA80, 0xAFF, "gujarati"), (0xB80, 0xBFF, "tamil"),
    (0xC00, 0xC7F, "telugu"), (0xC80, 0xCFF, "kannada"), (0xD00, 0xD7F, "malayalam"), (0xD80, 0xDFF, "sinhala"),
    (0xE01, 0xE5B, "thai"), (0xE81, 0xEDF, "lao"), (0xF00, 0xFFF, "tibetan"), (0x1000, 0x109F, "burmese"),
    (0x10A0, 0x10FF, "georgian"), (0x1100, 0x11FF, "ko"), (0x1200, 0x139F, "ethiopic"), (0x1780, 0x17FF, "khmer"),
    (0x1E00, 0x1EFF, "latin"), (0x1F00, 0x1FFF, "greek"), (0x3005, 0x3007, "han"), (0x3041, 0x309F, "kana"),
    (0x30A1, 0x30FA, "kana"), (0x30FC, 0x30FF, "kana"), (0x3131, 0x318E, "ko"), (0x31F0, 0x31FF, "kana"),
    (0x3400, 0x4DBF, "han"), (0x4E00, 0x9FFF, "han"), (0xAC00, 0xD7A3, "ko"), (0xF900, 0xFAFF, "han"),
    (0xFB1D, 0xFB4F, "hebrew"), (0xFB50, 0xFDFF, "arabic"), (0xFE70, 0xFEFC, "arabic"), (0xFF66, 0xFF9D, "kana"),
    (0x20000, 0x3FFFF, "han"),
)  # fmt: skip
"""The first and the last character of parts of scripts, with the name of the script."""
_COUNTED = dict.fromkeys(("han", "kana", "ko"), _DENSE)
"""What one character of a script counts, where that is not one."""
_UKRAINIAN = frozenset("іїєґўћђљњјѓќџ")
"""Cyrillic letters that Russian does not have."""
_KANA_SHARE = 0.1
"""Chinese has no kana; Japanese has them in every sentence, and in a short note at least so much of it."""


def language(text: str) -> str | None:
    """The language that a text seems to be in; `None` where nothing or too little tells it.

    Returns:
        `en`, `nl`, `de`, `fr`, `es`, `it` or `pt`; `zh`, `ja`, `ko` or `ru`; or the name of another script, as `cyrillic`,
        `greek`, `arabic`, `hebrew`, `devanagari`, `thai`: what most of the text is written in.
    """
    return guess(text)[0]


def guess(text: str) -> tuple[str | None, bool]:
    """The language of a text, and whether it is rather another than English, also where too little tells which."""
    start = text[:_MOST]
    script = None if start.isascii() or max(start) < "\u0370" else _of_script(start)
    return (script, True) if script else _latin(start.lower())


class _Scripts(dict[str, str]):
    """For each character the name of its script, empty for no letter; filled as it is asked."""

    def __missing__(self, sign: str) -> str:
        place = bisect(_SCRIPTS, (ord(sign), 0x110000, "")) - 1
        inside = place >= 0 and ord(sign) <= _SCRIPTS[place][1] and (sign.isalpha() or sign > "\u0900")
        self[sign] = _SCRIPTS[place][2] if inside else ""
        return self[sign]


_scripts = _Scripts()


def _of_script(text: str) -> str | None:
    """The language or script of a text whose letters are mostly not Latin."""
    counts: dict[str, int] = {}
    for sign in text:
        if name := _scripts[sign]:
            counts[name] = counts.get(name, 0) + _COUNTED.get(name, 1)
    latin = counts.pop("latin", 0)
    if latin >= sum(counts.values()):
        return None
    best = max(counts, key=lambda name: counts[name])
    if best in {"han", "kana"}:
        kana = counts.get("kana", 0)
        return "ja" if kana > _KANA_SHARE * (kana + counts.get("han", 0)) else "zh"
    if best == "cyrillic":
        return "ru" if _UKRAINIAN.isdisjoint(text.lower()) else best
    return best


def _latin(text: str) -> tuple[str | None, bool]:
    """As `guess`, for a text in Latin letters and lower case."""
    words = set(_WORD.findall(text))
    best, evidence = _by_words(words)
    if best is not None:
        return best, best != "en"
    strange = _strangeness(words) + len({sign for sign in text if sign > "\x7f" and sign.isalpha()})
    _look_closer(text, words, evidence)
    _weigh(evidence, strange)
    best = _clear(evidence, _ONE, _CLEAR)
    if best == _ANOTHER:
        return None, True
    return best, strange > 0 if best is None else best != "en"


def _by_words(words: set[str]) -> tuple[str | None, dict[str, float]]:
    """The language that words which tell one alone speak for clearly, and for how many languages how many of them do."""
    own, _ = _told()
    evidence: dict[str, float] = {}
    for word in words:
        if name := own.get(word):
            evidence[name] = evidence.get(name, 0.0) + 1.0
    return _clear(evidence, 2.0, 2.0), evidence


def _weigh(evidence: dict[str, float], strange: float) -> None:
    """Add what the letters of the words say of English or of the other languages that something speaks for already."""
    if strange <= -_STRANGE:
        evidence["en"] = evidence.get("en", 0.0) - strange / _WORTH
    elif strange >= _STRANGE:
        for name, before in evidence.items():
            if name != "en" and before >= _LETTER:
                evidence[name] = before + strange / _WORTH


def _strangeness(words: set[str]) -> float:
    """How much the groups of three letters of some words tell another language than English, as a logarithm."""
    return sum(map(_steps, words)) / _STEPS


@lru_cache(maxsize=65536)
def _steps(word: str) -> int:
    """The steps of the groups of a word together; memories that are added together have most of their words in common."""
    table, edged = _trigrams(), f" {word[:_LONGEST]} "
    return sum(table.get(edged[place : place + 3], 0) for place in range(len(edged) - 2))


@cache
def _trigrams() -> dict[str, int]:
    """The steps of each group of three letters; `tests/infra/words/trigrams.py` made them."""
    lines = (Path(__file__).parents[2] / "data" / "trigrams.txt").read_text("utf-8").replace("_", " ").splitlines()
    return {group: int(step) for line in lines for step, _, groups in (line.partition(" "),) for group in groups.split(",")}


def _clear(evidence: dict[str, float], least: float, times: float) -> str | None:
    """The language with at least so much evidence, and so many times that of the next."""
    if not evidence:
        return None
    best = max(evidence, key=evidence.__getitem__)
    most = evidence[best]
    clear = most >= least and all(most >= times * other for name, other in evidence.items() if name != best)
    return best if clear else None


def _look_closer(text: str, words: set[str], evidence: dict[str, float]) -> None:
    """Add what shared words and letters tell, for a text in which no words tell enough by themselves."""
    _, shared = _told()
    for word in words:
        names = shared.get(word, ())
        for name in names:
            evidence[name] = evidence.get(name, 0.0) + len(names) ** -1.5
    if not text.isascii():
        evidence[_ANOTHER] = 2.0 * len(_FOREIGN.intersection(text))
        for name, letters in _LETTERS.items():
            evidence[name] = evidence.get(name, 0.0) + _LETTER * sum(letter in text for letter in letters)


@cache
def _told() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The language of each word that tells one alone, and those of each word that several share."""
    having: dict[str, tuple[str, ...]] = {}
    for name, prose in STOP_WORDS.items():
        for word in {*prose.split(), *_HINTS[name].split()}:
            having[word] = (*having.get(word, ()), name)
    own = {word: names[0] for word, names in having.items() if len(names) == 1}
    return own, {word: names for word, names in having.items() if len(names) > 1}
