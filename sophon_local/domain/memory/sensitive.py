"""What is never kept by itself: secrets, and text that speaks to the model instead of about the person.

A kept memory is read back to models, some of them on other people's machines, for as long as it lives. So a value that opens something is left out, and the
daily log shows that it was there without showing it. The patterns look for the shape of a value, not for the mere word "password".
"""

from __future__ import annotations

import re

_NAMED = (
    r"(?:pass\s?words?|pass\s?phrases?|pass\s?codes?|passwort|passwörter|kennwort|contraseña|clave(?:\s+secreta)?|mot\s+de\s+passe|code\s+secret|"
    r"pin(?:[\s-]?(?:code|number|nummer))?|puk|cvv2?|cvc2?|security\s+codes?|"
    r"(?:api|access|secret|private|encryption|recovery|licen[cs]e|activation|ssh|signing|master|geheim)[\s_-]*(?:keys?|tokens?|codes?|schlüssel)|"
    r"(?:auth(?:entication)?|bearer|refresh|session|bot|personal\s+access)[\s_-]*tokens?|client[\s_-]*secrets?|"
    r"seed\s+phrases?|recovery\s+phrases?|mnemonic|safe\s+combination|door\s+code|alarm\s+code|safe\s+code|"
    r"(?:credit|debit|bank)\s*card\s+(?:number|no\.?)|kreditkartennummer|kontonummer|(?:bank\s+)?account\s+number|social\s+security(?:\s+number)?|ssn|iban|"
    r"passport\s+number)"
)
# "the admin password for the router is: x", "password=x". A value must follow; "my password manager is Bitwarden" and "I forgot my password" have none.
_ASSIGNED = re.compile(
    rf"\b{_NAMED}\b(?!\s+(?:managers?|resets?|polic(?:y|ies)|protect\w*|fields?|box|generator|hint|rules?))(?:\s+(?!is\b|are\b|was\b)[\w.@'-]+){{0,6}}?\s*"
    r"(?:\b(?:is|are|was|lautet|ist|es|est)\b|[:=]|->|→)\s*[:=]?\s*['\"«„“]?(?P<value>[^\s'\"»“”,;]+)",
    re.IGNORECASE,
)
_NOT_A_VALUE = frozenset(
    "not no very too so a an the in on at to for of my your our stored saved kept written safe secure strong weak wrong right correct incorrect "
    "always never usually often only just already gone "
    "required needed missing lost expired invalid valid working broken being now still same different changed reset hidden secret what how why where when "
    "which it this that there here "
    "nicht ein eine der die das falsch richtig no muy una un le la les une pas".split()
)
_SHAPES = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an API key", re.compile(r"\b(?:sk|pk|rk)[-_](?:live|test|ant|proj|or|svcacct)?[-_]?[A-Za-z0-9_-]{16,}")),
    ("an API key", re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bhf_[A-Za-z0-9]{20,}|"
                              r"\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}")),
    ("an API key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}|\bxox[abeprs]-[\w-]{10,}|\bSG\.[\w-]{16,}\.[\w-]{16,}")),
    ("a token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+")),
    ("a token", re.compile(r"\bBearer\s+[\w.~+/-]{16,}=*", re.IGNORECASE)),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]{3,}@", re.IGNORECASE)),
    ("a bank account number", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("a social security number", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
)  # fmt: skip
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_OPAQUE = re.compile(r"(?<![\w/.@-])(?=[A-Za-z0-9_+/=-]*\d)(?=[A-Za-z0-9_+/=-]*[a-z])(?=[A-Za-z0-9_+/=-]*[A-Z])[A-Za-z0-9_+=-]{24,}(?![\w/])")

_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|system)\b[^.!?\n]{0,30}"
    r"\b(?:instructions?|prompts?|rules?|guidelines?|directives?|constraints?|safety|training)\b"
    r"|\bignoriere\b[^.!?\n]{0,40}\b(?:anweisung(?:en)?|regeln)\b|\bignora\b[^.!?\n]{0,40}\binstrucciones\b|\bignore[rz]?\b[^.!?\n]{0,40}\b(?:consignes|"
    r"instructions)\b"
    r"|\byou are (?:now|no longer)\b[^.!?\n]{0,40}\b(?:dan|jailbroken|unrestricted|an? (?:ai|assistant|model|bot))\b|\b(?:system|developer) (?:prompt|mode|"
    r"message)\b|\bjailbreak\b"
    r"|<\|?(?:system|im_start|im_end|assistant|endoftext)\|?>|\[/?INST\]|\bdo anything now\b",
    re.IGNORECASE,
)


def find_secret(text: str) -> str | None:
    """What kind of secret ``text`` holds, in words such as "an API key"; None when it holds none."""
    found = next(iter(_secrets(text)), None)
    return found[0] if found else None


def mask_secrets(text: str) -> str:
    """``text`` with each secret value replaced by a note that something was there."""
    for kind, start, end in sorted(_secrets(text), key=lambda one: one[1], reverse=True):
        text = f"{text[:start]}[{kind} was left out]{text[end:]}"
    return text


def speaks_to_model(text: str) -> bool:
    """Whether ``text`` tries to steer the model, in the manner of prompt injections."""
    return _INJECTION.search(text) is not None


def _secrets(text: str) -> list[tuple[str, int, int]]:
    """Kind, start and end of each, in order. What overlaps is one, under the name of what begins first, so that no part of any of them is left."""
    found: list[tuple[str, int, int]] = []

    def add(kind: str, start: int, end: int) -> None:
        found.append((kind, start, end))

    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            add(kind, match.start(), match.end())
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _is_luhn(digits) and len(set(digits)) > 1:
            add("a card number", match.start(), match.end())
    for match in _ASSIGNED.finditer(text):
        value = match["value"].rstrip(".!?")
        if value.casefold() not in _NOT_A_VALUE and len(value) >= 3:
            # A pass phrase has several words: everything to the end of the sentence is taken for the value.
            end = match.end("value")
            rest = re.match(r"[^\n.!?;]*", text[end:])
            add("a password or code", match.start("value"), end + (rest.end() if rest else 0))
    for match in _OPAQUE.finditer(text):
        add("a key or token", match.start(), match.end())
    united: list[tuple[str, int, int]] = []
    for kind, start, stop in sorted(found, key=lambda one: one[1]):  # stable: where two begin together, the more telling name
        if united and start < united[-1][2]:
            first, begin, until = united[-1]
            united[-1] = (first, begin, max(until, stop))
        else:
            united.append((kind, start, stop))
    return united


def _is_luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        number = int(digit)
        if at % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0
