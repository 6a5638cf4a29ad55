# Where the program and its Python part go: PREFIX/bin/fastest finds PREFIX/lib/fastest/worker. A wheel puts both under the
# prefix of the environment that it is installed into (scikit-build-core's scripts and data folders).
if(NOT TARGET fastest)
  return()
endif()
if(SKBUILD)
  set(program_folder ${SKBUILD_SCRIPTS_DIR})
  set(library_folder ${SKBUILD_DATA_DIR}/lib)
else()
  set(program_folder bin)
  set(library_folder lib)
endif()
install(TARGETS fastest RUNTIME DESTINATION ${program_folder})
install(DIRECTORY worker/ DESTINATION ${library_folder}/fastest/worker FILES_MATCHING PATTERN "*.py")
