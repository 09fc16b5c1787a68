"""Secrets of a known form: tokens of services, private keys, credentials in addresses and headers, secrets of AWS.

The patterns of detect-secrets find most tokens (`ghp_…`, `AKIA…`); the library runs in this process on the text alone, and
verifies nothing over a network. Its import takes 170 ms, since it brings `requests`: it is loaded only for text that holds one
of its own marks.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from memos_cli.infra.governance.secret_values import REFERENCE, is_made_up, is_placeholder, is_strong

# Patterns as text: re caches what it has compiled. All of them at import took 9 ms of every `memos add`.
_HEAD_OF_KEY = r"-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_FOOT_OF_KEY = r"-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}(?:\\r)?(?:\\n)?"
_LONGEST_KEY = 20_000
"""Characters after its head within which the foot of a private key is looked for: an RSA key of 16,384 bits has 12,700."""
_OF_KEY = r"[A-Za-z0-9+/=]{16}"
"""What the body of a private key has, and no sentence about one."""
_BODY = r"(?:\s|\\r|\\n|[>|*#])*(?:[A-Za-z-]+: [^\n]*\n\s*)*(?:[A-Za-z0-9+/=]{4,}+(?:\s|\\r|\\n|[>|*#])*+)++"
_PUTTY = r"Private-Lines: \d+\s+(?P<value>[A-Za-z0-9+/=]{16,}(?:\s+[A-Za-z0-9+/=]{16,})*)"
_PREFIXED = (
    r"(?<![\w-])(?:github_pat_\w{22,}|sk-(?:proj-|ant-|or-v1-)?[\w-]{20,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{58}|[rs]k_(?:live|test)_\w{10,}|whsec_[\w+/=]{20,}|xapp-\d-[\w-]{20,}|sq0[a-z]{3}-[\w-]{20,}"
    r"|key-[0-9a-z]{32}|r8_\w{30,}|do[opr]_v1_[0-9a-f]{64}|GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,}|1//0[\w-]{20,}|pypi-[\w-]{40,}"
    r"|glpat-[\w-]{20,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dapi[0-9a-f]{32}|lin_api_\w{30,}|secret_[A-Za-z0-9]{40,}"
    r"|ntn_[A-Za-z0-9]{40,}|\d{8,10}:AA[\w-]{30,}|EAA[A-Za-z0-9]{60,})(?![\w-])"
)
"""Tokens by what a service begins them with."""
_HOOK = (
    r"(?i)hooks\.slack\.com/(?:services|workflows|triggers)/\w+/\w+/(?P<slack>[\w/]{10,})"
    r"|discord(?:app)?\.com/api/webhooks/\d+/(?P<discord>[\w-]{20,})"
)
_RECOVERY = r"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])"
"""BitLocker's recovery key: eight groups of six digits."""
_IN_URL = r"://[^\s/:@{}]{0,64}:(?P<value>[^\s/@{}]{1,128})@"
_IN_QUERY = (
    r"(?i)[?&;](?:[\w-]{0,20}(?:token|secret|password|passwd|signature)|(?:api|auth|access|app)?[_-]?key|pwd|sig|auth)"
    r"=(?P<value>[^\s&#\"'<>`]{8,512})"
)
_CREDENTIAL = r"(?P<value>[^\s\"'`<>(),;{}\[\]•]{8,4096})"
_AUTHORIZATION = (
    r"(?i)\bauthorization[\"'`]?[ \t]*[:=][ \t]*[\"'`]?(?:(?:bearer|token|basic|apikey|negotiate|digest)[ \t]+)?"
    rf"{_CREDENTIAL}"
)
_BEARER = rf"(?i)\bbearer[ \t:]+[\"'`]?{_CREDENTIAL}"
_LONGER_THAN_NAMES = 24
"""Characters of a credential that is dotted like a name in code, such as `ya29.…`."""
_COOKIE = (
    r"(?i)\bcookie[\"']?[ \t]*:[^\n]{0,200}?(?<=[\s:;])[\w-]{0,16}(?:sess|token|auth|jwt|sid)[\w-]{0,16}="
    r"(?P<value>[^\s;\"']{8,4096})"
)
_USER = r"(?<![\w-])(?:-u|--user|--proxy-user)[ =][\"']?[\w.@+-]{1,64}:(?P<value>[^\s\"']{4,128})"
_OF_COMMAND = r"\b(?:mysql\w{0,12}|mariadb[\w-]{0,12}|sshpass)\b[^\n|;]{0,80}? -p ?[\"']?(?P<value>[^\s\"']{4,128})"
_AWS = r"(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])"
_AWS_ID = r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"
_AWS_NEAR = 200
"""Characters between the id of a key of AWS and its secret."""

_LIBRARY_MARK = (
    r"AKIA|ASIA|ABIA|ACCA|A3T|aws.{0,40}[\"']|gh[pousr]_|gl[\w]{2,7}-|GR1348941|xox[abposr]-|hooks\.slack|[rs]k_live_|T3BlbkFJ|eyJ"
    r"|AccountKey=|pypi-AgE|_authToken|SG\.|sq0csp-|-us\d|\d{8,10}:[\w-]{35}|[MNO][\w-]{23,25}\.[\w-]{6}\."
    r"|(?i:key|pass|passwd|password|pwd|secret)\w{0,40}[\"'\])]{0,2}\s*(?:=>|[:!=]{1,3}|\()\s*@?[\"'`]"
)
_DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
}
"""The library's detectors of a fixed form. Left out: entropy (it flags every digest), Artifactory (it flags the word
APARTMENTS), public addresses, `://user:pass@` (`_IN_URL` does it in bounded time), and those of services whose patterns are
32 bare hexadecimal digits."""
_INNER_GROUP = frozenset({"npm"})
"""Detectors whose secret is the first group of the pattern; the group of the others is a mere prefix."""
_PIECE = re.compile(r"[^\n]{1,1024}\n?|\n")
"""The pieces that the library is given: its patterns take time with the square of a line's length."""


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """The places of tokens with a known beginning, of web hooks, of private keys and of secrets of AWS."""
    yield from _private_keys(text)
    yield from (match.span() for pattern in (_PREFIXED, _RECOVERY) for match in re.finditer(pattern, text))
    yield from (match.span(match.lastgroup or 0) for match in re.finditer(_HOOK, text))
    yield from _of_aws(text)


def _private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Private keys from head to foot; without a foot, as far as the text looks like one."""
    reached = 0
    for head in re.finditer(_HEAD_OF_KEY, text):
        if head.start() < reached:
            continue
        foot = re.compile(_FOOT_OF_KEY).search(text, head.end(), min(head.end() + _LONGEST_KEY, len(text)))
        inside = text[head.end() : foot.start()] if foot else ""
        if foot and re.search(_OF_KEY, inside):
            reached = foot.end()
        elif (body := re.match(_BODY, text[head.end() : head.end() + _LONGEST_KEY])) and re.search(_OF_KEY, body.group()):
            reached = head.end() + len(body.group().rstrip())
        else:
            continue
        yield head.start(), reached
    yield from (match.span("value") for match in re.finditer(_PUTTY, text))


def in_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Passwords and tokens in URLs, except the example passwords of manuals."""
    for match in re.finditer(_IN_URL, text):
        if not is_placeholder(match["value"]) and not re.match(REFERENCE, match["value"]):
            yield match.span("value")
    for match in re.finditer(_IN_QUERY, text):
        if is_strong(match["value"]):
            yield match.span("value")


def in_headers(text: str) -> Iterator[tuple[int, int]]:
    """Credentials in the headers of HTTP, and in the options of curl and of clients of databases."""
    for match in re.finditer(_AUTHORIZATION, text):
        if _is_credential(match["value"]):
            yield match.span("value")
    for pattern in (_BEARER, _COOKIE):
        for match in re.finditer(pattern, text):
            if _is_credential(match["value"]) and any(char.isdigit() for char in match["value"]):
                yield match.span("value")
    for pattern in (_USER, _OF_COMMAND):
        for match in re.finditer(pattern, text):
            if is_strong(match["value"]) or is_made_up(match["value"]):
                yield match.span("value")


def _is_credential(value: str) -> bool:
    """Whether this is no word: a digit, an equals sign at the end, or capitals among small letters."""
    if re.match(REFERENCE, value) and len(value) < _LONGER_THAN_NAMES:
        return False
    return any(char.isdigit() for char in value) or value.endswith("=") or re.search(r"[a-z][A-Z]", value) is not None


def _of_aws(text: str) -> Iterator[tuple[int, int]]:
    """The secret that stands beside the id of a key of AWS: 40 characters, and no digest of git's."""
    ids = [match.span() for match in re.finditer(_AWS_ID, text)]
    for match in re.finditer(_AWS, text):
        near = any(match.start() - end <= _AWS_NEAR and start - match.end() <= _AWS_NEAR for start, end in ids)
        if near and not re.fullmatch(r"[0-9a-f]{40}", match.group()):
            yield match.span()


def known_to_library(text: str) -> Iterator[tuple[int, int]]:
    """What detect-secrets finds in the lines that hold one of its marks."""
    if not re.search(_LIBRARY_MARK, text):
        return
    offset = 0
    for line in _PIECE.findall(text):
        if re.search(_LIBRARY_MARK, line):
            for start, end in _in_line(line):
                yield start + offset, end + offset
        offset += len(line)


def _in_line(line: str) -> Iterator[tuple[int, int]]:
    for pattern, group in _patterns():
        for match in pattern.finditer(line):
            start, end = match.span(group)
            inside_a_word = group == 0 and (line[start - 1 : start].isalnum() or line[end : end + 1].isalnum())
            value = line[start:end]
            if not inside_a_word and not (group and re.match(REFERENCE, value)):
                yield start, end
    for value in _quoted_values(line):
        if is_strong(value) and " " not in value and not re.fullmatch(r"[A-Z][A-Za-z]*(?:[-_][A-Z][A-Za-z]*)+", value):
            start = line.find(value)
            yield start, start + len(value)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    """The library's patterns, each with the number of the group that is the secret.

    Its own `analyze_string` is not used: where a pattern has a group it returns that group, which is `ghp` for a token of
    GitHub's. A JWT is matched up to the end of its signature, which the library's pattern leaves out.
    """
    patterns: list[tuple[re.Pattern[str], int]] = [(re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?"), 0)]
    for module, name in _DETECTORS.items():
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        for pattern in detector.denylist:
            inner = module in _INNER_GROUP or (module == "aws" and pattern.groups > 0)
            patterns.append((pattern, 1 if inner else 0))
    return tuple(patterns)


def _quoted_values(line: str) -> set[str]:
    """Values that code assigns to names such as `api_key` or `password`, in quotes."""
    from detect_secrets.plugins.keyword import KeywordDetector

    return set(KeywordDetector().analyze_string(line))
