"""Whole statements with a subject of their own kind: names, relatives, birthdays, "my ... is ...", wishes for every answer; and the other languages."""

from __future__ import annotations

import re

from .facts import CONTEXT, LAST, ME, Fact, Scene, Who, fact_of, links_to, rule
from .gazetteer import LANGUAGES, NATIONALITIES, PETS, PLACES, RELATIVES
from .predicates import (
    read_age,
    read_allergy,
    read_favourite,
    read_goal,
    read_home,
    read_no_home,
    read_origin,
    read_owns,
    read_prefer,
    read_role,
    read_study,
    read_taste,
    read_work_at,
)
from .values import DATE_LIKE, DAY_LIKE, END, NAME, PET, RELATIVE, STATE, STOP, UPPER, VALUE, clean, is_empty, is_name, is_role, kin_of
from .words import fold, key_of, tokens

_I = re.IGNORECASE


def read_named(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if not is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower):
        return None
    if value.islower():
        value = value.title()
    attribute = "name" if m.groupdict().get("sure") is not None else "nickname"
    return fact_of(scene, ME, attribute, value, importance=0.9, context=CONTEXT["name"], links=links_to(ME, attribute, value, "person"))


def read_introduced(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    """ "I'm Anna": only with a greeting before it or something of the kind behind it, because "I'm Batman" and "I'm French" look the same."""
    folded = fold(m["name"])
    if folded in NATIONALITIES or folded in PLACES or folded in LANGUAGES or not (m["more"] or scene.clause.is_greeted):
        return None
    return read_named(scene, who, m)


def read_relative_named(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if (
        not is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower)
        or is_role(value)
        or fold(value) in NATIONALITIES
        or fold(value) in PLACES
    ):
        return None
    if value.islower():
        value = value.title()
    kin, is_one = kin_of(m["kin"])
    key = kin if is_one else f"{kin}|{key_of(value)}"
    attribute, _, which = key.partition("|")
    scene.introduced[kin] = scene.introduced[LAST] = Who(fold(value), value, "person")
    return fact_of(scene, ME, attribute, value, which=which, importance=0.8, context=f"{kin} family who", links=links_to(ME, kin, value, "person"))


def read_pet_named(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if not is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower) or fold(value) in NATIONALITIES:
        return None
    if value.islower():
        value = value.title()
    pet = PETS[fold(m["pet"])]
    scene.introduced[pet] = scene.introduced[LAST] = Who(fold(value), value, "animal")
    return fact_of(
        scene, ME, "pet", value, which=f"{pet} {key_of(value)}", importance=0.7, context=f"pet animal {pet}", links=links_to(ME, pet, value, "animal")
    )


def _about_owner(scene: Scene, m: re.Match[str]) -> Who:
    if m.groupdict().get("kin"):
        kin, _ = kin_of(m["kin"])
        return scene.introduced.get(kin) or Who(kin, f"my {kin}", "person")
    if m.groupdict().get("owner"):
        owner = clean(m["owner"])
        if fold(owner) in RELATIVES:
            kin, _ = kin_of(owner)
            return scene.introduced.get(kin) or Who(kin, f"my {kin}", "person")
        return Who(fold(owner), owner, "person")
    return ME


def read_their_birthday(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    owner = _about_owner(scene, m)
    if not DATE_LIKE.search(value):
        return None
    what = fold(m.groupdict().get("what") or "birthday")
    attribute = "birthday" if re.search(r"birthday|geburtstag|cumpleaños|anniversaire\b(?! de mariage)", what) else key_of(what)
    return fact_of(
        scene,
        owner,
        attribute,
        value,
        importance=0.8,
        context=f"{CONTEXT['birthday'] if attribute == 'birthday' else what} date when",
        links=links_to(owner, attribute, value, "date"),
    )


_THING_STOP = frozenset(
    "question questions problem problems issue issues point code program script error bug idea ideas concern concerns request task understanding guess "
    "assumption answer message prompt input output text function "
    "query test tests page screen mistake apology apologies bad thought thoughts feeling head back time turn hope reason mind heart eyes life day week "
    "weekend morning luck attempt result results "
    "frage problem idee meinung pregunta problema idea opinion problème".split()
)
_THING_KNOWN = re.compile(
    r"\b(?:job|occupation|profession|employer|company|title|size|timezone|time zone|deadline|budget|stack|editor|language|hometown|home town|hobby|hobbies|"
    r"degree|major|height|weight|phone|number|email|e-mail|address|"
    r"website|blog|github|handle|username|nickname|pronouns|star sign|zodiac|blood type|religion|car|bike|team|project|goal|dream|native|mother tongue|"
    r"salary|rent|schedule|working hours|favourite|address|car|"
    r"office|doctor|dentist|flight|hotel|appointment|exam|interview|wedding|meeting|network|wifi|wi-fi|router|printer|server|database|repo|repository|"
    r"branch|version|laptop|phone|beruf|hobby|adresse)\b",
    _I,
)


def read_thing_is(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    thing, value = m["thing"].strip(), clean(m["v"])
    if fold(thing).startswith("name of "):
        thing = re.sub(r"^name of (?:my |our |the )?", "", thing, flags=_I)
    words = tokens(thing)
    if not words or len(words) > 6 or words[-1] in _THING_STOP or words[0] in {"favourite"} or STATE.match(value) or is_empty(value) or len(value) > 160:
        return None
    is_named = m.groupdict().get("called") is not None
    has_value = any(word[:1].isupper() for word in value.split()) or bool(re.search(r"\d", value)) or "@" in value
    if not (is_named or has_value or _THING_KNOWN.search(thing)):
        return None
    is_the = fold(m.groupdict().get("det") or "") == "the"
    if is_the and not is_named and not (DAY_LIKE.search(value) or re.search(r"[^\W\d_]*[A-Z]", value)):
        return None
    if is_the and not re.search(
        r"\b(?:deadline|launch|release|meeting|flight|exam|appointment|wedding|interview|trip|party|due date|demo|wifi|wi-fi|project|company|team|code "
        r"name|codename|kick-?off)\b",
        thing,
        _I,
    ):
        return None
    if words[0] in RELATIVES | PETS.keys() and (len(words) == 1 or thing.split()[1][:1].isupper()):
        return None
    key = key_of(thing)
    attribute = {
        "phone number": "phone",
        "number": "phone",
        "e mail": "email",
        "email": "email",
        "e-mail": "email",
        "email address": "email",
        "job": "role",
        "profession": "role",
        "occupation": "role",
        "beruf": "role",
        "company": "employer",
        "employer": "employer",
        "native language": "languages",
        "mother tongue": "languages",
        "hometown": "origin",
        "address": "home",
        "age": "age",
    }.get(key, key)
    kind = "date" if DATE_LIKE.search(value) and re.search(r"\b(?:deadline|date|flight|exam|appointment|launch|release|day)\b", thing, _I) else "thing"
    of = re.match(rf"(?P<what>.+?) (?:for|of) (?:the |my |our )?(?P<whose>{UPPER}.*)$", thing)
    links = links_to(Who(fold(of["whose"]), of["whose"], "project"), fold(of["what"]), value, kind) if of else links_to(ME, fold(thing), value, kind)
    return fact_of(
        scene, ME, attribute, value, importance=0.7, context=f"{CONTEXT.get(attribute, '')} {key}".strip(), links=links if len(tokens(value)) <= 6 else []
    )


def read_thing_does(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.search(r"\b(?:error|problem|bug|issue|wrong|crash\w*|fail\w*)\b", value, _I):
        return None
    name = clean(m.groupdict().get("name") or "")
    key = key_of(name) or key_of(m["thing"])
    verb = fold(m["verb"])
    subject = Who(key, name or f"our {fold(m['thing'])}", "project")
    return fact_of(
        scene,
        subject,
        verb.removesuffix("s"),
        value,
        importance=0.6,
        context=f"{key} {fold(m['thing'])}",
        links=links_to(subject, verb, value, "thing") if len(tokens(value)) <= 4 else [],
    )


def read_standing(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    """How the assistant is to behave from now on."""
    text = m[0]
    language = re.search(rf"\b(?:in|auf|en)\s+(?P<l>{'|'.join(sorted(LANGUAGES, key=len, reverse=True))})\b", text, _I)
    if language and re.search(r"\b(?:answer|reply|respond|write|speak|talk|antworte?|sprich|schreib|responde|habla|réponds?|parle)", text, _I):
        return fact_of(scene, ME, "answer language", language["l"], category="preference", importance=0.9)
    value = clean(m["v"])
    return None if not value else fact_of(scene, ME, "instruction", value, which=key_of(value)[:80], category="preference", importance=0.8)


def read_diet_negative(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, ME, "diet", clean(m["v"]), category="preference", importance=0.8)


_BE = r"(?:is|are|was|were|has been|have been|will be|'s|ist|sind|war|es|son|est|sont)"
MY = r"(?:my|our|mein[er]?|unser[e]?|mi|mis|nuestr[oa]|mon|ma|mes|notre)"
STATEMENTS = [
    # names
    rule(
        rf"^(?P<sure>)(?:my (?:full |first |real )?name is|mein name ist|ich heiße|ich heisse|me llamo|mi nombre es|je m'appelle|mon nom est|mon prénom "
        rf"est) {NAME}(?:{STOP}|\b)",
        read_named,
    ),
    rule(
        rf"^(?:(?:you can|please|just|everyone|everybody|my friends|people|from now on)[,\s]+)*(?:calls? me|i go by|i am called|address me as|nenn mich|du "
        rf"kannst mich|llámame|appelle-moi) {NAME}(?:{STOP}|\b)",
        read_named,
    ),
    rule(rf"^i am (?P<sure>)(?P<name>{UPPER}[\w'-]+(?: {UPPER}[\w'-]+)?)(?P<more> from {UPPER}.*| by the way| here|)$", read_introduced),
    # relatives and pets
    rule(
        rf"^(?P<sure>)(?:{MY}) {RELATIVE}(?:'s name {_BE}| {_BE} (?:called|named)| goes by| heißt| heisst| se llama| s'appelle|'s called|'s named) "
        rf"{NAME}(?:{STOP}|\b)",
        read_relative_named,
    ),
    rule(rf"^(?P<sure>)(?:the )?name of (?:{MY}) {RELATIVE} is {NAME}(?:{STOP}|\b)", read_relative_named),
    rule(
        rf"^(?:{MY}) {RELATIVE} {_BE} {NAME}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|und|y|et)\b))",
        lambda scene, who, m: read_relative_named(scene, who, m) if m["name"][:1].isupper() else None,
    ),
    rule(rf"^{NAME} {_BE} (?:{MY}) {RELATIVE}(?:{STOP})", lambda scene, who, m: read_relative_named(scene, who, m) if m["name"][:1].isupper() else None),
    rule(
        rf"^i am (?:married|engaged) to {NAME}(?:{STOP})",
        lambda scene, who, m: (
            fact_of(
                scene,
                ME,
                "spouse",
                clean(m["name"]),
                importance=0.8,
                context="married wife husband spouse partner",
                links=links_to(ME, "spouse", m["name"], "person"),
            )
            if m["name"][:1].isupper()
            else None
        ),
    ),
    rule(
        rf"^(?P<sure>)(?:{MY}) (?:\w+ )?{PET}(?:'s name {_BE}| {_BE} (?:called|named)| heißt| heisst| se llama| s'appelle) {NAME}(?:{STOP}|\b)", read_pet_named
    ),
    rule(
        rf"^(?:{MY}) (?:\w+ )?{PET} {_BE} {NAME}(?:{END}|(?=\s*[,;!?()]))",
        lambda scene, who, m: read_pet_named(scene, who, m) if m["name"][:1].isupper() else None,
    ),
    rule(rf"^{NAME} {_BE} (?:{MY}) (?:\w+ )?{PET}(?:{STOP})", lambda scene, who, m: read_pet_named(scene, who, m) if m["name"][:1].isupper() else None),
    # birthdays and other dates
    rule(
        rf"^(?:{MY}) (?:{RELATIVE}'s )?(?P<what>birthday|wedding anniversary|anniversary|geburtstag|hochzeitstag|cumpleaños|aniversario|anniversaire(?: "
        rf"de mariage)?) (?:{_BE})(?: (?:on|am|el|le))?(?: the)? {VALUE}(?:{STOP})",
        read_their_birthday,
    ),
    rule(
        rf"^(?P<owner>[A-Z][\w-]+)'s? (?P<what>birthday|anniversary) (?:{_BE})(?: on)?(?: the)? {VALUE}(?:{STOP})",
        lambda scene, who, m: read_their_birthday(scene, who, m) if m["owner"][:1].isupper() else None,
    ),
    # favourites
    rule(
        rf"^(?:{MY}) (?:all[- ]time |absolute |new |current )*favourite (?P<thing>[\w' -]+?) (?:{_BE})(?: now| still| always| definitely)* "
        rf"{VALUE}(?:{STOP})",
        read_favourite,
    ),
    rule(rf"^(?:{MY}) lieblings-?(?P<thing>[\w-]+) (?:ist|sind)(?: jetzt)? {VALUE}(?:{STOP})", read_favourite),
    rule(rf"^(?:{MY}) (?P<thing>[\w-]+) (?:favorit[oa]s?|préférée?s?) (?:es|son|est|sont)(?: ahora| maintenant)? {VALUE}(?:{STOP})", read_favourite),
    rule(rf"^(?P<v>[A-Z0-9][^,;!?()]{{0,60}}?) is (?:{MY}) (?:all[- ]time |absolute |new )*favourite (?P<thing>[\w' -]+?)(?:{STOP})", read_favourite),
    # standing wishes to the assistant
    rule(
        r"^(?:please )?(?:from now on|in (?:the )?future|going forward|henceforth|by default|ab (?:jetzt|sofort)|künftig|in zukunft|a partir de ahora|"
        r"désormais|à partir de maintenant),?\s+(?:please |bitte |por favor )?(?P<v>(?:always |never |only |immer |nie )?"
        r"(?:answer|reply|respond|write|call|address|use|speak|talk|keep|give|show|cite|format|include|avoid|do not|don't|be|treat|assume|explain|ask|tell|"
        r"antworte?|schreib\w*|sprich|nutze?|verwende?|nenn\w*|responde|usa|habla|réponds?|utilise|parle)\b.*)",
        read_standing,
    ),
    rule(
        r"^(?:please )?(?P<v>(?:always|never|immer|niemals|siempre|nunca|toujours)\s+(?:answer|reply|respond|write|call|address|use|speak|talk|keep|give|"
        r"show|cite|format|include|avoid|assume|explain|ask|tell|be|start|end|put|"
        r"antworte?n?|schreib\w*|sprich|nutze?n?|verwende?n?|responde|usa|habla|réponds?|utilise|parle)\b.*)",
        read_standing,
    ),
    rule(
        r"^(?:please )?(?P<v>(?:answer|reply|respond|write|speak|keep|use|give|be|include|avoid|format|show|call|antworte?|responde|"
        r"réponds?)\b.*\b(?:always|from now on|in (?:the )?future|by default|every time|immer|künftig|ab jetzt|siempre|toujours|désormais)\b.*)",
        read_standing,
    ),
    rule(
        r"^(?:bitte )?(?P<v>(?:ab (?:jetzt|sofort)|künftig|in zukunft|immer)\b.*\b(?:antworten|schreiben|sprechen|nutzen|verwenden|duzen|siezen))$",
        read_standing,
    ),
    # German
    rule(rf"^ich (?:wohne|lebe)(?: jetzt| derzeit| aktuell| noch| nun)* (?:in|bei|auf|am|im) {VALUE}(?:{STOP})", lambda scene, who, m: read_home(scene, ME, m)),
    rule(
        rf"^(?:ich|wir) (?:bin|sind)(?: jetzt| gerade| kürzlich| vor kurzem| letzte\w* \w+)* nach {VALUE} (?:um)?gezogen",
        lambda scene, who, m: read_home(scene, ME, m),
    ),
    rule(rf"^ich (?:wohne|lebe) nicht mehr in {VALUE}(?:{STOP})", lambda scene, who, m: read_no_home(scene, ME, m)),
    rule(
        rf"^ich (?:arbeite|bin)(?: jetzt| derzeit| aktuell| seit [\w ]+?)* als {VALUE}(?:{STOP}|(?=\s+bei\b))",
        lambda scene, who, m: fact_of(scene, ME, "role", clean(m["v"]), importance=0.7, links=links_to(ME, "works as", m["v"], "thing")),
    ),
    rule(
        rf"^ich arbeite(?: jetzt| derzeit| aktuell| seit [\w ]+?)* (?:bei|für) {VALUE}(?:{STOP}|(?=\s+(?:als|in)\b))",
        lambda scene, who, m: read_work_at(scene, ME, m),
    ),
    rule(rf"^ich bin (?:jetzt |von beruf )?(?P<v>[A-ZÄÖÜ][\wäöüß-]+)(?:{STOP}|(?=\s+(?:in|bei|an|am)\b))", lambda scene, who, m: read_role(scene, ME, m)),
    rule(r"^ich bin (?P<v>\d{1,3}) jahre alt", lambda scene, who, m: read_age(scene, ME, m)),
    rule(rf"^ich bin (?:stark |sehr )?allergisch (?:gegen|auf) {VALUE}(?:{STOP})", lambda scene, who, m: read_allergy(scene, ME, m)),
    rule(
        r"^ich (?:bin|lebe|esse|ernähre mich)(?: jetzt)? (?P<v>veganerin|veganer|vegan|vegetarierin|vegetarier|vegetarisch)\b",
        lambda scene, who, m: read_diet_negative(scene, ME, m),
    ),
    rule(
        rf"^ich (?P<no>hasse|verabscheue|mag (?:jetzt )?(?:kein(?:e|en)?|nicht)|esse kein(?:e|en)?|trinke kein(?:e|en)?) {VALUE}(?:{STOP}|(?=\s+mehr\b))",
        lambda scene, who, m: read_taste(scene, ME, m),
    ),
    rule(rf"^ich mag (?P<v>[^,;!?()]+?) (?P<no>nicht)(?: mehr)?(?:{END})", lambda scene, who, m: read_taste(scene, ME, m)),
    rule(
        rf"^ich (?:mag|liebe|trinke gerne?|esse gerne?|höre gerne?|lese gerne?)(?: sehr| am liebsten)? {VALUE}(?:{STOP})",
        lambda scene, who, m: read_taste(scene, ME, m),
    ),
    rule(rf"^ich (?:bevorzuge|ziehe) {VALUE}(?: vor)?(?:{STOP})", lambda scene, who, m: read_prefer(scene, ME, m)),
    rule(rf"^ich (?:komme|stamme) (?:ursprünglich )?aus {VALUE}(?:{STOP})", lambda scene, who, m: read_origin(scene, ME, m)),
    rule(rf"^ich habe (?P<v>(?:ein|eine|einen|zwei|drei|vier)\s+[^,;!?()]+?)(?P<verb>)(?:{STOP})", lambda scene, who, m: read_owns(scene, ME, m)),
    rule(rf"^ich studiere {VALUE}(?:{STOP})", lambda scene, who, m: read_study(scene, ME, m)),
    # Spanish
    rule(rf"^(?:yo )?(?:ahora )?vivo(?: ahora| actualmente)? en {VALUE}(?:{STOP})", lambda scene, who, m: read_home(scene, ME, m)),
    rule(rf"^(?:yo )?(?:me (?:mudé|he mudado)|nos mudamos) a {VALUE}(?:{STOP})", lambda scene, who, m: read_home(scene, ME, m)),
    rule(rf"^(?:yo )?trabajo(?: ahora)? (?:en|para) {VALUE}(?:{STOP}|(?=\s+como\b))", lambda scene, who, m: read_work_at(scene, ME, m)),
    rule(
        rf"^(?:yo )?trabajo(?: ahora)? (?:como|de) {VALUE}(?:{STOP})",
        lambda scene, who, m: fact_of(scene, ME, "role", clean(m["v"]), importance=0.7, links=links_to(ME, "works as", m["v"], "thing")),
    ),
    rule(rf"^(?:yo )?soy (?:muy )?alérgic[oa] (?:a la |a los |a las |al |a ){VALUE}(?:{STOP})", lambda scene, who, m: read_allergy(scene, ME, m)),
    rule(r"^(?:yo )?soy (?P<v>vegan[oa]|vegetarian[oa])\b", lambda scene, who, m: read_diet_negative(scene, ME, m)),
    rule(rf"^(?:yo )?soy de {VALUE}(?:{STOP})", lambda scene, who, m: read_origin(scene, ME, m)),
    rule(rf"^(?:yo )?soy (?P<v>[\wáéíóúñ]+)(?:{STOP})", lambda scene, who, m: read_role(scene, ME, m)),
    rule(rf"^(?:yo )?(?P<no>odio|detesto|(?:ya )?no me gustan?) {VALUE}(?:{STOP})", lambda scene, who, m: read_taste(scene, ME, m)),
    rule(rf"^(?:a mí )?(?:me gustan?|me encantan?|adoro|amo) (?:mucho )?{VALUE}(?:{STOP})", lambda scene, who, m: read_taste(scene, ME, m)),
    rule(rf"^(?:yo )?prefiero {VALUE}(?:{STOP})", lambda scene, who, m: read_prefer(scene, ME, m)),
    rule(r"^(?:yo )?tengo (?P<v>\d{1,3}) años", lambda scene, who, m: read_age(scene, ME, m)),
    rule(rf"^(?:yo )?tengo (?P<v>(?:un|una|dos|tres)\s+[^,;!?()]+?)(?P<verb>)(?:{STOP})", lambda scene, who, m: read_owns(scene, ME, m)),
    # French
    rule(rf"^(?:j'habite|je vis)(?: maintenant| actuellement)? (?:à|en|au|aux|dans) {VALUE}(?:{STOP})", lambda scene, who, m: read_home(scene, ME, m)),
    rule(
        rf"^(?:j'ai déménagé|je suis (?:parti|partie) vivre|nous avons déménagé) (?:à|en|au) {VALUE}(?:{STOP})", lambda scene, who, m: read_home(scene, ME, m)
    ),
    rule(rf"^je travaille(?: maintenant)? (?:chez|pour|à) {VALUE}(?:{STOP}|(?=\s+comme\b))", lambda scene, who, m: read_work_at(scene, ME, m)),
    rule(
        rf"^je travaille(?: maintenant)? comme {VALUE}(?:{STOP})",
        lambda scene, who, m: fact_of(scene, ME, "role", clean(m["v"]), importance=0.7, links=links_to(ME, "works as", m["v"], "thing")),
    ),
    rule(rf"^je suis (?:très )?allergique (?:aux |au |à la |à l'|à ){VALUE}(?:{STOP})", lambda scene, who, m: read_allergy(scene, ME, m)),
    rule(r"^je suis (?P<v>végétarienne|végétarien|végétalienne|végétalien|végane|vegan)\b", lambda scene, who, m: read_diet_negative(scene, ME, m)),
    rule(rf"^je suis (?P<v>[\wéèêàç]+)(?:{STOP})", lambda scene, who, m: read_role(scene, ME, m)),
    rule(
        rf"^(?P<no>je déteste|je n'aime (?:pas|plus)|je ne (?:mange|bois) (?:pas|plus)(?: de| d'| du)?) {VALUE}(?:{STOP})",
        lambda scene, who, m: read_taste(scene, ME, m),
    ),
    rule(rf"^(?:j'aime|j'adore)(?: beaucoup| bien)? {VALUE}(?:{STOP})", lambda scene, who, m: read_taste(scene, ME, m)),
    rule(rf"^je préfère {VALUE}(?:{STOP})", lambda scene, who, m: read_prefer(scene, ME, m)),
    rule(r"^j'ai (?P<v>\d{1,3}) ans", lambda scene, who, m: read_age(scene, ME, m)),
    rule(rf"^j'ai (?P<v>(?:un|une|deux|trois)\s+[^,;!?()]+?)(?P<verb>)(?:{STOP})", lambda scene, who, m: read_owns(scene, ME, m)),
    # my thing
    rule(
        rf"^my (?:main |biggest |current |big )?(?:goal|dream|ambition|new year's resolution|resolution) (?:for \S+(?: \S+)? )?is to {VALUE}(?:{END}|"
        rf"(?=\s*[;!?()])|(?=\s+(?:but|because|since)\b))",
        read_goal,
    ),
    rule(
        rf"^(?P<det>my|our|the) (?P<thing>project|app|company|team|startup|codebase|website|server|backend|frontend|database|stack|repo|product|game|"
        rf"service|platform)(?: {NAME})? "
        rf"(?P<verb>uses?|runs on|is written in|is built (?:in|on|with)|is hosted (?:on|in|at)|is based on|is called|consists of|targets?|supports?|ships?|"
        rf"deploys to|depends on) {VALUE}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:but|because|since|which)\b))",
        lambda scene, who, m: (
            None if (fold(m["det"]) == "the" and not m.groupdict().get("name")) or fold(m["verb"]) == "is called" else read_thing_does(scene, who, m)
        ),
    ),
    rule(
        rf"^(?P<det>my|our|the) (?P<thing>[\w'’/& -]{{2,60}}?) (?:(?P<called>is called|are called|is named|are named|goes by)|(?:(?:is|are|will be)(?: now|"
        rf" still)?|(?:has been |was |has |is )?(?:moved|changed|postponed|pushed|rescheduled|switched) (?:back )?(?:to|from [\w ]+? to))(?: on)?) "
        rf"{VALUE}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:but|because|since|which|so)\b))",
        read_thing_is,
    ),
]
