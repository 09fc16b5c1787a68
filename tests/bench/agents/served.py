"""A small server of the protocol for tests; its argument says how it misbehaves.

python served.py [WAY]
"""

import json
import sys
import time
from typing import Any


def say(said: Any) -> None:
    sys.stdout.write((said if isinstance(said, str) else json.dumps(said)) + "\n")
    sys.stdout.flush()


def answer(said: dict[str, Any], way: str) -> dict[str, Any]:
    """The result of a request."""
    if said["method"] == "tools/list":
        cursor = said["params"].get("cursor")
        page = [{"name": "second" if cursor else "first", "inputSchema": {"type": "object"}}]
        return {"tools": page} | ({} if cursor else {"nextCursor": "2"})
    if said["method"] == "tools/call":
        return {"isError": way == "refuses" or "number" not in said["params"]["arguments"].get("text", "number")}
    return {"serverInfo": {"name": "small"}}


def serve(way: str) -> None:
    """Answer until the client leaves."""
    if way == "dies":
        sys.exit("no key was given")
    for line in sys.stdin:
        said = json.loads(line)
        if way == "silent":
            time.sleep(60)
        if way == "floods":
            say("x" * (1 << 20))
        if "id" not in said or "method" not in said:
            continue
        if way == "talks":
            say("a remark that is no JSON")
            say([1])
            say({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
            for number, asked in enumerate(("ping", "roots/list")):
                say({"jsonrpc": "2.0", "id": f"mine{number}", "method": asked})
                heard = json.loads(sys.stdin.readline())
                while "method" in heard:  # a notification of the client's
                    heard = json.loads(sys.stdin.readline())
                assert ("result" in heard) == (asked == "ping"), heard
        if way == "errs":
            say({"jsonrpc": "2.0", "id": said["id"], "error": {"code": -32603, "message": "out of order"}})
        say({"jsonrpc": "2.0", "id": said["id"], "result": answer(said, way)})


if __name__ == "__main__":
    serve(sys.argv[1] if len(sys.argv) > 1 else "")
