"""What stands behind the subject: "... lives in Oslo", "... am allergic to nuts". English, with and without the s of the third person."""

from __future__ import annotations

import re

from .facts import CONTEXT, ME, Fact, Scene, Who, fact_of, links_to, rule
from .gazetteer import ACTIVITIES, DIETS, HEALTH, LANGUAGES, MONTHS, NATIONALITIES, PETS, PLACES, SOFTWARE, VEHICLES, WEEKDAYS
from .values import ACT, DATE_LIKE, EMPTY, END, LEADING, NAME, STOP, VALUE, clean, is_empty, is_name, is_place, is_role, thing_key
from .words import fold, is_negated, key_of, tokens

_I = re.IGNORECASE


def read_home(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(re.split(r"\s+(?:with|mit|con|avec)\s+", m["v"])[0])
    if not is_place(value, scene.is_all_lower):
        return None
    return fact_of(scene, who, "home", value, importance=0.8 if who is ME else 0.5, links=links_to(who, "lives in", value, "place"))


def read_future_home(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return (
        fact_of(scene, who, "plan", value, which="move", importance=0.6, context="move moving plan home", links=links_to(who, "moves to", value, "place"))
        if is_place(value, False)
        else None
    )


def read_no_home(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "home", "", importance=0.5) if is_place(clean(m["v"]), scene.is_all_lower) else None


def read_origin(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    is_known = fold(value) in PLACES or value[:1].isupper()
    return fact_of(scene, who, "origin", value, links=links_to(who, "comes from", value, "place")) if is_known and is_place(value, scene.is_all_lower) else None


def read_born(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if re.fullmatch(r"(?:the year )?\d{4}(?: .*)?", value):
        return fact_of(scene, who, "birth year", value, importance=0.7, context=CONTEXT["birthday"], links=links_to(who, "born in", value[:4], "date"))
    if DATE_LIKE.search(value):
        return fact_of(scene, who, "birthday", value, importance=0.8, links=links_to(who, "birthday", value, "date"))
    return fact_of(scene, who, "birthplace", value, links=links_to(who, "born in", value, "place")) if is_place(value, scene.is_all_lower) else None


def read_birthday(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return fact_of(scene, who, "birthday", value, importance=0.8, links=links_to(who, "birthday", value, "date")) if DATE_LIKE.search(value) else None


def read_age(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = m["v"]
    return fact_of(scene, who, "age", value, importance=0.5) if 0 < int(value) < 120 else None


def read_work_at(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    bare = LEADING.sub("", value)
    if is_empty(value) or fold(bare) in {"home", "night", "weekends", "living", "hour", "hours", "free", "fun", "best", "well", "myself", "office"}:
        return None
    if not (bare[:1].isupper() or any(ch.isdigit() for ch in bare) or scene.is_all_lower or re.match(r"(?:a|an|the|my|einem|einer|una?|une?)\s", value, _I)):
        return None
    if re.match(r"(?:this|that|these|those|it|some|all)\b|.*\b(?:problem|issue|bug|task|question|moment|thing)\b", value, _I):
        return None
    return fact_of(scene, who, "employer", value, importance=0.7 if who is ME else 0.5, links=links_to(who, "works at", value, "organisation"))


def read_no_work(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "employer", "", importance=0.6)


def read_work_in(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if fold(LEADING.sub("", value)) in PLACES or (value[:1].isupper() and not value.isupper()):
        return (
            None
            if len(value) < 2
            else fact_of(scene, who, "workplace", value, importance=0.5, context=CONTEXT["employer"], links=links_to(who, "works in", value, "place"))
        )
    if re.match(
        r"(?:the|this|that|a|an|my)\s+(?:morning|afternoon|evening|night|background|moment|garden|file|code|repo|branch|terminal|browser|same|way)\b", value, _I
    ) or is_empty(value):
        return None
    return fact_of(scene, who, "field", value, importance=0.6)


def read_role(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if m.groupdict().get("sure") is None and not is_role(value):
        return None
    if is_empty(value):
        return None
    if re.match(r"(?:\w+ )?student\b", value, _I):
        return fact_of(scene, who, "study", value, links=links_to(who, "studies", value, "thing") if len(tokens(value)) <= 5 else [])
    links = links_to(who, "works as", re.split(r"\s+(?:at|for|bei|en|chez)\s+", value)[0], "thing")
    at = re.search(r"\s(?:at|for|bei|chez)\s+(?P<org>(?:the\s+)?[A-Z0-9].+)$", value)
    if at:
        return fact_of(
            scene,
            who,
            "employer",
            clean(at["org"]),
            importance=0.7 if who is ME else 0.5,
            context=f"{CONTEXT['employer']} {CONTEXT['role']}",
            links=[*links, *links_to(who, "works at", at["org"], "organisation")],
        )
    return fact_of(scene, who, "role", value, importance=0.7 if who is ME else 0.5, links=links)


def read_study(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.match(r"(?:for|hard|a lot|every|with|tonight|today|tomorrow|this|that)\b", value, _I):
        return None
    return fact_of(scene, who, "study", value, links=links_to(who, "studies", re.split(r"\s+(?:at|in|an|en|à)\s+", value)[0], "thing"))


def read_taste(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.match(
        r"(?:your|his|their|to (?:think|know|see|ask|be|have|get|say|point)|the (?:way|idea|fact|answer|first|second|last|new|"
        r"old|other|result|look|sound|style|previous)|how|what|when|that|being|it|"
        r"where|working with you|talking to you|seeing|if)\b",
        value,
        _I,
    ):
        return None
    is_dislike = m.groupdict().get("no") is not None
    relation = "dislikes" if is_dislike else "likes"
    thing = ACT.sub("", value)
    links = links_to(who, relation, thing, "thing") if len(tokens(thing)) <= 4 else []
    return fact_of(scene, who, "taste", value, which=thing_key(value), category="preference", importance=0.6 if who is ME else 0.4, links=links)


def read_prefer(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.match(
        r"(?:the|your|this|that|to)\s+(?:first|second|third|last|other|former|latter|one|previous|version|option|new|old)\b", value, _I
    ):
        return None
    pair = re.split(r"\s+(?:over|to|than|rather than|instead of|statt|als|a|que|à|plutôt que)\s+", value, maxsplit=1)
    purpose = re.search(r"\b(?:for|when|in|on|at|für|para|pour)\s+(.+)$", pair[0])
    if len(pair) == 2 and not re.match(r"(?:be|have|get|use|work|go|eat|drink|read|write|do)\b", pair[1], _I):
        which = " ".join(sorted((thing_key(pair[0]), thing_key(pair[1]))))
    elif purpose:
        which = "for " + key_of(purpose[1])
    else:
        words = tokens(pair[0])
        which = key_of(words[-1]) if words else key_of(value)
    return fact_of(
        scene,
        who,
        "prefer",
        pair[0].strip(),
        which=which,
        category="preference",
        importance=0.7,
        links=links_to(who, "prefers", pair[0], "thing") if len(tokens(pair[0])) <= 4 else [],
    )


def read_favourite(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    thing, value = key_of(m["thing"]), clean(m["v"])
    if is_empty(value) or not thing or len(thing.split()) > 4 or thing.split()[0] in {"one", "part", "thing", "bit"}:
        return None
    return fact_of(
        scene,
        who,
        f"favourite {thing}",
        value,
        category="preference",
        importance=0.7,
        context=f"favourite favorite {thing} likes best",
        links=links_to(who, f"favourite {thing}", value, "thing"),
    )


def read_allergy(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.search(r"\b(?:bullshit|mondays|meetings|work|bugs?)\b", value, _I):
        return None
    return fact_of(
        scene,
        who,
        "allergy",
        value,
        which=thing_key(value),
        importance=0.9 if who is ME else 0.7,
        links=links_to(who, "no longer allergic to" if is_negated(m[0]) else "allergic to", value, "thing"),
    )


def read_diet(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(
        scene, who, "diet", clean(m["v"]), category="preference", importance=0.8, links=[] if is_negated(m[0]) else links_to(who, "diet", m["v"], "thing")
    )


def read_health(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "health", clean(m["v"]), which=thing_key(m["v"]), importance=0.8)


def read_marital(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "marital", clean(m["v"]), importance=0.6)


def read_nationality(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "nationality", clean(m["v"]), importance=0.6)


def read_trait(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, "trait", clean(m["v"]), which=key_of(m["v"]), importance=0.6, context="")


def read_measure(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    return fact_of(scene, who, m["what"].casefold().replace("weighs", "weigh"), clean(m["v"]), importance=0.5, context="height tall weight size")


def read_speaks(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    named = [word for word in tokens(m["v"]) if word in LANGUAGES]
    return (
        fact_of(
            scene,
            who,
            "languages",
            clean(m["v"]),
            which=" ".join(sorted(named)),
            importance=0.6,
            links=[link for one in named for link in links_to(who, "speaks", one.title(), "thing")],
        )
        if named
        else None
    )


def read_plays(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if not any(word in ACTIVITIES for word in tokens(value)):
        return None
    return fact_of(
        scene,
        who,
        "activity",
        value,
        which=thing_key(value),
        category="fact",
        importance=0.5,
        context="hobby plays sport instrument",
        links=links_to(who, "plays", value, "thing") if len(tokens(value)) <= 4 else [],
    )


def read_learning(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.match(r"(?:about|how|to|that|this|from|more|a lot|new)\b", value, _I) or len(tokens(value)) > 8:
        return None
    return fact_of(
        scene,
        who,
        "learning",
        value,
        which=thing_key(value),
        importance=0.5,
        context="learning learn study goal",
        links=links_to(who, "learns", value, "thing") if len(tokens(value)) <= 4 else [],
    )


_PROJECT = (
    r"(?:project|app|application|book|novel|thesis|dissertation|startup|start-up|company|paper|game|website|site|library|framework|film|movie|album|song|"
    r"podcast|blog|newsletter|course|phd|robot|drone|house|boat|shed|"
    r"language|compiler|plugin|extension|dashboard|platform|tool|bot|model|database|engine|api|service|shop|store|comic|documentary|grant|proposal|spiel|"
    r"buch|roman|firma|juego|libro|livre|jeu)"
)


def read_project(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if is_empty(value) or re.match(
        r"(?:this|that|these|the (?:same|following|above)|an? (?:bug|issue|problem|error|fix|solution|presentation|email|e-mail|letter|report|assignment|"
        r"homework|task|ticket))\b",
        value,
        _I,
    ):
        return None
    called = re.search(rf"\b{_PROJECT}\s+(?:called|named)\s+{NAME}", value, _I) or re.search(rf"\b{_PROJECT}\s+(?P<name>[A-Z][\w-]+)", value)
    if called and is_name(called["name"]):
        return fact_of(
            scene,
            who,
            "project",
            clean(called["name"]),
            which=key_of(called["name"]),
            importance=0.7,
            context="project working on building",
            links=links_to(who, "works on", called["name"], "project"),
        )
    bare = LEADING.sub("", value)
    if not (re.search(rf"\b{_PROJECT}s?\b", value, _I) or (bare[:1].isupper() and len(bare.split()) <= 4)):
        return None
    return fact_of(
        scene,
        who,
        "project",
        value,
        which=key_of(value),
        importance=0.6,
        context="project working on building",
        links=links_to(who, "works on", value, "project") if len(tokens(value)) <= 5 else [],
    )


def read_owns(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    verb = fold(m["verb"])
    words = tokens(
        LEADING.sub("", re.split(r"\s+(?:called|named|who|that|which|namens|llamad[oa]|qui s'appelle)\s+|\s+(?:in|at|from|with|since|and|for)\s+", value)[0])
    )
    if not words or words[0] in EMPTY:
        return None
    named = re.search(rf"\b(?:called|named|namens|llamad[oa]|qui s'appelle)\s+{NAME}", value, _I)
    head = words[-1].removesuffix("s") if words[-1] not in PETS else words[-1]
    relation = "drives" if verb.startswith("driv") else "has"
    if head in PETS:
        name = clean(named["name"]) if named else ""
        which = f"{PETS[head]} {key_of(name)}".strip()
        links = links_to(who, PETS[head], name, "animal") if name else []
        return fact_of(scene, who, "pet", name or value, which=which, importance=0.6, context=f"pet animal {PETS[head]}", links=links)
    if head in {
        "kid",
        "children",
        "child",
        "son",
        "daughter",
        "sister",
        "brother",
        "sibling",
        "twin",
        "boy",
        "girl",
        "grandchild",
        "grandchildren",
        "grandson",
        "granddaughter",
        "kinder",
        "hijo",
        "enfant",
    }:
        return fact_of(
            scene,
            who,
            "family",
            value,
            which=head.removesuffix("ren") if head != "children" else "child",
            importance=0.7,
            context="family children kids siblings",
        )
    if verb in {"have", "has", "got"} and head not in VEHICLES:
        return None
    if verb.startswith("driv") and not (head in VEHICLES or any(word[:1].isupper() for word in value.split())):
        return None
    if not any(word[:1].isupper() or word in VEHICLES for word in value.split()) and head not in VEHICLES and verb not in {"own", "owns"}:
        return None
    return fact_of(
        scene,
        who,
        "owns",
        value,
        which=head,
        importance=0.5,
        context="has owns",
        links=links_to(who, relation, value, "thing") if len(tokens(value)) <= 5 else [],
    )


def read_uses(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    bare = LEADING.sub("", value)
    known = any(word in SOFTWARE for word in tokens(bare))
    if (
        is_empty(value)
        or len(tokens(value)) > 8
        or not (known or bare[:1].isupper())
        or re.search(r"\b(?:error|here|to (?:get|make|do|fix|solve))\b", value, _I)
    ):
        return None
    return fact_of(
        scene,
        who,
        "uses",
        value,
        which=thing_key(value),
        importance=0.5,
        context="uses tools setup software",
        links=links_to(who, "uses", value, "thing") if len(tokens(bare)) <= 3 else [],
    )


def read_goal(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return None if is_empty(value) else fact_of(scene, who, "goal", value, which=key_of(value)[:60], importance=0.6, context="goal plan wants")


def read_plan(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return (
        None
        if is_empty(value)
        else fact_of(scene, who, "plan", value, which=key_of(value)[:60], category="observation", importance=0.5, context="plan planning trip")
    )


def read_routine(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    if re.search(r"\b(?:error|this|that|it)\b", m["v"], _I) or len(tokens(m["v"])) < 2:
        return None
    return fact_of(
        scene, who, "routine", clean(m["v"]), which=key_of(m["v"])[:80], category="observation", importance=0.4, context="routine habit usually schedule"
    )


def read_founder(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    is_firm = re.search(
        r"\b(?:company|startup|start-up|business|shop|store|restaurant|caf[eé]|agency|studio|farm|bakery|clinic|practice|school|firm|consultancy|charity|"
        r"blog|podcast|channel)\b",
        value,
        _I,
    )
    is_named = value[:1].isupper() and fold(m[0]).startswith(("founded", "cofounded", "co-founded", "started", "run", "manage"))
    first = tokens(value)[:1]
    if is_empty(value) or not (is_firm or is_named) or (first and (first[0] in SOFTWARE or first[0] in WEEKDAYS or first[0] in MONTHS)):
        return None
    return fact_of(
        scene,
        who,
        "business",
        value,
        which=key_of(value)[:60],
        importance=0.7,
        context="company business owner founder runs",
        links=links_to(who, "runs", value, "organisation") if len(tokens(value)) <= 6 else [],
    )


def read_ended(scene: Scene, who: Who, m: re.Match[str]) -> Fact | None:
    """ "I stopped drinking coffee", "I gave up smoking"."""
    value = clean(m["v"])
    return None if is_empty(value) else fact_of(scene, who, "taste", value, which=thing_key(value), category="preference", importance=0.6)


_DIET = rf"(?P<v>(?:a\s+)?(?:strict\s+|lifelong\s+)?(?:{'|'.join(sorted(map(re.escape, DIETS), key=len, reverse=True))}))"
_HEALTH = rf"(?P<v>(?:type [12] |chronic |severe |mild )*(?:{'|'.join(sorted(map(re.escape, HEALTH), key=len, reverse=True))}))"
_NATION = (
    rf"(?P<v>(?:half[- ])?(?:{'|'.join(sorted(NATIONALITIES, key=len, reverse=True))})(?:[- ](?:{'|'.join(sorted(NATIONALITIES, key=len, reverse=True))}))?)"
)

PREDICATES = [
    rule(rf"(?:not live|no longer live|not living|no longer living|not based|no longer based)s? (?:in|at|near|on) {VALUE}(?:{STOP})", read_no_home),
    rule(
        rf"(?:lives?|resides?|living|based|residing|dwells?|settled)(?: (?:now|currently|mostly|here|again|alone|together))* (?:down )?(?:in|at|near|on|"
        rf"outside|around|just outside) {VALUE}(?:{STOP})",
        read_home,
    ),
    rule(rf"(?:have |has )lived (?:in|at|near) {VALUE}(?=\s+(?:for|since|all my life|my whole life|my entire life)\b)", read_home),
    rule(rf"(?:have |has )worked (?:at|for) {VALUE}(?=\s+(?:for|since)\b)", read_work_at),
    rule(rf"(?:have |has )worked as (?P<sure>)(?:an?|the )?\s*{VALUE}(?=\s+(?:for|since)\b)", read_role),
    rule(
        rf"(?:moving|going to move|about to move|will move|planning to move|relocating)(?: \w+)?(?: from [^,]+?)? to {VALUE}(?:{STOP}|(?=\s+(?:next|"
        rf"this|in|on|at|soon|tomorrow)\b))",
        read_future_home,
    ),
    rule(
        rf"(?:moved|relocated|emigrated)(?: (?:back|over|away|house|out|permanently|recently|last \w+|this \w+))*(?: from [^,]+?)? (?:in)?to "
        rf"{VALUE}(?:{STOP}|(?=\s+(?:last|this|in|on|two|three|a few|\d+|recently|yesterday)\b))",
        read_home,
    ),
    rule(rf"(?:come |comes )?from {VALUE}(?:{STOP})", read_origin),
    rule(rf"(?:was |were )?born (?:and raised )?(?:in|on|at) {VALUE}(?:{STOP})", read_born),
    rule(rf"(?:turned|turning)?\s*(?P<v>\d{{1,3}})(?: years?[- ]old| y/?o| yrs? old| years of age)(?:{STOP})", read_age),
    rule(rf"(?:turned|turning) (?P<v>\d{{1,3}})(?: (?:today|yesterday|last \w+|this \w+))?(?:{STOP})", read_age),
    rule(rf"(?:not work|no longer works?|not working|no longer working|no longer employed|not employed)s? (?:at|for|with) {VALUE}(?:{STOP})", read_no_work),
    rule(
        rf"(?:quit|left|resigned from|got (?:fired|laid off) from|was (?:fired|laid off) from|got fired|was fired|was laid off|got laid off|retired)(?: "
        rf"(?:my|the|his|her) (?:old |previous )?job)?(?: (?:at|from) {VALUE})?(?: (?:last|this|in|yesterday|today)\b.*)?(?:{STOP})",
        lambda scene, who, m: read_no_work(scene, who, m) if re.search(r"job|fired|laid|resigned|retired", m[0], _I) else None,
    ),
    rule(
        rf"(?:joined|started (?:working )?(?:at|with|for)|started (?:a|my) (?:new )?job (?:at|with)|got (?:a|the|my) (?:new )?job (?:at|with)|have a new "
        rf"job at|has a new job at|got hired (?:by|at)|was hired by) {VALUE}(?:{STOP}|(?=\s+(?:last|this|in|on)\b))",
        read_work_at,
    ),
    rule(rf"(?:was |got |been )?promoted to (?P<sure>)(?:an?|the )?\s*{VALUE}(?:{STOP})", read_role),
    rule(
        rf"teach(?:es)? {VALUE}(?:{STOP})",
        lambda scene, who, m: (
            None if re.match(r"(?:you|him|her|them|me|it|myself)\b", m["v"], _I) else fact_of(scene, who, "role", f"teaches {clean(m['v'])}", importance=0.6)
        ),
    ),
    rule(
        rf"(?:works?|working) as (?P<sure>)(?:an?|the )?\s*{VALUE}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|so|which|where|with)\b))", read_role
    ),
    rule(
        rf"(?:works?|working|employed|intern|interning|freelanc\w+)(?: (?:full[- ]time|part[- ]time|now|currently|remotely|mostly|there|freelance))* (?:at|"
        rf"for|by) {VALUE}(?:{STOP}|(?=\s+in\b))",
        read_work_at,
    ),
    rule(rf"(?:works?|working)(?: (?:full[- ]time|part[- ]time|now|currently|mostly))* in {VALUE}(?:{STOP})", read_work_in),
    rule(
        rf"(?:works? from home|works? remotely|works? nights|works? night shifts|works? part[- ]time|works? full[- ]time)(?P<v>.*?)(?:{STOP})",
        lambda scene, who, m: fact_of(scene, who, "work mode", m[0], importance=0.5, context="work works remote home office"),
    ),
    rule(rf"(?:study|studies|studying|majoring in|major in|studied|doing (?:a|my) (?:phd|master'?s?|bachelor'?s?|degree) in) {VALUE}(?:{STOP})", read_study),
    rule(
        rf"(?:very |severely |highly |deathly |mildly |not |no longer )*(?:allergic|intolerant) (?:to|of) {VALUE}(?:{STOP}|(?=\s+(?:and|or)\b))", read_allergy
    ),
    rule(rf"(?:have |has |got )?(?:a |an )(?:severe |bad |serious |mild )?(?P<v>[\w-]+(?: \w+)?) (?:allergy|intolerance)(?:{STOP})", read_allergy),
    rule(rf"(?:have |has |got )?(?:a |an )(?:severe |bad |serious |mild )?(?:allergy|intolerance) (?:to|against) {VALUE}(?:{STOP})", read_allergy),
    rule(rf"(?:not |no longer |not really )?{_DIET}(?: (?:now|again|for .+|since .+))?(?:{STOP})", read_diet),
    rule(rf"(?:became|turned|gone|going|went) {_DIET}(?:{STOP})", read_diet),
    rule(rf"(?:have|has|suffer from|suffers from|was diagnosed with|got diagnosed with|live with|diagnosed with) {_HEALTH}(?:{STOP})", read_health),
    rule(
        r"(?P<v>diabetic|asthmatic|epileptic|dyslexic|autistic|lactose[- ]intolerant|coeliac|celiac|colou?r[- ]?blind|deaf|blind|hard of hearing|left[- "
        r"]handed|right[- ]handed|pregnant|neurodivergent|an introvert|an extrovert|introverted|a night owl|an early bird|an? \w+ person)\b(?P<rest>.*)",
        read_trait,
    ),
    rule(
        rf"(?P<v>(?:(?:not|no longer|happily|recently|newly|got|getting|just)\s+)*(?:married|engaged|divorced|single|widowed|separated)(?: to "
        rf"{NAME})?)(?: (?:in|on|last|this|next|yesterday|today|since|for)\b.*)?(?:{STOP})",
        read_marital,
    ),
    rule(rf"(?:an? )?{_NATION}(?: citizen| by birth)?(?:{STOP})", read_nationality),
    rule(r"(?P<v>\d[\d.,]*\s*(?:cm|m|meters?|metres?|feet|foot|ft|'\d+\"?)(?:\s*\d+)?)\s*(?P<what>tall)\b", read_measure),
    rule(r"(?P<what>weighs?)\s+(?P<v>\d[\d.,]*\s*(?:kg|kilos?|pounds?|lbs?|stone))\b", read_measure),
    rule(
        rf"(?:can )?(?:speak|speaks|fluent in|native speaker of|bilingual in)(?: (?:fluent|native|some|a little|a bit of|basic|only|both))* "
        rf"{VALUE}(?:{END}|(?=\s*[;!?()])|(?=\s+but\b))",
        read_speaks,
    ),
    rule(
        rf"(?:started |began |am )?(?:learning|teaching myself|taking (?:lessons|classes|a course) in|practising|practicing|training for|saving (?:up "
        rf")?for|preparing for) {VALUE}(?:{STOP})",
        read_learning,
    ),
    rule(rf"(?:can )?(?:play|plays|playing|practi[sc]e|practi[sc]es|do|does|train|trains) (?:the )?{VALUE}(?:{STOP})", read_plays),
    rule(
        rf"(?:building|developing|designing|creating|writing|working on|founding|making|launching|restoring|renovating) {VALUE}(?:{END}|(?=\s*[,;!?()])|"
        rf"(?=\s+(?:and|but|because|since|which|so that|to)\b))",
        read_project,
    ),
    rule(
        rf"(?:graduated from|went to (?:school|university|college|uni) (?:at|in)|was educated at) {VALUE}(?:{STOP}|(?=\s+in\s+\d))",
        lambda scene, who, m: fact_of(
            scene,
            who,
            "school",
            clean(m["v"]),
            which=key_of(m["v"])[:60],
            importance=0.5,
            context="school university studied graduated education",
            links=links_to(who, "studied at", m["v"], "organisation"),
        ),
    ),
    rule(
        rf"used to (?P<what>live|work) (?:in|at|for|as an?|with) {VALUE}(?:{STOP})",
        lambda scene, who, m: fact_of(
            scene,
            who,
            f"past {'home' if m['what'] == 'live' else 'work'}",
            clean(m["v"]),
            which=key_of(m["v"])[:60],
            importance=0.4,
            context="past formerly lived worked before",
        ),
    ),
    rule(rf"more of an? {VALUE} person(?:{STOP})", read_taste),
    rule(
        rf"(?:(?:co-?)?founded|started|runs?|own|owns|manages?) (?P<v>(?:a|an|my own|the|our own|my)\s+.*?|[A-Z].*?)(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|"
        rf"but|because|since|which)\b))",
        read_founder,
    ),
    rule(
        rf"(?:not|no longer) (?P<verb>have|own|drive)s? (?P<v>(?:(?:a|an|any) )?[\w -]{{2,40}}?)(?: anymore| any more| yet)?(?:{END}|(?=\s*[,;!?()])|"
        rf"(?=\s+(?:and|but|because|since)\b))",
        read_owns,
    ),
    rule(
        rf"(?P<verb>have|has|got|own|owns|drive|drives|ride|rides|bought|adopted) (?P<v>(?:(?:a|an|one|two|three|four|five|six|\d+|my own|twin|our|another|"
        rf"ein|eine|einen|zwei|drei|un|una|dos|tres|une|deux|trois)\s+)?[^,;!?()]+?)(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|which|who|"
        rf"that|so)\b))",
        read_owns,
    ),
    rule(rf"(?:use|uses|using|code|codes|program|programs|develop|run|runs|running) (?:mostly |mainly |only )?(?:in |with |on )?{VALUE}(?:{STOP})", read_uses),
    rule(rf"(?:prefer|prefers|rather have|favou?r) {VALUE}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since)\b))", read_prefer),
    rule(
        rf"(?P<no>not (?:really |particularly |much |actually |even )?(?:like|love|enjoy|eat|drink|care for|watch|stand|smoke)|never (?:eat|drink|watch|"
        rf"use|wear|smoke)s?|hates?|dislikes?|detests?|loathes?|despises?|cannot stand|cannot bear|not a (?:big |huge )?fan of|not fond of|not into|no "
        rf"longer likes?|no longer (?:eat|drink|enjoy)s?|avoids?|cannot (?:eat|drink|have|tolerate)|must not (?:eat|drink)) {VALUE}(?:{STOP})",
        read_taste,
    ),
    rule(
        rf"(?:likes?|loves?|enjoys?|adores?|(?:really |very |super )?into|(?:very |really )?fond of|keen on|(?:a )?(?:big |huge |massive )?fan of|obsessed "
        rf"with|passionate about|crazy about|interested in|only (?:eat|drink|listen to|use|wear)s?) {VALUE}(?:{STOP})",
        read_taste,
    ),
    rule(rf"(?P<no>stopped|quit|gave up|given up|giving up|used to (?:like|love|enjoy)) {VALUE}(?:{STOP})", read_ended),
    rule(
        rf"(?:want|wants|plan|plans|hope|hopes|intend|intends|would like) to (?P<v>(?:learn|become|run a|lose weight|lose \d|quit smoking|stop smoking|"
        rf"stop drinking|retire|move to|travel to|visit|start a|open a|write a book|buy a (?:house|flat|car|boat)|get married|have (?:kids|children)|get a "
        rf"(?:dog|cat)).*?)(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because)\b))",
        read_goal,
    ),
    rule(
        rf"(?:planning|organi[sz]ing|going on|taking|booked|travelling|traveling|flying|going) (?P<v>(?:(?:a|an|my|our|the) (?:trip|holiday|vacation|"
        rf"wedding|party|move|honeymoon|conference|surgery|birthday)|to [A-Z]).*?)(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because)\b))",
        read_plan,
    ),
    rule(
        r"(?P<v>.*\b(?:every|each) (?:single )?(?:day|morning|evening|night|week|weekend|month|year|other day|monday|tuesday|wednesday|thursday|friday|"
        r"saturday|sunday)\b.*|.*\bon (?:mon|tues|wednes|thurs|fri|satur|sun)days\b.*|"
        r"(?:usually|normally|typically) .*|.*\b(?:once|twice|three times) a (?:day|week|month|year)\b.*)",
        read_routine,
    ),
    rule(
        rf"(?:an?|the) (?:former |retired |senior |junior |lead |head |chief |freelance |trained |professional |registered |part-time |full-time |"
        rf"self-employed )*{VALUE}(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|who|which|with|from)\b))",
        read_role,
    ),
]
