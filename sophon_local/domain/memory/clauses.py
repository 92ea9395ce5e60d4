"""From a message to the clauses in which the person may be saying something about themselves.

A memory is as good as what never gets in. Questions, orders, thanks, suppositions, fiction, reported speech, quotations, code and pasted text are
put aside here, each with its reason, before any rule or model looks for facts. The grammar is closed: fixed lists of words of English, German,
Spanish and French.
"""

from __future__ import annotations

import re

import msgspec

from .sensitive import find_secret, mask_secrets, speaks_to_model

LONG = 700  # characters from which a message of several paragraphs counts as carrying pasted text
LONGEST = 20_000  # beyond this nobody types: the rest is not read
CLAUSE = 400  # a longer clause is no statement of fact

_I = re.IGNORECASE


class Clause(msgspec.Struct, frozen=True):
    """``text`` in the person's own words; ``is_asked_for`` when they said to remember it."""

    text: str
    is_asked_for: bool = False
    is_greeted: bool = False  # stands behind a greeting: "hi, I'm Anna"


class Skipped(msgspec.Struct, frozen=True):
    """What was left out, and why, in words for the person. A secret is never repeated in ``text``."""

    text: str
    reason: str
    is_secret: bool = False


class Reading(msgspec.Struct, frozen=True):
    clauses: list[Clause]
    skipped: list[Skipped]


# Why something is not kept, each a sentence for the person.
SMALL_TALK = "There was nothing in that to remember."
QUESTION = "I remember what you tell me, not what you ask."
ORDER = "I took that as something to do now, not as something to remember."
SUPPOSITION = "I took that as a supposition or a wish, so I didn't keep it."
REPORTED = "Those were somebody else's words, so I didn't keep them as yours."
QUOTED = "I don't keep quoted or pasted text as something you said."
TO_MODEL = "That reads like an instruction to a model, so I didn't keep it."
OFF_RECORD = "You asked me not to keep that, so I didn't."
TO_FORGET = "To have something forgotten, delete it or ask to forget it in Memory."


def secret_reason(kind: str) -> str:
    """Why ``kind``, such as "an API key", is not kept."""
    return f"I don't keep passwords, keys or other secrets: there was {kind} in that, so I left it out."


_FENCE = re.compile(r"(```|~~~).*?(?:\1|\Z)", re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_QUOTE_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_DOCUMENT_LINE = re.compile(
    r"^\s*(?:(?:from|to|cc|bcc|subject|date|sent|reply-to|von|an|betreff|gesendet|de|para|asunto|objet|à)\s*:\s"  # mail headers
    r"|dear\s|sehr geehrte|liebe[rs]?\s+\w+,?\s*$|estimad[oa]|cher\s|chère\s|kind regards|best regards|yours sincerely|mit freundlichen"
    r"|#{1,6}\s|\||[{}<\[]|at\s+[\w.$]+\(|traceback|\d{4}-\d\d-\d\d[ t]\d\d:|\[?\d\d:\d\d(?::\d\d)?\]?\s"  # headings, tables, code, logs, chat logs
    r"|(?:q|a|user|assistant|human|ai|system|interviewer|speaker\s*\d*)\s*:\s)",
    _I,
)
_QUOTATION = re.compile(r'"([^"\n]{1,2000})"|“([^”]{1,2000})”|«([^»]{1,2000})»|„([^“”]{1,2000})[“”]|(?<!\w)\'([^\'\n]{1,2000})\'(?!\w)')

_PASTED_CUE = re.compile(
    r"(?:here(?:'s| is| are)|below(?: is| are)?|this is|the following|following|attached|hier ist|folgende[rsn]?|aquí está|voici)\b[^.!?\n]{0,80}"
    r"\b(?:text|e-?mail|mail|letter|message|article|essay|story|document|paragraph|passage|transcript|log|code|draft|excerpt|quote|poem|review|post|note|"
    r"bio|cv|resume|"
    r"brief|nachricht|artikel|texto|carta|correo|texte|lettre|courriel)s?\b[^.!?\n]{0,40}(?::|$)",
    _I | re.MULTILINE,
)
_OFF_RECORD = re.compile(
    r"\b(?:do not|don't|dont|never|please don't)\s+(?:remember|save|store|keep|memori[sz]e|record|log)\s+(?:this|that|it|any of (?:this|that)|what i)\b|"
    r"\boff the record\b"
    r"|\bbetween you and me\b|\b(?:merk|speicher)e? dir das nicht\b|\bnicht (?:merken|speichern)\b|\bno (?:recuerdes|guardes) esto\b|\bne (?:retiens|garde|"
    r"mémorise) pas\b",
    _I,
)
_FORGET = re.compile(r"^(?:please\s+|can you\s+|could you\s+|bitte\s+)?(?:forget|vergiss|olvida|oublie)\b(?!\s+nicht)", _I)

_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|sr|jr|vs|etc|approx|no|nr|bzw|ca|usw|z|d|e|i|g|mme|mlle|sra|inc|ltd|co|corp|dept|jan|feb|mar|apr|jun|jul|aug|sep|sept|"
    r"oct|nov|dec)|\b[A-Z]|\b\d{1,2})$",
    _I,
)
_SENTENCE_END = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"')\]]*+(?=\s)|[;\n]+|\s[-–—]\s)")
# Where a new statement starts inside a sentence.
_VERB_AHEAD = (
    r"(?=[^,;]{1,50}?(?:\b(?:is|are|was|were|has|have|works?|lives?|likes?|loves?|hates?|ist|sind|heißt|wohnt|arbeitet|mag|es|son|se llama|vive|est|sont|"
    r"s'appelle|habite)\b|'s\b))"
)
_STARTS = (
    rf"(?:(?:my|our|mein[er]?|unser[e]?|mi|mis|nuestr[oa]|mon|ma|mes|notre)\s{_VERB_AHEAD}|"
    r"(?:i|i'm|i've|i'd|we|we're|we've|ich|wir|yo|je|j'\w+|nous|vivo|trabajo|me llamo|soy|please|remember|always|never|she|he|they|from now on)\b)"
)
_JOINT = re.compile(rf"(?:,\s*|\s+)(?:and|but|so|also|because|und|aber|denn|y|pero|et|mais|plus)\s+(?={_STARTS})|,\s*(?={_STARTS})", _I)
# "I live in Berlin and work at Siemens": the second half borrows its subject.
_SUBJECT = re.compile(r"^(?P<who>i|we|ich|my \w+(?: [A-Z][\w-]+)?)(?:'\w+)?\s", _I)
_ELLIPSIS = re.compile(
    r"(?:,\s*|\s+)(?:and|but|und)\s+(?=(?:(?:also|now|currently|really|auch|jetzt)\s+)?(?:lives?|works?|stud(?:y|ies)|speaks?|loves?|likes?|hates?|"
    r"prefers?|plays?|drives?|own|am|moved|wohne|lebe|arbeite|studiere|mag|komme|bin)\b)",
    _I,
)
_ASKS = (
    r"(?:what|what's|how|how's|who|who's|where|when|why|which|can|could|would|will|do|does|did|is|are|was|were|should|shall|may|might|any|"
    r"was|wie|wer|wo|wann|warum|welche\w*|kannst|könntest|würdest|hast|weißt|qué|cómo|quién|dónde|cuándo|por qué|puedes|podrías|"
    r"que|comment|qui|où|quand|pourquoi|peux-tu|pouvez-vous|est-ce)"
)
_TRAILING_QUESTION = re.compile(rf"(?:,\s*|\s+)(?:and|so|but|und|y|et)?\s*(?={_ASKS}\b[^,]*$)", _I)
_TAG_QUESTION = re.compile(r",?\s*(?:right|ok|okay|you know|isn't it|don't you think|got it|remember|oder|ne|nicht wahr|verdad|no|n'est-ce pas)\s*\?*\s*$", _I)

_REMEMBER = re.compile(
    r"^(?:(?:can|could|would|will) you\s+)?(?:please\s+|pls\s+)?(?:also\s+)?(?:always\s+)?"
    r"(?:(?:remember|memori[sz]e|keep in mind|bear in mind|don't forget|do not forget|make (?:a )?note|take note|note down|save to (?:your )?memory|add to "
    r"(?:your )?memory|"
    r"save (?:this|that|the fact)|store (?:this|that|the fact)|for the record|note to self|"
    r"merke? dir|behalte|denk (?:bitte )?daran|vergiss (?:bitte )?nicht|zur info|recuerda|acuérdate de|ten en cuenta|no olvides|anota|"
    r"souviens-toi|rappelle-toi|retiens|note bien|n'oublie pas)(?:\s+bitte)?(?:\s+(?:this|the following|these|for me|for (?:the )?(?:next time|future|"
    r"later)|down))*)"
    r"\s*(?::|,|-|\bthat\b|\bdass\b|\bque\b|\bqu'|\s)\s*(?:that\s+|dass\s+|que\s+)?",
    _I,
)
_REMEMBER_NOT = re.compile(
    r"^(?:when|how|what|where|who|why|if|the time|the (?:conversation|discussion)|our (?:conversation|chat)|me\b|us\b|wie|wann|cuando|quand)", _I
)
_REMEMBER_ASKED = re.compile(
    r"^(?:do|did|don't|didn't) you (?:still )?(?:remember|recall|know)\b|^(?:erinnerst du|weißt du noch|te acuerdas|tu te souviens)", _I
)

_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|hallo|guten (?:morgen|tag|abend)|servus|moin|hola|buenos días|bonjour|salut|"
    r"bonsoir)(?:\s+(?:there|sophon|again|all|everyone))?"
    r"|well|so|ok|okay|oh|ah|hmm+|um+|and|but|also|btw|by the way|fyi|for your information|for context|for reference|just so you know|just fyi|as you know|"
    r"you know|yes|yeah|yep|sure|right|thanks|thank you|"
    r"great|cool|nice|perfect|look|listen|anyway|first of all|in fact|(?:a )?(?:quick|short|brief) (?:intro|introduction|background|note)|a (?:bit|little) "
    r"about (?:me|myself)|about me|context|background|intro|update|news|as i said|like i said|to be clear|also ja|also|ja|übrigens|naja|na|na ja|por "
    r"cierto|bueno|pues|au fait|bon|alors|oui|sí|danke|gracias|merci)"
    r"(?:\s*[,.!:;–—-]+\s*|\s+)",
    _I,
)
_GREETING = re.compile(r"^(?:hi|hello|hey|hiya|(?:good )?(?:morning|afternoon|evening)|hallo|guten (?:morgen|tag|abend)|servus|moin|hola|bonjour|salut)\b", _I)
_LEAD_NEEDS_MARK = re.compile(
    r"^(?:so|and|but|look|listen|right|sure|cool|nice|great|perfect|well|na|also|bon|pues)\s+(?!i\b|i'|my\b|we\b|our\b|ich\b|mein|yo\b|mi\b|je\b|j'|mon\b|"
    r"ma\b)",
    _I,
)
_CORRECTION = re.compile(
    r"^(?:no+|nope|nah|actually|correction|sorry|wait|that's (?:wrong|not right|incorrect|outdated|no longer true|not true)|that is (?:wrong|not right|"
    r"incorrect)|you're wrong|"
    r"i meant|i mean|not anymore|nein|falsch|das stimmt nicht|eigentlich|doch|no es así|en realidad|perdón|non|c'est faux|en fait|"
    r"désolé)(?:\s*[,.!:;–—-]+\s*|\s+(?=i\b|i'|it\b|it's\b|my\b|the\b|we\b|ich\b|es\b|je\b|c'est))",
    _I,
)

_SMALL_TALK = re.compile(
    r"^(?:\b(?:ok(?:ay|ey)?|k|kk|yes|yeah|yep|yup|no|nope|nah|sure|fine|right|alright|exactly|correct|true|agreed|indeed|great|good|nice|cool|awesome|"
    r"perfect|excellent|amazing|wow|"
    r"thanks?|thank you|thx|ty|cheers|much appreciated|got it|i see|i understand|understood|makes sense|sounds good|never ?mind|no problem|you're welcome|"
    r"welcome|please|sorry|my bad|lol|haha+|hehe|hm+|"
    r"hi|hello|hey|hiya|yo|good (?:morning|afternoon|evening|night|day|job|work|one|point)|bye|goodbye|see you|later|cu|take care|go on|continue|next|more|"
    r"again|stop|done|test|testing|"
    r"ja|nein|danke|bitte|hallo|moin|servus|guten (?:morgen|tag|abend)|tschüss|genau|super|toll|alles klar|verstanden|gracias|hola|vale|sí|adiós|de "
    r"acuerdo|muy bien|perfecto|"
    r"merci|bonjour|salut|oui|non|d'accord|au revoir|parfait|très bien|how are you|i'm (?:fine|good|ok|okay|great|back|here|ready|done|well|sorry)|i am "
    r"(?:fine|good|ok|back|here|ready|done)|"
    r"that's (?:all|it|great|good|fine|right|correct|nice|cool|helpful|perfect|awesome)|so much|a lot|very much|again|there|sophon|you|for (?:that|this|"
    r"your help|the help|everything))\b[\s,.!?:;)(-]*)+$",
    _I,
)
_QUESTION_START = re.compile(
    rf"^(?:{_ASKS}\b(?!\s+(?:is|was)?\s*(?:always|never)\b)|do you|am i|have i|have you|has\b|tell me|i wonder|i was wondering|wondering|bin ich|habe ich|"
    rf"wohne ich|soll ich|me puedes|est-ce que|ai-je)",
    _I,
)
_ORDER_VERBS = (
    r"(?:write|draft|compose|translate|summari[sz]e|sum up|rewrite|rephrase|paraphrase|proofread|correct|fix|improve|shorten|expand|edit|format|convert|"
    r"explain|describe|define|list|show|give|tell|find|search|"
    r"look up|look for|google|open|read|run|execute|calculate|compute|count|compare|analy[sz]e|classify|extract|generate|create|make|build|draw|design|"
    r"suggest|recommend|propose|brainstorm|plan|help|let's|let us|"
    r"act as|act like|pretend|imagine|role-?play|simulate|play|say|repeat|print|output|type|complete|finish|continue|answer|reply|respond|ask|teach|check|"
    r"verify|review|debug|refactor|implement|code|solve|"
    r"send|schedule|book|order|buy|remind|set|add|delete|remove|update|change|turn|put|use|try|go|come|stop|start|wait|do|don't|please|can you|could you|"
    r"would you|will you|"
    r"schreib(?:e|en)?|übersetz(?:e|en)?|fasse?|erklär(?:e|en)?|zeig(?:e)?|gib|sag(?:e)?|such(?:e)?|mach(?:e)?|hilf|stell(?:e)?|nenne|bitte|kannst du|"
    r"escribe|traduce|resume|explica|dame|dime|busca|haz|ayúdame|por favor|"
    r"écris|traduis|résume|explique|donne|dis|cherche|fais|aide|montre|s'il te plaît|peux-tu)"
)
_ORDER = re.compile(rf"^{_ORDER_VERBS}\b(?!\s+(?:is|are|was|were|has|ist|es|est)\b)", _I)
_NEED = re.compile(
    r"^(?:i|we)(?:'d| would)? (?:need|want|would like|'d like|would love|'d love|am looking for|'m looking for|am trying|'m trying|was trying|wish|"
    r"don't (?:know|understand|get|see|want|need)|do not (?:know|understand|want)|can't (?:find|see|get|figure|open|make)|couldn't|am (?:not )?sure|'m "
    r"(?:not )?sure|wonder|assume|suppose|"
    r"got an? error|get an? error|see an? error)\b",
    _I,
)
# What follows such an order is material to work on, or a story, to the end of the message.
_WORKS_ON_TEXT = re.compile(
    r"^(?:(?:please|can you|could you|would you|will you|bitte|kannst du|por favor|peux-tu)\s+)*(?:(?:help me|to)\s+)?"
    r"(?:translate|summari[sz]e|sum up|rewrite|rephrase|paraphrase|proofread|correct|fix|improve|shorten|edit|classify|extract|analy[sz]e|complete|"
    r"continue|repeat|say|print|output|type|format|convert|"
    r"pretend|imagine|act as|act like|role-?play|simulate|let's (?:pretend|play|say|imagine|assume|suppose)|suppose|assume|"
    r"übersetz(?:e|en)?|fasse|korrigier(?:e)?|verbesser(?:e)?|stell dir vor|traduce|resume|corrige|imagina|traduis|résume|corrige|imagine)\b",
    _I,
)
# "Generate a bio: I am a pilot ...": what stands behind the colon is to be used, not believed.
_PRODUCE = re.compile(
    r"^(?:(?:please|can you|could you)\s+)*(?:generate|create|write|compose|draft|produce|make|turn|put|insert|use|send|post|tweet|reply|respond|erstelle|"
    r"schreibe?|crea|escribe|écris|crée)\b[^.!?\n]{0,80}:\s*\S",
    _I,
)
_WITHIN_FICTION = re.compile(
    r"^(?:in|for) (?:the|my|this|our|a|an)\s+(?:\w+\s+)?(?:novel|story|game|book|film|movie|play|poem|song|script|scenario|example|dream|test|exercise|"
    r"role-?play|campaign|simulation)\b",
    _I,
)
_HEDGED = re.compile(
    r"^(?:if|in case|falls|si)\s+(?:(?:it|that|this)(?:'s| is)?\s+(?:helps?|matters?|relevant|useful|of (?:any )?(?:help|use))|you(?:'re| are)?\s+(?:need|"
    r"wondering|curious|asking|interested|want to know|must know)|"
    r"es hilft|te sirve|ça aide)\b[^,]*,",
    _I,
)
_FICTION = re.compile(
    r"\b(?:story|poem|novel|song|lyrics|haiku|screenplay|script|fiction|fictional|character|persona|role-?play|dialogue|monologue|joke|limerick|fairy "
    r"?tale|example sentence|sample|placeholder|dummy|"
    r"geschichte|gedicht|roman|märchen|cuento|poema|histoire|poème)\b",
    _I,
)
_SUPPOSES = (
    r"^(?:if|suppose|supposing|assume|assuming|imagine|let's say|let us say|say (?:i|that)\b|what if|unless|hypothetically|pretend|wenn|falls|angenommen|"
    r"stell dir vor|si|supongamos|imagina|supposons|admettons)\b"
)
_SUPPOSITION = re.compile(
    r"^(?:if|suppose|supposing|assume|assuming|imagine|let's say|say (?:i|that)|what if|unless|maybe|perhaps|probably|hypothetically|in case|pretend|wenn|"
    r"falls|angenommen|vielleicht|stell dir vor|"
    r"si|supongamos|quizás|tal vez|imagina|peut-être|supposons|admettons)\b"
    r"|\b(?:i|we)(?:'d| would| could| might| may| should have| would have| wish| hope to)\b|\bif (?:i|we|my)\b|\b(?:ich|wir) (?:würde|könnte|hätte|"
    r"wäre)n?\b|\b(?:me gustaría|je voudrais|j'aimerais)\b"
    r"|\b(?:someday|one day|used to dream|in my dream|dreamt|dreamed)\b|\b(?:for example|e\.g\.|zum beispiel|por ejemplo|par exemple)\b",
    _I,
)
_REPORTED = re.compile(
    r"\b(?:he|she|they|it|someone|somebody|the (?:author|character|narrator|speaker|customer|client|article|book|text|email|letter|man|woman|user)|my \w+|"
    r"\w+)\s+"
    r"(?:said|says|say|wrote|writes|told (?:me|us|him|her)|tells (?:me|us)|claims|claimed|asked|replied|answered|thinks|thought|believes|complained|"
    r"mentioned|explained|reads|states|stated|goes|"
    r"sagte|sagt|schrieb|meinte|behauptet|dijo|dice|escribió|a dit|dit|écrit)\b\s*(?:that|to me|dass|que|:|,)?\s*(?:\"|'|“|«|„|i\b|i'm\b|my\b|we\b|he\b|"
    r"she\b|ich\b|er\b|sie\b)",
    _I,
)


def read(message: str) -> Reading:
    """The clauses of a message that a person may have meant about themselves, and what was put aside."""
    text = message[:LONGEST].replace("\r\n", "\n").replace("’", "'").replace("‘", "'").replace("\u00a0", " ")
    skipped: list[Skipped] = []
    if _OFF_RECORD.search(text):
        return Reading([], [Skipped(_shorten(text), OFF_RECORD, find_secret(text) is not None)])
    clauses: list[Clause] = []
    is_greeted = _GREETING.match(text.strip()) is not None
    for sentence, paragraph_is_listed in _sentences(text, skipped):
        danger = _danger(sentence)
        if danger:
            skipped.append(danger)
            continue
        if _is_end_of_talk(sentence, skipped):
            break
        _split(sentence, paragraph_is_listed, is_greeted, clauses, skipped)
    return Reading(clauses, skipped)


def tidy(text: str) -> str:
    """A clause as a sentence that stands on its own: no lead-in, first letter large, no full stop."""
    before = None
    while before != text:
        before = text
        text = text.strip(" \t\n,;:–—-")
        correction = _CORRECTION.match(text)
        if correction:
            text = text[correction.end() :]
        lead = _LEAD.match(text)
        if lead and not _LEAD_NEEDS_MARK.match(text) and lead.end() < len(text):
            text = text[lead.end() :]
    text = re.sub(r"\s*\n\s*(?:[-*•]|\d+[.)])?\s*", "; ", text)
    text = " ".join(text.split()).rstrip(".!,;: ")
    return text[:1].upper() + text[1:]


def is_correction(text: str) -> bool:
    return _CORRECTION.match(_without_lead(text)) is not None


def _without_lead(text: str) -> str:
    while True:
        lead = _LEAD.match(text)
        if not lead or _LEAD_NEEDS_MARK.match(text) or lead.end() >= len(text):
            return text
        text = text[lead.end() :]


def _danger(sentence: str) -> Skipped | None:
    secret = find_secret(sentence)
    masked = _shorten(sentence)
    if speaks_to_model(sentence):
        return Skipped(masked, TO_MODEL, secret is not None)
    return None if secret is None else Skipped(masked, secret_reason(secret), is_secret=True)


def _is_end_of_talk(sentence: str, skipped: list[Skipped]) -> bool:
    """Whether from here on the message is material to work on, or make-believe."""
    head = _without_lead(sentence.strip())
    if _REMEMBER.match(head):
        return False
    is_fiction = bool(_FICTION.search(head)) and (_ORDER.match(head) is not None or bool(_NEED.match(head)) or bool(_QUESTION_START.match(head)))
    if _WORKS_ON_TEXT.match(head) or is_fiction or _PRODUCE.match(head) or _PASTED_CUE.search(head):
        skipped.append(Skipped(_shorten(sentence), SUPPOSITION if is_fiction else QUOTED if _PASTED_CUE.search(head) else ORDER))
        return True
    return False


def _sentences(text: str, skipped: list[Skipped]) -> list[tuple[str, bool]]:
    """Sentences outside code, quotations and pasted paragraphs; with each, whether it is the list after "remember:"."""

    def aside(match: re.Match[str]) -> str:
        skipped.append(Skipped(_shorten(match[0]), QUOTED))
        return "\n"

    def unquote(match: re.Match[str]) -> str:
        inner = next(part for part in match.groups() if part is not None)
        if len(inner.split()) <= 6 and not re.match(r"(?:i|i'm|my|we|our|ich|mein|yo|mi|je|j'|mon|ma)\b", inner, _I):
            return inner  # a name or a title
        skipped.append(Skipped(_shorten(inner), QUOTED))
        return "…"

    text = _FENCE.sub(aside, text)
    text = _QUOTE_LINE.sub(aside, text)
    text = _INLINE_CODE.sub(lambda m: m[0][1:-1] if len(m[0]) < 40 and " " not in m[0] else "…", text)
    text = _QUOTATION.sub(unquote, text)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    is_long = len(text) > LONG and len(paragraphs) > 1
    sentences: list[tuple[str, bool]] = []
    for at, paragraph in enumerate(paragraphs):
        asked = _REMEMBER.match(_without_lead(paragraph))
        if asked and asked[0].rstrip().endswith(":") and "\n" in paragraph and len(paragraph) <= 1_000:
            sentences.append((paragraph, True))
            continue
        looks_pasted = any(_DOCUMENT_LINE.match(line) for line in paragraph.split("\n")) or (
            is_long and (len(paragraph) > CLAUSE or 0 < at < len(paragraphs) - 1)
        )
        if looks_pasted:
            skipped.append(Skipped(_shorten(paragraph), QUOTED))
            if any(_DOCUMENT_LINE.match(line) for line in paragraph.split("\n")):
                break  # a letter or a log goes on to the end
            continue
        start = 0
        for end in _SENTENCE_END.finditer(paragraph):
            if end[0].startswith(".") and _ABBREVIATION.search(paragraph[start : end.start()]):
                continue
            sentences.append((paragraph[start : end.end()].strip(" ;\n"), False))
            start = end.end()
        sentences.append((paragraph[start:].strip(), False))
    return [(sentence, is_list) for sentence, is_list in sentences if sentence]


def _split(sentence: str, is_list: bool, is_greeted: bool, clauses: list[Clause], skipped: list[Skipped]) -> None:
    head = _without_lead(sentence)
    if (len(sentence) < 200 and _SMALL_TALK.match(sentence)) or not re.search(r"\w", sentence):
        skipped.append(Skipped(_shorten(sentence), SMALL_TALK))
        return
    if len(sentence) <= CLAUSE and _is_standing_order(head):
        head = sentence = _POLITE.sub("", head).rstrip("?")
    if _FORGET.match(head):
        skipped.append(Skipped(_shorten(sentence), TO_FORGET))
        return
    asked = _REMEMBER.match(head)
    if asked and not _REMEMBER_NOT.match(head[asked.end() :]) and not _REMEMBER_ASKED.match(head):
        wanted = head[asked.end() :].strip().rstrip("?").strip()
        if wanted:
            if re.match(r"to\s+[a-z]", wanted):  # a thing to do, not a fact: the words around it stay
                wanted = head.rstrip("?. ")
            if is_list or len(wanted) > CLAUSE:
                clauses.append(Clause(wanted[:1_000], True))
            else:
                clauses.extend(Clause(part, True) for part in _statements(wanted))
        return
    sentence = _TAG_QUESTION.sub("", sentence) if sentence.rstrip().endswith("?") and not _QUESTION_START.match(head) else sentence
    hedge = _HEDGED.match(head)
    if hedge:
        sentence = head = head[hedge.end() :].strip()
    if _WITHIN_FICTION.match(head) or re.match(_SUPPOSES, head, _I):
        skipped.append(Skipped(_shorten(sentence), SUPPOSITION))
        return
    is_greeted = is_greeted or _GREETING.match(sentence) is not None
    others_words = False
    for part in _statements(sentence):
        question = _TRAILING_QUESTION.search(part) if part.rstrip().endswith("?") and not _QUESTION_START.match(_without_lead(part)) else None
        if question and question.start() > 0:
            skipped.append(Skipped(_shorten(part[question.end() :]), QUESTION))
            part = part[: question.start()]
        reason = REPORTED if others_words else _why_not(part)
        others_words = reason == REPORTED
        if reason:
            skipped.append(Skipped(_shorten(part), reason))
        elif part.strip():
            clauses.append(Clause(part.strip(), is_greeted=is_greeted))


def _statements(sentence: str) -> list[str]:
    """A sentence cut where a new statement starts, each with a subject."""
    found: list[str] = []
    parts = _JOINT.split(sentence)
    if len(parts) > 1 and _CORRECTION.fullmatch(f"{_without_lead(parts[0].strip())}, "):
        parts = [f"{parts[0]}, {parts[1]}", *parts[2:]]  # "no, my sister is called Eva": the mark belongs to what follows
    for part in parts:
        subject = _SUBJECT.match(_without_lead(part))
        first, *others = _ELLIPSIS.split(part) if subject else [part]
        found.append(first)
        found.extend(f"{subject['who']} {other}" for other in others if subject)
    return [part for part in found if part.strip()]


def _why_not(part: str) -> str | None:
    head = _without_lead(part.strip())
    corrected = _CORRECTION.match(head)
    head = head[corrected.end() :] if corrected else head
    if not head or (len(head) < 200 and _SMALL_TALK.match(head)):
        return SMALL_TALK
    if head.endswith("?") or (_QUESTION_START.match(head) and not re.match(r"(?:was|is|are|will|may)\s+(?:born|called)\b", head, _I)):
        return QUESTION
    if _SUPPOSITION.search(head):
        return SUPPOSITION
    if _REPORTED.search(head):
        return REPORTED
    if _ORDER.match(head) and not _is_standing_order(head):
        return ORDER
    if len(head) > CLAUSE:
        return QUOTED
    return None


_STANDING = re.compile(
    r"\b(?:always|never|from now on|in (?:the )?future|going forward|henceforth|by default|every time|whenever|ab (?:jetzt|sofort)|immer|nie(?:mals)?|"
    r"künftig|in zukunft|siempre|nunca|a partir de ahora|"
    r"toujours|jamais|désormais|à partir de maintenant|call me|nenn mich|llámame|appelle-moi|address me)\b",
    _I,
)


_POLITE = re.compile(
    r"^(?:(?:can|could|would|will) you\s+|kannst du\s+|könntest du\s+|puedes\s+|peux-tu\s+)(?:please\s+|bitte\s+)?(?=(?:always|never|from now on|immer|"
    r"siempre|toujours|answer|reply|respond|write|speak|call)\b)",
    _I,
)


def _is_standing_order(head: str) -> bool:
    """An order that is meant to hold from now on is a preference."""
    return _STANDING.search(head) is not None


def is_need(text: str) -> bool:
    """Whether a clause says what the person wants just now, rather than what holds."""
    return _NEED.match(_without_lead(text)) is not None


def _shorten(text: str) -> str:
    words = " ".join(mask_secrets(text).split())  # before the cut, which could leave half a secret that nothing recognises
    return words if len(words) <= 120 else words[:119] + "…"
