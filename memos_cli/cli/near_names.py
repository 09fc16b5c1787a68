"""What to say where somebody types a command that memos does not have: the one of ours that does it, or the nearest name.

Imported only then, and to put click's own words for a person.
"""

from collections.abc import Iterable

from memos_cli.errors import did_you_mean

_FORGET = "forget one with: memos forget ID (memos undo brings it back); remove a cube with: memos cube rm NAME"
_SHOW = "show one with: memos show ID"
_LIST = "list them with: memos list"
_SEARCH = 'find them with: memos search "words or a question"'
_ADD = 'remember something with: memos add "what to remember"'
_MAKE = 'remember something with: memos add "what to remember"; make a cube with: memos cube create NAME'
_EDIT = 'change one with: memos edit ID "the new text"'
_IMPORT = (
    "bring in what another program exported with: memos import FILE; read a text with: memos add --file FILE; take over a cube"
    " file with: memos cube import FILE"
)
_EXPORT = "write a cube into one file with: memos cube export; memories for other programs with: memos export jsonl"
_SYNC = "carry a cube with: memos cube export, then on the other machine: memos cube merge FILE"
_LOG = "see what commands wrote with: memos undo --list; the versions of a memory with: memos history ID"
_STATUS = "see what is there with: memos stats; what is due with: memos lifecycle status"
_BACK = "take the last command back with: memos undo; a memory to a version with: memos rollback ID --to VERSION"
_SNAPSHOT = "every command is in the log already; name the present state with: memos snapshot create NAME"
_NO_LOGIN = "there is nothing to log in to: everything stays on this machine; act as somebody with: memos --as NAME list"
_BEGIN = 'nothing has to be set up; begin with: memos add "what to remember"'
_DOCTOR = "look the cubes over with: memos doctor"
_TIDY = "what is due is tidied with: memos lifecycle tick; questions about duplicates: memos review"
_COMING = 'see what is to come with: memos list --upcoming; plan something with: memos add "Dentist on Friday at 9:40"'
_PURGE = "erase one for good with: memos forget ID --purge"
_USE = "use another cube with: memos cube use NAME"
_SETTINGS = "see the settings with: memos config show; change one with: memos config set NAME VALUE"
_WORDS: tuple[tuple[str, str], ...] = (
    ("rm remove delete del drop unlink trash discard", _FORGET),
    ("erase wipe shred purge destroy", _PURGE),
    ("get read cat open print display view-memory less more head tail", _SHOW),
    ("ls ll dir all recent browse", _LIST),
    ("find grep rg query lookup recall retrieve locate where which", _SEARCH),
    ("save remember store note memo memorize memorise write put insert learn capture record log-note keep", _ADD),
    ("new create make touch mk", _MAKE),
    ("update change modify replace amend rewrite vi vim nano", _EDIT),
    ("append", 'add a line to one with: memos edit ID --append "the line"'),
    ("mv rename move", "rename a cube with: memos cube rename OLD NEW; give a memory a title with: memos edit ID --title TEXT"),
    ("cp copy clone", "copy a cube with: memos cube export, then memos cube import FILE --as NAME"),
    ("load ingest upload", _IMPORT),
    ("dump backup download save-as", _EXPORT),
    ("sync push fetch share publish", _SYNC),
    ("pull", "fetch a model with: memos model pull NAME; take in a cube file with: memos cube merge FILE"),
    ("merge", "merge another cube with: memos cube merge FILE"),
    ("split", "split a cube with: memos cube split NAME --tag TAG"),
    ("log logs reflog blame events journal", _LOG),
    ("status info st state summary count", _STATUS),
    (
        "diff compare",
        "see what changed since a snapshot with: memos snapshot diff NAME; between two cubes: memos cube diff OTHER",
    ),
    ("revert reset checkout back rewind", _BACK),
    ("redo", "undo the undo by its id: memos undo ID; ids: memos undo --list"),
    ("commit checkpoint backup-now stash", _SNAPSHOT),
    ("login logout signin auth register account whoami su", _NO_LOGIN),
    ("init start begin install", _BEGIN),
    ("upgrade self-update", "upgrade it as it was installed, with pip; see what is there with: memos doctor"),
    ("check fsck repair fix verify", _DOCTOR),
    ("dedupe dedup compact gc clean cleanup tidy prune", _TIDY),
    ("remind reminder todo agenda upcoming calendar schedule next", _COMING),
    ("expire", "let one expire with: memos edit ID --ttl 30d"),
    (
        "archive",
        "archive what a chain of steps finds with: memos lifecycle run FILE; a task's memories with: memos task end NAME",
    ),
    ("use switch select cd", _USE),
    ("settings preferences prefs set", _SETTINGS),
    ("ask question answer talk", 'ask with: memos chat -m "your question"'),
    ("help ?", "the commands are listed by: memos --help; the manual of one: memos COMMAND --help"),
    ("version", "memos --version"),
    ("tags", "tags and how often each is used: memos stats; memories with one: memos list --tag TAG"),
    ("train finetune fine-tune", "let a model learn your memories with: memos consolidate run"),
    ("tick", "carry out what is due with: memos lifecycle tick"),
    ("plan", "see what ticks will do with: memos lifecycle plan"),
    (
        "explain",
        'see what would go into a prompt with: memos scheduler explain "your question"; why a memory is there: memos why ID',
    ),
    (
        "agent agents",
        "let an agent use your memory with: memos setup claude; register one with: memos principal add NAME --agent",
    ),
    ("cubes", "see them with: memos cube list"),
    ("models", "see them with: memos model list"),
    ("policy", "see what fades after how long with: memos lifecycle policy"),
    (
        "permissions permission rights acl chmod rules",
        "see who can do what with: memos access ID; give a right with: memos grant NAME read",
    ),
    ("quit exit", "every command ends by itself; a chat ends with /quit"),
)
_ELSEWHERE = {name: said for names, said in _WORDS for name in names.split()}
_SAME = (
    ("rm", "remove delete del drop unlink forget end"),
    ("list", "ls ll dir all show get"),
    ("show", "get cat read view info print list"),
    ("info", "show get cat stat status"),
    ("create", "new make add init save mk"),
    ("save", "new make add create set"),
    ("new", "create make add generate"),
    ("rename", "mv move"),
    ("use", "switch select set cd checkout choose"),
    ("set", "change edit update put"),
    ("get", "show read cat"),
    ("end", "rm close finish done stop delete remove"),
    ("restore", "checkout reset rollback apply"),
    ("import", "load restore receive open"),
    ("export", "dump backup pack send"),
    ("merge", "sync join"),
    ("diff", "compare"),
    ("pull", "fetch download install add get"),
    ("run", "start apply train"),
    ("tick", "run start now"),
    ("trust", "add import"),
)
"""By the command of a family what other tools call it."""


def elsewhere(name: str) -> str | None:
    """What to type in place of a command that other tools have."""
    return _ELSEWHERE.get(name.casefold())


def hint(name: str, known: Iterable[str]) -> str | None:
    """The end of the message about an unknown command: the nearest names."""
    said = did_you_mean(name, known) or ""
    return said if said.startswith("did you mean") else None


def in_family(name: str, path: str, known: Iterable[str]) -> str | None:
    """What to type in place of a command that a family such as `memos cube` does not have; `None` where nothing is near."""
    there = list(known)
    same = [f"{path} {ours}" for ours, others in _SAME if ours in there and name.casefold() in others.split()]
    return f"did you mean {' or '.join(same)}?" if same else hint(name, there)


def reworded(message: str) -> str:
    """A message of click without its names for types: nobody typed a range."""
    found = {"is not a valid integer range.": "is not a whole number.", "is not a valid float range.": "is not a number."}
    return next((message.replace(said, better) for said, better in found.items() if said in message), message)
