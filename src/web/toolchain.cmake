# SPDX-License-Identifier: GPL-3.0-or-later
# clang 14 for WebAssembly, with the C library of Debian's wasi-libc: cmake -DCMAKE_TOOLCHAIN_FILE=src/web/toolchain.cmake
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang-14)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
