/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file error.h  The error codes of the library: what functions return, and the status of a subject that failed. */
#ifndef OSTEON_ERROR_H
#define OSTEON_ERROR_H

/** Every error code of the library, its value and its meaning, in one list so that they cannot drift apart. */
#define OST_ERR_LIST(X)                                                                                                \
    X(OST_ERR_NO_MEMORY, -1, "out of memory")                                                                          \
    X(OST_ERR_IO, -2, "a file cannot be read or written")                                                              \
    X(OST_ERR_SYNTAX, -3, "text does not follow the notation")                                                         \
    X(OST_ERR_NAME, -4, "a name is unknown, or defined twice")                                                         \
    X(OST_ERR_UNIT, -5, "a unit does not fit the dimension")                                                           \
    X(OST_ERR_VALUE, -6, "a value is out of its range")                                                                \
    X(OST_ERR_MODEL, -7, "a model or a system of models is inconsistent")                                              \
    X(OST_ERR_STEP, -8, "the step size collapsed or a limit of steps was met")                                         \
    X(OST_ERR_STATE, -9, "a state is not a number, or negative where it must not be")                                  \
    X(OST_ERR_FORMAT, -10, "a file is damaged or was not written by osteon")                                           \
    X(OST_ERR_LIMIT, -11, "larger than a limit of this program")                                                       \
    X(OST_ERR_ARGUMENT, -12, "an argument of a function is NULL or out of its range")                                  \
    X(OST_ERR_STOPPED, -13, "stopped on request before it was finished")                                               \
    X(OST_ERR_MISSING, -14, "a file is not there")

enum {
#define OST_ERR_ENUM(name, value, text) name = value,
    OST_ERR_LIST(OST_ERR_ENUM)
#undef OST_ERR_ENUM
};

#endif
