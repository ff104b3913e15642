import ctypes
import math
import struct
from pathlib import Path

import llvmlite.binding as llvmlite_binding  # type: ignore[import-untyped]  # has no types
import pytest

from redshank.core.shared_object import _read, link

llvm = llvmlite_binding
_TEXT = """
target triple = "x86_64-unknown-linux-gnu"
@count = common global i64 0
@first = internal constant [4 x i64] [i64 2, i64 3, i64 5, i64 7]
@second = internal constant [4 x i64] [i64 20, i64 30, i64 50, i64 70]
@tables = internal constant [2 x ptr] [ptr @first, ptr @second]
@math = internal constant [1 x ptr] [ptr @cbrt]
@shown = global i64 9
declare double @exp(double)
declare double @cbrt(double)
define internal i64 @look(i64 %which, i64 %place) noinline {
  %from = getelementptr [2 x ptr], ptr @tables, i64 0, i64 %which
  %table = load ptr, ptr %from
  %at = getelementptr i64, ptr %table, i64 %place
  %value = load i64, ptr %at
  %shown = load i64, ptr @shown
  %old = load i64, ptr @count
  %new = add i64 %old, %shown
  store i64 %new, ptr @count
  %sum = add i64 %value, %new
  ret i64 %sum
}
define i64 @entry(i64 %which, i64 %place) {
  %value = call i64 @look(i64 %which, i64 %place)
  ret i64 %value
}
define double @grown(double %value) {
  %from = getelementptr [1 x ptr], ptr @math, i64 0, i64 0
  %function = load volatile ptr, ptr %from
  %root = call double %function(double %value)
  %large = call double @exp(double %root)
  ret double %large
}
"""


def _object(text: str) -> bytes:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple("x86_64-unknown-linux-gnu").create_target_machine(reloc="pic", codemodel="small")
    return bytes(machine.emit_object(llvm.parse_assembly(text)))


@pytest.fixture(scope="module")
def compiled() -> bytes:
    return _object(_TEXT)


def test_a_library_finds_its_constants_its_functions_and_its_memory(compiled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "one.so"
    path.write_bytes(link(compiled, "entry"))
    entry = ctypes.CDLL(str(path)).entry
    assert [entry(0, 3), entry(1, 2)] == [7 + 9, 50 + 18]


def test_what_it_does_not_define_is_looked_up_when_it_is_loaded(compiled: bytes, tmp_path: Path) -> None:
    ctypes.CDLL("libm.so.6", ctypes.RTLD_GLOBAL)
    path = tmp_path / "two.so"
    path.write_bytes(link(compiled, "grown"))
    library = ctypes.CDLL(str(path))
    library.grown.restype, library.grown.argtypes = ctypes.c_double, [ctypes.c_double]
    assert library.grown(27.0) == pytest.approx(math.exp(3))
    with pytest.raises(AttributeError, match="undefined symbol: entry"):
        _ = library.entry


def test_nothing_is_writable_and_executable(compiled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "three.so"
    path.write_bytes(link(compiled, "entry"))
    library = ctypes.CDLL(str(path))
    rows = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(str(path))]
    assert sorted(row[1] for row in rows) == ["r--p", "r-xp", "rw-p"]
    assert library.entry(0, 0) == 11


def test_profilers_find_the_functions_by_name(compiled: bytes) -> None:
    library = link(compiled, "entry")
    for name in (b"\0.text\0.symtab\0.strtab\0", b"\0look\0", b"\0grown\0"):
        assert name in library


def test_what_is_not_known_is_refused(compiled: bytes) -> None:
    with pytest.raises(NotImplementedError, match="ELF for x86-64 is needed"):
        link(b"MZ" + compiled[2:], "entry")
    with pytest.raises(NotImplementedError, match="defines no 'missing'"):
        link(compiled, "missing")
    own = "@own = thread_local global i64 3\ndefine i64 @entry() {\n %v = load i64, ptr @own\n ret i64 %v\n}\n"
    with pytest.raises(NotImplementedError, match="is not known here"):
        link(_object(own), "entry")


def test_a_relocation_that_is_not_known_is_refused(compiled: bytes) -> None:
    one = _read(compiled)[2][0]
    known, other = (struct.pack("<QQq", one.offset, one.symbol << 32 | kind, one.addend) for kind in (one.kind, 99))
    broken = compiled.replace(known, other)
    with pytest.raises(NotImplementedError, match="relocation of kind 99"):
        link(broken, "entry")
