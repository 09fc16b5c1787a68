"""Chat templates for tests: those of common families of models, and a hundred that mean ill."""

# ruff: noqa: E501 -- the templates of other people are kept as they are

from types import MappingProxyType

_THINKING = """\
{%- set ns = namespace(multi=true, last=messages|length - 1, out='') %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi and message.role == "user" and message.content is string and not message.content.startswith('<tool>') %}
        {%- set ns.multi = false %}{%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>' ~ message.role ~ '\\n' ~ (('<think>\\n' ~ reasoning ~ '\\n</think>\\n\\n') if loop.last else '') ~ content }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content }}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}
"""
_TOOLS = """\
{%- macro typed(spec, depth=0) -%}
{%- if spec is mapping -%}{%- for key, value in spec|dictsort -%}{{ '  ' * depth }}{{ key }}: {{ typed(value, depth + 1) }}
{% endfor -%}{%- elif spec is iterable and spec is not string -%}[{{ spec | join(', ') }}]{%- else -%}{{ spec | tojson }}{%- endif -%}
{%- endmacro -%}
{%- set tools = [{'name': 'look', 'parameters': {'type': 'object', 'required': ['a', 'b'], 'n': 3, 'none': none}}] -%}
{{- bos_token -}}
{% if messages[0]['role'] == 'system' %}{% set system = messages[0].content | trim %}{% set rest = messages[1:] %}{% else %}
{% set system = "" %}{% set rest = messages %}{% endif %}
{%- set said %}<<SYS>>{{ system }}<</SYS>>{% endset %}
{%- for tool in tools -%}{{ typed(tool) | indent(4) }}{%- endfor -%}
{%- set names = tools | map(attribute='name') | list -%}{{ names | join('|') | upper }} {{ names | length }} {{ '%s of %d' % (names[0], 1) }}
{%- for message in rest -%}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('Roles must alternate') }}{%- endif -%}
{%- if loop.first -%}{{ said }}{%- endif -%}
[{{ loop.index }}/{{ loop.length }} {{ loop.revindex }} {{ loop.previtem.role if loop.previtem is defined else 'none' }} \
{{ loop.nextitem.role if loop.nextitem is defined else 'end' }} {{ loop.cycle('odd', 'even') }}]{{ message['role'] | capitalize }}: {{ message.content }}
{%- if loop.last %} {{ eos_token }}{% endif -%}
{%- endfor -%}
{%- set users = rest | selectattr('role', 'equalto', 'user') | list -%}{{ users | length }}{{ (rest | rejectattr('role', 'eq', 'user') | first).role }}
{%- for one in rest if one.role == 'user' -%}{{ loop.index }}{%- else -%}none{%- endfor -%}
{%- for number in range(1, 9) -%}{%- if number == 3 -%}{% continue %}{%- elif number > 5 -%}{% break %}{%- endif -%}{{ number }}{%- endfor -%}
{{ "{:>4}|{name}".format(7, name='x') }}{{ 'a-b'.replace('-', '+').ljust(6) }}{{ [3, 1, 2] | sort | string }}{{ 7 // 2 ** 2 }}
{%- if add_generation_prompt -%}{{ '\\nAssistant:' | safe }}{%- endif -%}
"""
COMMON = MappingProxyType({
    "chatml": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "smollm2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "mistral": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "phi3": "{% for message in messages %}{% if message['role'] in ['system', 'user'] %}{{'<|' ~ message['role'] ~ '|>\n' ~ message['content'] ~ '<|end|>\n'}}{% else %}{{ '<|assistant|>\n' + message['content'] + '<|end|>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "thinking": _THINKING,
    "tools": _TOOLS,
})  # fmt: skip
"""The templates that these families ship, or for the last two, the means that long templates of the day use."""

_DEEP = 90
_LINE = "{% for m in messages %}{{ m.content }}{% endfor %}"


def _nested(depth: int, count: int) -> str:
    return "".join(f"{{% for v{n} in range({count}) %}}" for n in range(depth)) + "x" + "{% endfor %}" * depth


def _doubled(how: str, start: str, times: int = 60) -> str:
    return f"{{% set ns = namespace(x={start}) %}}{{% for i in range({times}) %}}{{% set ns.x = {how} %}}{{% endfor %}}"


HOSTILE: dict[str, str] = {
    "loops in loops": _nested(8, 1000),
    "long loops in loops": _nested(3, 99999),
    "loops of nothing": _nested(9, 500).replace("x", ""),
    "loops over lists": "{% for a in range(99999)|list %}{% for b in range(99999)|list %}{% endfor %}{% endfor %}",
    "a loop with a condition": "{% for a in range(99999) if range(99999)|list|length == 1 %}{% endfor %}",
    "a loop with its length": "{% for a in range(9999) %}{% for b in range(9999) %}{{ loop.length }}{% endfor %}{% endfor %}",
    "a loop over itself": "{% for x in [[1]] recursive %}{{ loop([x, x]) }}{% endfor %}",
    "a range of a thousand million": "{% for a in range(10**9) %}{% endfor %}",
    "a range backwards": "{% for a in range(10**9, 0, -1) %}{% endfor %}",
    "ranges in map": "{{ range(99999)|map('string')|map('center', 9999)|join }}",
    "maps on maps": "{{ range(99999)" + "|map('string')" * 900 + "|list|length }}",
    "selects on selects": "{{ range(99999)" + "|select" * 2000 + "|list|length }}",
    "ljust": "{{ 'a'.ljust(10**10) }}",
    "rjust": "{{ 'a'.rjust(10**10) }}",
    "center of a text": "{{ 'a'.center(10**10) }}",
    "zfill": "{{ '1'.zfill(10**10) }}",
    "expandtabs": "{{ '\t'.expandtabs(10**10) }}",
    "many tabs": "{{ ('\t' * 99999).expandtabs(9999) }}",
    "center": "{{ 'a'|center(10**10) }}",
    "center of a constant": "{{ ('a'|center(10**9))|length }}",
    "indent": "{{ 'a'|indent(10**10, true) }}",
    "indent of many lines": "{{ ('\n' * 99999)|indent(9999, true, true)|length }}",
    "ljust in small steps": "{% for a in range(99999) %}{{ 'a'.ljust(9999) }}{% endfor %}",
    "a width by %": "{{ '%0999999999d' % 1 }}",
    "a width by % and a name": "{{ '%(a)999999999d' % {'a': 1} }}",
    "a width by % and a star": "{{ '%*d' % (10**9, 1) }}",
    "a precision by %": "{{ '%.999999999f' % 1 }}",
    "a precision by % and a star": "{{ '%.*f' % (10**9, 1) }}",
    "the filter format": "{{ '%0999999999d'|format(1) }}",
    "the filter format with a star": "{{ '%*d'|format(10**9, 1) }}",
    "format": "{{ '{:>9999999999}'.format(1) }}",
    "format by a field": "{{ '{:>{}}'.format(1, 10**10) }}",
    "format of a fraction": "{{ '{:.999999999f}'.format(0.1) }}",
    "format_map": "{{ '{a:>9999999999}'.format_map({'a': 1}) }}",
    "format got by attr": "{{ ('{:>9999999999}'|attr('format'))(1) }}",
    "many fields": "{{ ('{0}' * 9999).format('a' * 99999) }}",
    "many directives": "{{ ('%(a)s' * 9999) % {'a': 'a' * 99999} }}",
    "lipsum": "{{ lipsum(n=99999) }}",
    "lipsum of lipsum": "{% for a in range(999) %}{{ lipsum(n=999, html=false) }}{% endfor %}",
    "a text times": "{{ 'a' * 10**10 }}",
    "times a text": "{{ 10**10 * 'a' }}",
    "a list times": "{{ ([0] * 10**10)|length }}",
    "a tuple times": "{{ ((0, 1) * 10**10)|length }}",
    "a list times in steps": "{% set a = [0] * 99999 %}{% set b = a * 99999 %}{{ b|length }}",
    "times times times": "{{ 'a'" + " * 1000" * 20 + " }}",
    "a power": "{{ 10**(10**10) }}",
    "a power of powers": "{{ 9**(9**(9**9)) }}",
    "a power of a negative number": "{{ (-10)**(10**10) }}",
    "a power by a filter": "{{ 2|round(10**9, 'floor') }}",
    "squares of squares": _doubled("ns.x * ns.x", "9") + "{{ ns.x }}",
    "long division": "{{ (10**99999) // (10**9999 + 1) }}",
    "a remainder": "{{ (7**99999) % (10**9999 + 1) }}",
    "a number of a million digits": "{{ '9' * 999999|int }}{{ ('9' * 999999)|int }}",
    "a text that doubles": _doubled("ns.x ~ ns.x", "'ab'") + "{{ ns.x }}",
    "a text that doubles by plus": _doubled("ns.x + ns.x", "'ab'") + "{{ ns.x }}",
    "a text that doubles by %": _doubled("'%s%s' % (ns.x, ns.x)", "'ab'") + "{{ ns.x }}",
    "a text that doubles by format": _doubled("'{0}{0}'.format(ns.x)", "'ab'") + "{{ ns.x }}",
    "a text that doubles by join": _doubled("[ns.x, ns.x]|join", "'ab'") + "{{ ns.x }}",
    "a text that doubles by replace": _doubled("ns.x.replace('a', ns.x)", "'aa'") + "{{ ns.x }}",
    "a text that doubles by the filter": _doubled("ns.x|replace('a', ns.x)", "'aa'") + "{{ ns.x }}",
    "a text that doubles by tojson": _doubled("ns.x|tojson|tojson", "'<\"'") + "{{ ns.x }}",
    "a text that doubles by escapes": _doubled("(ns.x|forceescape) ~ ns.x", "'<'") + "{{ ns.x }}",
    "a text that doubles by a macro": "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}" + _doubled("m(ns.x)", "'ab'"),
    "a text that doubles in a block": "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set y %}{{ ns.x }}{{ ns.x }}"
    "{% endset %}{% set ns.x = y %}{% endfor %}",
    "a text that doubles by translate": _doubled("ns.x.translate({97: ns.x})", "'aa'") + "{{ ns.x }}",
    "a text that doubles by urlencode": _doubled("(ns.x|urlencode) ~ ns.x", "'%%%%'") + "{{ ns.x }}",
    "a list that doubles": _doubled("ns.x + ns.x", "[1]") + "{{ ns.x|length }}",
    "a list in a list": _doubled("[ns.x, ns.x]", "[1]") + "{{ ns.x }}",
    "a list in a list compared": _doubled("[ns.x, ns.x]", "[1]") + "{{ ns.x == [ns.x[0], ns.x[1]] }}",
    "a list in a list as JSON": _doubled("[ns.x, ns.x]", "[1]") + "{{ ns.x|tojson }}",
    "a list in a list, hashed": _doubled("(ns.x, ns.x)", "(1,)") + "{{ {ns.x: 1} }}",
    "a list in a list, sorted": _doubled("[ns.x, ns.x]", "[1]", 25) + "{{ [ns.x, ns.x, ns.x]|sort|length }}",
    "a dict in a dict": _doubled("{'a': ns.x, 'b': ns.x}", "{}") + "{{ ns.x }}",
    "a dict of keywords": _doubled("dict(a=ns.x, b=ns.x)", "1") + "{{ ns.x }}",
    "a namespace in a namespace": _doubled("namespace(a=ns.x, b=ns.x)", "1") + "{{ ns.x }}",
    "a namespace that holds itself": "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}{{ ns == [ns] }}",
    "lists by batch": "{{ [1]|batch(10**10, 'x')|list|length }}",
    "lists by slice": "{{ [1]|slice(10**10)|list|length }}",
    "a sum of lists": "{{ ([[1]] * 99999)|sum(start=[])|length }}",
    "a sum of a long range": "{% for a in range(99999) %}{{ range(99999)|sum }}{% endfor %}",
    "a sort of sorts": "{% for a in range(9999) %}{{ range(99999)|sort|first }}{% endfor %}",
    "groups of groups": "{% for a in range(9999) %}{{ messages|groupby('role')|list }}{% endfor %}" * 9,
    "joins of joins": "{{ (['a' * 9999] * 9999)|join('b' * 9999) }}",
    "a join by a text": "{{ ('a' * 9999).join(['b'] * 9999) }}",
    "slices": "{% set x = 'a' * 99999 %}{% for a in range(99999) %}{% set y = x[::-1] ~ x[1:] %}{% endfor %}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "macros that call each other": "{% macro a(n) %}{{ b(n) }}{{ b(n) }}{% endmacro %}{% macro b(n) %}{{ a(n) }}{% endmacro %}{{ a(1) }}",
    "calls of callers": "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 40
    + "x"
    + "{% endcall %}" * 40,
    "brackets": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "lists in brackets": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "not not not": "{{ " + "not " * 20_000 + "1 }}",
    "minus minus": "{{ " + "-" * 30_000 + "1 }}",
    "pluses": "{{ 1" + " + 1" * 20_000 + " }}",
    "ifs in ifs": "{% if 1 %}" * 4_000 + "{% endif %}" * 4_000,
    "loops without an end": "{% for a in [1] %}" * _DEEP + "x" + "{% endfor %}" * _DEEP,
    "filters on filters": "{{ 'a'" + "|upper" * 14_000 + " }}",
    "many names": "".join(f"{{% set a{n} = 1 %}}" for n in range(5_000)),
    "many outputs": "{% set x = 'a' * 99999 %}" + "{{ x }}" * 10_000,
    "much text in a loop": "{% for a in range(99999) %}" + "text " * 18_000 + "{% endfor %}",
    "comparisons of long texts": "{% set x = 'a' * 99999 %}{% set y = 'a' * 99999 %}{% for a in range(99999) %}{{ x == y }}{% endfor %}",
    "searches in long texts": "{% set x = 'a' * 99999 %}{% for a in range(99999) %}{{ ('a' * 9999 ~ 'b') in x }}{% endfor %}",
    "a text that is not ours": "{{ 'é'.encode('punycode') }}{{ ('é' * 99999).encode('idna') }}",
    "bytes": "{{ (1).to_bytes(10**10, 'big') }}",
    "links": "{{ ('a@' * 49999)|urlize }}",
    "tags": "{{ ('<' * 99999)|striptags }}",
    "wraps": "{{ ('a ' * 49999)|wordwrap(1) }}",
    "titles": "{% for a in range(9999) %}{{ ('a-' * 9999)|title }}{% endfor %}",
    "blanks": " " * 99_000 + "{{ 1 }}",
    "lines": "\n" * 99_000 + "{%- if 1 -%}" + "\n" * 900 + "{%- endif -%}",
    "marks that open": "{{" * 40_000,
    "comments": "{#" * 40_000,
    "quotes": "{{ '" + "\\" * 90_000 + "' }}",
    "another file": "{% include '/etc/passwd' %}",
    "an import": "{% import '/etc/passwd' as x %}",
    "the interpreter": "{{ ''.__class__.__base__.__subclasses__() }}",
    "the interpreter by attr": "{{ ''|attr('__class__') }}{{ messages|map(attribute='__class__')|list }}",
    "the interpreter by globals": "{{ range.__self__.__dict__ }}{{ namespace.__init__.__globals__ }}",
    "the environment": "{{ self._TemplateReference__context.environment.meter }}",
    "what pays": "{{ 5|memos_paid }}{{ raise_exception.__globals__ }}",
    "an error that steers": "{{ raise_exception('\x1b[2J\\u001b[2J' ~ 'x' * 99999) }}",
}
"""Templates that take all time or memory, or reach for more than they are given, in Jinja's own sandbox or at all."""
