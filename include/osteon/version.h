/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file version.h  The version of the library and the program. The build reads it from here. */
#ifndef OSTEON_VERSION_H
#define OSTEON_VERSION_H

/** Semantic version. */
#define OST_VERSION "0.1.0"

#endif
