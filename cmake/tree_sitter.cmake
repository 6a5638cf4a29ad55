# tree_sitter: the core and the Python grammar as one C static library, built from hash-pinned PyPI source packages.
# They are downloaded by pip at configure time into a folder that all build folders share; with the archives there, no
# network is used. No third-party source is kept in the repository.

set(TREE_SITTER_ARCHIVES
  "tree-sitter|0.23.2|tree-sitter-0.23.2.tar.gz|66bae8dd47f1fed7bdef816115146d3a41c39b5c482d7bad36d9ba1def088450"
  "tree-sitter-python|0.23.6|tree_sitter_python-0.23.6.tar.gz|354bfa0a2f9217431764a631516f85173e9711af2c13dbd796a8815acfe505d9")

if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(FASTEST_SOURCES "$ENV{XDG_CACHE_HOME}/fastest/sources")
else()
  set(FASTEST_SOURCES "$ENV{HOME}/.cache/fastest/sources")
endif()
file(MAKE_DIRECTORY ${FASTEST_SOURCES})

# Puts the archive into FASTEST_SOURCES unless it is there with the right hash.
function(tree_sitter_download package version archive hash)
  set(path ${FASTEST_SOURCES}/${archive})
  if(EXISTS ${path})
    file(SHA256 ${path} found)
    if(found STREQUAL hash)
      return()
    endif()
    message(STATUS "${path} is damaged; downloading it again")
  endif()
  find_program(PYTHON3 python3 REQUIRED)
  set(incoming ${CMAKE_BINARY_DIR}/incoming)
  file(MAKE_DIRECTORY ${incoming})
  file(WRITE ${incoming}/${package}.txt "${package}==${version} --hash=sha256:${hash}\n")
  # pip builds metadata of what it downloads, in an isolated environment of its own.
  execute_process(
    COMMAND ${PYTHON3} -m pip download --quiet --no-binary :all: --no-deps --require-hashes
            --dest ${incoming} --requirement ${incoming}/${package}.txt
    RESULT_VARIABLE failed ERROR_VARIABLE why)
  if(failed OR NOT EXISTS ${incoming}/${archive})
    message(FATAL_ERROR "cannot download ${package} ${version} with pip; put ${archive} into ${FASTEST_SOURCES}\n${why}")
  endif()
  file(SHA256 ${incoming}/${archive} found)
  if(NOT found STREQUAL hash)
    message(FATAL_ERROR "${archive} has sha256 ${found}, expected ${hash}")
  endif()
  # Copied under another name first: another build folder may be reading.
  string(RANDOM suffix)
  file(COPY_FILE ${incoming}/${archive} ${path}.${suffix})
  file(RENAME ${path}.${suffix} ${path})
endfunction()

set(TREE_SITTER_BUILD ${CMAKE_BINARY_DIR}/tree_sitter)
foreach(entry IN LISTS TREE_SITTER_ARCHIVES)
  string(REPLACE "|" ";" entry "${entry}")
  list(GET entry 0 package)
  list(GET entry 1 version)
  list(GET entry 2 archive)
  list(GET entry 3 hash)
  string(REPLACE ".tar.gz" "" folder ${archive})
  tree_sitter_download(${package} ${version} ${archive} ${hash})
  if(NOT EXISTS ${TREE_SITTER_BUILD}/${folder})
    file(ARCHIVE_EXTRACT INPUT ${FASTEST_SOURCES}/${archive} DESTINATION ${TREE_SITTER_BUILD})
  endif()
endforeach()

set(TREE_SITTER_CORE ${TREE_SITTER_BUILD}/tree-sitter-0.23.2/tree_sitter/core/lib)
set(TREE_SITTER_GRAMMAR ${TREE_SITTER_BUILD}/tree_sitter_python-0.23.6/src)
# The grammar package has no headers: it includes the core's under the name tree_sitter/.
foreach(header parser array alloc)
  configure_file(${TREE_SITTER_CORE}/src/${header}.h ${TREE_SITTER_BUILD}/include/tree_sitter/${header}.h COPYONLY)
endforeach()
add_library(tree_sitter STATIC ${TREE_SITTER_CORE}/src/lib.c ${TREE_SITTER_GRAMMAR}/parser.c
                               ${TREE_SITTER_GRAMMAR}/scanner.c)
set_source_files_properties(${TREE_SITTER_CORE}/src/lib.c PROPERTIES COMPILE_DEFINITIONS "_POSIX_C_SOURCE=200112L;_DEFAULT_SOURCE")
target_include_directories(tree_sitter SYSTEM PUBLIC ${TREE_SITTER_CORE}/include PRIVATE ${TREE_SITTER_CORE}/src
                                                     ${TREE_SITTER_BUILD}/include)
target_compile_options(tree_sitter PRIVATE -w -O2)
