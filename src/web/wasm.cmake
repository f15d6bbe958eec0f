# SPDX-License-Identifier: GPL-3.0-or-later
# osteon.wasm: the session and the rooms that it uses, two subjects side by side, and libyaml from its source in OSTEON_YAML.
# Of osteon/session.h what engine.js and door.c call is linked, and nothing that only its other functions need.
file(GLOB OST_WASM_SOURCES CONFIGURE_DEPENDS src/solve/*.c src/input/*.c src/plan/*.c src/cohort/*.c src/session/*.c)
set(OST_WASM_LANES ${OST_WASM_SOURCES})
list(FILTER OST_WASM_LANES INCLUDE REGEX "_lanes\\.c$") # what takes the time; the rest is made small
set(OST_WASM_YAML api emitter parser reader scanner writer)
list(TRANSFORM OST_WASM_YAML REPLACE "(.+)" "${OSTEON_YAML}/src/\\1.c")
list(FILTER OST_LANG_SOURCES EXCLUDE REGEX "core/table\\.c$|lang/emit\\.c$") # of terminals, of builds
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
add_library(ost_yaml OBJECT ${OST_WASM_YAML})
target_include_directories(ost_yaml PUBLIC ${OSTEON_YAML}/include)
target_compile_options(ost_yaml PRIVATE -Oz)
target_compile_definitions(ost_yaml PRIVATE YAML_VERSION_MAJOR=0 YAML_VERSION_MINOR=2 YAML_VERSION_PATCH=5
    YAML_VERSION_STRING="0.2.5")

# Sizes are of 32 bits here: what is counted in 64 is below 2^32 in a page.
target_compile_options(ost_flags INTERFACE -Wno-shorten-64-to-32 -Oz -msimd128 -fno-math-errno -fno-trapping-math)
set_source_files_properties(${OST_KERNEL_SOURCES} ${OST_LANG_LANES} ${OST_WASM_LANES} PROPERTIES COMPILE_OPTIONS -O2)
target_compile_definitions(ost_flags INTERFACE OST_LANE_COUNT=2 OST_HAS_FILES=0 _WASI_EMULATED_PROCESS_CLOCKS)
add_executable(osteon_wasm src/web/door.c ${OST_WASM_SOURCES} ${OST_KERNEL_SOURCES} ${OST_BUILTINS} ${OST_LANG_SOURCES}
    ${OST_LANG_LANES} $<TARGET_OBJECTS:ost_yaml>)
target_link_libraries(osteon_wasm PRIVATE ost_flags m wasi-emulated-process-clocks)
target_include_directories(osteon_wasm PRIVATE ${OSTEON_YAML}/include)
target_link_options(osteon_wasm PRIVATE -mexec-model=reactor -Wl,-O2 -Wl,--strip-all -Wl,--gc-sections -Wl,-z,stack-size=1048576)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/web/engine.js)
file(READ src/web/engine.js OST_ENGINE)
string(REGEX MATCHALL "door\\.ost_[a-z_]+" OST_DOOR "${OST_ENGINE}")
list(TRANSFORM OST_DOOR REPLACE "door\\." "-Wl,--export=")
target_link_options(osteon_wasm PRIVATE ${OST_DOOR})
set_target_properties(osteon_wasm PROPERTIES OUTPUT_NAME osteon SUFFIX .wasm)
