# SPDX-License-Identifier: GPL-3.0-or-later
# The fingerprint of what a result's bits come from: engine, built-in models and flags, without documentation and
# without the rooms that compute nothing. It is made of names and contents, so that it is the same in every checkout.
# Included, it lists OST_FINGERPRINTED; as a script (cmake -DOUT=FILE.c -P) it writes the fingerprint as C.
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(patterns ${root}/include/*.h ${root}/models/*.model)
foreach(room core lang solve input plan cohort journal results)
    list(APPEND patterns ${root}/src/${room}/*.[ch] ${root}/src/${room}/*.def)
endforeach()
if(NOT CMAKE_SCRIPT_MODE_FILE)
    file(GLOB_RECURSE OST_FINGERPRINTED CONFIGURE_DEPENDS ${patterns})
    list(APPEND OST_FINGERPRINTED ${root}/CMakeLists.txt)
    return()
endif()
file(GLOB_RECURSE files RELATIVE ${root} ${patterns})
foreach(file IN LISTS files ITEMS CMakeLists.txt)
    file(SHA256 ${root}/${file} sum)
    string(APPEND sums "${sum} ${file}\n")
endforeach()
string(SHA256 sum "${sums}")
string(SUBSTRING ${sum} 0 16 sum)
file(WRITE ${OUT} "/* Written by cmake, see src/fingerprint.cmake. */\n#include \"journal/identity.h\"\n\n"
    "const char ost_sources[] = \"${sum}\";\n")
