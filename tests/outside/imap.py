"""A mailbox for tests: the few commands of IMAP4rev1 that a reader needs, over asyncio."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class MailboxServer:
    """Letters by their number; `cut_after` ends the connection after so many were fetched."""

    password: str = "p ass"
    validity: int = 7
    letters: dict[int, bytes] = field(default_factory=dict)
    fetched: list[int] = field(default_factory=list)
    cut_after: int = 0

    def put(self, letter: bytes) -> int:
        uid = max(self.letters, default=0) + 1
        self.letters[uid] = letter.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return uid

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := (await reader.readline()).decode().strip():
                tag, _space, command = line.partition(" ")
                if not self._answer(writer, tag, command):
                    break
                await writer.drain()
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter, tag: str, command: str) -> bool:
        word = command.upper()
        if word == "CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif word.startswith("LOGIN") and f'"{self.password}"' not in command:
            writer.write(f"{tag} NO wrong password\r\n".encode())
            return True
        elif word.startswith(("EXAMINE", "SELECT")):
            following = max(self.letters, default=0) + 1
            writer.write(
                f"* {len(self.letters)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] x\r\n"
                f"* OK [UIDNEXT {following}] x\r\n".encode()
            )
        elif word.startswith("UID SEARCH"):
            first = int(re.search(r"UID (\d+):\*", word)[1])  # type: ignore[index]
            # As the protocol has it, "n:*" always finds the last letter, also below n.
            found = [uid for uid in self.letters if uid >= first] or list(self.letters)[-1:]
            writer.write(f"* SEARCH {' '.join(map(str, found))}\r\n".encode())
        elif word.startswith("UID FETCH"):
            uid = int(word.split()[2])
            if self.cut_after and len(self.fetched) >= self.cut_after:
                return False
            self.fetched.append(uid)
            body = self.letters[uid]
            writer.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}\r\n".encode())
            writer.write(body + b")\r\n")
        elif word == "LOGOUT":
            writer.write(b"* BYE\r\n")
        writer.write(f"{tag} OK done\r\n".encode())
        return word != "LOGOUT"
