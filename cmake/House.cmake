# How everything here is compiled: C++23, strictest warnings as errors, our own -march, third-party headers as
# SYSTEM.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Assertions stay on in every build: no NDEBUG.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# x86-64-v2 has SSE4.2 (the CRC32C instruction) and runs on every server since 2009; appliances may raise it.
set(TWINLINK_MARCH "x86-64-v2" CACHE STRING "-march for everything")

# A second build costs seconds where ccache is there; nothing needs it.
find_program(TWINLINK_CCACHE ccache)
if(TWINLINK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TWINLINK_CCACHE})
endif()

add_library(twinlink_house INTERFACE)
target_compile_options(twinlink_house INTERFACE
  -march=${TWINLINK_MARCH} -Wall -Wextra -Wpedantic -Werror
  $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>
  -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  # Nobody replaces our functions at load time, so they may be inlined where they are defined.
  -fno-semantic-interposition
  # GCC 12 sees overlapping copies in std::string's operator+ that are not there (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# Bounds of spans, vectors and optionals are checked where speed does not count; this includes both sanitizer
# presets.
target_compile_definitions(twinlink_house INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(TWINLINK_SANITIZE)
  target_compile_options(twinlink_house INTERFACE -fsanitize=${TWINLINK_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(twinlink_house INTERFACE -fsanitize=${TWINLINK_SANITIZE})
endif()

# What ships is optimised across files (measured: the fold stage takes 0.9 of the time). Libraries hold both
# kinds of code, so only the programs that say twinlink_whole_program() take the time to link it; tests link the
# plain one.
option(TWINLINK_LTO "Optimise programs across files in release builds (GCC)" ON)
if(TWINLINK_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT TWINLINK_SANITIZE)
  set(TWINLINK_FAT -flto -ffat-lto-objects)
endif()
if(TWINLINK_FAT)
  # Without this the linker would optimise everything that it finds the code for.
  target_link_options(twinlink_house INTERFACE
                      $<$<NOT:$<BOOL:$<TARGET_PROPERTY:TWINLINK_WHOLE_PROGRAM>>>:-fno-lto>)
endif()
function(twinlink_whole_program target)
  set_target_properties(${target} PROPERTIES TWINLINK_WHOLE_PROGRAM ON)
  if(TWINLINK_FAT)
    # What the compiler says when it sees all files at once is not an error: it was none in any of them.
    target_link_options(${target} PRIVATE -flto=auto -O3 -march=${TWINLINK_MARCH} -Wno-error)
  endif()
endfunction()

# A Debian library by pkg-config, as SYSTEM headers and without the -march that some of them append. The
# target is global, so whoever links a library of ours finds what that library links; it is remembered for the
# installed package.
function(twinlink_package target)
  if(TARGET PkgConfig::${target})
    return()
  endif()
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
  get_target_property(options PkgConfig::${target} INTERFACE_COMPILE_OPTIONS)
  if(options)
    list(FILTER options EXCLUDE REGEX "^-march=")
    set_target_properties(PkgConfig::${target} PROPERTIES INTERFACE_COMPILE_OPTIONS "${options}")
  endif()
  set_property(GLOBAL PROPERTY twinlink_modules_${target} ${ARGN})
endfunction()

add_library(twinlink_core INTERFACE)
add_library(twinlink::core ALIAS twinlink_core)
target_include_directories(twinlink_core INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(twinlink_core INTERFACE cxx_std_23)

# twinlink_library(NAME engine SOURCES ... USES ...): one static library of the project.
function(twinlink_library)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;USES;PRIVATE" ${ARGN})
  add_library(twinlink_${arg_NAME} STATIC ${arg_SOURCES})
  add_library(twinlink::${arg_NAME} ALIAS twinlink_${arg_NAME})
  target_link_libraries(twinlink_${arg_NAME} PUBLIC twinlink_core ${arg_USES}
                        PRIVATE $<BUILD_INTERFACE:twinlink_house> ${arg_PRIVATE})
  target_compile_options(twinlink_${arg_NAME} PRIVATE ${TWINLINK_FAT})
endfunction()
