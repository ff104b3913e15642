"""An object file of the compiler made into a shared library, as a linker does.

In: one relocatable ELF file for x86-64, of position-independent code. Out: the bytes of a shared library that has one
function for others; what it does not define itself (memcpy, ...) is looked up when it is loaded.
The one idea: the system loads a library without LLVM, in a tenth of a millisecond, and no page of it is ever writable
and executable. It has three parts, each at the address that is its place in the file: constants, code, data.
Source: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, https://gitlab.com/x86-psABIs/x86-64-ABI
"""

import struct
from typing import NamedTuple

_PAGE, _ALIGN = 4096, 64
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_TAG = struct.Struct("<QQ")
_IDENT = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")  # 64 bits, little-endian
_MACHINE, _RELOCATABLE, _SHARED = 62, 1, 3  # x86-64
_PROGBITS, _SYMTAB, _STRTAB, _RELA, _NOBITS, _SECTIONS = 1, 2, 3, 4, 8, 4
_WRITE, _ALLOC, _EXECUTE, _THREAD = 1, 2, 4, 0x400  # flags of sections
_COMMON = 0xFFF2  # the section of symbols that have a size only
_LOAD, _DYNAMIC, _STACK, _SEGMENTS = 1, 2, 0x6474E551, 5
_READ, _READ_WRITE, _READ_EXECUTE = 4, 6, 5  # rights of segments
_NAMES, _STRINGS, _SYMBOLS, _RELOCATIONS = 4, 5, 6, 7  # tags: where something is
_RELOCATIONS_SIZE, _RELOCATION_SIZE, _STRINGS_SIZE, _SYMBOL_SIZE = 8, 9, 10, 11
_64, _GLOB_DAT, _RELATIVE = 1, 6, 8  # relocations: an address, one that is loaded, one in the library itself
_RELATIVES, _SLOTS = {2, 4}, {9, 41, 42}  # a distance to code or constants; to the place of an address in the data
_TOLD = (".text", ".symtab", ".strtab")  # the sections of a library: perf looks for them by name
_STUB = 8  # bytes of a jump
_GLOBAL, _LOCAL_FUNCTION, _FUNCTION = 0x12, 0x02, 2  # kinds of symbols


class _Section(NamedTuple):
    name: str
    kind: int
    flags: int
    content: bytes
    target: int
    align: int


class _Symbol(NamedTuple):
    name: str
    kind: int
    section: int
    value: int
    size: int


class _Relocation(NamedTuple):
    section: int
    offset: int
    kind: int
    symbol: int
    addend: int


class _Part:
    """What lies side by side in memory."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.start = 0  # its address

    def add(self, piece: bytes | bytearray, align: int = 8) -> int:
        self.content += bytes(-len(self.content) % align)
        self.content += piece
        return len(self.content) - len(piece)


def link(compiled: bytes, entry: str) -> bytes:
    """Return the shared library of an object file.

    Args:
        compiled: The object file.
        entry: The function that others may call.

    Raises:
        NotImplementedError: If there is something in it that is not known here.
    """
    return _Link(compiled, entry).library()


def _read(compiled: bytes) -> tuple[list[_Section], list[_Symbol], list[_Relocation]]:
    ident, kind, machine, _, _, _, at, _, _, _, _, size, count, names = _HEADER.unpack_from(compiled)
    if ident[:6] != _IDENT[:6] or (kind, machine) != (_RELOCATABLE, _MACHINE):
        raise NotImplementedError(
            f"object file: {ident[:6]!r} of kind {kind} for machine {machine}; ELF for x86-64 is needed"
        )
    rows = [_SECTION.unpack_from(compiled, at + size * number) for number in range(count)]
    contents = [bytes(row[5]) if row[1] == _NOBITS else compiled[row[4] : row[4] + row[5]] for row in rows]

    def text(table: int, start: int) -> str:
        return contents[table][start : contents[table].index(0, start)].decode()

    sections, symbols, relocations = [], [], []
    for row, content in zip(rows, contents, strict=True):
        sections.append(_Section(text(names, row[0]), row[1], row[2], content, row[7], max(row[8], 1)))
        if row[1] == _SYMTAB:
            for name, info, _, section, value, length in _SYMBOL.iter_unpack(content):
                symbols.append(_Symbol(text(row[6], name), info & 15, section, value, length))
        elif row[1] == _RELA and rows[row[7]][2] & _ALLOC:
            for offset, what, addend in _RELOCATION.iter_unpack(content):
                relocations.append(_Relocation(row[7], offset, what & 0xFFFFFFFF, what >> 32, addend))
    return sections, symbols, relocations


class _Link:
    """One object file on its way to be a library."""

    def __init__(self, compiled: bytes, entry: str) -> None:
        self._sections, self._symbols, relocations = _read(compiled)
        self._constants, self._code, self._data = _Part(), _Part(), _Part()
        self._places: dict[int, tuple[_Part, int]] = {}  # of sections
        self._commons: dict[int, int] = {}  # of symbols without a section, in the data
        self._slots: dict[int, int] = {}  # of addresses, in the data, by symbol
        self._stubs: dict[int, int] = {}  # of jumps to what others define, in the code, by symbol
        self._others = [number for number, one in enumerate(self._symbols) if one.name and not one.section]
        found = [number for number, one in enumerate(self._symbols) if one.name == entry and one.section]
        if not found:
            raise NotImplementedError(f"object file: defines no {entry!r}")
        self._entry = found[0]
        self._loaded: list[bytes] = []  # relocations that are left to the loader
        self._place()
        self._relocations = [one for one in relocations if one.section in self._places]

    def library(self) -> bytes:
        """Return the library."""
        for one in self._relocations:
            self._reserve(one)
        strings, starts = _strings([self._symbols[number].name for number in [*self._others, self._entry]])
        rows = len(starts) + 1
        left = len(self._slots) + sum(one.kind == _64 for one in self._relocations)
        head = _Part()
        head.add(bytes(_HEADER.size + _SEGMENTS * _SEGMENT.size))
        # One bucket that leads to the last symbol, and each symbol to the one before it.
        names_at = head.add(struct.pack(f"<{4 + rows}I", 1, rows, rows - 1, 0, *range(rows)))
        symbols_at = head.add(bytes(rows * _SYMBOL.size))
        left_at = head.add(bytes(left * _RELOCATION.size))
        strings_at = head.add(strings)
        self._constants.start = head.add(self._constants.content, _ALIGN)
        sizes = (_STRINGS_SIZE, len(strings)), (_SYMBOL_SIZE, _SYMBOL.size), (_RELOCATION_SIZE, _RELOCATION.size)
        places = (_NAMES, names_at), (_STRINGS, strings_at), (_SYMBOLS, symbols_at), (_RELOCATIONS, left_at)
        tags = (*sizes, *places, (_RELOCATIONS_SIZE, left * _RELOCATION.size), (0, 0))
        tags_at = self._data.add(b"".join(_TAG.pack(*tag) for tag in tags))
        self._code.start = _up(len(head.content))
        self._data.start = _up(self._code.start + len(self._code.content))
        self._apply()
        out = bytearray(self._data.start)
        out[: len(head.content)] = head.content
        out[self._constants.start : len(head.content)] = self._constants.content
        out[self._code.start : self._code.start + len(self._code.content)] = self._code.content
        out += self._data.content
        entry = _SYMBOL.pack(starts[-1], _GLOBAL, 0, 1, self._address(self._entry), self._symbols[self._entry].size)
        others = [_SYMBOL.pack(start, _GLOBAL, 0, 0, 0, 0) for start in starts[:-1]]
        for at, piece in (
            (0, self._heads(len(head.content), self._data.start + tags_at, len(tags) * _TAG.size)),
            (symbols_at, b"".join([bytes(_SYMBOL.size), *others, entry])),
            (left_at, b"".join(self._loaded)),
        ):
            out[at : at + len(piece)] = piece
        return bytes(out) + self._names(len(out))

    def _place(self) -> None:
        for number, one in enumerate(self._sections):
            if not one.flags & _ALLOC or one.name.startswith((".eh_frame", ".note")):
                continue
            if one.kind not in {_PROGBITS, _NOBITS} or one.flags & _THREAD or one.align > _ALIGN:
                raise NotImplementedError(f"object file: section {one.name!r} of kind {one.kind} is not known here")
            writable = self._data if one.flags & _WRITE else self._constants
            part = self._code if one.flags & _EXECUTE else writable
            self._places[number] = part, part.add(one.content, one.align)
        for number, symbol in enumerate(self._symbols):
            if symbol.section == _COMMON:
                self._commons[number] = self._data.add(bytes(symbol.size), symbol.value)

    def _reserve(self, one: _Relocation) -> None:
        """Make room for what a relocation needs beside its own place."""
        called = one.kind in _RELATIVES and not self._symbols[one.symbol].section
        if one.kind not in {_64, *_RELATIVES, *_SLOTS}:
            raise NotImplementedError(f"object file: relocation of kind {one.kind} is not known here")
        if (called or one.kind in _SLOTS) and one.symbol not in self._slots:
            self._slots[one.symbol] = self._data.add(bytes(8))
        if called and one.symbol not in self._stubs:
            self._stubs[one.symbol] = self._code.add(bytes(_STUB))

    def _apply(self) -> None:
        for symbol, at in self._slots.items():
            self._leave(self._data, at, symbol, 0, _GLOB_DAT)
        for symbol, at in self._stubs.items():
            slot = self._data.start + self._slots[symbol]
            jump = b"\xff\x25" + struct.pack("<i", slot - (self._code.start + at + 6))  # jmp *slot(%rip)
            self._code.content[at : at + len(jump)] = jump
        for one in self._relocations:
            part, at = self._places[one.section]
            at += one.offset
            if one.kind == _64:
                self._leave(part, at, one.symbol, one.addend, _64)
                continue
            if one.kind in _SLOTS:
                target = self._data.start + self._slots[one.symbol]
            elif one.symbol in self._stubs:
                target = self._code.start + self._stubs[one.symbol]
            else:
                target = self._address(one.symbol)
            struct.pack_into("<i", part.content, at, target + one.addend - (part.start + at))

    def _leave(self, part: _Part, at: int, symbol: int, addend: int, kind: int) -> None:
        """Let the loader put an address in its place: of what others define, or of a part of the library itself."""
        if symbol in self._others:
            what = (self._others.index(symbol) + 1) << 32 | kind
        else:
            what, addend = _RELATIVE, self._address(symbol) + addend
        self._loaded.append(_RELOCATION.pack(part.start + at, what, addend))

    def _address(self, number: int) -> int:
        one = self._symbols[number]
        if number in self._commons:
            return self._data.start + self._commons[number]
        if one.section not in self._places:
            raise NotImplementedError(
                f"object file: {one.name!r} lies in section {one.section}, which is not known here"
            )
        part, at = self._places[one.section]
        return part.start + at + one.value

    def _heads(self, constants: int, tags_at: int, tags: int) -> bytes:
        data, end = self._data.start, len(self._data.content)
        segments = [
            (_LOAD, _READ, 0, constants),
            (_LOAD, _READ_EXECUTE, self._code.start, len(self._code.content)),
            (_LOAD, _READ_WRITE, data, end),
            (_DYNAMIC, _READ_WRITE, tags_at, tags),
            (_STACK, _READ_WRITE, 0, 0),
        ]
        rows = b"".join(_SEGMENT.pack(kind, what, at, at, at, size, size, _PAGE) for kind, what, at, size in segments)
        sections = _up(data + end)
        header = _HEADER.pack(
            _IDENT,
            _SHARED,
            _MACHINE,
            1,
            0,
            _HEADER.size,
            sections,
            0,
            _HEADER.size,
            _SEGMENT.size,
            len(segments),
            _SECTION.size,
            _SECTIONS,
            _SECTIONS - 1,
        )  # fmt: skip  as the specification shows it
        return header + rows

    def _names(self, end: int) -> bytes:
        """Return what profilers and debuggers read, and the loader does not: the name of each function."""
        functions = [n for n, one in enumerate(self._symbols) if one.kind == _FUNCTION and one.section in self._places]
        table, starts = _strings([*_TOLD, *(self._symbols[number].name for number in functions)])
        symbols = bytes(_SYMBOL.size) + b"".join(
            _SYMBOL.pack(start, _LOCAL_FUNCTION, 0, 1, self._address(number), self._symbols[number].size)
            for start, number in zip(starts[len(_TOLD) :], functions, strict=True)
        )
        at = _up(end)
        symbols_at = at + _SECTIONS * _SECTION.size
        code = self._code.start
        rows = [
            (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            (starts[0], _PROGBITS, _ALLOC | _EXECUTE, code, code, len(self._code.content), 0, 0, _ALIGN, 0),
            (starts[1], _SYMTAB, 0, 0, symbols_at, len(symbols), 3, len(functions) + 1, 8, _SYMBOL.size),
            (starts[2], _STRTAB, 0, 0, symbols_at + len(symbols), len(table), 0, 0, 1, 0),
        ]
        return bytes(at - end) + b"".join(_SECTION.pack(*row) for row in rows) + symbols + table


def _up(size: int) -> int:
    return size + -size % _PAGE


def _strings(names: list[str]) -> tuple[bytes, list[int]]:
    table, starts = bytearray(1), []
    for name in names:
        starts.append(len(table))
        table += name.encode() + b"\0"
    return bytes(table), starts
