# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# The browser's client: the dist files of the npm package socket.io-client, which scripts/setup.sh fetches into
# cmake/client/node_modules, become data of the library (src/socketio/bundle.c serves them).

set(VIREO_CLIENT_PACKAGE ${PROJECT_SOURCE_DIR}/cmake/client/node_modules/socket.io-client
    CACHE PATH "folder of the npm package socket.io-client")
if(NOT EXISTS ${VIREO_CLIENT_PACKAGE}/dist/socket.io.js)
  message(FATAL_ERROR "The browser's client is missing: run scripts/setup.sh build")
endif()

file(READ ${VIREO_CLIENT_PACKAGE}/package.json package)
string(JSON VIREO_CLIENT_VERSION GET "${package}" version)

set(encoded ${PROJECT_SOURCE_DIR}/cmake/client/node_modules/.encoded)

# embed(PATH SYMBOL): the file's bytes between SYMBOL and SYMBOL_end.
set(assembly ".section .note.GNU-stack,\"\",@progbits\n.section .rodata\n")
set(files)
macro(embed path symbol)
  list(APPEND files ${path})
  string(APPEND assembly
    ".balign 16\n.global ${symbol}\n.hidden ${symbol}\n${symbol}:\n.incbin \"${path}\"\n"
    ".global ${symbol}_end\n.hidden ${symbol}_end\n${symbol}_end:\n.byte 0\n")
endmacro()

set(table "")
foreach(name IN ITEMS socket.io.js socket.io.js.map socket.io.min.js socket.io.min.js.map
        socket.io.esm.min.js socket.io.esm.min.js.map socket.io.msgpack.min.js socket.io.msgpack.min.js.map)
  string(MAKE_C_IDENTIFIER vireo__client_${name} symbol)
  embed(${VIREO_CLIENT_PACKAGE}/dist/${name} ${symbol})
  foreach(encoding IN ITEMS br gz zz)
    embed(${encoded}/${name}.${encoding} ${symbol}_${encoding})
  endforeach()
  string(APPEND table "    X(\"${name}\", ${symbol}) \\\n")
endforeach()

set(generated ${PROJECT_BINARY_DIR}/generated)
file(CONFIGURE OUTPUT ${generated}/client_bundle.S CONTENT "${assembly}" @ONLY)
file(CONFIGURE OUTPUT ${generated}/client_bundle.h CONTENT
"/* Made by cmake/client.cmake: the files of socket.io-client. */
#define VIREO__CLIENT_VERSION \"${VIREO_CLIENT_VERSION}\"
#define VIREO__CLIENT_FILES(X) \\
${table}
" @ONLY)

add_library(vireo_client_bundle OBJECT ${generated}/client_bundle.S)
set_source_files_properties(${generated}/client_bundle.S PROPERTIES OBJECT_DEPENDS "${files}")
if(TARGET vireo_socketio)
  target_include_directories(vireo_socketio PRIVATE ${generated})
endif()
set(VIREO_CLIENT_OBJECTS $<TARGET_OBJECTS:vireo_client_bundle>)
