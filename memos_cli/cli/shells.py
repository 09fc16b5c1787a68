"""How bash, zsh and fish ask what may stand at the cursor, and how they are answered: Click's protocol, made fit for any name.

Click's own scripts take a name apart at a blank (bash) or a comma (fish), and lose the option of `--tag=NAME`.
"""

import os
import re
from typing import Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

_SOURCE_BASH = """\
%(complete_func)s() {
    local line type value paths=''
    COMPREPLY=()

    while IFS= read -r line; do
        type=${line%%%%,*}
        value=${line#*,}
        if [[ $type == plain ]]; then
            COMPREPLY+=("$value")
        elif [[ $type == file || $type == dir ]]; then
            paths=$type
        fi
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="$2" COMP_WORDS="" COMP_CWORD=0 \
%(complete_var)s=bash_complete "${1/#\\~/$HOME}" 2>/dev/null)

    if [[ -z $paths ]]; then
        return 0
    elif (( ${#COMPREPLY[@]} == 0 )); then
        if [[ $paths == dir ]]; then compopt -o dirnames; else compopt -o default; fi
    else
        while IFS= read -r line; do
            COMPREPLY+=("$(printf '%%q' "$line")")
        done < <(if [[ $paths == dir ]]; then compgen -d -- "$2"; else compgen -f -- "$2"; fi)
    fi

    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_SOURCE_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a completions
    local -a completions_with_descriptions
    local -a response
    (( ! $+commands[%(prog_name)s] )) && return 1

    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
%(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")

    for type key descr in ${response}; do
        if [[ "$type" == "plain" ]]; then
            if [[ "$descr" == "_" ]]; then
                completions+=("$key")
            else
                completions_with_descriptions+=("$key":"$descr")
            fi
        elif [[ "$type" == "dir" ]]; then
            [[ "$PREFIX" == --*=* ]] && compset -P '--*='
            _path_files -/
        elif [[ "$type" == "file" ]]; then
            [[ "$PREFIX" == --*=* ]] && compset -P '--*='
            _path_files -f
        fi
    done

    if [ -n "$completions_with_descriptions" ]; then
        _describe -V unsorted completions_with_descriptions -U
    fi

    if [ -n "$completions" ]; then
        compadd -U -V unsorted -a completions
    fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    # autoload from fpath, call function directly
    %(complete_func)s "$@"
else
    # eval/source/. command, register function for later
    compdef %(complete_func)s %(prog_name)s
fi
"""

_SOURCE_FISH = """\
function %(complete_func)s;
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \
COMP_CWORD=(commandline -ct) %(prog_name)s 2>/dev/null);
    set -l option (string match -r -- '^--[^=]*=' (commandline -ct));

    for completion in $response;
        set -l metadata (string split -m 1 "," -- $completion);

        if test $metadata[1] = "dir";
            __fish_complete_directories $metadata[2] | string replace -r '^' -- "$option";
        else if test $metadata[1] = "file";
            __fish_complete_path $metadata[2] | string replace -r '^' -- "$option";
        else if test $metadata[1] = "plain";
            echo $metadata[2];
        end;
    end;
end;

complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)";
"""
_PLAIN = re.compile(r"([^\w@%+:=,./-])")
"""A character before which bash takes a backslash, outside of quotes."""
_PLAIN_IN_QUOTES = re.compile(r'(["$`\\])')


def _begun(line: str) -> tuple[list[str], str]:
    """The words of a line before the cursor, and what is typed of the one at it; empty behind a blank."""
    *words, last = split_arg_string(f"{line}x")  # so that there is a word at the cursor
    return words, last[:-1]


def _open_quote(line: str) -> str:
    """The quotation mark that is open where a line ends; empty for none."""
    mark, at = "", 0
    while at < len(line):
        one = line[at]
        if one == "\\" and mark != "'":
            at += 1
        elif one == mark:
            mark = ""
        elif not mark and one in "\"'":
            mark = one
        at += 1
    return mark


class _Whole(ShellComplete):
    """Completes `--tag=NAME` as one word, as the shell sees it."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """What Click finds, behind the option that stands in the same word."""
        found = super().get_completions(args, incomplete)
        option, sign, _ = incomplete.partition("=")
        if sign and option.startswith("--"):
            for item in found:
                if item.type == "plain":
                    item.value = f"{option}={item.value}"
        return found


class Bash(_Whole, BashComplete):
    """Bash: it takes words apart at `:` and `=`, and quotes nothing by itself."""

    source_template = _SOURCE_BASH
    _line = _typed = ""

    def source(self) -> str:
        """The script; which bash is here makes no difference to it."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and what is typed of the one at it. A script of an older memos sends no line."""
        line = os.environ.get("COMP_LINE")
        if line is None:
            return super().get_completion_args()
        words, typed = _begun(line)
        self._line, self._typed = line, typed
        return words[1:], typed

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """A line: the type, and the part of the name that bash has not taken for another word, quoted as the line is."""
        value = str(item.value)
        word = os.environ.get("COMP_WORD", "")
        mark = _open_quote(self._line)
        if item.type == "plain" and "COMP_LINE" in os.environ:
            head = self._typed[: -len(word)] if word and self._typed.endswith(word) else self._typed
            if not mark and head[-1:] in {":", "="} and value.startswith(head):
                value = value[len(head) :]
            value = {"": _PLAIN, '"': _PLAIN_IN_QUOTES}[mark].sub(r"\\\1", value) if mark != "'" else value
        return f"{item.type},{value}"


class Zsh(_Whole, ZshComplete):
    """Zsh."""

    source_template = _SOURCE_ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Three lines; `_describe` takes a backslash in a name for the beginning of an escape."""
        if item.help:
            item.value = item.value.replace("\\", "\\\\")
        return super().format_completion(item)


class Fish(_Whole, FishComplete):
    """Fish."""

    source_template = _SOURCE_FISH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and what is typed of the one at it."""
        words, typed = _begun(os.environ["COMP_WORDS"])
        return words[1:], typed


KINDS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}
"""The shells that memos completes in."""


def register() -> None:
    """Let Click answer in this way."""
    for name, kind in KINDS.items():
        add_completion_class(kind, name)
