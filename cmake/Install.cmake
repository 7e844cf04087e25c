# What `cmake --install` gives: the libraries with their headers, the tools, a CMake package and pkg-config
# files.
#
# Each library is a component of the package and a pkg-config module of its own (twinlink, twinlink-drivers),
# so that an embedder of the engine needs no DPDK. What a library links is read off its target, not listed
# here a second time.
include(CMakePackageConfigHelpers)

# twinlink_dependencies(engine packages others): the pkg-config packages (names given to twinlink_package) and
# the other plain libraries that users of the static library twinlink_engine must link.
function(twinlink_dependencies library packages others)
  get_target_property(links twinlink_${library} INTERFACE_LINK_LIBRARIES)
  set(found)
  set(rest)
  foreach(link ${links})
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
    if(link MATCHES "^PkgConfig::(.+)$")
      list(APPEND found ${CMAKE_MATCH_1})
    elseif(link STREQUAL "Threads::Threads")
      list(APPEND rest -pthread)
    elseif(link MATCHES "^-l")
      list(APPEND rest ${link})
    elseif(link MATCHES "^[a-z0-9+.-]+$" AND NOT TARGET ${link})
      list(APPEND rest -l${link})
    elseif(NOT link MATCHES "^(twinlink_|twinlink::)core$|^[$]<BUILD_INTERFACE:|^::@")
      message(FATAL_ERROR "twinlink_${library} links ${link}, which the installed package cannot find: "
                          "use twinlink_package(), or teach cmake/Install.cmake")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES found)
  list(REMOVE_DUPLICATES rest)
  set(${packages} "${found}" PARENT_SCOPE)
  set(${others} "${rest}" PARENT_SCOPE)
endfunction()

# twinlink_pkg_config(name description libs requires): one .pc file from the template.
function(twinlink_pkg_config name description libs requires)
  file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" up "${up}")
  list(JOIN requires ", " requires)
  list(JOIN libs " " libs)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/twinlink.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(TWINLINK_PACKAGE_DEPENDENCIES "")
set(exported core)
set_target_properties(twinlink_core PROPERTIES EXPORT_NAME core)
foreach(library engine drivers)
  if(NOT TARGET twinlink_${library})
    continue()
  endif()
  list(APPEND exported ${library})
  set_target_properties(twinlink_${library} PROPERTIES EXPORT_NAME ${library})
  twinlink_dependencies(${library} packages others)
  set(modules)
  foreach(package ${packages})
    get_property(names GLOBAL PROPERTY twinlink_modules_${package})
    # Requires would hand on DPDK's -march, which silently replaces the embedder's own; our headers need none
    # of its flags.
    if("${${package}_CFLAGS}" MATCHES "-march=")
      list(APPEND others ${${package}_LDFLAGS})
    else()
      list(APPEND modules ${names})
    endif()
    string(JOIN " " names ${names})
    string(APPEND TWINLINK_PACKAGE_DEPENDENCIES "twinlink_find(${library} ${package} ${names})\n")
  endforeach()
  if(library STREQUAL "engine")
    twinlink_pkg_config(twinlink "${PROJECT_DESCRIPTION}" "-ltwinlink_engine;${others}" "${modules}")
  else()
    twinlink_pkg_config(twinlink-${library} "Where Twinlink's frames come from: ports, captures, simulation"
                        "-ltwinlink_${library};${others}" "${modules}")
  endif()
endforeach()
list(TRANSFORM exported PREPEND twinlink_ OUTPUT_VARIABLE targets)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/twinlink)
install(TARGETS ${targets} EXPORT twinlink ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT twinlink NAMESPACE twinlink:: FILE twinlinkTargets.cmake DESTINATION ${package_dir})
install(DIRECTORY include/twinlink DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.xml")
configure_package_config_file(cmake/twinlinkConfig.cmake.in ${CMAKE_BINARY_DIR}/twinlinkConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may break.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/twinlinkConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/twinlinkConfig.cmake ${CMAKE_BINARY_DIR}/twinlinkConfigVersion.cmake
        DESTINATION ${package_dir})

foreach(tool twinlinkd twinlink acdsim)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
