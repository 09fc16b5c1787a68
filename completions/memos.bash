_memos_completion() {
    local line type value paths=''
    COMPREPLY=()

    while IFS= read -r line; do
        type=${line%%,*}
        value=${line#*,}
        if [[ $type == plain ]]; then
            COMPREPLY+=("$value")
        elif [[ $type == file || $type == dir ]]; then
            paths=$type
        fi
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="$2" COMP_WORDS="" COMP_CWORD=0 _MEMOS_COMPLETE=bash_complete "${1/#\~/$HOME}" 2>/dev/null)

    if [[ -z $paths ]]; then
        return 0
    elif (( ${#COMPREPLY[@]} == 0 )); then
        if [[ $paths == dir ]]; then compopt -o dirnames; else compopt -o default; fi
    else
        while IFS= read -r line; do
            COMPREPLY+=("$(printf '%q' "$line")")
        done < <(if [[ $paths == dir ]]; then compgen -d -- "$2"; else compgen -f -- "$2"; fi)
    fi

    return 0
}

complete -o nosort -F _memos_completion memos
