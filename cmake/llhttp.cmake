# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# The target llhttp: the system's library where there is one, else built from the generated C that Debian 12's
# package node-llhttp installs.

find_path(LLHTTP_INCLUDE llhttp.h PATH_SUFFIXES llhttp PATHS /usr/include /usr/share/include REQUIRED)
find_library(LLHTTP_LIBRARY llhttp)
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)

if(LLHTTP_LIBRARY)
  add_library(llhttp INTERFACE)
  target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
elseif(LLHTTP_SOURCES)
  add_library(llhttp STATIC
    ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
else()
  message(FATAL_ERROR "llhttp is missing: install libllhttp-dev, or node-llhttp on Debian 12")
endif()
target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE})
if(TARGET llhttp AND LLHTTP_SOURCES AND NOT LLHTTP_LIBRARY)
  target_include_directories(llhttp PRIVATE ${LLHTTP_INCLUDE})
endif()
